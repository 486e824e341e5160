"""Which pose sequences show the same recording, whatever skeleton they were retargeted to."""

from collections.abc import Sequence

import numpy as np

from posealign_keras.skeletons import BODY17

# Directions that retargeting leaves alone, as (from, to). The links of the spine and the neck are not among them:
# each target skeleton places those joints differently.
_DIRECTIONS = np.array(
    [
        (BODY17.index(start), BODY17.index(end))
        for start, end in [
            ("r_hip", "r_knee"),
            ("r_knee", "r_ankle"),
            ("l_hip", "l_knee"),
            ("l_knee", "l_ankle"),
            ("pelvis", "thorax"),
            ("r_hip", "l_hip"),
            ("r_shoulder", "l_shoulder"),
            ("l_shoulder", "l_elbow"),
            ("l_elbow", "l_wrist"),
            ("r_shoulder", "r_elbow"),
            ("r_elbow", "r_wrist"),
        ]
    ]
)
_WINDOW = 30
_QUERY_STRIDE = 15
# Frames compared within a window while looking for candidates; the exact comparison uses every frame.
_SAMPLED = np.array([0, 10, 20, 29])
# Windows of near-duplicates may be further apart than the whole overlap is on average.
_CANDIDATE_FACTOR = 1.5


def pose_descriptors(positions: np.ndarray) -> np.ndarray:
    """Describe poses by the cosines between body directions: the same for any heading, place and bone lengths.

    Args:
        positions: `(T, 17, 3)` joints in `BODY17` order, any frame and unit.

    Returns:
        `(T, 55)` float32 cosines between all pairs of 11 directions: eight limb segments, the trunk, and the lines
        through the hips and the shoulders.
    """
    directions = positions[:, _DIRECTIONS[:, 1]] - positions[:, _DIRECTIONS[:, 0]]
    directions = directions / np.maximum(np.linalg.norm(directions, axis=-1, keepdims=True), 1e-9)
    first, second = np.triu_indices(len(_DIRECTIONS), 1)
    return np.einsum("tad,tbd->tab", directions, directions)[:, first, second].astype(np.float32)


def motion_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Distance between two sequences at their best temporal alignment.

    All shifts are tried, fractions of a frame included, at which the two overlap by three quarters of the
    shorter sequence and by 30 frames (or by all of a sequence shorter than that). The whole overlap counts: two
    recordings of walking agree in many short windows, but their rhythms drift apart.

    Args:
        first: `(T1, 55)` output of `pose_descriptors`.
        second: `(T2, 55)` likewise.

    Returns:
        Root mean square difference of the cosines over the overlap.
    """
    shorter = min(len(first), len(second))
    needed = max(min(_WINDOW, shorter), 3 * shorter // 4)
    squares = _squared_distances(first, second)
    shifts = range(needed - len(first), len(second) - needed + 1)
    errors = [float(np.diagonal(squares, shift).mean()) for shift in shifts]
    shift = shifts[int(np.argmin(errors))]
    earlier, later = (first, second) if shift >= 0 else (second, first)
    overlap = min(len(earlier), len(later) - abs(shift))
    return _subframe_distance(earlier[:overlap], later[abs(shift) : abs(shift) + overlap])


def _subframe_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Root mean square difference of two aligned sequences, either delayed by the best fraction of a frame."""
    best = float(((first - second) ** 2).mean())
    for fixed, moved in ((first, second), (second, first)):
        difference, step = fixed[:-1] - moved[:-1], np.diff(moved, axis=0)
        # moved(t + f) is about moved(t) + f step(t), so the best delay f is a least squares solution.
        delay = np.clip((difference * step).sum() / max(float((step**2).sum()), 1e-12), 0, 1)
        if difference.size:
            best = min(best, float(((difference - delay * step) ** 2).mean()))
    return best**0.5


def group_near_duplicates(sequences: Sequence[np.ndarray], threshold: float = 0.031) -> np.ndarray:
    """Number the sequences so that those which show the same recording share a number.

    Two sequences are near-duplicates if `motion_distance` between them is below the threshold; the groups are the
    connected components. The default was measured on 172 sequences of the CMU motion capture database retargeted
    by three sources: the 11 clips that exist twice are 0.015 to 0.027 apart; different takes start at 0.0305 (one
    person walking straight on, take after take) and, walking aside, at 0.047. At the default one pair of such takes
    is grouped as well, which costs nothing; a clip that is missed would be learned from and tested on.

    Args:
        sequences: `(T, 17, 3)` arrays, joints in `BODY17` order, any frame and unit.
        threshold: Largest distance between near-duplicates, a difference of cosines.

    Returns:
        `(S,)` integers, numbered from 0 in the order of each group's first sequence.
    """
    described = [pose_descriptors(sequence) for sequence in sequences]
    group = np.arange(len(described))
    for first, second in _candidate_pairs(described, _CANDIDATE_FACTOR * threshold):
        # Sequences that a chain of pairs has joined already need no further look.
        if group[first] != group[second] and motion_distance(described[first], described[second]) < threshold:
            group[group == group[second]] = group[first]
    _, first_member, numbered = np.unique(group, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first_member))[numbered]


def _candidate_pairs(described: list[np.ndarray], threshold: float) -> list[tuple[int, int]]:
    """Pairs that come close in at least one window; a cheap look that leaves few pairs for the exact one."""
    lengths = np.array([len(sequence) for sequence in described])
    # A sequence shorter than a window is compared with all others, since it has no window to look at.
    short = lengths < _WINDOW
    close = short[:, None] | short[None, :]
    long = np.flatnonzero(~short)
    if len(long):
        windows = [_flat_windows(described[index]) for index in long]
        bounds = np.concatenate([[0], np.cumsum([len(rows) for rows in windows])])[:-1]
        everything = np.concatenate(windows)
        for index, rows in zip(long, windows, strict=True):
            queries = rows[::_QUERY_STRIDE]
            nearest = np.minimum.reduceat(_squared_distances(queries, everything).min(axis=0), bounds)
            close[index, long] |= nearest < threshold**2
    return [(int(i), int(j)) for i, j in np.argwhere(np.triu(close | close.T, 1))]


def _flat_windows(described: np.ndarray) -> np.ndarray:
    starts = np.arange(len(described) - _WINDOW + 1)
    return described[starts[:, None] + _SAMPLED].reshape(len(starts), -1)


def _squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`(A, B)` mean squared difference between every row of one array and every row of the other."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    return np.maximum(squares, 0) / first.shape[1]
