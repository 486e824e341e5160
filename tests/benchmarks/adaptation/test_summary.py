"""What the benchmark of adaptation says of its results."""

import numpy as np
import pytest

pytest.importorskip("scipy")
from summary import summary


def result(mpjpe, pa_mpjpe, disagreement=0.0):
    unlabelled = dict.fromkeys(("plausibility", "confidence", "latent_spread", "jitter", "flip_symmetric"), 1.0)
    return {"mpjpe": mpjpe, "pa_mpjpe": pa_mpjpe, "unlabelled": {**unlabelled, "flip_disagreement": disagreement}}


def run(shift):
    distances = {"one": 1.0, "two": 2.0, "three": 3.0}
    gains = {"one": 0.0, "two": 5.0, "three": 4.0}
    results = {
        "source_only": result(200.0 + shift, 100.0, 30.0),
        "oracle": result(100.0 + shift, 80.0),
        "adabn": result(150.0 + shift, 90.0, 20.0),
        "only_replay": result(150.0 + shift, 90.0, 20.0),
        "default": result(110.0 + shift, 85.0, 10.0),
        **{f"only_{name}": result(150.0 + shift - gain, 90.0, 20.0) for name, gain in gains.items()},
    }
    relations = {name: {"latent_distance": distance} for name, distance in distances.items()}
    return {"relations": relations, "shifts": {"wild": results}}


def test_gaps_means_and_ranks():
    found = summary({"0": run(0.0), "1": run(10.0)})["wild"]
    assert found["methods"]["default"]["mpjpe"] == pytest.approx([115.0, np.sqrt(50.0)])
    assert found["methods"]["default"]["mpjpe_gap_closed"] == pytest.approx(0.9)
    assert found["methods"]["default"]["pa_mpjpe_gap_closed"] == pytest.approx(0.75)
    assert found["methods"]["source_only"]["mpjpe_gap_closed"] == 0
    assert found["non_localness"]["points"]["two"] == [2.0, 5.0]
    assert found["non_localness"]["rank_correlation"] == pytest.approx(0.5)
    assert found["criteria"]["flip_disagreement"] > 0.7
    assert found["collapse"]["default"] == {"latent_spread": 1.0, "flip_symmetric": 1.0, "told": False}
    # A criterion that is the same for all methods says nothing.
    assert found["criteria"]["jitter"] is None


def test_a_collapse_is_told():
    results = run(0.0)["shifts"]["wild"]
    results["bad"] = result(200.0, 100.0)
    results["bad"]["unlabelled"]["latent_spread"] = 0.4
    found = summary({"0": {"shifts": {"wild": results}}})["wild"]
    assert [name for name, told in found["collapse"].items() if told["told"]] == ["bad"]


def test_one_seed_has_no_spread():
    assert summary({"0": run(0.0)})["wild"]["methods"]["oracle"]["mpjpe"] == [100.0, None]
