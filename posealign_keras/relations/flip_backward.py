"""The relation between a clip and its mirror image in reversed time."""

from posealign_keras.relations.motion_flip import MotionFlip
from posealign_keras.relations.registry import register_relation


@register_relation
class FlipBackward(MotionFlip):
    """Mirror every frame and reverse time: someone who steps forward with the left steps back with the right.

    Args:
        frames: Length of anchor and counterpart in frames.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> relation = FlipBackward(frames=4)
        >>> print(relation.counterpart_frames())
        [3 2 1 0]
        >>> poses = np.zeros((1, 4, 17, 3), "float32")
        >>> poses[0, :, relation.skeleton.index("l_wrist"), 0] = [0.1, 0.2, 0.3, 0.4]
        >>> _, counterpart = relation.pose_pair(poses)
        >>> print(np.asarray(counterpart)[0, :, relation.skeleton.index("r_wrist"), 0])
        [-0.4 -0.3 -0.2 -0.1]
    """

    def counterpart_frames(self):
        """The anchor's frames, last first."""
        return self.anchor_frames()[::-1]
