"""The relation between a clip and its mirror image in reversed time."""

from posealign_keras.relations.motion_flip import MotionFlip
from posealign_keras.relations.registry import register_relation


@register_relation
class FlipBackward(MotionFlip):
    """Mirror every frame and reverse time: someone who steps forward with the left steps back with the right.

    Args:
        frames: Length of anchor and counterpart in frames.
        skeleton: The skeleton of the poses, or its name.
    """

    def counterpart_frames(self):
        """The anchor's frames, last first."""
        return self.anchor_frames()[::-1]
