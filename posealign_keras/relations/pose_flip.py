"""The relation between a pose and its mirror image."""

from keras import ops

from posealign_keras.ops import mirror
from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.relation import Relation


@register_relation
class PoseFlip(Relation):
    """Mirror left and right: images along their width; poses by negating x and swapping left with right joints.

    The two faces agree exactly where the principal point is the centre of the image.

    Args:
        skeleton: The skeleton of the poses, or its name.
    """

    order = "lower"

    def __init__(self, skeleton="body17"):
        super().__init__(skeleton=skeleton)

    def transform_images(self, images):
        """Mirror `(..., H, W, C)` along the width."""
        return ops.flip(images, axis=-2)

    def transform_poses(self, poses):
        """Mirror `(..., joints, 3)` in the camera frame."""
        return mirror(poses, self.skeleton)
