"""Which recordings go into which split."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrecords_tools import splits
from tfrecords_tools.recording import RecordingId


def recordings(groups, split=None):
    return [RecordingId(sequence=f"s{i}", group=group, split=split) for i, group in enumerate(groups)]


def divide(listed, wanted, seed):
    return splits.divide({"clip": listed}, wanted, seed)["clip"]


def test_own_splits_are_kept_and_can_be_chosen():
    listed = [*recordings("ab", "train"), *recordings("cd", "test"), *recordings("e", "val")]
    assert {name: len(members) for name, members in divide(listed, None, 0).items()} == {
        "train": 2,
        "test": 2,
        "val": 1,
    }
    assert divide(listed, ["test"], 0) == {"test": listed[2:4]}
    with pytest.raises(ValueError, match=r"nothing would have none.*test, train, val"):
        divide(listed, ["nothing"], 0)
    with pytest.raises(ValueError, match=r"`splits` must be several names.*Received: splits='test'"):
        divide(listed, "test", 0)


def test_without_splits_everything_is_for_training():
    listed = recordings("abc")
    assert divide(listed, None, 0) == {"train": listed}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=12, max_size=40), st.integers(0, 1000))
def test_drawn_splits_keep_groups_together_and_lose_nothing(groups, seed):
    listed = recordings(groups)
    if len(set(groups)) < 2:
        return
    divided = divide(listed, {"train": 3, "test": 1}, seed)
    assert sorted(one.sequence for members in divided.values() for one in members) == sorted(
        one.sequence for one in listed
    )
    assert not {one.group for one in divided["train"]} & {one.group for one in divided["test"]}
    assert all(divided.values())
    assert divided == divide(listed, {"train": 3, "test": 1}, seed)


def test_shares_are_met():
    listed = recordings([f"g{i}" for i in range(100)])
    assert len(divide(listed, {"train": 0.8, "test": 0.2}, 1)["test"]) == 20
    assert divide(listed, {"train": 0.8, "test": 0.2}, 1) != divide(listed, {"train": 0.8, "test": 0.2}, 2)


@pytest.mark.parametrize("shares", [{}, {"train": 1, "test": 0}, {"train": -1}])
def test_odd_shares_are_refused(shares):
    with pytest.raises(ValueError, match="positive shares"):
        divide(recordings("ab"), shares, 0)


def test_too_few_groups_are_said():
    with pytest.raises(ValueError, match="only 1 groups"):
        divide(recordings("aaa"), {"train": 0.5, "test": 0.5}, 0)


def test_all_kinds_are_drawn_alike():
    images, clips = recordings("abcdef"), recordings("abcdefghij")
    for seed in range(5):
        divided = splits.divide({"image": images, "clip": clips}, {"train": 0.6, "test": 0.4}, seed)
        groups = {name: {one.group for kind in divided for one in divided[kind][name]} for name in ("train", "test")}
        assert not groups["train"] & groups["test"]


@pytest.mark.parametrize("name", ["a b", "../out", ""])
def test_odd_names_are_refused(name):
    with pytest.raises(ValueError, match="names of letters"):
        divide(recordings("ab"), {name: 0.5, "test": 0.5}, 0)
