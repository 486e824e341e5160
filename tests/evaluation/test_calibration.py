"""What a confidence is worth: against SciPy, and cases whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from posealign_keras.evaluation import calibration

rng = np.random.default_rng(0)


def test_a_perfect_confidence():
    errors = rng.gamma(2, 50, 500)
    found = calibration(-(errors**3), errors)
    assert found["spearman"] == pytest.approx(-1)
    assert found["gain"] == pytest.approx(1)
    assert all(entry["error"] == pytest.approx(entry["best"]) for entry in found["kept"])
    assert np.all(np.diff([entry["error"] for entry in found["bins"]]) < 0)


def test_a_confidence_that_says_nothing():
    errors = rng.gamma(2, 50, 20_000)
    found = calibration(rng.normal(size=20_000), errors)
    assert abs(found["spearman"]) < 0.03
    assert abs(found["gain"]) < 0.05
    constant = calibration(np.ones(20_000), errors)
    assert (constant["spearman"], constant["gain"]) == (0, pytest.approx(0, abs=1e-9))


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_rank_correlation_is_scipys_also_with_ties(seed, levels):
    draw = np.random.default_rng(seed)
    confidence = draw.integers(0, levels, 40) / levels
    errors = draw.integers(0, 30, 40) + confidence
    if len(np.unique(confidence)) > 1:
        expected = spearmanr(confidence, errors).statistic
        assert calibration(confidence, errors)["spearman"] == pytest.approx(expected, abs=1e-9)


def test_groups_and_shares_by_hand():
    errors = np.arange(20, 0, -1.0)
    found = calibration(np.arange(20.0), errors, bins=4)
    assert [entry["count"] for entry in found["bins"]] == [5] * 4
    assert [entry["error"] for entry in found["bins"]] == [18, 13, 8, 3]
    assert [entry["confidence"] for entry in found["bins"]] == [2, 7, 12, 17]
    assert found["kept"][0] == {"share": 0.1, "error": 1.5, "best": 1.5}
    assert found["kept"][-1] == {"share": 1.0, "error": 10.5, "best": 10.5}


def test_the_wrong_way_round_is_worse_than_chance():
    errors = rng.gamma(2, 50, 500)
    found = calibration(errors, errors)
    assert found["spearman"] == pytest.approx(1)
    assert found["gain"] < -0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(3), np.zeros(4)), "must be of one shape"),
        ((np.zeros((3, 1)), np.zeros((3, 1))), "must be of one shape"),
        ((np.full(20, np.nan), np.zeros(20)), "must be finite"),
        ((np.zeros(3), np.zeros(3)), "`bins` must be from 2 to the number of poses, 3"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        calibration(*arguments)
