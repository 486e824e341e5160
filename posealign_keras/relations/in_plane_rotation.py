"""The relation between a pose and the same pose turned about the optical axis."""

import math

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
        cosine, sine = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        centre = (width - 1) / 2
        # Each output pixel reads the input at the point turned back by the angle.
        first_row = [cosine, sine, centre - cosine * centre - sine * centre]
        second_row = [-sine, cosine, centre + sine * centre - cosine * centre]
        read_from = ops.convert_to_tensor([first_row + second_row + [0.0, 0.0]], "float32")
        flat = ops.reshape(ops.cast(images, "float32"), (-1, height, width, channels))
        turned = ops.image.affine_transform(
            flat,
            ops.tile(read_from, (ops.shape(flat)[0], 1)),
            interpolation="bilinear",
            fill_mode="nearest",
            data_format="channels_last",
        )
        dtype = ops.dtype(images)
        if "int" in dtype:
            turned = ops.clip(ops.round(turned), 0, 255)
        return ops.cast(ops.reshape(turned, ops.shape(images)), dtype)

    def transform_poses(self, poses):
        """Turn `(..., joints, 3)` about z (the optical axis)."""
        return rotate(poses, ops.cast(rotation_about("z", math.radians(self.degrees)), ops.dtype(poses)))

    def get_config(self):
        """Arguments that build this relation again."""
        return {"degrees": self.degrees, **super().get_config()}
