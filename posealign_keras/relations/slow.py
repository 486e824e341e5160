"""The relation between a clip at half rate and its middle part, at full rate."""

import numpy as np

from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.relation import Relation


@register_relation
class Slow(Relation):
    """Half speed.

    From a window of `2 * frames`, the anchor is every second frame (so the motion looks twice as fast), and the
    counterpart the middle half at full rate.

    Args:
        frames: Length of anchor and counterpart in frames; even.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> relation = Slow(frames=4)
        >>> print(relation.window, relation.anchor_frames(), relation.counterpart_frames())
        8 [0 2 4 6] [2 3 4 5]
    """

    order = "higher"

    def __init__(self, frames: int = 30, skeleton="body17"):
        super().__init__(frames, skeleton)
        if frames % 2:
            raise ValueError(f"`frames` must be even. Received: frames={frames}")
        self._half = int(frames) // 2

    @property
    def window(self):
        """Two frames of the clip for each frame of the anchor."""
        return 4 * self._half

    def anchor_frames(self):
        """Every second frame of the window."""
        return np.arange(0, self.window, 2)

    def counterpart_frames(self):
        """The middle half of the window."""
        return np.arange(self._half, 3 * self._half)
