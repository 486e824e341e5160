import numpy as np
import pytest

from posealign_keras.metrics import AUC, PCK


def value(metric, *arguments):
    metric.update_state(*arguments)
    return float(metric.result())


def test_the_mean_over_31_thresholds():
    y_pred = np.zeros((1, 17, 3))
    y_pred[0, 1:7, 2] = np.array([0, 10, 149.999, 150, 151, 200]) / 1000
    metric = AUC(joints=range(1, 7))
    assert len(metric.thresholds) == 31
    result = value(metric, np.zeros((1, 17, 3), "float32"), y_pred.astype("float32"))
    assert result == pytest.approx(31.7204, abs=5e-5)


def test_it_is_the_mean_of_pck():
    y_true, y_pred = np.random.default_rng(0).normal(scale=0.06, size=(2, 4, 17, 3)).astype("float32")
    scores = [value(PCK(threshold), y_true, y_pred) for threshold in range(5, 151, 5)]
    np.testing.assert_allclose(value(AUC(), y_true, y_pred), sum(scores) / 31, rtol=1e-5)
    np.testing.assert_allclose(
        value(AUC(thresholds=[50, 100]), y_true, y_pred), (scores[9] + scores[19]) / 2, rtol=1e-5
    )


def test_a_perfect_prediction_misses_threshold_zero():
    y_true = np.ones((4, 17, 3))
    assert value(AUC(), y_true, y_true) == pytest.approx(100 * 30 / 31)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="`thresholds` must name at least one threshold"):
        AUC(thresholds=[])
