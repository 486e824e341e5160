"""The relation between a clip and the same clip in reversed time."""

from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.relation import Relation


@register_relation
class Backward(Relation):
    """Reverse time: someone who sits down stands up.

    Args:
        frames: Length of anchor and counterpart in frames.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> relation = Backward(frames=4)
        >>> print(relation.anchor_frames(), relation.counterpart_frames())
        [0 1 2 3] [3 2 1 0]
    """

    order = "higher"

    def __init__(self, frames: int = 30, skeleton="body17"):
        super().__init__(frames, skeleton)

    def counterpart_frames(self):
        """The anchor's frames, last first."""
        return self.anchor_frames()[::-1]
