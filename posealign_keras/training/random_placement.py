"""Random placements of a person in the picture: the picture is turned, zoomed and shifted, and its labels with it."""

import math

import keras
from keras import ops

from posealign_keras.ops import rotate, rotation_about


@keras.saving.register_keras_serializable(package="posealign_keras")
class RandomPlacement(keras.layers.Layer):
    """Turns each picture about its middle, zooms and shifts it, and moves poses and keypoints along.

    What is seen beyond the edge of a picture has the colour of the nearest pixel at the edge. That a shifted person is
    seen from a slightly different direction is neglected, as in `ImageAugmentation`.

    Args:
        degrees: Largest angle by which pictures are turned, either way.
        zoom: Smallest and largest width of what is seen as a share of the picture; above 1 it sees beyond the edge.
        shift: Largest shift of its middle, as a share of the picture's width and height.
        seed: Seed of the random placements.

    Call arguments:
        images: `(batch, H, W, 3)` square images, values 0 to 255, any dtype.
        poses: `(batch, joints, 3)`, root-relative, camera frame, metres.
        keypoints: `(batch, joints, 2)` in image widths from the middle, x right and y down; `None` for none.

    Returns:
        Images, float32; poses; and keypoints, or `None`.

    Raises:
        ValueError: If an argument is not as described, or the images are not square.

    Example:
        >>> placement = RandomPlacement(degrees=0.0, zoom=(0.5, 0.5), shift=0.0)
        >>> keypoints = np.full((1, 17, 2), 0.2, "float32")
        >>> images, poses, moved = placement(np.zeros((1, 8, 8, 3)), np.zeros((1, 17, 3)), keypoints)
        >>> np.round(np.asarray(moved)[0, 0], 6).tolist()  # half as much is seen, so it is twice as large
        [0.4000000059604645, 0.4000000059604645]
    """

    def __init__(
        self,
        degrees: float = 30.0,
        zoom: tuple[float, float] = (0.75, 1.3),
        shift: float = 0.06,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        if degrees < 0 or shift < 0 or not 0 < zoom[0] <= zoom[1]:
            raise ValueError(
                "`degrees` and `shift` must be at least 0, and `zoom` two positive numbers that do not fall. "
                f"Received: degrees={degrees}, shift={shift}, zoom={zoom}"
            )
        self.degrees = degrees
        self.zoom = tuple(zoom)
        self.shift = shift
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, images, poses, keypoints=None):
        """Place each picture anew."""
        images = ops.cast(images, "float32")
        size = images.shape[1]
        if size != images.shape[2]:
            raise ValueError(f"`images` must be square. Received: shape {tuple(images.shape)}")

        def draw(low, high):
            return keras.random.uniform((ops.shape(images)[0],), low, high, dtype="float32", seed=self.seed_generator)

        largest = math.radians(self.degrees)
        angle, zoom = draw(-largest, largest), draw(*self.zoom)
        right, down = draw(-self.shift, self.shift), draw(-self.shift, self.shift)
        cosine, sine = ops.cos(angle), ops.sin(angle)
        # A place p of the new picture, from its middle, shows the place zoom * R(-angle) p + shift of the old one.
        middle, zero = (size - 1) / 2, ops.zeros_like(angle)
        rows = (
            (zoom * cosine, zoom * sine, middle + right * size - middle * zoom * (cosine + sine)),
            (-zoom * sine, zoom * cosine, middle + down * size - middle * zoom * (cosine - sine)),
        )
        placed = ops.image.affine_transform(
            images, ops.stack([*rows[0], *rows[1], zero, zero], axis=1), fill_mode="nearest"
        )
        rotations = rotation_about("z", angle)
        poses = rotate(ops.cast(poses, "float32"), rotations)
        if keypoints is None:
            return placed, poses, None
        moved = ops.cast(keypoints, "float32") - ops.stack([right, down], axis=-1)[:, None]
        turned = rotate(ops.pad(moved, [(0, 0), (0, 0), (0, 1)]), rotations)[..., :2]
        return placed, poses, turned / zoom[:, None, None]

    def get_config(self):
        """Arguments that build this layer again."""
        return {
            **super().get_config(),
            "degrees": self.degrees,
            "zoom": list(self.zoom),
            "shift": self.shift,
            "seed": self.seed,
        }
