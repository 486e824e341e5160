"""`PersonDetector`: what every detector of persons does."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np

from tfrecords_tools.detectors.detections import Detections


class PersonDetector(Protocol):
    """Sees persons in pictures.

    Attributes:
        picture_size: Pictures whose larger side is longer, in pixels, are made smaller before they are given to it.

    Example:
        >>> from tfrecords_tools.detectors import get_detector
        >>> detector: PersonDetector = get_detector("hog")
        >>> detector.picture_size > 0
        True
    """

    picture_size: int

    def detect(self, frames: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Look for persons in pictures, one after the other or a few at a time.

        Args:
            frames: `(height, width, 3)` RGB, uint8; all of one size.

        Yields:
            What is in each of them, in order.
        """
        ...
