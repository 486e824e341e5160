"""The reader of LSP and LSPET, on small files in their format."""

import cv2
import numpy as np
import pytest
import scipy.io

from posealign_keras.data import get_schema, load_arrays
from posealign_keras.skeletons import BODY17
from tfrecords_tools import convert, verify
from tfrecords_tools.readers.lsp import LSP

# Pixels of one person, the first pixel at (0, 0); right ankle first, as in the data sets.
PERSON = np.array(
    [[30, 90], [32, 72], [34, 52], [46, 52], [48, 72], [50, 90], [18, 50], [22, 38], [30, 24], [50, 24], [58, 38]]
    + [[62, 50], [40, 20], [40, 6]]
)
RIGHT_ANKLE, LEFT_HIP, NECK, HEAD = 0, 3, 12, 13


def joints_of(count, dataset="lsp"):
    """`(count, 14, 3)`; the person is a little further right in each picture, all joints are seen."""
    joints = np.zeros((count, 14, 3))
    joints[..., :2] = PERSON + 1 + np.arange(count)[:, None, None] % 10 * [1, 0]
    joints[..., 2] = 0 if dataset == "lsp" else 1
    return joints


def write(root, joints, dataset="lsp", images=True):
    root.mkdir(parents=True, exist_ok=True)
    stored = joints.transpose(2, 1, 0) if dataset == "lsp" else joints.transpose(1, 2, 0)
    scipy.io.savemat(root / "joints.mat", {"joints": stored})
    (root / "images").mkdir(exist_ok=True)
    for number in range(1, len(joints) + 1 if images else 0):
        picture = np.full((100 + number % 7, 90, 3), 40, "uint8")
        x, y = joints[number - 1, RIGHT_ANKLE, :2].astype(int) - 1
        cv2.circle(picture, (x, y), 2, (0, 0, 255), -1)
        digits = 4 if dataset == "lsp" else 5
        cv2.imwrite(str(root / "images" / f"im{number:0{digits}d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])


def read(root, number=0):
    reader = LSP(root)
    return reader.read(reader.list("image_with_keypoints")[number], "image_with_keypoints")


def load(out, split):
    return load_arrays(out / "image_with_keypoints", split, get_schema("image_with_keypoints"))


def test_end_to_end(tmp_path):
    write(tmp_path / "data", joints_of(4))
    convert("lsp", tmp_path / "data", tmp_path / "out", size=96)
    records = load(tmp_path / "out", "train")
    assert records["image"].shape == (4, 96, 96, 3)
    assert records["frame_index"].tolist() == [0, 1, 2, 3]
    assert set(records["dataset"]) == {"lsp"}
    names = np.array(BODY17.joint_names)
    for image, keypoints, validity in zip(
        *(records[key] for key in ("image", "keypoints", "joint_validity")), strict=True
    ):
        assert set(names[~validity]) == {"spine", "neck_nose"}
        at = dict(zip(names, keypoints, strict=True))
        x, y = np.round(at["r_ankle"]).astype(int)
        assert image[y, x, 0] > 150 > image[y, x, 1]
        assert at["r_ankle"][0] < at["l_ankle"][0]  # the person faces the camera
        np.testing.assert_allclose(at["pelvis"], (at["r_hip"] + at["l_hip"]) / 2, atol=1e-4)
        assert at["head_top"][1] < at["thorax"][1] < at["pelvis"][1]


def test_pixels_count_from_zero(tmp_path):
    write(tmp_path, joints_of(2))
    recording = read(tmp_path)
    np.testing.assert_array_equal(recording.keypoints[0, BODY17.index("r_ankle")], PERSON[RIGHT_ANKLE])
    np.testing.assert_array_equal(recording.keypoints[1, BODY17.index("head_top")], PERSON[HEAD] + [1, 0])
    np.testing.assert_array_equal(recording.keypoints[0, BODY17.index("thorax")], PERSON[NECK])
    assert recording.every_frame
    assert len(recording.frames.times) == 2


def test_the_third_number_means_the_opposite_in_the_two_data_sets(tmp_path):
    for dataset, exception in (("lsp", 1), ("lspet", 0)):
        joints = joints_of(2, dataset)
        joints[0, [RIGHT_ANKLE, LEFT_HIP], 2] = exception
        write(tmp_path / dataset, joints, dataset)
        recording = read(tmp_path / dataset)
        unusable = {BODY17.joint_names[joint] for joint in np.flatnonzero(~recording.valid[0])}
        assert unusable == {"spine", "neck_nose", "r_ankle", "l_hip", "pelvis"}
        assert recording.valid[1].sum() == 15
        # Where an occluded joint is, is known; where one is that nobody has labelled, is not.
        is_known = np.isfinite(recording.keypoints[0, BODY17.index("r_ankle")]).all()
        assert is_known == (dataset == "lsp")


def test_both_data_sets_and_their_splits(tmp_path):
    write(tmp_path / "data" / "lsp", joints_of(1003))
    write(tmp_path / "data" / "lspet", joints_of(3, "lspet"), "lspet")
    out = convert("lsp", tmp_path / "data", tmp_path / "out", size=16)
    assert {split: manifest.num_records for split, manifest in out["image_with_keypoints"].items()} == {
        "train": 1003,
        "test": 3,
    }
    verify(tmp_path / "out")
    train, test = (load(tmp_path / "out", split) for split in ("train", "test"))
    assert (train["dataset"] == "lspet").sum() == 3
    assert set(test["dataset"]) == {"lsp"}
    assert set(test["sequence"]) == {"images 1001 to 1003"}


def test_missing_images(tmp_path):
    write(tmp_path, joints_of(4))
    (tmp_path / "images" / "im0003.jpg").unlink()
    with pytest.raises(FileNotFoundError, match="1 are missing: number 3"):
        read(tmp_path)
    write(tmp_path / "other", joints_of(4), images=False)
    with pytest.raises(FileNotFoundError, match="number 1 and others"):
        read(tmp_path / "other")
    with pytest.raises(FileNotFoundError, match=r"joints\.mat"):
        LSP(tmp_path / "images").list("image_with_keypoints")


def test_damaged_image_names_it(tmp_path):
    write(tmp_path / "data", joints_of(4))
    (tmp_path / "data" / "images" / "im0003.jpg").write_bytes(b"\xff\xd8 no picture")
    with pytest.raises(ValueError, match=r"im0003\.jpg"):
        convert("lsp", tmp_path / "data", tmp_path / "out", size=32)


@pytest.mark.parametrize(
    "joints",
    [
        np.zeros((3, 13, 5)),
        np.zeros((14, 2, 5)),
        np.zeros((3, 14)),
        np.zeros((3, 14, 0)),
        np.full((3, 14, 5), 2.0),
        np.stack([np.full((14, 5), np.nan), np.zeros((14, 5)), np.zeros((14, 5))]),
        "text",
        np.array([[{}]], object),
    ],
)
def test_wrong_content(tmp_path, joints):
    write(tmp_path, joints_of(5))
    scipy.io.savemat(tmp_path / "joints.mat", {"joints": joints})
    with pytest.raises(ValueError, match=r"joints\.mat"):
        LSP(tmp_path).list("image_with_keypoints")


def test_damaged_files(tmp_path):
    write(tmp_path, joints_of(5))
    path = tmp_path / "joints.mat"
    data = path.read_bytes()
    random = np.random.default_rng(0).bytes(500)
    for damaged in (b"", data[:60], data[:140], data[: len(data) // 2], random, data[:128] + random):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"joints\.mat"):
            LSP(tmp_path).list("image_with_keypoints")
    scipy.io.savemat(path, {"other": np.zeros(3)})
    with pytest.raises(ValueError, match=r"joints\.mat.*joints"):
        LSP(tmp_path).list("image_with_keypoints")
