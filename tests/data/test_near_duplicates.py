"""Near-duplicates: what the descriptor ignores, which sequences are the same recording and which are not."""

import os
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.near_duplicates import group_near_duplicates, motion_distance, pose_descriptors
from posealign_keras.data.synthetic.motion import MOTION_FAMILIES, generate_motion
from posealign_keras.skeletons import BODY17

_DATA = Path(os.environ.get("POSEALIGN_TEST_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
_MOCAP = _DATA / "mocap" / "mocap17.npz"


def other_body(sequence, rng):
    result = np.zeros_like(sequence)
    for joint in range(1, 17):
        parent = BODY17.parents[joint]
        result[:, joint] = result[:, parent] + rng.uniform(0.7, 1.4) * (sequence[:, joint] - sequence[:, parent])
    return result


def test_descriptors_are_cosines_by_definition():
    pose = generate_motion("dance", 5, np.random.default_rng(0)).astype(float)
    described = pose_descriptors(pose)
    thigh, shin = pose[:, 2] - pose[:, 1], pose[:, 3] - pose[:, 2]
    cosine = np.sum(thigh * shin, -1) / np.linalg.norm(thigh, axis=-1) / np.linalg.norm(shin, axis=-1)
    np.testing.assert_allclose(described[:, 0], cosine, atol=1e-6)
    assert described.shape == (5, 55)


def test_descriptors_ignore_place_heading_and_size():
    sequence = generate_motion("kick", 40, np.random.default_rng(1)).astype(float)
    rotation = Rotation.random(rng=np.random.default_rng(2)).as_matrix()
    moved = 3.0 * sequence @ rotation.T + [1.0, 2.0, 3.0]
    np.testing.assert_allclose(pose_descriptors(moved), pose_descriptors(sequence), atol=1e-6)


def test_distance_of_a_copy_shifted_in_time_is_small():
    sequence = generate_motion("walk", 300, np.random.default_rng(0)).astype(float)
    described = pose_descriptors(sequence)
    assert motion_distance(described, described) < 1e-3
    assert motion_distance(described[10:150], described) < 1e-3
    assert motion_distance(described, described[10:150]) < 1e-3


@pytest.mark.parametrize("delay", [0.25, 0.5, 0.8])
def test_fractions_of_a_frame_do_not_matter(delay):
    # The rate at which a recording was thinned out to 30 fps decides where between two frames it starts.
    fast = generate_motion("run", 121, np.random.default_rng(4)).astype(float)
    delayed = (1 - delay) * fast[:-1] + delay * fast[1:]
    distance = motion_distance(pose_descriptors(fast), pose_descriptors(delayed))
    assert distance < 0.02
    assert motion_distance(pose_descriptors(delayed), pose_descriptors(fast)) == pytest.approx(
        distance, rel=0.3, abs=2e-3
    )


def test_groups_of_copies_and_of_excerpts():
    rng = np.random.default_rng(0)
    originals = [
        generate_motion(family, 120, rng).astype(float) for family in ("walk", "walk", "dance", "reach", "run")
    ]
    copies = [other_body(sequence, rng) for sequence in originals]
    sequences = [*originals, *copies, copies[2][20:75], copies[4][50:70]]
    np.testing.assert_array_equal(group_near_duplicates(sequences), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 2, 4])


def test_generated_motions_are_all_different():
    rng = np.random.default_rng(0)
    sequences = [generate_motion(family, 60, rng) for family in MOTION_FAMILIES for _ in range(3)]
    assert len(set(group_near_duplicates(sequences))) == len(sequences)


def test_order_and_edge_cases():
    single = generate_motion("walk", 1, np.random.default_rng(0))
    np.testing.assert_array_equal(group_near_duplicates([single]), [0])
    np.testing.assert_array_equal(group_near_duplicates([single, single]), [0, 0])
    assert len(group_near_duplicates([])) == 0


def groups_by_comparing_all(sequences, threshold=0.031):
    """The groups by definition: every query window with every other window, and every shift of every pair."""
    described = [pose_descriptors(sequence).astype(float) for sequence in sequences]

    def windows(rows, stride):
        starts = range(0, len(rows) - 29, stride)
        return np.array([np.ravel([rows[start + frame] for frame in (0, 10, 20, 29)]) for start in starts])

    def close(first, second):
        if min(len(first), len(second)) < 30:
            return True
        queries, others = windows(first, 15)[:, None], windows(second, 1)[None]
        return np.sqrt(((queries - others) ** 2).mean(axis=-1)).min() < 1.5 * threshold

    def aligned(first, second):
        shorter = min(len(first), len(second))
        needed = max(min(30, shorter), 3 * shorter // 4)
        overlaps = []
        for shift in range(needed - len(first), len(second) - needed + 1):
            common = slice(max(0, -shift), min(len(first), len(second) - shift))
            overlaps.append((first[common], second[common.start + shift : common.stop + shift]))
        return min(overlaps, key=lambda pair: ((pair[0] - pair[1]) ** 2).mean())

    def distance(first, second):
        first, second = aligned(first, second)
        squares = [((first - second) ** 2).mean()]
        delays = np.linspace(0, 1, 101)[:, None, None]
        for fixed, moved in ((first, second), (second, first)) if len(first) > 1 else ():
            delayed = (1 - delays) * moved[:-1] + delays * moved[1:]
            squares.append(((fixed[:-1] - delayed) ** 2).mean(axis=(1, 2)).min())
        return min(squares) ** 0.5

    group = list(range(len(described)))
    for second, one in enumerate(described):
        for first, other in enumerate(described[:second]):
            if (close(one, other) or close(other, one)) and distance(other, one) < threshold:
                group = [group[first] if number == group[second] else number for number in group]
    return [sorted(set(group), key=group.index).index(number) for number in group]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 60), min_size=1, max_size=7), st.floats(0.005, 0.15))
def test_groups_are_those_of_comparing_all_with_all(seed, lengths, noise):
    # Excerpts of few movements, each a little different, so that pairs of all distances around the threshold occur.
    rng = np.random.default_rng(seed)
    movements = [generate_motion(family, 60, rng).astype(float) for family in ("walk", "reach", "dance")]
    sequences = []
    for length in lengths:
        start = rng.integers(0, 61 - length)
        excerpt = movements[rng.integers(3)][start : start + length]
        sequences.append(excerpt + rng.uniform(0, noise) * rng.normal(size=(17, 3)))
    np.testing.assert_array_equal(group_near_duplicates(sequences), groups_by_comparing_all(sequences))


def test_what_is_compared_in_blocks_gives_the_same_groups(monkeypatch):
    rng = np.random.default_rng(1)
    originals = [generate_motion(family, 90, rng).astype(float) for family in ("walk", "run", "dance", "kick") * 3]
    sequences = originals + [other_body(sequence[:70], rng) for sequence in originals[::2]]
    expected = group_near_duplicates(sequences)
    assert len(set(expected)) == len(originals)
    monkeypatch.setattr("posealign_keras.data.near_duplicates._PAIRS", 90)
    for name, size in (
        ("_LEAF", 7),
        ("_QUERIES", 3),
        ("_BOXES", 4),
        ("_BLOCK", 50),
        ("_SAMPLE", 60),
        ("_DIRECTIONS", 2),
    ):
        monkeypatch.setattr(f"posealign_keras.data.window_index.{name}", size)
    np.testing.assert_array_equal(group_near_duplicates(sequences), expected)


def test_long_recordings_need_little_memory():
    # A table of all frames of one with all of the other would take half a gigabyte.
    rng = np.random.default_rng(0)
    long = rng.normal(size=(17, 3)) + rng.normal(scale=0.01, size=(12_000, 17, 3)).cumsum(axis=0)
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(group_near_duplicates([long, long[::-1], long[500:]]), [0, 1, 0])
        assert tracemalloc.get_traced_memory()[1] < 250e6
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(not _MOCAP.exists(), reason=f"real motion capture absent ({_MOCAP})")
def test_real_clips_that_exist_twice():
    library = MotionLibrary.load(_MOCAP)
    group = library.near_duplicate_groups()
    sizes = Counter(group.tolist())
    assert max(sizes.values()) == 2  # walking does not chain into one giant group
    twins = [set(library.names[group == number].tolist()) for number, size in sizes.items() if size == 2]
    across = [names for names in twins if len({name[:7] for name in names}) == 2]
    assert len(across) == 11
    assert {"cmu_05_01", "cmutxt_train_walking_2"} in across
    assert {"cmu_06_07", "cmutxt_test_basketball_1"} in across
