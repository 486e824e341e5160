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

    Example:
        >>> relation = PoseFlip()
        >>> image = np.arange(3, dtype="uint8").reshape(1, 1, 3, 1)
        >>> print(np.asarray(relation.transform_images(image))[0, 0, :, 0])
        [2 1 0]
        >>> pose = np.random.default_rng(0).normal(size=(1, 17, 3))
        >>> twice = relation.transform_poses(relation.transform_poses(pose))
        >>> bool(np.allclose(twice, pose, atol=1e-6))
        True
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

    def transform_keypoints(self, keypoints):
        """Mirror `(..., joints, 2)` places in an image, x from its middle."""
        return self.transform_poses(ops.pad(keypoints, [(0, 0)] * (len(keypoints.shape) - 1) + [(0, 1)]))[..., :2]
