"""`evaluate` on arrays and on records."""

from dataclasses import replace

import numpy as np
import pytest

from posealign_keras.data import LABELLED_CLIP, LABELLED_IMAGE, POSE_SEQUENCE, RecordWriter
from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
from posealign_keras.evaluation import HUMAN36M_PROTOCOL_1, PW3D, Measure, Protocol, evaluate, evaluate_poses

pytest.importorskip("tensorflow")  # the records

rng = np.random.default_rng(0)
SIZE = 16
PLAIN = Protocol(name="plain", title="Plain", measures=(Measure("mpjpe"),))
INTRINSICS = np.eye(3, dtype="float32")


def truth_of(count):
    joints = rng.normal(0, 0.3, (count, 17, 3)).astype("float32")
    return joints - joints[:, :1]


def images_of(values):
    """Grey images, each of which tells its number."""
    return np.broadcast_to(np.asarray(values, "uint8")[:, None, None, None], (len(values), SIZE, SIZE, 3)).copy()


class Numbered:
    """Estimates the pose whose number the grey of an image tells, and remembers which were seen."""

    def __init__(self, poses):
        self.poses = poses
        self.seen: list[int] = []
        self.largest = 0

    def __call__(self, images):
        self.largest = max(self.largest, len(images))
        numbers = np.round(np.asarray(images, float).mean(axis=(1, 2, 3))).astype(int)
        self.seen += numbers.tolist()
        return self.poses[numbers]


def write(directory, schema, records, split="test", **metadata):
    with RecordWriter(directory, schema, split, jpeg_quality=100, metadata=metadata) as writer:
        for record in records:
            root = np.zeros((*record["joints"].shape[:-2], 3), "float32") + np.float32([0, 0, 4])
            origin = {"dataset": "human36m", "subject": "S9", "sequence": "Eating", "fps": 50.0, "frame_index": 0}
            writer.write({**origin, "root_position": root, "intrinsics": INTRINSICS, **record})
    return directory


def image_records(truth, validity=None, **changes):
    validity = np.ones(truth.shape[:2], bool) if validity is None else validity
    return [
        {
            "image": image,
            "joints": np.where(valid[:, None], joints, 0),
            "joint_validity": valid,
            "frame_index": index,
            **{name: values[index] for name, values in changes.items()},
        }
        for index, (image, joints, valid) in enumerate(zip(images_of(range(len(truth))), truth, validity, strict=True))
    ]


def test_arrays():
    truth = truth_of(10)
    poses = truth + rng.normal(0, 0.05, truth.shape).astype("float32")
    model = Numbered(poses)
    expected = evaluate_poses(poses, truth, PLAIN)
    assert evaluate(model, (images_of(range(10)), truth), PLAIN, batch_size=3) == expected
    assert model.largest == 3
    validity = rng.random((10, 17)) < 0.9
    validity[:, 0] = True
    found = evaluate(Numbered(poses), (images_of(range(10)), truth, validity), PLAIN)
    assert found == evaluate_poses(poses, truth, PLAIN, validity)
    arrays = {"image": images_of(range(10)), "joints": truth, "subject": ["S9"] * 10, "sequence": ["Eating 1"] * 10}
    assert evaluate(Numbered(poses), arrays, "human36m_protocol_1").frames == {"Eating": 1}


def test_an_estimator():
    from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator

    encoder = ImageEncoder("small_resnet", SIZE, 4, head_filters=(), head_widths=(8,))
    estimator = PoseEstimator(encoder, PoseAutoencoder(4, width=8, depth=1))
    images, truth = images_of([3, 200, 90]), truth_of(3)
    expected = evaluate_poses(estimator.predict_poses(images), truth, PLAIN)
    found = evaluate(estimator, (images, truth), PLAIN, batch_size=2)
    assert found.overall["mpjpe"] == pytest.approx(expected.overall["mpjpe"], rel=1e-4)


def test_records_of_images(tmp_path):
    truth = truth_of(30)
    poses = truth + rng.normal(0, 0.05, truth.shape).astype("float32")
    validity = rng.random((30, 17)) < 0.9
    validity[:, 0] = True
    names = ["Eating 1"] * 12 + ["Sitting"] * 18
    people = ["S9"] * 20 + ["S1"] * 10
    write(tmp_path, LABELLED_IMAGE, image_records(truth, validity, sequence=names, subject=people))
    protocol = replace(HUMAN36M_PROTOCOL_1, frame_step=4)
    model = Numbered(poses)
    result = evaluate(model, tmp_path, protocol, batch_size=2)
    # Each recording by itself: 0 to 11 and 12 to 19; nothing else is decoded.
    assert model.seen == [0, 4, 8, 12, 16]
    rows = np.arange(30)
    origins = {"subject": people, "sequence": names, "frame_index": rows}
    assert result == evaluate_poses(poses, truth, protocol, validity, **origins)
    assert result.frames == {"Eating": 3, "Sitting": 2}


def test_records_of_people_are_those_of_their_images(tmp_path):
    motion = generate_motion_library(sequences=2, frames=10, seed=0)
    for masks in (False, True):
        record_images(motion, STUDIO, tmp_path / str(masks), "test", 5, 16, masks=masks)
    model = Numbered(truth_of(256))
    plain, with_masks = (evaluate(model, tmp_path / str(masks), PLAIN, split="test") for masks in (False, True))
    assert plain == with_masks


def test_records_of_clips(tmp_path):
    truth = truth_of(10)
    clips = [(0, 4), (4, 10)]
    validity = np.ones((10, 17), bool)
    records = [
        {
            "frames": images_of(range(start, stop)),
            "joints": truth[start:stop],
            "joint_validity": validity[start:stop],
            "sequence": f"clip{start}",
            "frame_index": 100,
        }
        for start, stop in clips
    ]
    write(tmp_path, LABELLED_CLIP, records)
    poses = truth + rng.normal(0, 0.05, truth.shape).astype("float32")
    model = Numbered(poses)
    protocol = replace(PLAIN, frames=(102, 105))
    result = evaluate(model, tmp_path, protocol)
    assert model.seen == [2, 3, 6, 7, 8]
    assert result.frames == {"clip0": 2, "clip4": 3}
    chosen = [2, 3, 6, 7, 8]
    names = ["clip0"] * 2 + ["clip4"] * 3
    expected = evaluate_poses(poses[chosen], truth[chosen], PLAIN, sequence=names)
    assert result.overall == expected.overall
    arrays = {"frames": images_of(range(4))[None], "joints": truth[None, :4], "sequence": ["one"]}
    assert evaluate(Numbered(poses), arrays, PLAIN).frames == {"one": 4}


def test_several_directories(tmp_path):
    truth = truth_of(8)
    first = write(tmp_path / "a", LABELLED_IMAGE, image_records(truth)[:5])
    second = write(tmp_path / "b", LABELLED_IMAGE, image_records(truth)[5:], split="test")
    model = Numbered(truth)
    result = evaluate(model, [first, second], PLAIN)
    assert model.seen == list(range(8))
    assert result.overall["mpjpe"] == pytest.approx(0, abs=1e-3)


def test_records_of_another_annotation_or_data_set_are_refused(tmp_path):
    truth = truth_of(2)
    universal = write(
        tmp_path / "u", LABELLED_IMAGE, image_records(truth), arguments={"options": {"universal": "True"}}
    )
    with pytest.raises(ValueError, match=r"`dataset` must hold the annotation of .* converted with universal=True"):
        evaluate(Numbered(truth), universal, HUMAN36M_PROTOCOL_1)
    assert evaluate(Numbered(truth), universal, PLAIN).num_frames == 2
    with pytest.raises(ValueError, match=r"`dataset` must be 'pw3d' for the protocol 'pw3d'. Received: .'human36m'."):
        evaluate(Numbered(truth), universal, PW3D)


def test_what_is_no_data_set(tmp_path):
    truth = truth_of(2)
    model, images = Numbered(truth), images_of(range(2))
    sequence = {
        "positions": truth_of(3) + np.float32(1),
        "joint_validity": np.ones(17, bool),
        "coordinate_frame": "camera",
        **{"dataset": "a", "sequence": "b", "frame_index": 0, "fps": 30.0},
    }
    with RecordWriter(tmp_path, POSE_SEQUENCE, "test") as writer:
        writer.write(sequence)
    for dataset, message in (
        (tmp_path, "`dataset` must hold records of labelled images or clips. Received: 'pose_sequence'"),
        ([], "`dataset` must name at least one directory"),
        ((images,), "`dataset` must be images, joints and perhaps validity"),
        ((images, truth[:1]), "`dataset` must hold images"),
        ((images, truth, np.ones((2, 3))), "`dataset` must hold 'joint_validity' of shape"),
        ({"joints": truth}, "`dataset` must hold 'image'"),
    ):
        with pytest.raises(ValueError, match=message):
            evaluate(model, dataset, PLAIN)
    with pytest.raises(FileNotFoundError, match="No complete split 'valid'"):
        evaluate(model, tmp_path, PLAIN, split="valid")
    with pytest.raises(ValueError, match="`batch_size` must be at least 1"):
        evaluate(model, (images, truth), PLAIN, batch_size=0)
    with pytest.raises(ValueError, match=r"`model` must give poses of shape \(2, 17, 3\) for 2 images"):
        evaluate(lambda images: truth[:, :16], (images, truth), PLAIN)
