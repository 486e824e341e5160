"""The relation between a clip at half rate and its middle part, at full rate and backwards."""

from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.slow import Slow


@register_relation
class SlowBackward(Slow):
    """Half speed and reversed time.

    As `Slow`, but the counterpart runs from its last frame to its first.

    Args:
        frames: Length of anchor and counterpart in frames; even.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> relation = SlowBackward(frames=4)
        >>> print(relation.anchor_frames(), relation.counterpart_frames())
        [0 2 4 6] [5 4 3 2]
        >>> SlowBackward().window  # frames that a clip must have
        60
    """

    def counterpart_frames(self):
        """The middle half of the window, last frame first."""
        return super().counterpart_frames()[::-1]
