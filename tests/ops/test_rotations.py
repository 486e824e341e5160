import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.spatial.transform import Rotation

from posealign_keras.ops import (
    axis_angle_from_rotation,
    quaternion_from_rotation,
    rotate,
    rotation_about,
    rotation_from_6d,
    rotation_from_axis_angle,
    rotation_from_quaternion,
    sixd_from_rotation,
)

# None, far below float32's resolution, on both sides of the series' limit, and up to half a turn.
ANGLES = [0.0, 1e-20, 1e-7, 1e-3, 0.0099, 0.0101, 0.5, 2.0, np.pi - 1e-2, np.pi - 1e-4, np.pi]


def array(tensor):
    return ops.convert_to_numpy(tensor)


def axes(seed, count=50):
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    # The axes of the coordinates and their diagonals are where a quaternion's largest entry changes.
    vectors = np.concatenate([vectors, np.eye(3), -np.eye(3), [[1, 1, 0], [1, 1, 1], [0, -1, 1]]])
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.mark.parametrize("angle", ANGLES)
def test_axis_angle_agrees_with_scipy_and_returns(angle):
    vectors = (axes(0) * angle).astype("float32")
    rotation = array(rotation_from_axis_angle(vectors))
    np.testing.assert_allclose(rotation, Rotation.from_rotvec(vectors.astype("float64")).as_matrix(), atol=1e-6)
    again = array(axis_angle_from_rotation(rotation))
    if angle < np.pi - 1e-5:
        np.testing.assert_allclose(again, vectors, rtol=1e-4, atol=2e-6 * angle)
    else:  # At half a turn both axes are right.
        np.testing.assert_allclose(array(rotation_from_axis_angle(again)), rotation, atol=2e-6)


def test_angles_beyond_half_a_turn_agree_with_scipy():
    vectors = axes(1) * np.linspace(np.pi, 20, 59)[:, None]
    expected = Rotation.from_rotvec(vectors).as_matrix()
    np.testing.assert_allclose(array(rotation_from_axis_angle(vectors.astype("float32"))), expected, atol=5e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_all_forms_of_random_rotations_return(seed):
    expected = Rotation.random(4, rng=np.random.default_rng(seed))
    rotation = expected.as_matrix().astype("float32")
    quaternion = array(quaternion_from_rotation(rotation))
    scalar_last = expected.as_quat(canonical=True)
    np.testing.assert_allclose(np.abs(np.sum(quaternion[:, [1, 2, 3, 0]] * scalar_last, -1)), 1, atol=1e-6)
    assert (quaternion[:, 0] >= 0).all()
    np.testing.assert_allclose(array(rotation_from_quaternion(quaternion)), rotation, atol=2e-6)
    np.testing.assert_allclose(array(rotation_from_6d(sixd_from_rotation(rotation))), rotation, atol=2e-6)
    again = rotation_from_axis_angle(axis_angle_from_rotation(rotation))
    np.testing.assert_allclose(array(again), rotation, atol=3e-6)


@pytest.mark.parametrize("batch", [(), (3,), (3, 3), (2, 5)])
def test_any_six_numbers_make_a_proper_rotation(batch):
    sixd = np.random.default_rng(2).normal(size=(*batch, 6)).astype("float32")
    rotation = array(rotation_from_6d(sixd))
    assert rotation.shape == (*batch, 3, 3)
    np.testing.assert_allclose(
        rotation @ rotation.swapaxes(-1, -2), np.broadcast_to(np.eye(3), rotation.shape), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-5)
    first = sixd[..., :3] / np.linalg.norm(sixd[..., :3], axis=-1, keepdims=True)
    np.testing.assert_allclose(rotation[..., 0], first, atol=1e-6)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_rotation_about_a_coordinate_axis(axis):
    angles = np.linspace(-4, 4, 12).reshape(3, 4)
    expected = Rotation.from_euler(axis, angles.reshape(12, 1)).as_matrix().reshape(3, 4, 3, 3)
    np.testing.assert_allclose(array(rotation_about(axis, angles)), expected, atol=2e-6)


def test_positive_angles_in_the_camera_frame():
    right, down, forward = np.eye(3)
    for axis, start, end in (("x", forward, -down), ("y", forward, right), ("z", right, down)):
        turned = rotate(start[None].astype("float32"), rotation_about(axis, np.pi / 2))
        np.testing.assert_allclose(array(turned)[0], end, atol=1e-6)


def test_rotate_broadcasts_over_leading_dimensions():
    generator = np.random.default_rng(3)
    points = generator.normal(size=(2, 4, 17, 3)).astype("float32")
    rotation = Rotation.random(2, rng=generator).as_matrix().astype("float32")[:, None]
    expected = np.einsum("btik,btjk->btji", np.broadcast_to(rotation, (2, 4, 3, 3)), points)
    np.testing.assert_allclose(array(rotate(points, rotation)), expected, atol=1e-5)


def test_gradients_are_finite_at_no_rotation_and_at_half_a_turn(gradient):
    weights = ops.reshape(ops.arange(9, dtype="float32"), (3, 3))
    at_zero = gradient(lambda v: ops.sum(rotation_from_axis_angle(v) * weights), np.zeros((1, 3)))
    # d R / d v at 0 is the matrix of the cross product.
    np.testing.assert_allclose(at_zero[0], [7 - 5, 2 - 6, 3 - 1], atol=1e-5)
    half_turn = np.diag([1.0, -1, -1])
    for rotation in (np.eye(3), half_turn):
        assert np.isfinite(gradient(lambda r: ops.sum(axis_angle_from_rotation(r)), rotation)).all()
    assert np.isfinite(gradient(lambda s: ops.sum(rotation_from_6d(s)), np.zeros(6))).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match='`axis` must be "x", "y" or "z"'):
        rotation_about("w", 0.0)
    with pytest.raises(ValueError, match=r"`axis_angle` must have shape \(\.\.\., 3\)"):
        rotation_from_axis_angle(np.zeros(4))
    with pytest.raises(ValueError, match=r"`rotation` must have shape \(\.\.\., 3, 3\)"):
        rotate(np.zeros((5, 3)), np.zeros((4, 4)))
