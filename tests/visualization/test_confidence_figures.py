"""Figures of confidence: every value where it belongs, gaps where there is none."""

import numpy as np
import pytest

from posealign_keras.evaluation import calibration
from posealign_keras.visualization import calibration_figure, confidence_figure


def test_curves_over_time_have_gaps():
    times = np.arange(6) / 30
    values = np.array([0.1, 0.2, np.nan, 0.4, 0.5, 0.6])
    trace = confidence_figure(times, {"confidence": values}).data[0]
    np.testing.assert_array_equal(trace.x, times)
    np.testing.assert_array_equal(trace.y, values)
    assert trace.name == "confidence"


def test_of_long_videos_the_lowest_value_is_shown():
    times = np.arange(100_000) / 30
    values = np.full(100_000, 0.9)
    values[54_321] = 0.05
    trace = confidence_figure(times, {"confidence": values}).data[0]
    assert len(trace.x) <= 2000
    assert np.min(trace.y) == 0.05


def test_a_single_frame_is_seen():
    assert "markers" in confidence_figure([0.0], {"confidence": [0.5]}).data[0].mode


def test_both_panels_of_a_calibration():
    rng = np.random.default_rng(0)
    errors = rng.gamma(2, 50, 200)
    found = {name: calibration(rng.normal(size=200) - errors, errors) for name in ("confidence", "plausibility")}
    figure = calibration_figure(found)
    assert len(figure.data) == 6
    np.testing.assert_allclose(figure.data[0].y, [entry["error"] for entry in found["confidence"]["bins"]])
    np.testing.assert_allclose(figure.data[1].x, np.arange(10, 101, 10))
    assert "Spearman" in figure.data[0].name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: confidence_figure([], {}), "at least one frame"),
        (lambda: confidence_figure([0.0], {"a": [0.1, 0.2]}), r"`values\['a'\]` must have shape \(1,\)"),
        (lambda: calibration_figure({}), "at least one"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()
