import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from posealign_keras.training.objective_means import ObjectiveMeans


def results(means):
    return {name: float(value) for name, value in means.result().items()}


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(-1e3, 1e3, width=32), st.integers(1, 64)), min_size=1, max_size=8
    )
)
def test_weighted_means_of_each_name(reports):
    means = ObjectiveMeans()
    for name, value, weight in reports:
        means.update_state(name, {name: value, f"{name}_twice": 2 * value}, sample_weight=weight)
    found = results(means)
    for name in {name for name, _, _ in reports}:
        own = [(value, weight) for other, value, weight in reports if other == name]
        expected = np.average([value for value, _ in own], weights=[weight for _, weight in own])
        assert found[name] == pytest.approx(expected, rel=1e-4, abs=1e-2)
        assert found[f"{name}_twice"] == pytest.approx(2 * expected, rel=1e-4, abs=2e-2)


def test_what_has_not_been_reported_is_nan():
    means = ObjectiveMeans()
    means.restart(["a", "b"])
    means.update_state("a", {"a": 3.0})
    assert results(means)["a"] == 3.0
    assert np.isnan(results(means)["b"])
    means.reset_state()
    assert np.isnan(list(results(means).values())).all()


def test_one_name_that_is_not_finite_leaves_the_others_alone():
    means = ObjectiveMeans()
    means.update_state("a", {"a": float("nan"), "a_b": ops.convert_to_tensor(2.0)})
    means.update_state("c", {"c": float("inf")})
    found = results(means)
    assert np.isnan(found["a"])
    assert found["a_b"] == 2.0
    assert found["c"] == float("inf")


def test_restarting_forgets_names():
    means = ObjectiveMeans()
    means.update_state("a", {"a": 1.0})
    means.restart(["b"])
    assert results(means).keys() == {"b"}


def test_names_have_one_owner():
    means = ObjectiveMeans()
    means.update_state("a", {"a": 1.0, "a_b": 1.0})
    with pytest.raises(ValueError, match=r"'a_b'.*'a'"):
        means.update_state("a_b", {"a_b": 1.0})
    with pytest.raises(ValueError, match="'loss'"):
        means.restart(["loss"])


def test_there_is_room_for_a_few_hundred_names():
    means = ObjectiveMeans()
    with pytest.raises(ValueError, match="at most"):
        means.restart(f"name{index}" for index in range(1000))
