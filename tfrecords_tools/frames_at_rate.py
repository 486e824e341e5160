"""Pictures at a rate that is known better than the file of the video knows it."""

import numpy as np

from tfrecords_tools.frames import Frames


class FramesAtRate(Frames):
    """The pictures of other `Frames`, one after the other at a constant rate.

    Args:
        frames: The pictures.
        fps: Pictures per second.
    """

    def __init__(self, frames: Frames, fps: float):
        self.frames = frames
        self.fps = fps

    @property
    def times(self) -> np.ndarray:
        """`(T,)` seconds."""
        return np.arange(len(self.frames.times)) / self.fps

    def read(self, indices):
        """See `Frames.read`."""
        return self.frames.read(indices)
