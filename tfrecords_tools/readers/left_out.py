"""A recording that a data set is known to spoil: nothing of it is used, and a note says why."""

import numpy as np

from posealign_keras.skeletons import BODY17
from tfrecords_tools.frames import Frames
from tfrecords_tools.recording import Recording


def left_out(note: str, fps: float) -> Recording:
    """A recording without a frame, so that the conversion goes on and its manifest holds the note."""
    return Recording(
        fps=fps,
        frames=_NoFrames(),
        positions=np.zeros((0, BODY17.num_joints, 3)),
        intrinsics=np.eye(3),
        notes=(f"left out: {note}",),
    )


class _NoFrames(Frames):
    @property
    def times(self):
        return np.zeros(0)

    def read(self, indices):
        yield from ()
