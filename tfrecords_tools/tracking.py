"""One person followed through a video: boxes that a detector saw in single pictures, joined to tracks."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from tfrecords_tools.boxes import LONGEST_GAP, GivenBoxes
from tfrecords_tools.detectors.detections import Detections

# Intersection over union of the boxes of one person in two pictures that follow each other.
_LEAST_OVERLAP = 0.2
_LEAST_SIZE = 0.5


def track_people(
    detections: Sequence[Detections], times: Sequence[float] | np.ndarray, longest_gap: float = LONGEST_GAP
) -> list[GivenBoxes]:
    """Join boxes that overlap from one picture to the next.

    Args:
        detections: What was seen in each of N pictures.
        times: `(N,)` seconds of the pictures, increasing.
        longest_gap: Seconds for which a person may go unseen and is still taken for the same one.

    Returns:
        The boxes of each person; `frames` are the indices of the pictures.
    """
    tracks: list[tuple[list[int], list[np.ndarray]]] = []
    recent: list[tuple[list[int], list[np.ndarray]]] = []
    for index, (boxes, _) in enumerate(detections):
        recent = [track for track in recent if times[index] - times[track[0][-1]] <= longest_gap + 1e-6]
        new = np.ones(len(boxes), bool)
        if recent and len(boxes):
            overlap = overlaps(np.array([track[1][-1] for track in recent]), boxes)
            for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
                if overlap[row, column] >= _LEAST_OVERLAP:
                    recent[row][0].append(index)
                    recent[row][1].append(boxes[column])
                    new[column] = False
        begun = [([index], [box]) for box in boxes[new]]
        tracks += begun
        recent += begun
    return [GivenBoxes(np.array(frames), np.array(boxes)) for frames, boxes in tracks]


def main_person(
    tracks: Sequence[GivenBoxes], times: Sequence[float] | np.ndarray, longest_gap: float = LONGEST_GAP
) -> list[GivenBoxes]:
    """Choose the tracks of the person who is seen longest and largest.

    The first is the track with the largest sum, over its pictures, of the geometric mean of the box's width and height.
    The others are from when that person was lost: the most prominent ones that are at least half as large, and apart
    from all chosen ones by more than `longest_gap`, so that no clip shows two persons.

    Args:
        tracks: Those of `track_people`.
        times: `(N,)` seconds of the pictures.
        longest_gap: That of `track_people`.

    Returns:
        Tracks that do not overlap in time, the most prominent one first; none if there are none.
    """
    chosen: list[GivenBoxes] = []
    for track in sorted(tracks, key=lambda track: _sizes(track).sum(), reverse=True):
        apart = all(
            times[track.frames[0]] - times[other.frames[-1]] > longest_gap + 1e-6
            or times[other.frames[0]] - times[track.frames[-1]] > longest_gap + 1e-6
            for other in chosen
        )
        if not chosen or (apart and _sizes(track).mean() >= _LEAST_SIZE * _sizes(chosen[0]).mean()):
            chosen.append(track)
    return chosen


def overlaps(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """`(N, M)` intersection over union of `(N, 4)` and `(M, 4)` boxes."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    areas = _areas(some)[:, None] + _areas(others)[None] - shared
    return shared / np.maximum(areas, 1e-9)


def _areas(boxes):
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def _sizes(track):
    return np.sqrt(_areas(track.boxes))
