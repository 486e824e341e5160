import numpy as np
from scipy.optimize import minimize_scalar

from posealign_keras.metrics import NMPJPE


def value(*arguments):
    metric = NMPJPE()
    metric.update_state(*arguments)
    return float(metric.result())


def test_scale_does_not_matter_and_rotation_does():
    y_true, y_pred = np.random.default_rng(0).normal(scale=0.4, size=(2, 4, 17, 3)).astype("float32")
    scales = np.array([0.1, 0.5, 3, 20], "float32")[:, None, None]
    np.testing.assert_allclose(value(y_true, y_pred * scales), value(y_true, y_pred), rtol=1e-5)
    assert value(y_true, y_true * scales) < 0.01
    assert value(y_true, y_true[..., [1, 2, 0]]) > 100


def test_the_scale_is_the_one_of_least_squares():
    y_true, y_pred = np.random.default_rng(1).normal(scale=0.4, size=(2, 17, 3)).astype("float32")
    truth, prediction = y_true - y_true[:1], y_pred - y_pred[:1]
    scale = minimize_scalar(lambda s: np.sum((s * prediction - truth) ** 2)).x
    expected = 1000 * np.linalg.norm(scale * prediction - truth, axis=-1).mean()
    np.testing.assert_allclose(value(y_true[None], y_pred[None]), expected, rtol=1e-4)
