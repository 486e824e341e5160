import numpy as np

from posealign_keras.metrics import MPJPE


def test_mean_distance_in_millimetres():
    y_true = np.zeros((4, 17, 3))
    y_pred = np.zeros((4, 17, 3))
    y_pred[:, 5] = [0.03, 0, 0.04]
    metric = MPJPE()
    metric.update_state(y_true, y_pred)
    np.testing.assert_allclose(float(metric.result()), 50 / 17, rtol=1e-6)


def test_per_joint_weights_are_a_weighted_mean():
    generator = np.random.default_rng(0)
    y_true, y_pred = generator.normal(size=(2, 6, 17, 3)).astype("float32")
    weights = generator.uniform(size=(6, 17)).astype("float32")
    difference = (y_pred - y_pred[:, :1]) - (y_true - y_true[:, :1])
    metric = MPJPE()
    metric.update_state(y_true, y_pred, weights)
    expected = 1000 * np.average(np.linalg.norm(difference, axis=-1), weights=weights)
    np.testing.assert_allclose(float(metric.result()), expected, rtol=1e-5)
