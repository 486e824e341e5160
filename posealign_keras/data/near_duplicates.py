"""Which pose sequences show the same recording, whatever skeleton they were retargeted to."""

from collections.abc import Iterable

import numpy as np

from posealign_keras.data.window_index import WINDOW, WindowIndex
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
# Windows of near-duplicates may be further apart than the whole overlap is on average.
_CANDIDATE_FACTOR = 1.5
# Pairs of sequences that are kept in mind at once, a byte each.
_PAIRS = 1 << 26


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
    needed = max(min(WINDOW, shorter), 3 * shorter // 4)
    shifts = np.arange(needed - len(first), len(second) - needed + 1)
    shift = int(shifts[_mean_squares(first, second, shifts).argmin()])
    earlier, later = (first, second) if shift >= 0 else (second, first)
    overlap = min(len(earlier), len(later) - abs(shift))
    return _subframe_distance(earlier[:overlap], later[abs(shift) : abs(shift) + overlap])


def _mean_squares(first: np.ndarray, second: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Mean squared difference of `first[t]` and `second[t + shift]` over the frames where both are, for each shift."""
    # The products at all shifts at once are a correlation. In double precision: the squares nearly cancel them.
    length = 1 << int(len(first) + len(second) - 1).bit_length()
    spectra = [np.fft.rfft(sequence.T.astype(float), length) for sequence in (first, second)]
    products = np.fft.irfft((spectra[0].conj() * spectra[1]).sum(axis=0), length)[shifts]
    start, stop = np.maximum(-shifts, 0), np.minimum(len(second) - shifts, len(first))
    squares = 0.0
    for sequence, begin, end in ((first, start, stop), (second, start + shifts, stop + shifts)):
        total = np.concatenate([[0.0], np.cumsum((sequence.astype(float) ** 2).sum(axis=1))])
        squares = squares + total[end] - total[begin]
    return (squares - 2 * products) / ((stop - start) * first.shape[1])


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


def group_near_duplicates(sequences: Iterable[np.ndarray], threshold: float = 0.031) -> np.ndarray:
    """Number the sequences so that those which show the same recording share a number.

    Two sequences are near-duplicates if they are close in at least one window and `motion_distance` between them is
    below the threshold; the groups are the connected components. The default was measured on 172 sequences of the CMU
    motion capture database retargeted by three sources: the 11 clips that exist twice are 0.015 to 0.027 apart;
    different takes start at 0.0305 (one person walking straight on, take after take) and, walking aside, at 0.047. At
    the default one pair of such takes is grouped as well, which costs nothing; a clip that is missed would be learned
    from and tested on.

    A sequence of fewer than 30 frames has no window, and is compared with all others.

    Args:
        sequences: `(T, 17, 3)` arrays, joints in `BODY17` order, any frame and unit. They are looked at once, one
            after the other, so that they need not be in memory together.
        threshold: Largest distance between near-duplicates, a difference of cosines.

    Returns:
        `(S,)` integers, numbered from 0 in the order of each group's first sequence.
    """
    described = [pose_descriptors(sequence) for sequence in sequences]
    if not described:
        return np.zeros(0, int)
    offsets = np.concatenate([[0], np.cumsum([len(frames) for frames in described])])
    frames = np.concatenate(described)
    # Views, so that nothing is in memory twice.
    described = np.split(frames, offsets[1:-1])
    short = np.diff(offsets) < WINDOW
    index = WindowIndex(frames, offsets, _CANDIDATE_FACTOR * threshold)
    group = np.arange(len(described))
    looked_up = max(_PAIRS // len(described), 1)
    for start in range(0, len(described), looked_up):
        chosen = np.arange(start, min(start + looked_up, len(described)))
        close = index.close_to(chosen, known=group[chosen][:, None] == group)
        close |= short[chosen][:, None] | short
        for first, others in zip(chosen, close, strict=True):
            # Sequences that a chain of pairs has joined already need no further look.
            for second in np.flatnonzero(others & (group != group[first])):
                pair = sorted((first, second))
                if group[first] != group[second] and motion_distance(*(described[one] for one in pair)) < threshold:
                    group[group == group[second]] = group[first]
    _, first_member, numbered = np.unique(group, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first_member))[numbered]
