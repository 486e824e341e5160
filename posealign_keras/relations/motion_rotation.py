"""The relation between a clip and the same clip turned about the optical axis."""

from posealign_keras.relations.in_plane_rotation import InPlaneRotation
from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.relation import Relation


@register_relation
class MotionRotation(Relation):
    """Turn every frame by the same angle: `InPlaneRotation` for clips and their motion.

    Args:
        frames: Length of anchor and counterpart in frames.
        degrees: The angle; see `InPlaneRotation`.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> MotionRotation(frames=4, degrees=15)
        MotionRotation(degrees=15.0, frames=4, skeleton='body17')
    """

    order = "higher"

    def __init__(self, frames: int = 30, degrees: float = 30.0, skeleton="body17"):
        super().__init__(frames, skeleton)
        self.degrees = float(degrees)
        self._turn = InPlaneRotation(degrees, self.skeleton)

    def transform_images(self, images):
        """Turn `(..., H, W, C)`, square, with bilinear interpolation."""
        return self._turn.transform_images(images)

    def transform_poses(self, poses):
        """Turn `(..., joints, 3)` about z (the optical axis)."""
        return self._turn.transform_poses(poses)

    def get_config(self):
        """Arguments that build this relation again."""
        return {"degrees": self.degrees, **super().get_config()}
