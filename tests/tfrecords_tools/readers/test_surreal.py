"""The reader of SURREAL, on small files in its format."""

import av
import cv2
import numpy as np
import pytest
import scipy.io
from smpl_body import is_right_handed, moving_body

from posealign_keras.data import get_schema, load_arrays
from posealign_keras.skeletons import BODY17
from tfrecords_tools import convert
from tfrecords_tools.readers.surreal import Surreal

CAMERA = np.array([7.0, -1.0, -0.1])
RIGHT_WRIST = 21  # of SMPL
RED = (220, 30, 30)


def world_joints(frames):
    """The body stands along -y of Blender."""
    return moving_body(frames) * [1, -1, -1]


def pixels_of(joints, camera=CAMERA):
    """The projection of the data set, written out."""
    x, y, z = camera[2] - joints[..., 2], joints[..., 1] - camera[1], camera[0] - joints[..., 0]
    return np.stack([600 * x / z + 160, 600 * y / z + 120], axis=-1)


def write_info(path, joints, camera=CAMERA, **changes):
    content = {
        "joints3D": joints.transpose(2, 1, 0).astype("float32"),
        "joints2D": np.round(pixels_of(joints, camera)).transpose(2, 1, 0).astype("float32"),
        "camLoc": np.asarray(camera, "float32").reshape(3, 1),
        "camDist": np.float32([[7.0]]),
        "gender": np.zeros((len(joints), 1), "uint8"),
        "sequence": path.name.removesuffix("_info.mat"),
        "bg": np.array([["a.jpg"] * len(joints)], object),
        **changes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, content)


def write_video(path, pictures):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def pictures_of(joints):
    """A red dot where the wrist that SMPL calls the right one is seen."""
    pictures = np.full((len(joints), 240, 320, 3), 60, "uint8")
    for picture, point in zip(pictures, pixels_of(joints)[:, RIGHT_WRIST], strict=True):
        cv2.circle(picture, tuple(round(value) for value in point), 4, RED, -1)
    return pictures


def write_clip(root, split="train", run="run0", sequence="01_01", clip=1, frames=12, video=True):
    joints = world_joints(frames)
    info = root / "cmu" / split / run / sequence / f"{sequence}_c{clip:04d}_info.mat"
    write_info(info, joints)
    if video:
        write_video(info.with_name(info.name.replace("_info.mat", ".mp4")), pictures_of(joints))
    return info


def read(info, kind="pose_sequence", **options):
    reader = Surreal(info.parents[3], **options)
    (one,) = reader.list(kind)
    return reader.read(one, kind)


def load(out, kind):
    return load_arrays(out / kind, "train", get_schema(kind))


def test_golden_point_of_the_camera(tmp_path):
    camera, joint = (6.7456, -0.9839, -1.9293), np.array([-0.8645, -1.0915, -1.0260])
    joints = world_joints(1)
    joints += joint - joints[:, RIGHT_WRIST]
    info = write_clip(tmp_path)
    write_info(info, joints, camera)
    recording = read(info, "labelled_image")
    seen = recording.positions[0, BODY17.index("l_wrist")]
    np.testing.assert_allclose(seen, (-0.9033, -0.1076, 7.6101), atol=1e-4)
    projected = recording.intrinsics @ seen
    np.testing.assert_allclose(projected[:2] / projected[2], (88.78, 111.52), atol=0.01)
    assert np.round(pixels_of(joints, camera))[0, RIGHT_WRIST].tolist() == [89, 112]


def test_left_in_the_picture_is_left_in_the_label(tmp_path):
    """The file's right wrist, marked red, looks like a left one: the picture is a mirror image."""
    write_clip(tmp_path / "data", frames=12)
    convert("surreal", tmp_path / "data", tmp_path / "out", kinds=["labelled_image"], image_fps=30, size=128)
    records = load(tmp_path / "out", "labelled_image")
    assert len(records["image"]) == 12
    assert is_right_handed(records["joints"])
    assert np.allclose(records["fps"], 30)
    assert set(records["split"]) == {"train"}
    usable = np.array(BODY17.joint_names)[records["joint_validity"].all(axis=0)]
    assert set(BODY17.joint_names) - set(usable) == {"head_top"}
    for image, joints, root, matrix in zip(
        *(records[key] for key in ("image", "joints", "root_position", "intrinsics")), strict=True
    ):
        points = (joints + root) @ matrix.T
        points = np.round(points[:, :2] / points[:, 2:]).astype(int)
        left, right = points[BODY17.index("l_wrist")], points[BODY17.index("r_wrist")]
        assert np.abs(image[left[1], left[0]].astype(int) - RED).max() < 60
        assert image[right[1], right[0], 0] < 120


def test_pose_sequences_are_of_the_body_itself(tmp_path):
    write_clip(tmp_path / "data", frames=40, video=False)
    convert("surreal", tmp_path / "data", tmp_path / "out", kinds=["pose_sequence"])
    records = load(tmp_path / "out", "pose_sequence")
    (positions,) = records["positions"]
    assert positions.shape == (40, 17, 3)
    assert records["coordinate_frame"][0] == "world"
    assert is_right_handed(positions)
    at = {name: positions[:, index] for index, name in enumerate(BODY17.joint_names)}
    assert (at["head_top"][:, 2] > at["thorax"][:, 2]).all()
    assert (at["pelvis"][:, 2] > at["l_ankle"][:, 2]).all()
    raised = at["r_wrist"][:, 2] - at["r_shoulder"][:, 2]
    np.testing.assert_allclose(raised[[0, -1]], (0.2, 0.3), atol=1e-4)
    np.testing.assert_allclose(at["pelvis"], (at["l_hip"] + at["r_hip"]) / 2, atol=1e-6)


def test_clips(tmp_path):
    write_clip(tmp_path / "data", frames=20)
    convert("surreal", tmp_path / "data", tmp_path / "out", kinds=["unlabelled_clip"], clip_length=8, size=64)
    records = load(tmp_path / "out", "unlabelled_clip")
    assert np.shape(records["frames"]) == (2, 8, 64, 64, 3)
    assert records["frame_index"].tolist() == [0, 8]


def test_clips_of_one_frame_have_one_dimension_less(tmp_path):
    info = write_clip(tmp_path)
    joints = world_joints(1)
    write_info(info, joints)
    content = scipy.io.loadmat(info)
    for key in ("joints2D", "joints3D"):
        content[key] = content[key][..., 0]
    scipy.io.savemat(info, {key: value for key, value in content.items() if not key.startswith("_")})
    assert scipy.io.loadmat(info)["joints3D"].shape == (3, 24)
    for kind in Surreal.kinds:
        assert read(info, kind).positions.shape == (1, 17, 3)


def test_splits_are_those_of_the_directories_and_val_never_meets_test(tmp_path):
    write_clip(tmp_path, "train", "run0", "01_01", video=False)
    write_clip(tmp_path, "train", "run1", "01_01", video=False)
    write_clip(tmp_path, "train", "run0", "ung_02_01", video=False)
    write_clip(tmp_path, "test", "run0", "ung_104_46", 21, video=False)
    write_clip(tmp_path, "val", "run0", "ung_104_46", 21, video=False)
    listed = Surreal(tmp_path).list("pose_sequence")
    assert [(one.split, one.subject, one.sequence) for one in listed] == [
        ("test", "104", "run0/ung_104_46_c0021"),
        ("train", "01", "run0/01_01_c0001"),
        ("train", "02", "run0/ung_02_01_c0001"),
        ("train", "01", "run1/01_01_c0001"),
    ]
    assert listed[1].group == listed[3].group != listed[2].group
    assert {one.split for one in Surreal(tmp_path, held_out="val").list("pose_sequence")} == {"train", "val"}
    assert len(Surreal(tmp_path, runs="1").list("pose_sequence")) == 1
    assert len(Surreal(tmp_path / "cmu" / "train" / "run0").list("pose_sequence")) == 2
    with pytest.raises(FileNotFoundError, match="run2"):
        Surreal(tmp_path, runs="2").list("pose_sequence")
    with pytest.raises(ValueError, match="`held_out`"):
        Surreal(tmp_path, held_out="both")


@pytest.mark.parametrize("sequence", ["18_05", "ung_143_21"])
def test_monsters_are_left_out_with_a_note(tmp_path, sequence):
    write_clip(tmp_path / "data", sequence="143_22", frames=30)
    write_clip(tmp_path / "data", sequence=sequence, frames=30)
    out = convert("surreal", tmp_path / "data", tmp_path / "out", clip_length=10, size=32)
    assert {kind: split["train"].num_records for kind, split in out.items()} == {
        "labelled_image": 10,
        "pose_sequence": 1,
        "unlabelled_clip": 3,
    }
    for split in out.values():
        (note,) = split["train"].metadata["notes"]
        assert sequence in note
        assert "distorted" in note
    kept = Surreal(tmp_path / "data", monsters=True)
    one = next(one for one in kept.list("pose_sequence") if sequence in one.sequence)
    assert len(kept.read(one, "pose_sequence").positions) == 30


def test_labels_that_are_not_on_the_person_are_refused(tmp_path):
    info = write_clip(tmp_path)
    pixels = scipy.io.loadmat(info)["joints2D"]
    pixels[0] = 319 - pixels[0] + 40
    write_info(info, world_joints(12), joints2D=pixels)
    with pytest.raises(ValueError, match=r"c0001_info\.mat.*joints2D.*pixels"):
        read(info, "labelled_image")


def test_missing_video_is_an_error_of_its_clip_only(tmp_path):
    write_clip(tmp_path / "data", clip=1, video=False)
    write_clip(tmp_path / "data", clip=2)
    arguments = {"kinds": ["labelled_image"], "size": 32}
    with pytest.raises(ValueError, match=r"c0001\.mp4"):
        convert("surreal", tmp_path / "data", tmp_path / "out", **arguments)
    out = convert("surreal", tmp_path / "data", tmp_path / "out", **arguments, skip_damaged=True)
    manifest = out["labelled_image"]["train"]
    assert manifest.num_records == 4
    assert manifest.metadata["dropped"] == {"recordings that cannot be read": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"joints3D": np.zeros((3, 23, 12), "float32")},
        {"joints3D": np.zeros((24, 3, 12), "float32")},
        {"joints3D": np.full((3, 24, 12), np.nan, "float32")},
        {"joints3D": np.zeros((3, 24, 0), "float32")},
        {"joints3D": "text"},
        {"joints2D": np.zeros((2, 24, 11), "float32")},
        {"camLoc": np.zeros((4, 1), "float32")},
        {"camLoc": np.array([[{}]], object)},
    ],
)
def test_wrong_content(tmp_path, changes):
    info = write_clip(tmp_path)
    write_info(info, world_joints(12), **changes)
    with pytest.raises(ValueError, match=r"01_01_c0001_info\.mat"):
        read(info, "labelled_image")


@pytest.mark.parametrize("kind", ["pose_sequence", "labelled_image"])
def test_damaged_files(tmp_path, kind):
    info = write_clip(tmp_path)
    data = info.read_bytes()
    random = np.random.default_rng(0).bytes(500)
    for damaged in (b"", data[:50], data[:130], data[: len(data) // 2], data[:-3], random, data[:128] + random):
        info.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"01_01_c0001_info\.mat"):
            read(info, kind)


def test_video_that_is_shorter_than_the_labels(tmp_path):
    info = write_clip(tmp_path / "data")
    write_video(info.with_name("01_01_c0001.mp4"), pictures_of(world_joints(12))[:7])
    out = convert("surreal", tmp_path / "data", tmp_path / "out", kinds=["labelled_image"], image_fps=30, size=32)
    assert out["labelled_image"]["train"].num_records == 7
