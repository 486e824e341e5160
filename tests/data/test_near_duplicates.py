"""Near-duplicates: what the descriptor ignores, which sequences are the same recording and which are not."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
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
