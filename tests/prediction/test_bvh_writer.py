"""Poses as BVH: read back by the reader of `tfrecords_tools`, which knows nothing of the writer."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posealign_keras.prediction import write_bvh
from posealign_keras.skeletons import BODY17
from tfrecords_tools.formats.bvh_file import BVHFile
from tfrecords_tools.readers import get_reader

DATA = os.environ.get("POSEALIGN_TEST_DATA")
NAMES = {
    "pelvis": "Hips",
    "spine": "Spine1",
    "thorax": "Neck",
    "neck_nose": "Head",
    "head_top": "Head_end",
    **{
        f"{side[0].lower()}_{joint}": f"{side}{name}"
        for side in ("Left", "Right")
        for joint, name in (
            ("hip", "UpLeg"),
            ("knee", "Leg"),
            ("ankle", "Foot"),
            ("shoulder", "Arm"),
            ("elbow", "ForeArm"),
            ("wrist", "Hand"),
        )
    },
}


def chained(directions):
    """Poses `(T, 17, 3)` with the canonical bone lengths, from directions `(T, 16, 3)`."""
    directions = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    return BODY17.paths @ (directions * np.array(BODY17.bone_lengths[1:])[:, None])


def positions(path):
    """Joints of a file in metres, in the axes of the camera."""
    motion = BVHFile.read(path)
    joints, _ = motion.pose([motion.names.index(NAMES[name]) for name in BODY17.joint_names])
    return joints * [0.01, -0.01, -0.01]


def test_every_joint_comes_back_within_a_tenth_of_a_millimetre(tmp_path):
    poses = chained(np.random.default_rng(0).normal(size=(2500, 16, 3)))
    write_bvh(tmp_path / "poses.bvh", poses, 30)
    np.testing.assert_allclose(positions(tmp_path / "poses.bvh"), poses, atol=1e-4)


AXES = st.sampled_from([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)])


@settings(max_examples=60, deadline=None)
@given(st.lists(AXES, min_size=16, max_size=16))
def test_bones_along_the_axes_where_angles_are_not_unique(tmp_path_factory, directions):
    path = tmp_path_factory.mktemp("bvh") / "poses.bvh"
    poses = chained(np.array([directions], float))
    write_bvh(path, poses, 30)
    np.testing.assert_allclose(positions(path), poses, atol=1e-4)


def test_a_person_who_faces_the_camera_is_a_t_pose_without_turns(tmp_path):
    down, up, left, right = (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0)
    of = {"hip": None, "knee": down, "ankle": down, "spine": up, "thorax": up, "neck_nose": up, "head_top": up}
    directions = []
    for name in BODY17.joint_names[1:]:
        side = {"l_": left, "r_": right}.get(name[:2])
        directions.append(of.get(name.removeprefix("l_").removeprefix("r_")) or side)
    write_bvh(tmp_path / "poses.bvh", chained(np.array([directions], float)), 30)
    assert np.abs(BVHFile.read(tmp_path / "poses.bvh").values).max() < 1e-4


def test_angles_do_not_leap_when_a_body_turns_round(tmp_path):
    pose = chained(np.random.default_rng(1).normal(size=(1, 16, 3)))[0]
    angles = np.radians(np.arange(0, 1080, 5))
    turns = np.zeros((len(angles), 3, 3))
    turns[:, 1, 1] = 1
    turns[:, 0, 0] = turns[:, 2, 2] = np.cos(angles)
    turns[:, 0, 2], turns[:, 2, 0] = np.sin(angles), -np.sin(angles)
    write_bvh(tmp_path / "poses.bvh", np.einsum("tij,kj->tki", turns, pose), 30)
    values = BVHFile.read(tmp_path / "poses.bvh").values
    assert np.abs(np.diff(values, axis=0)).max() < 90
    np.testing.assert_allclose(values[:, 6:], np.tile(values[0, 6:], (len(values), 1)), atol=1e-3)


def test_the_data_set_reader_takes_it(tmp_path):
    poses = chained(np.random.default_rng(0).normal(size=(1, 16, 3)) * 0.2 + _standing())
    poses = np.repeat(poses, 40, axis=0)
    write_bvh(tmp_path / "poses.bvh", poses, 25)
    (tmp_path / "joints.json").write_text(json.dumps(NAMES))
    reader = get_reader("bvh")(tmp_path / "poses.bvh", joints=str(tmp_path / "joints.json"))
    recording = reader.read(reader.list("pose_sequence")[0], "pose_sequence")
    assert recording.fps == 25
    assert recording.scale == 0.01
    # Its world has z up.
    np.testing.assert_allclose(recording.positions, poses[..., [0, 2, 1]] * [1, 1, -1], atol=1e-4)
    # By their names alone, it finds all joints but for what it takes to be halfway between others.
    reader = get_reader("bvh")(tmp_path / "poses.bvh")
    named = reader.read(reader.list("pose_sequence")[0], "pose_sequence").positions
    limbs = [BODY17.index(name) for name in BODY17.joint_names if name[1] == "_"]
    np.testing.assert_allclose(named[:, limbs], recording.positions[:, limbs], atol=1e-4)


def _standing():
    directions = np.zeros((1, 16, 3))
    for index, name in enumerate(BODY17.joint_names[1:]):
        centre = BODY17.sides[index + 1] == "centre"
        directions[0, index] = (0, -1, 0) if centre else (0, 1, 0)
        if name.endswith(("hip", "shoulder")):
            directions[0, index] = (1 if name[0] == "l" else -1, 0, 0)
    return directions


def test_frames_without_a_pose_repeat_the_last_one(tmp_path):
    poses = chained(np.random.default_rng(0).normal(size=(6, 16, 3)))
    given = poses.copy()
    given[[0, 3, 4]] = np.nan
    write_bvh(tmp_path / "poses.bvh", given, 30)
    np.testing.assert_allclose(positions(tmp_path / "poses.bvh"), poses[[1, 1, 2, 2, 2, 5]], atol=1e-4)


@pytest.mark.skipif(not DATA, reason="POSEALIGN_TEST_DATA is not set")
def test_real_motion_comes_back(tmp_path):
    with np.load(Path(DATA) / "mocap/mocap17.npz") as content:
        world = content["positions"][:400]
    poses = world[..., [0, 2, 1]] * [1, -1, 1]
    write_bvh(tmp_path / "poses.bvh", poses, 30)
    error = np.linalg.norm(positions(tmp_path / "poses.bvh") - (poses - poses[:, :1]), axis=-1)
    # Spine and shoulders of this motion are not quite rigid; their bones get the median of their lengths.
    assert np.median(error) < 0.003
    assert error.max() < 0.05


@pytest.mark.parametrize(
    ("poses", "fps", "message"),
    [
        (np.zeros((3, 16, 3)), 30, "`poses` must have shape"),
        (np.full((3, 17, 3), np.nan), 30, "at least one pose"),
        (np.zeros((3, 17, 3)), 30, "bones with a length"),
        (np.zeros((3, 17, 3)), 0, "`fps` must be a positive number"),
    ],
)
def test_bad_input(tmp_path, poses, fps, message):
    with pytest.raises(ValueError, match=message):
        write_bvh(tmp_path / "poses.bvh", poses, fps)
    assert not (tmp_path / "poses.bvh").exists()
