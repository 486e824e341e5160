import numpy as np
import pytest
from keras import ops
from scipy.special import log_softmax
from scipy.stats import norm

from posealign_keras.losses import heat_map_loss


def example(seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.4, 0.4, (3, 5, 2)).astype("float32"), rng.normal(0, 2, (3, 8, 6, 5)).astype("float32")


def wanted(keypoints):
    """`(3, 8, 6, 5)` Gaussians of 0.8 cells at the true places, as probabilities."""
    rows = norm.pdf(np.arange(8), 8 * (keypoints[..., 1, None] + 0.5) - 0.5, 0.8)
    columns = norm.pdf(np.arange(6), 6 * (keypoints[..., 0, None] + 0.5) - 0.5, 0.8)
    maps = np.einsum("bjh,bjw->bhwj", rows, columns)
    return maps / maps.sum((1, 2), keepdims=True)


def test_it_is_the_cross_entropy_from_a_gaussian():
    keypoints, heat = example()
    by_joint = -(wanted(keypoints) * log_softmax(heat, axis=(1, 2))).sum((1, 2))
    np.testing.assert_allclose(float(heat_map_loss(keypoints, heat)), by_joint.mean(), rtol=1e-5)
    weights = np.random.default_rng(1).uniform(size=(3, 5)).astype("float32")
    expected = np.average(by_joint, weights=weights)
    np.testing.assert_allclose(float(heat_map_loss(keypoints, heat, weights)), expected, rtol=1e-5)


def test_it_is_least_where_the_heat_map_is_that_gaussian(gradient):
    keypoints, _ = example()
    slope = gradient(lambda heat: heat_map_loss(ops.convert_to_tensor(keypoints), heat), np.log(wanted(keypoints)))
    np.testing.assert_allclose(slope, 0, atol=1e-6)


@pytest.mark.parametrize("place", [np.nan, 0.7])
def test_joints_that_do_not_count_give_neither_loss_nor_gradient(gradient, place):
    keypoints, heat = example()
    expected = float(heat_map_loss(np.delete(keypoints, 2, axis=1), np.delete(heat, 2, axis=3)))
    keypoints[:, 2, 0] = place
    assert float(heat_map_loss(keypoints, heat)) == pytest.approx(expected, rel=1e-5)
    slope = gradient(lambda maps: heat_map_loss(ops.convert_to_tensor(keypoints), maps), heat)
    np.testing.assert_array_equal(slope[..., 2], 0)
    assert np.isfinite(slope).all()
    assert np.abs(slope[..., 1]).max() > 0
    assert float(heat_map_loss(np.full((3, 5, 2), place), heat)) == 0


def test_places_of_another_kind_are_refused():
    _, heat = example()
    with pytest.raises(ValueError, match=r"`keypoints` must have shape \(\.\.\., 2\)"):
        heat_map_loss(np.zeros((3, 5, 3)), heat)


@pytest.mark.parametrize(
    ("keypoints", "heat_maps"),
    [
        ((3, 5, 2), (3, 8, 8, 1)),
        ((3, 5, 2), (1, 8, 8, 5)),
        ((3, 5, 2), (3, 8, 8, 6)),
        ((3, 5, 2), (3, 8, 8)),
        ((5, 2), (3, 8, 8, 5)),
    ],
)
def test_shapes_that_do_not_fit_are_refused_and_not_broadcast(keypoints, heat_maps):
    with pytest.raises(ValueError, match=r"`keypoints` must have shape \(batch, joints, 2\) and `heat_maps`"):
        heat_map_loss(np.zeros(keypoints, "float32"), np.zeros(heat_maps, "float32"))
