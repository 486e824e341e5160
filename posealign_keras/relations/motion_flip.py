"""The relation between a clip and its mirror image."""

from posealign_keras.relations.pose_flip import PoseFlip
from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.relation import Relation


@register_relation
class MotionFlip(Relation):
    """Mirror every frame: `PoseFlip` for clips and their motion.

    Args:
        frames: Length of anchor and counterpart in frames.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> clips = np.zeros((2, 4, 8, 8, 3), "uint8")
        >>> anchor, counterpart = MotionFlip(frames=4).image_pair(clips)
        >>> tuple(anchor.shape), tuple(counterpart.shape)
        ((2, 4, 8, 8, 3), (2, 4, 8, 8, 3))
    """

    order = "higher"

    def __init__(self, frames: int = 30, skeleton="body17"):
        super().__init__(frames, skeleton)
        self._flip = PoseFlip(self.skeleton)

    def transform_images(self, images):
        """Mirror `(..., H, W, C)` along the width."""
        return self._flip.transform_images(images)

    def transform_poses(self, poses):
        """Mirror `(..., joints, 3)` in the camera frame."""
        return self._flip.transform_poses(poses)
