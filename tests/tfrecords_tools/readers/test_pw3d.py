"""The reader of 3DPW, on small files in its format."""

import pickle

import cv2
import numpy as np
import pytest
from python2_pickle import python2_pickle
from smpl_body import is_right_handed, moving_body

from posealign_keras.data import get_schema, load_arrays
from posealign_keras.skeletons import BODY17
from tfrecords_tools import convert, verify
from tfrecords_tools.readers.pw3d import PW3D

WIDTH, HEIGHT = 108, 192  # of a telephone that is held upright
INTRINSICS = np.array([[196.0, 0, 53.5], [0, 196.0, 95.5], [0, 0, 1]])
RIGHT_WRIST = 21  # of SMPL
RED = (220, 30, 30)


def cameras_of(frames):
    """World with y up to a camera that stands in front of the body, a little further in each frame: y down."""
    cameras = np.repeat(np.eye(4)[None], frames, axis=0)
    # The camera looks to -z of the world, so that its x is that of the world.
    cameras[:, :3, :3] = np.diag([1.0, -1.0, -1.0])
    cameras[:, 1, 3] = 0.9
    cameras[:, 2, 3] = 4 + 0.01 * np.arange(frames)
    return cameras


def sequence_of(frames=12, people=1, **changes):
    joints = [moving_body(frames) + [0.1 * person, 0, 0] for person in range(people)]
    found = np.ones((frames, 3, 18))
    return {
        "sequence": "walking_00",
        "jointPositions": [one.reshape(frames, 72) for one in joints],
        "cam_poses": cameras_of(frames),
        "cam_intrinsics": INTRINSICS,
        "campose_valid": [np.ones(frames, int) for _ in range(people)],
        "poses2d": [found.copy() for _ in range(people)],
        "genders": ["m", "f"][:people],
        "img_frame_ids": np.arange(frames) * 2,
        "poses": [np.zeros((frames, 72)) for _ in range(people)],
        "betas": [np.zeros(300) for _ in range(people)],
        **changes,
    }


def pixels_of(content, person=0):
    joints = content["jointPositions"][person].reshape(-1, 24, 3)
    ones = np.ones((*joints.shape[:2], 1))
    seen = np.einsum("tij,tkj->tki", content["cam_poses"], np.concatenate([joints, ones], axis=-1))[..., :3]
    points = seen @ INTRINSICS.T
    return points[..., :2] / points[..., 2:]


def write(root, content=None, split="train", name="walking_00", images=None, data=None):
    content = sequence_of() if content is None else content
    path = root / "sequenceFiles" / split / f"{name}.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(python2_pickle(content, 2) if data is None else data)
    directory = root / "imageFiles" / name
    directory.mkdir(parents=True, exist_ok=True)
    points = pixels_of(content)[:, RIGHT_WRIST]
    for index, point in enumerate(points[: len(points) if images is None else images]):
        picture = np.full((HEIGHT, WIDTH, 3), 60, "uint8")
        cv2.circle(picture, tuple(round(value) for value in point), 4, RED[::-1], -1)
        cv2.imwrite(str(directory / f"image_{index:05d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return path


def read(root, kind="labelled_image", person=0):
    reader = PW3D(root)
    return reader.read(reader.list(kind)[person], kind)


def load(out, kind, split="train"):
    return load_arrays(out / kind, split, get_schema(kind))


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_labels_are_on_the_person(tmp_path, protocol):
    content = sequence_of()
    data = python2_pickle(content, protocol) if protocol < 4 else pickle.dumps(content, protocol)
    write(tmp_path / "data", content, data=data)
    convert("pw3d", tmp_path / "data", tmp_path / "out", kinds=["labelled_image"], image_fps=30, size=128)
    records = load(tmp_path / "out", "labelled_image")
    assert records["frame_index"].tolist() == list(range(12))
    assert np.allclose(records["fps"], 30)
    assert is_right_handed(records["joints"])
    usable = np.array(BODY17.joint_names)[records["joint_validity"].all(axis=0)]
    assert set(BODY17.joint_names) - set(usable) == {"head_top"}
    # The body faces the camera, which moves away.
    np.testing.assert_allclose(np.diff(np.linalg.norm(records["root_position"], axis=1)), 0.01, atol=2e-3)
    for image, joints, root, matrix in zip(
        *(records[key] for key in ("image", "joints", "root_position", "intrinsics")), strict=True
    ):
        points = (joints + root) @ matrix.T
        points = np.round(points[:, :2] / points[:, 2:]).astype(int)
        x, y = points[BODY17.index("r_wrist")]
        assert np.abs(image[y, x].astype(int) - RED).max() < 60
        assert x < points[BODY17.index("l_wrist")][0]


def test_camera_frame_is_that_of_the_frame(tmp_path):
    content = sequence_of()
    write(tmp_path, content)
    recording = read(tmp_path)
    points = recording.positions @ INTRINSICS.T
    points = points[..., :2] / points[..., 2:]
    np.testing.assert_allclose(points[:, BODY17.index("l_knee")], pixels_of(content)[:, 4], atol=1e-9)
    np.testing.assert_allclose(recording.positions[:, BODY17.index("l_knee"), 2], 4 + 0.01 * np.arange(12) - 0.03)


def test_pose_sequences_are_of_the_world_with_z_up(tmp_path):
    content = sequence_of(40, people=2)
    content["campose_valid"][0][:] = 0
    write(tmp_path / "data", content, images=0)
    convert("pw3d", tmp_path / "data", tmp_path / "out", kinds=["pose_sequence"])
    records = load(tmp_path / "out", "pose_sequence")
    assert records["positions"].shape == (2, 40, 17, 3)
    assert set(records["coordinate_frame"]) == {"world"}
    for positions in records["positions"]:
        assert is_right_handed(positions)
        np.testing.assert_allclose(positions[:, BODY17.index("l_ankle"), 2], 0.08, atol=1e-6)
        assert (positions[:, BODY17.index("head_top"), 2] > 1.6).all()


def test_frames_that_do_not_count(tmp_path):
    content = sequence_of(30, people=2)
    content["campose_valid"][0][[3, 20]] = 0
    content["poses2d"][0][21] = 0
    write(tmp_path / "data", content)
    convert(
        "pw3d",
        tmp_path / "data",
        tmp_path / "out",
        kinds=["labelled_image", "unlabelled_clip"],
        image_fps=30,
        clip_length=8,
        size=32,
    )
    records = load(tmp_path / "out", "labelled_image")
    first = records["frame_index"][records["sequence"] == "walking_00_0"]
    second = records["frame_index"][records["sequence"] == "walking_00_1"]
    assert first.tolist() == [index for index in range(30) if index not in (3, 20, 21)]
    assert second.tolist() == list(range(30))
    clips = load(tmp_path / "out", "unlabelled_clip")
    assert clips["frame_index"][clips["sequence"] == "walking_00_0"].tolist() == [4, 12, 22]
    assert clips["frame_index"][clips["sequence"] == "walking_00_1"].tolist() == [0, 8, 16]


def test_splits_of_the_directories_and_all_frames_of_the_test(tmp_path):
    for split in ("train", "validation", "test"):
        write(tmp_path / "data", sequence_of(12, people=2), split, f"walking_{split}")
    out = convert("pw3d", tmp_path / "data", tmp_path / "out", kinds=["labelled_image"], size=32)
    found = {split: manifest.num_records for split, manifest in out["labelled_image"].items()}
    assert found == {"train": 8, "validation": 8, "test": 24}
    verify(tmp_path / "out")
    groups = [manifest.metadata["groups"] for manifest in out["labelled_image"].values()]
    assert groups == [["walking_train"], ["walking_validation"], ["walking_test"]]


def test_missing_images(tmp_path):
    write(tmp_path, images=9)
    with pytest.raises(FileNotFoundError, match=r"3 are missing: .*image_00009\.jpg and others"):
        read(tmp_path)
    write(tmp_path, name="other_00", images=0)
    with pytest.raises(FileNotFoundError, match=r"12 are missing"):
        read(tmp_path)


def test_images_of_another_size_or_turned(tmp_path):
    write(tmp_path)
    image = tmp_path / "imageFiles" / "walking_00" / "image_00000.jpg"
    picture = cv2.imread(str(image))
    for other in (cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE), cv2.resize(picture, None, fx=0.5, fy=0.5)):
        cv2.imwrite(str(image), other)
        with pytest.raises(ValueError, match=r"image_00000\.jpg must be of the camera"):
            read(tmp_path)


def test_files_are_listed(tmp_path):
    path = write(tmp_path)
    (one,) = PW3D(tmp_path).list("labelled_image")
    assert one.files[0] == str(path)
    assert len(one.files) == 13
    (one,) = PW3D(tmp_path).list("pose_sequence")
    assert one.files == (str(path),)
    with pytest.raises(FileNotFoundError, match="sequenceFiles"):
        PW3D(tmp_path / "imageFiles").list("labelled_image")


class _Attack:
    def __reduce__(self):
        return eval, ("1 / 0",)


@pytest.mark.parametrize(
    "changes",
    [
        {"jointPositions": []},
        {"jointPositions": [np.zeros((12, 70))]},
        {"jointPositions": [np.zeros((0, 72))]},
        {"jointPositions": [[0.0] * 72] * 12},
        {"jointPositions": np.zeros((1, 12, 72))},
        {"jointPositions": [np.zeros((12, 72))] * 100},
        {"jointPositions": [np.full((12, 72), None)]},
        {"cam_poses": np.zeros((11, 4, 4))},
        {"cam_poses": "text"},
        {"cam_intrinsics": np.zeros((3, 3))},
        {"cam_intrinsics": np.full((3, 3), np.nan)},
        {"campose_valid": [np.ones(11)]},
        {"campose_valid": [[1] * 12]},
        {"poses2d": []},
        {"poses2d": [np.ones((12, 18, 3))]},
        {"attack": _Attack()},
    ],
)
def test_wrong_content(tmp_path, changes):
    content = sequence_of()
    write(tmp_path, content, data=pickle.dumps({**content, **changes}, 2))
    with pytest.raises(ValueError, match=r"walking_00\.pkl"):
        read(tmp_path)


def test_missing_content(tmp_path):
    content = sequence_of()
    for key in ("jointPositions", "cam_poses", "cam_intrinsics", "campose_valid", "poses2d"):
        write(tmp_path, content, data=pickle.dumps({name: content[name] for name in content if name != key}, 2))
        with pytest.raises(ValueError, match=rf"walking_00\.pkl.*{key}"):
            read(tmp_path)
    write(tmp_path, content, data=pickle.dumps([1, 2]))
    with pytest.raises(ValueError, match=r"walking_00\.pkl"):
        read(tmp_path)


def test_damaged_files_can_be_left_out(tmp_path):
    path = write(tmp_path / "data")
    write(tmp_path / "data", name="walking_01")
    data = path.read_bytes()
    for damaged in (b"", data[:10], data[: len(data) // 2], data[:-1], np.random.default_rng(0).bytes(1000)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"walking_00\.pkl"):
            read(tmp_path / "data")
    arguments = {"kinds": ["labelled_image"], "size": 32}
    with pytest.raises(ValueError, match=r"walking_00\.pkl"):
        convert("pw3d", tmp_path / "data", tmp_path / "out", **arguments)
    out = convert("pw3d", tmp_path / "data", tmp_path / "out", **arguments, skip_damaged=True)
    assert out["labelled_image"]["train"].num_records == 4
