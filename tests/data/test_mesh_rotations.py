"""Rotations between directions and frames, against SciPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from posealign_keras.data.synthetic.mesh import rotations

seeds = st.integers(0, 2**32 - 1)


def unit_vectors(rng, *shape):
    vectors = rng.normal(size=(*shape, 3))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def angle_of(matrices):
    return Rotation.from_matrix(matrices).magnitude()


@given(seeds)
def test_about_is_the_rotation_by_a_rotation_vector(seed):
    rng = np.random.default_rng(seed)
    axis, angle = unit_vectors(rng, 5), rng.uniform(-np.pi, np.pi, 5)
    expected = Rotation.from_rotvec(axis * angle[:, None]).as_matrix()
    np.testing.assert_allclose(rotations.about(axis, angle), expected, atol=1e-12)


@given(seeds)
def test_swing_carries_one_direction_to_the_other_by_the_angle_between_them(seed):
    rng = np.random.default_rng(seed)
    start, end = unit_vectors(rng, 2, 5)
    turned = rotations.swing(start, end)
    np.testing.assert_allclose(np.einsum("nij,nj->ni", turned, start), end, atol=1e-9)
    np.testing.assert_allclose(angle_of(turned), np.arccos(np.sum(start * end, axis=-1)), atol=1e-6)


@pytest.mark.parametrize("start", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, -1, 0)])
def test_swing_to_the_opposite_direction_is_a_half_turn(start):
    start = np.array([start], "float64")
    turned = rotations.swing(start, -start)
    np.testing.assert_allclose(np.einsum("nij,nj->ni", turned, start), -start, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(turned), 1, atol=1e-9)


def test_limited_swing_ignores_small_angles_and_starts_there():
    start = np.array([[0.0, 0, 1]] * 3)
    angles = np.array([0.1, 0.3, 1.0])
    end = np.stack([np.sin(angles), np.zeros(3), np.cos(angles)], axis=-1)
    np.testing.assert_allclose(angle_of(rotations.limited_swing(start, end, 0.3)), [0, 0, 0.7], atol=1e-9)


@given(seeds)
def test_angle_about_an_axis_is_the_twist_that_was_made(seed):
    rng = np.random.default_rng(seed)
    axis, start = unit_vectors(rng, 2, 5)
    angle = rng.uniform(-3, 3, 5)
    turned = Rotation.from_rotvec(axis * angle[:, None]).apply(start)
    np.testing.assert_allclose(rotations.angle_about(axis, start, turned), angle, atol=1e-6)


@given(seeds, st.floats(0, 1))
def test_between_goes_the_shortest_way_at_an_even_pace(seed, share):
    rng = np.random.default_rng(seed)
    start = Rotation.random(random_state=rng)
    change = Rotation.from_rotvec(unit_vectors(rng) * rng.uniform(0, 3))
    end = start * change
    expected = start * Rotation.from_rotvec(share * change.as_rotvec())
    found = rotations.between(start.as_matrix(), end.as_matrix(), share)
    np.testing.assert_allclose(found, expected.as_matrix(), atol=1e-6)


@given(seeds)
def test_frame_is_a_rotation_with_up_exact_and_left_nearly(seed):
    left, up = unit_vectors(np.random.default_rng(seed), 2, 5)
    frames = rotations.frame(left, up)
    np.testing.assert_allclose(frames @ np.swapaxes(frames, 1, 2), np.broadcast_to(np.eye(3), (5, 3, 3)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(frames), 1)
    np.testing.assert_allclose(frames[..., 2], up)
    assert (np.sum(frames[..., 0] * left, axis=-1) > 0).all()


def test_vectors_without_length_are_replaced():
    found = rotations.direction(np.array([[0.0, 0, 0], [0, 0, 2]]), np.array([1.0, 0, 0]))
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 0, 1]])
