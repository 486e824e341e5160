import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from posealign_keras.ops import mirror, scale_procrustes, similarity_procrustes, similarity_transform


def array(tensor):
    return ops.convert_to_numpy(tensor)


def poses(seed, *leading):
    return np.random.default_rng(seed).normal(scale=0.4, size=(*leading, 17, 3)).astype("float32")


def align_by_singular_values(predicted, target, weights=None):
    """Kabsch and Umeyama in float64 for one pose: rotation with determinant 1, scale, translation."""
    weights = np.ones(len(predicted)) if weights is None else weights
    predicted, target = predicted.astype("float64"), target.astype("float64")
    predicted_centre, target_centre = (np.average(pose, axis=0, weights=weights) for pose in (predicted, target))
    centred, goal = predicted - predicted_centre, target - target_centre
    left, singular, right = np.linalg.svd((weights[:, None] * centred).T @ goal)
    sign = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    rotation = (left * sign) @ right
    scale = (singular * sign).sum() / (weights[:, None] * centred**2).sum()
    return scale * centred @ rotation + target_centre


def test_agrees_with_a_solution_by_singular_values():
    # Random targets are mirror images of their predictions about half the time.
    predicted, target = poses(0, 4, 5), poses(1, 4, 5)
    aligned = array(similarity_procrustes(predicted, target))
    for index in np.ndindex(4, 5):
        expected = align_by_singular_values(predicted[index], target[index])
        np.testing.assert_allclose(aligned[index], expected, atol=2e-5)


def test_agrees_with_scipy():
    target = poses(2)
    turn = Rotation.from_rotvec([0.3, -2, 1]).as_matrix()
    predicted = (1.7 * target @ turn.T + [1, 2, 3] + np.random.default_rng(3).normal(scale=0.02, size=(17, 3))).astype(
        "float32"
    )
    _, standard_aligned, disparity = procrustes(target, predicted)
    size = np.linalg.norm(target - target.mean(0))
    aligned = array(similarity_procrustes(predicted, target))
    np.testing.assert_allclose((aligned - target.mean(0)) / size, standard_aligned, atol=1e-5)
    np.testing.assert_allclose(np.sum((aligned - target) ** 2) / size**2, disparity, rtol=1e-2)
    _, rotation, _ = similarity_transform(predicted, target)
    expected, _ = orthogonal_procrustes(predicted - predicted.mean(0), target - target.mean(0))
    np.testing.assert_allclose(array(rotation), expected.T, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(1e-2, 1e3))
def test_a_moved_pose_comes_back(seed, scale):
    generator = np.random.default_rng(seed)
    target = poses(seed, 3)
    turn = Rotation.random(3, rng=generator).as_matrix()
    shift = generator.normal(size=(3, 1, 3))
    predicted = (scale * (np.einsum("bij,bkj->bki", turn, target) + shift)).astype("float32")
    found_scale, found_rotation, found_translation = map(array, similarity_transform(predicted, target))
    np.testing.assert_allclose(found_scale, 1 / scale, rtol=1e-4)
    np.testing.assert_allclose(found_rotation, turn.swapaxes(-1, -2), atol=1e-4)
    np.testing.assert_allclose(found_translation, -np.einsum("bji,bj->bi", turn, shift[:, 0]), atol=2e-4)
    np.testing.assert_allclose(array(similarity_procrustes(predicted, target)), target, atol=2e-4)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_other_rotation_is_better(seed):
    generator = np.random.default_rng(seed)
    predicted, target = poses(generator, 1), poses(generator, 1)
    residual = np.sum((array(similarity_procrustes(predicted, target)) - target) ** 2)
    centred, goal = predicted - predicted.mean(1, keepdims=True), target - target.mean(1, keepdims=True)
    for rotation in Rotation.random(200, rng=generator).as_matrix():
        turned = centred @ rotation.T
        best = turned * max(0, np.sum(turned * goal) / np.sum(turned**2))
        assert residual <= np.sum((best - goal) ** 2) + 1e-4


def test_a_reflection_is_not_undone():
    target = poses(4, 4)
    reflected = target * np.array([-1, 1, 1], "float32")
    aligned = array(similarity_procrustes(reflected, target))
    assert np.linalg.norm(aligned - target, axis=-1).mean(axis=-1).min() > 0.05
    _, rotation, _ = similarity_transform(reflected, target)
    np.testing.assert_allclose(np.linalg.det(array(rotation)), 1, atol=1e-5)
    # Swapping the sides as well makes another body, not the same one either.
    assert np.abs(array(similarity_procrustes(mirror(target), target)) - target).max() > 0.05


def test_flat_and_straight_poses_are_aligned():
    for dimensions in (1, 2):
        target = poses(5, 4)
        target[..., dimensions:] = 0
        turn = Rotation.random(4, rng=np.random.default_rng(6)).as_matrix()
        predicted = np.einsum("bij,bkj->bki", turn, target).astype("float32")
        np.testing.assert_allclose(array(similarity_procrustes(predicted, target)), target, atol=1e-5)


def test_a_pose_without_size_becomes_the_centre_of_its_target():
    target = poses(7, 2)
    predicted = poses(8, 2)
    predicted[0] = 5.0
    aligned = array(similarity_procrustes(predicted, target))
    np.testing.assert_allclose(aligned[0], np.broadcast_to(target[0].mean(0), (17, 3)), atol=1e-6)
    np.testing.assert_allclose(aligned[1], align_by_singular_values(predicted[1], target[1]), atol=1e-5)
    scale, rotation, _ = similarity_transform(predicted, np.ones_like(predicted))
    np.testing.assert_array_equal(array(scale), 0)
    np.testing.assert_array_equal(array(rotation), np.broadcast_to(np.eye(3), (2, 3, 3)))


def test_weights_weigh_joints():
    predicted, target = poses(9, 3), poses(10, 3)
    weights = np.random.default_rng(11).uniform(size=(3, 17)).astype("float32")
    aligned = array(similarity_procrustes(predicted, target, weights))
    for index in range(3):
        expected = align_by_singular_values(predicted[index], target[index], weights[index].astype("float64"))
        np.testing.assert_allclose(aligned[index], expected, atol=2e-5)


def test_masked_joints_do_not_matter_even_if_they_are_not_numbers():
    predicted, target = poses(12, 2), poses(13, 2)
    mask = np.ones((2, 17), "float32")
    mask[:, [3, 9]] = 0
    kept = np.flatnonzero(mask[0])
    expected = array(similarity_procrustes(predicted[:, kept], target[:, kept]))
    target[:, [3, 9]] = np.nan
    aligned = array(similarity_procrustes(predicted, target, mask))
    np.testing.assert_allclose(aligned[:, kept], expected, atol=1e-5)
    assert np.isfinite(aligned).all()
    scaled = array(scale_procrustes(predicted, target, mask))
    np.testing.assert_allclose(scaled[:, kept], array(scale_procrustes(predicted[:, kept], target[:, kept])), atol=1e-6)


def test_scale_alone_is_a_projection():
    predicted, target = poses(14, 5), poses(15, 5)
    scale = np.sum(predicted * target, (1, 2)) / np.sum(predicted**2, (1, 2))
    np.testing.assert_allclose(array(scale_procrustes(predicted, target)), scale[:, None, None] * predicted, atol=1e-5)
    np.testing.assert_allclose(array(scale_procrustes(3 * target, target)), target, atol=1e-6)
    np.testing.assert_array_equal(array(scale_procrustes(np.zeros((17, 3)), target[0])), 0)


def test_runs_compiled(compiled):
    predicted, target = poses(16, 4), poses(17, 4)
    predicted[0] = 0
    eager = array(similarity_procrustes(predicted, target))
    result = compiled(similarity_procrustes)(ops.convert_to_tensor(predicted), ops.convert_to_tensor(target))
    np.testing.assert_allclose(array(result), eager, atol=1e-5)


def test_gradients_flow_through_the_alignment(gradient):
    target = ops.convert_to_tensor(poses(18, 2))
    slope = gradient(lambda p: ops.sum(ops.square(similarity_procrustes(p, target) - target)), poses(19, 2))
    assert np.isfinite(slope).all()
    # The residual does not change when the whole prediction moves.
    np.testing.assert_allclose(slope.sum(axis=1), 0, atol=1e-4)


def test_shapes_that_differ_are_refused():
    for function in (similarity_transform, similarity_procrustes, scale_procrustes):
        with pytest.raises(ValueError, match="`predicted` and `target` must have the same shape"):
            function(np.zeros((2, 17, 3)), np.zeros((1, 17, 3)))
        with pytest.raises(ValueError, match=r"`target` must have shape \(\.\.\., 3\)"):
            function(np.zeros((17, 3)), np.zeros((17, 2)))
