import numpy as np
import pytest
from keras import ops

from posealign_keras.losses import joint_distance
from posealign_keras.metrics import MPJPE


def poses(seed=0):
    return np.random.default_rng(seed).normal(size=(2, 4, 17, 3)).astype("float32")


def test_mean_distance_in_metres():
    y_true, y_pred = poses()
    distance = np.linalg.norm(y_true - y_pred, axis=-1)
    np.testing.assert_allclose(float(joint_distance(y_true, y_pred)), distance.mean(), rtol=1e-5)
    weights = np.random.default_rng(1).uniform(size=(4, 17)).astype("float32")
    for given in (weights, weights[:, 0]):
        spread = np.broadcast_to(given.reshape(4, -1), (4, 17))
        expected = np.average(distance, weights=spread)
        np.testing.assert_allclose(float(joint_distance(y_true, y_pred, given)), expected, rtol=1e-5)


def test_it_is_the_metric_for_root_relative_poses():
    y_true, y_pred = (pose - pose[:, :1] for pose in poses(2))
    metric = MPJPE()
    metric.update_state(y_true, y_pred)
    np.testing.assert_allclose(1000 * float(joint_distance(y_true, y_pred)), float(metric.result()), rtol=1e-5)


def test_masked_joints_give_neither_loss_nor_gradient_even_if_they_are_not_numbers(gradient):
    y_true, y_pred = poses(3)
    mask = np.ones((4, 17), "float32")
    mask[:, 5] = 0
    expected = np.delete(np.linalg.norm(y_true - y_pred, axis=-1), 5, axis=1).mean()
    y_true[:, 5] = np.nan
    np.testing.assert_allclose(float(joint_distance(y_true, y_pred, mask)), expected, rtol=1e-5)
    truth = ops.convert_to_tensor(y_true)
    slope = gradient(lambda pose: joint_distance(truth, pose, mask), y_pred)
    np.testing.assert_array_equal(slope[:, 5], 0)
    np.testing.assert_allclose(np.linalg.norm(np.delete(slope, 5, axis=1), axis=-1), 1 / 64, rtol=1e-4)
    assert float(joint_distance(y_true, y_pred, 0)) == 0


def test_the_gradient_is_zero_where_both_meet(gradient):
    y_true = ops.convert_to_tensor(poses(4)[0])
    np.testing.assert_array_equal(gradient(lambda pose: joint_distance(y_true, pose), ops.convert_to_numpy(y_true)), 0)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="`y_true` and `y_pred` must have the same shape"):
        joint_distance(np.zeros((4, 17, 3)), np.zeros((17, 3)))
    with pytest.raises(ValueError, match="`weights` must fit"):
        joint_distance(np.zeros((4, 17, 3)), np.zeros((4, 17, 3)), np.ones(3))
