"""`Detections`: the persons that a detector sees in one picture."""

from typing import NamedTuple

import numpy as np


class Detections(NamedTuple):
    """The persons that a detector sees in one picture.

    Args:
        boxes: `(N, 4)` left, top, right and bottom edges in pixels, the corner of the first pixel at (0, 0).
        scores: `(N,)` how sure the detector is; comparable within one detector only.
    """

    boxes: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, boxes, scores) -> "Detections":
        """From any sequences, empty ones too."""
        return cls(np.asarray(boxes, float).reshape(-1, 4), np.asarray(scores, float).reshape(-1))
