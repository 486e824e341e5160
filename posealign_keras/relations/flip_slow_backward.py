"""The relation between a clip at half rate and the mirror image of its middle part, at full rate and backwards."""

from posealign_keras.relations.motion_flip import MotionFlip
from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.slow_backward import SlowBackward


@register_relation
class FlipSlowBackward(MotionFlip, SlowBackward):
    """Half speed, reversed time and every frame mirrored: `MotionFlip` after `SlowBackward`.

    Args:
        frames: Length of anchor and counterpart in frames; even.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> relation = FlipSlowBackward(frames=4)
        >>> print(relation.window, relation.anchor_frames(), relation.counterpart_frames())
        8 [0 2 4 6] [5 4 3 2]
    """
