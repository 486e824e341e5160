"""Pose sequences in files of arrays: units, axes, named joints, rates, and what is refused."""

import json
import pickle

import numpy as np
import pytest

from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.skeletons import BODY17
from tfrecords_tools import convert
from tfrecords_tools.readers.arrays import Arrays

KIND = "pose_sequence"


@pytest.fixture(scope="module")
def positions(motion_file):
    """One sequence, `(64, 17, 3)`: metres, z up."""
    return MotionLibrary.load(motion_file)[0]


def read(path, index=0, **options):
    reader = Arrays(path, **options)
    return reader.read(reader.list(KIND)[index], KIND)


@pytest.mark.parametrize(("unit", "factor"), [("m", 1), ("cm", 100), ("mm", 1000)])
def test_units(positions, tmp_path, unit, factor):
    np.save(tmp_path / "a.npy", positions * factor)
    recording = read(tmp_path, unit=unit)
    np.testing.assert_allclose(recording.positions, positions, atol=1e-4)
    assert recording.scale == pytest.approx(1 / factor)
    assert recording.coordinate_frame == "world"


@pytest.mark.parametrize(
    ("up", "from_world"),
    [
        ("z", lambda p: p),
        ("y", lambda p: np.stack([p[..., 0], p[..., 2], -p[..., 1]], -1)),
        ("-y", lambda p: np.stack([p[..., 0], -p[..., 2], p[..., 1]], -1)),
    ],
)
def test_axes_are_turned_and_never_mirrored(positions, tmp_path, up, from_world):
    np.save(tmp_path / "a.npy", from_world(positions))
    np.testing.assert_allclose(read(tmp_path, up=up).positions, positions, atol=1e-6)


def test_named_joints_in_any_order_and_number(positions, tmp_path):
    order = np.random.default_rng(0).permutation(17)
    more = np.concatenate([positions[:, order], positions[:, :2] + 0.1], axis=1)
    names = [*np.array(BODY17.joint_names)[order], "toe", "finger"]
    np.savez(tmp_path / "a.npz", positions=more, joint_names=names)
    np.testing.assert_array_equal(read(tmp_path).positions, positions)


def test_a_map_of_joints(positions, tmp_path):
    names = [f"joint{index}" for index in range(17)]
    np.savez(tmp_path / "a.npz", positions=positions, joint_names=names)
    joints = {name: f"joint{index}" for index, name in enumerate(BODY17.joint_names)}
    joints["pelvis"] = ["joint1", "joint4"]
    (tmp_path / "joints.json").write_text(json.dumps(joints))
    found = read(tmp_path, joints=str(tmp_path / "joints.json")).positions
    assert Arrays(tmp_path, joints=str(tmp_path / "joints.json")).list(KIND)[0].files == (
        str(tmp_path / "a.npz"),
        str(tmp_path / "joints.json"),
    )
    np.testing.assert_array_equal(found[:, 1:], positions[:, 1:])
    np.testing.assert_allclose(found[:, 0], positions[:, [1, 4]].mean(axis=1), atol=1e-6)
    joints["pelvis"] = "joint17"
    (tmp_path / "joints.json").write_text(json.dumps(joints))
    with pytest.raises(ValueError, match=r"a\.npz.*'joint17', for pelvis"):
        read(tmp_path, joints=str(tmp_path / "joints.json"))


@pytest.mark.parametrize("content", ["[]", "{", '{"nose": "a"}', '{"pelvis": 3}', '{"pelvis": []}'])
def test_a_broken_map_of_joints_is_named(tmp_path, content):
    (tmp_path / "joints.json").write_text(content)
    with pytest.raises(ValueError, match=r"joints\.json"):
        Arrays(tmp_path, joints=str(tmp_path / "joints.json"))


def test_rates(positions, tmp_path):
    np.save(tmp_path / "a.npy", positions)
    np.savez(tmp_path / "b.npz", positions=positions + 0.5, fps=60)
    reader = Arrays(tmp_path, source_fps=25)
    assert [reader.read(one, KIND).fps for one in reader.list(KIND)] == [25, 60]
    convert("arrays", tmp_path, tmp_path / "out", source_fps=25)
    records = list(data.pose_sequences(tmp_path / "out" / KIND, "train").as_numpy_iterator())
    assert [len(record["positions"]) for record in records] == [int(63 * 30 / 25) + 1, 32]
    np.testing.assert_array_equal(records[1]["positions"], (positions + 0.5)[::2])


def test_names_and_movements(motion_file):
    library = MotionLibrary.load(motion_file)
    listed = Arrays(motion_file).list(KIND)
    assert [one.sequence for one in listed] == list(library.names)
    assert [one.subject for one in listed] == list(library.subjects)
    assert [one.dataset for one in listed] == list(library.sources)
    assert len({one.group for one in listed}) == library.near_duplicate_groups().max() + 1


def test_the_same_movement_in_two_files_stays_together(positions, tmp_path):
    np.save(tmp_path / "a.npy", positions)
    np.save(tmp_path / "b.npy", positions * 1.05)
    np.save(tmp_path / "c.npy", positions[::-1])
    groups = {one.sequence: one.group for one in Arrays(tmp_path).list(KIND)}
    assert groups["a-0"] == groups["b-0"]


WHOLE = {"positions": np.random.default_rng(0).normal(size=(9, 17, 3)).astype("float32")}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, "positions"),
        ({"positions": WHOLE["positions"][0]}, r"\(N, J, 3\)"),
        ({"positions": WHOLE["positions"][:0]}, r"\(N, J, 3\)"),
        ({"positions": WHOLE["positions"].astype(int)}, "floats"),
        ({"positions": np.where(np.arange(9)[:, None, None] == 4, np.nan, WHOLE["positions"])}, "frame 4"),
        ({"positions": WHOLE["positions"][:, :16]}, "`joint_names`"),
        ({**WHOLE, "joint_names": ["a"] * 16}, "found"),
        ({**WHOLE, "joint_names": ["a"] * 17}, "missing or repeated"),
        ({**WHOLE, "offsets": [0, 5, 5, 9]}, "`offsets`"),
        ({**WHOLE, "offsets": [0, 12]}, "`offsets`"),
        ({**WHOLE, "offsets": [0.0, 9.0]}, "`offsets`"),
        ({**WHOLE, "names": ["a", "b"]}, "`names`"),
        ({**WHOLE, "fps": 0}, "`fps`"),
        ({"positions": WHOLE["positions"] * 1000}, "`unit`"),
        ({"positions": np.array([[None]])}, "pickle|object"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(content, expected, tmp_path):
    np.savez(tmp_path / "wrong.npz", **content)
    with pytest.raises(ValueError, match=rf"(?s)wrong\.npz.*({expected})"):
        convert("arrays", tmp_path, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.tfrecord"))


@pytest.mark.parametrize("suffix", ["npz", "npy"])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_truncated_files(positions, tmp_path, suffix, share):
    path = tmp_path / f"cut.{suffix}"
    np.savez(path, positions=positions) if suffix == "npz" else np.save(path, positions)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match=path.name):
        convert("arrays", path, tmp_path / "out")


def test_a_file_of_code_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (tmp_path / "evil.npy").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ValueError, match=r"evil\.npy"):
        convert("arrays", tmp_path, tmp_path / "out")
    assert not (tmp_path / "ran").exists()


def test_an_empty_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match="npz"):
        convert("arrays", tmp_path, tmp_path / "out")
