"""The relation between a pose and the same pose turned about the optical axis."""

import math

import numpy as np
from keras import ops

from posealign_keras.ops import rotate, rotation_about
from posealign_keras.relations.registry import register_relation
from posealign_keras.relations.relation import Relation


@register_relation
class InPlaneRotation(Relation):
    """Turn the image about its centre, and the pose about the optical axis, by the same angle.

    Positive angles turn x (right) towards y (down), which is clockwise to the viewer. The two faces agree exactly
    where the image is square and the principal point is its centre. Pixels that come from outside of the image take
    the colour of the nearest border pixel. The paper found this relation too local to teach anything.

    Args:
        degrees: The angle.
        skeleton: The skeleton of the poses, or its name.

    Example:
        >>> quarter = InPlaneRotation(degrees=90)
        >>> image = np.arange(4, dtype="uint8").reshape(1, 2, 2, 1)
        >>> print(np.asarray(quarter.transform_images(image))[0, :, :, 0])
        [[2 0]
         [3 1]]
    """

    order = "lower"

    def __init__(self, degrees: float = 30.0, skeleton="body17"):
        super().__init__(skeleton=skeleton)
        self.degrees = float(degrees)

    def transform_images(self, images):
        """Turn `(..., H, W, C)` with bilinear interpolation.

        Raises:
            ValueError: If the images are not square.
        """
        height, width, channels = images.shape[-3:]
        if height != width:
            raise ValueError(f"`images` must be square to be rotated. Received: shape {tuple(images.shape)}")
        # Gathered, since `ops.image.affine_transform` cannot be compiled by XLA on TensorFlow.
        flat = ops.reshape(ops.cast(images, "float32"), (-1, height * width, channels))
        turned = sum(
            ops.cast(shares[:, None], "float32") * ops.take(flat, pixels, axis=1)
            for pixels, shares in self._sources(height)
        )
        dtype = ops.dtype(images)
        if "int" in dtype:
            turned = ops.round(turned)
        return ops.cast(ops.reshape(turned, ops.shape(images)), dtype)

    def transform_poses(self, poses):
        """Turn `(..., joints, 3)` about z (the optical axis)."""
        return rotate(poses, rotation_about("z", math.radians(self.degrees)))

    def _sources(self, size):
        """Where each output pixel comes from: four times the index of an input pixel, and that pixel's share."""
        centre = (size - 1) / 2
        y, x = np.indices((size, size)).reshape(2, -1) - centre
        cosine, sine = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        # The point turned back by the angle; rounded, so that quarter turns meet pixels exactly.
        place = np.stack([cosine * y - sine * x, cosine * x + sine * y]) + centre
        place = np.clip(np.round(place, 6), 0, size - 1)
        first = np.floor(place).astype("int32")
        last = np.minimum(first + 1, size - 1)
        rest = place - first
        for row, row_share in ((first[0], 1 - rest[0]), (last[0], rest[0])):
            for column, column_share in ((first[1], 1 - rest[1]), (last[1], rest[1])):
                yield row * size + column, row_share * column_share

    def get_config(self):
        """Arguments that build this relation again."""
        return {"degrees": self.degrees, **super().get_config()}
