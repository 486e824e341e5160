"""The `Shapes`: soft rectangles and ellipses that fill backgrounds or stand before a person."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shapes:
    """`K` rectangles or ellipses in the picture, painted in their order.

    Positions and sizes are in picture widths, from the centre of the picture, x right and y down.

    Args:
        centre: `(K, 2)` centres.
        half_size: `(K, 2)` half width and half height (radii of an ellipse).
        angle: `(K,)` turn in radian, clockwise in the picture.
        colour: `(K, 3)` RGB in [0, 1] on the shape's first half.
        second_colour: `(K, 3)` RGB in [0, 1] at its other end, so that a shape is shaded from one to the other.
        softness: `(K,)` width of the blurred edge, in picture widths.
        is_round: `(K,)` true for an ellipse, false for a rectangle.
    """

    centre: np.ndarray
    half_size: np.ndarray
    angle: np.ndarray
    colour: np.ndarray
    second_colour: np.ndarray
    softness: np.ndarray
    is_round: np.ndarray

    def __len__(self):
        return len(self.centre)

    def mirrored(self) -> "Shapes":
        """The same shapes in the mirrored picture."""
        return Shapes(
            self.centre * [-1.0, 1.0],
            self.half_size,
            -self.angle,
            self.colour,
            self.second_colour,
            self.softness,
            self.is_round,
        )

    def paint_over(self, picture):
        """Paint the shapes on `picture` `(size, size, 3)`, float32 RGB in [0, 1], in place."""
        size = len(picture)
        place = pixel_positions(size)
        for k in range(len(self)):
            reach = np.hypot(*self.half_size[k]) + self.softness[k]
            rows, columns = (
                slice(*np.searchsorted(place, [self.centre[k, i] - reach, self.centre[k, i] + reach])) for i in (1, 0)
            )
            x = place[None, columns] - np.float32(self.centre[k, 0])
            y = place[rows, None] - np.float32(self.centre[k, 1])
            cosine, sine = np.float32(np.cos(self.angle[k])), np.float32(np.sin(self.angle[k]))
            half_width, half_height = self.half_size[k].astype("float32")
            along, across = (x * cosine + y * sine) / half_width, (y * cosine - x * sine) / half_height
            outwards = np.hypot(along, across) if self.is_round[k] else np.maximum(abs(along), abs(across))
            edge = np.float32(max(self.softness[k], 1 / size) / min(half_width, half_height))
            cover = np.clip((1 - outwards) / edge + np.float32(0.5), 0, 1)[..., None]
            shade = np.clip(0.5 + 0.5 * across, 0, 1)[..., None]
            colour = self.colour[k].astype("float32") * (1 - shade) + self.second_colour[k].astype("float32") * shade
            patch = picture[rows, columns]
            patch += cover * (colour - patch)


def pixel_positions(size):
    """Centres of `size` pixels along a picture, in picture widths from its centre: `(size,)` float32."""
    return (2 * np.arange(size, dtype="float32") + 1 - size) / (2 * size)
