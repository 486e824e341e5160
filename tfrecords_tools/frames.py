"""`Frames`: the pictures of a recording, read one after the other and never all at once."""

import abc
from collections.abc import Iterator, Sequence

import numpy as np


class Frames(abc.ABC):
    """The pictures of a recording, in order."""

    @property
    @abc.abstractmethod
    def times(self) -> np.ndarray:
        """`(T,)` seconds from the first picture to each, increasing; also tells how many there are."""

    @abc.abstractmethod
    def read(self, indices: Sequence[int] | np.ndarray) -> Iterator[np.ndarray]:
        """Read pictures one after the other.

        Args:
            indices: Which ones, in increasing order; one may be asked for several times.

        Yields:
            `(height, width, 3)` RGB, uint8, turned upright if the file says how.

        Raises:
            ValueError: If a picture cannot be read; the message names the file and the picture.
        """
