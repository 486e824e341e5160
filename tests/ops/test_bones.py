import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from posealign_keras.ops import (
    bone_directions,
    bone_lengths,
    joints_from_bones,
    mirror,
    retarget,
    root_relative,
)
from posealign_keras.skeletons import BODY17, Skeleton

CHAIN = Skeleton("chain", ("root", "middle", "end"), (-1, 0, 1), (0, 1, 2), (0, 1, 2))


def array(tensor):
    return ops.convert_to_numpy(tensor)


def random_poses(seed, *leading):
    return np.random.default_rng(seed).normal(size=(*leading, 17, 3)).astype("float32")


def test_directions_and_lengths_agree_with_a_loop_over_the_tree():
    joints = random_poses(0, 2, 5)
    directions, lengths = array(bone_directions(joints)), array(bone_lengths(joints))
    assert directions.shape == (2, 5, 16, 3)
    assert lengths.shape == (2, 5, 16)
    for child in range(1, 17):
        bone = joints[..., child, :] - joints[..., BODY17.parents[child], :]
        size = np.linalg.norm(bone, axis=-1)
        np.testing.assert_allclose(lengths[..., child - 1], size, rtol=1e-5)
        np.testing.assert_allclose(directions[..., child - 1, :], bone / size[..., None], rtol=1e-4, atol=1e-6)


def test_a_chain_has_the_closed_form():
    joints = joints_from_bones([[0, 0, 1], [1, 0, 0]], [3.0, 4.0], CHAIN)
    np.testing.assert_allclose(array(joints), [[0, 0, 0], [0, 0, 3], [4, 0, 3]])
    np.testing.assert_allclose(array(joints_from_bones([[0, 0, 1], [1, 0, 0]], skeleton=CHAIN))[-1], [2, 0, 1])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 100))
def test_joints_from_bones_undoes_directions_and_lengths(seed, scale):
    joints = random_poses(seed, 3) * np.float32(scale)
    again = joints_from_bones(bone_directions(joints), bone_lengths(joints))
    np.testing.assert_allclose(array(again), joints - joints[:, :1], rtol=1e-4, atol=1e-5 * scale)


def test_retarget_keeps_directions_and_sets_lengths():
    joints = random_poses(1, 4)
    lengths = np.random.default_rng(2).uniform(0.1, 0.5, (4, 16)).astype("float32")
    for wanted, result in ((np.array(BODY17.bone_lengths[1:]), retarget(joints)), (lengths, retarget(joints, lengths))):
        np.testing.assert_allclose(array(bone_lengths(result)), np.broadcast_to(wanted, (4, 16)), rtol=1e-4)
        np.testing.assert_allclose(array(bone_directions(result)), array(bone_directions(joints)), atol=1e-4)
        np.testing.assert_array_equal(array(result)[:, 0], 0)


def test_mirror_negates_x_and_swaps_sides():
    joints = random_poses(3, 2)
    mirrored = array(mirror(joints))
    left, right = BODY17.index("l_wrist"), BODY17.index("r_wrist")
    np.testing.assert_array_equal(mirrored[:, left], joints[:, right] * [-1, 1, 1])
    np.testing.assert_array_equal(array(mirror(mirrored)), joints)
    np.testing.assert_allclose(
        array(bone_lengths(mirrored))[:, left - 1], array(bone_lengths(joints))[:, right - 1], rtol=1e-6
    )


def test_root_relative_centres_on_a_joint_or_on_several():
    joints = random_poses(4, 2)
    np.testing.assert_array_equal(array(root_relative(joints)), joints - joints[:, :1])
    np.testing.assert_array_equal(array(root_relative(joints, 8)), joints - joints[:, 8:9])
    centre = (joints[:, 1:2] + joints[:, 4:5]) / 2
    np.testing.assert_allclose(array(root_relative(joints, (1, 4))), joints - centre, atol=1e-6)


def test_a_zero_bone_has_zero_direction_and_length():
    joints = np.zeros((17, 3), "float32")
    np.testing.assert_array_equal(array(bone_directions(joints)), 0)
    np.testing.assert_array_equal(array(bone_lengths(joints)), 0)


@pytest.mark.parametrize("function", [bone_directions, bone_lengths, retarget])
def test_gradients_are_finite_where_bones_vanish(function, gradient):
    for joints in (np.zeros((17, 3), "float32"), random_poses(5)):
        slope = gradient(lambda x: ops.sum(function(x) ** 2), joints)
        assert slope.shape == (17, 3)
        assert np.isfinite(slope).all()


def test_the_gradient_of_a_length_is_the_direction(gradient):
    slope = gradient(lambda x: ops.sum(bone_lengths(x, CHAIN)), np.array([[0, 0, 0], [0, 0, 2], [0, 5, 2]], "float32"))
    np.testing.assert_allclose(slope, [[0, 0, -1], [0, -1, 1], [0, 1, 0]], atol=1e-6)


def test_half_precision_is_left():
    joints = random_poses(6).astype("float16")
    assert "float32" in str(bone_directions(joints).dtype)


@pytest.mark.parametrize("function", [bone_directions, bone_lengths, retarget, mirror])
def test_a_wrong_number_of_joints_is_refused(function):
    with pytest.raises(ValueError, match=r"`joints` must have shape \(\.\.\., 17, 3\)\. Received: joints\.shape="):
        function(np.zeros((2, 16, 3)))


def test_wrong_bones_are_refused():
    with pytest.raises(ValueError, match=r"`directions` must have shape \(\.\.\., 16, 3\)"):
        joints_from_bones(np.zeros((17, 3)))
    with pytest.raises(ValueError, match=r"`lengths` must have shape \(\.\.\., 16\)"):
        joints_from_bones(np.zeros((16, 3)), 0.3)
