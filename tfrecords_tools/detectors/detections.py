"""`Detections`: the persons that a detector sees in one picture."""

from typing import NamedTuple

import numpy as np


class Detections(NamedTuple):
    """The persons that a detector sees in one picture.

    Args:
        boxes: `(N, 4)` left, top, right and bottom edges in pixels, the corner of the first pixel at (0, 0).
        scores: `(N,)` how sure the detector is; comparable within one detector only.

    Example:
        >>> found = Detections(boxes=np.array([[10.0, 20.0, 60.0, 180.0]]), scores=np.array([0.9]))
        >>> found.boxes.shape
        (1, 4)
    """

    boxes: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, boxes, scores) -> "Detections":
        """From any sequences, empty ones too."""
        return cls(np.asarray(boxes, float).reshape(-1, 4), np.asarray(scores, float).reshape(-1))
