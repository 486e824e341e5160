"""What a domain does to single poses before they are filmed."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from posealign_keras.data.synthetic import VARIED, WILD, generate_motion_library
from posealign_keras.data.synthetic.pose_variation import vary_motion, vary_poses
from posealign_keras.skeletons import BODY17

LIMBS = {
    f"{side}_{end}": [BODY17.index(f"{side}_{joint}") for joint in joints]
    for side in "rl"
    for end, joints in (("leg", ("hip", "knee", "ankle")), ("arm", ("shoulder", "elbow", "wrist")))
}
AS_THEY_ARE = dataclasses.replace(VARIED, other_limbs=0.0, limb_turn=(0.0, 0.0), lean=(0.0, 0.0))


@pytest.fixture(scope="module")
def poses():
    motion = generate_motion_library(sequences=12, frames=3, seed=0)
    return np.stack([motion[index][0] for index in range(12)]).astype("float64")


def varied(poses, **changes):
    return vary_poses(poses, dataclasses.replace(AS_THEY_ARE, **changes), np.random.default_rng(0))


def distances(joints):
    return np.linalg.norm(joints[:, :, None] - joints[:, None], axis=-1)


def angles_between(first, second):
    first, second = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (first, second))
    return np.rad2deg(np.arccos(np.clip(np.sum(first * second, axis=-1), -1, 1)))


def test_poses_stay_and_nothing_is_drawn_where_nothing_is_wanted(poses):
    rng = np.random.default_rng(0)
    for domain in (AS_THEY_ARE, WILD):
        np.testing.assert_array_equal(vary_poses(poses, domain, rng), poses)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


@pytest.mark.parametrize("name", LIMBS)
def test_limbs_of_others_are_seen_from_the_trunk_as_they_were(poses, name):
    changed = varied(poses, other_limbs=1.0)
    limb = LIMBS[name]
    trunk = [BODY17.index(joint) for joint in ("pelvis", "spine", "thorax", "neck_nose", "head")]
    roots = [joints[0] for joints in LIMBS.values()]
    np.testing.assert_array_equal(changed[:, trunk + roots], poses[:, trunk + roots])

    def seen_from_trunk(joints):
        if name.endswith("arm"):
            across, up = joints[:, LIMBS["l_arm"][0]] - joints[:, LIMBS["r_arm"][0]], joints[:, trunk[2]] - joints[:, 0]
        else:
            across, up = joints[:, LIMBS["l_leg"][0]] - joints[:, LIMBS["r_leg"][0]], np.tile([0.0, 0, 1], (12, 1))
        # The rotation that brings `up` to z, and `across` to the half plane of x and z.
        pairs = zip(up, across, strict=True)
        turns = [Rotation.align_vectors([[0, 0, 1], [1, 0, 0]], [u, a], [np.inf, 1])[0] for u, a in pairs]
        bones = joints[:, limb] - joints[:, limb[:1]]
        return np.stack([turn.apply(bone) for turn, bone in zip(turns, bones, strict=True)])

    differences = np.abs(seen_from_trunk(changed)[:, None] - seen_from_trunk(poses)[None]).max((2, 3))
    assert differences.min(axis=1).max() < 1e-6
    assert len(set(differences.argmin(axis=1))) > 4


def test_a_share_of_the_limbs_is_exchanged_each_by_itself():
    motion = generate_motion_library(sequences=400, frames=1, seed=0)
    poses = np.stack([motion[index][0] for index in range(400)])
    changed = varied(poses, other_limbs=0.4)
    moved = np.stack([np.abs(changed - poses)[:, limb].max((1, 2)) > 1e-5 for limb in LIMBS.values()])
    assert np.all(np.abs(moved.mean(axis=1) - 0.4) < 0.08)
    assert np.abs(np.corrcoef(moved) - np.eye(4)).max() < 0.15


def test_limbs_are_turned_about_the_joint_they_hang_on(poses):
    changed = varied(poses, limb_turn=(10.0, 45.0))
    trunk = [joint for joint in range(17) if all(joint not in limb[1:] for limb in LIMBS.values())]
    np.testing.assert_array_equal(changed[:, trunk], poses[:, trunk])
    for limb in LIMBS.values():
        np.testing.assert_allclose(distances(changed[:, limb]), distances(poses[:, limb]), atol=1e-9)
        turns = [
            Rotation.align_vectors(after[1:] - after[0], before[1:] - before[0])[0].magnitude()
            for before, after in zip(poses[:, limb], changed[:, limb], strict=True)
        ]
        angles = angles_between(poses[:, limb[1]] - poses[:, limb[0]], changed[:, limb[1]] - changed[:, limb[0]])
        assert 15 < angles.max() <= 45 + 1e-6
        assert max(turns) > np.deg2rad(20)


def test_a_lean_is_a_turn_of_everything_about_a_level_axis_through_the_pelvis(poses):
    changed = varied(poses, lean=(30.0, 30.0))
    np.testing.assert_array_equal(changed[:, 0], poses[:, 0])
    directions = []
    for before, after in zip(poses, changed, strict=True):
        turn, residual = Rotation.align_vectors(after - after[0], before - before[0])
        assert residual < 1e-6
        axis = turn.as_rotvec(degrees=True)
        np.testing.assert_allclose([np.linalg.norm(axis), axis[2]], [30.0, 0.0], atol=1e-3)
        directions.append(np.arctan2(axis[1], axis[0]))
    assert np.abs(np.mean(np.exp(1j * np.array(directions)))) < 0.7  # not all to one side


def test_a_movement_is_changed_alike_in_all_its_frames():
    motion = np.stack(list(generate_motion_library(sequences=12, frames=8, seed=3).sequences)).astype("float64")
    changed = vary_motion(motion, VARIED, np.random.default_rng(5))
    assert changed.shape == motion.shape
    assert np.abs(changed - motion).max() > 0.2
    for frame in (0, 7):
        # By the same draws, each frame by itself.
        alone = vary_motion(motion[:, frame], VARIED, np.random.default_rng(5))
        np.testing.assert_allclose(changed[:, frame], alone, atol=1e-12)


def test_movements_lean_as_cameras_roll():
    motion = np.stack(list(generate_motion_library(sequences=40, frames=2, seed=3).sequences)).astype("float64")
    domain = dataclasses.replace(AS_THEY_ARE, roll=(30.0, 30.0))
    turned = vary_motion(motion, domain, np.random.default_rng(0))
    for before, after in zip(motion[:, 0], turned[:, 0], strict=True):
        rotation, _ = Rotation.align_vectors(after - after[0], before - before[0])
        np.testing.assert_allclose(np.rad2deg(rotation.magnitude()), 30, atol=1e-3)
        assert abs(rotation.as_rotvec()[2]) < 1e-6  # about a level axis
    np.testing.assert_array_equal(
        vary_motion(motion, dataclasses.replace(domain, roll=(0.0, 0.0)), np.random.default_rng(0)), motion
    )
