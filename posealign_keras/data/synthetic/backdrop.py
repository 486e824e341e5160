"""The `Backdrop`: what is behind a person."""

from dataclasses import dataclass, replace

import numpy as np

from posealign_keras.data.synthetic.shapes import Shapes, pixel_positions


@dataclass(frozen=True)
class Backdrop:
    """A wall and a floor with texture and clutter, fixed to the camera.

    Args:
        wall: `(2, 3)` RGB in [0, 1] at the top and at the bottom of the wall.
        floor: `(2, 3)` RGB in [0, 1] of the floor at the wall and at the bottom of the picture.
        horizon: Where the floor meets the wall, in picture widths below the centre; above 0.5 there is no floor.
        slope: Tilt of that edge: picture widths down per picture width to the right.
        texture: Arrays `(G, G, 3)` of colour offsets, one per grain; each is stretched over the picture.
        shapes: Clutter, painted over wall and floor.
    """

    wall: np.ndarray
    floor: np.ndarray
    horizon: float
    slope: float
    texture: tuple[np.ndarray, ...]
    shapes: Shapes

    def mirrored(self) -> "Backdrop":
        """The backdrop seen in a mirror."""
        return replace(
            self,
            slope=-self.slope,
            texture=tuple(grain[:, ::-1] for grain in self.texture),
            shapes=self.shapes.mirrored(),
        )

    def paint(self, size):
        """Paint the backdrop: `(size, size, 3)` float32 RGB, mostly in [0, 1]."""
        place = pixel_positions(size)
        wall, floor = self.wall.astype("float32"), self.floor.astype("float32")
        height = (place + np.float32(0.5))[:, None, None]
        below = (place[:, None] - place * np.float32(self.slope) - np.float32(self.horizon))[..., None]
        nearness = np.clip(below / np.float32(max(0.5 - self.horizon, 0.05)), 0, 1)
        cover = np.clip(below * size + np.float32(0.5), 0, 1)
        picture = (wall[0] + height * (wall[1] - wall[0])) * (1 - cover)
        picture += (floor[0] + nearness * (floor[1] - floor[0])) * cover
        for grain in self.texture:
            rows = _stretched(grain.astype("float32"), size)
            picture += _stretched(rows.swapaxes(0, 1), size).swapaxes(0, 1)
        self.shapes.paint_over(picture)
        return picture


def _stretched(values, size):
    """Evenly spaced values along the first axis, interpolated linearly at `size` pixel centres.

    By picking and mixing rows, not by a product of matrices: that would start threads in each of the renderer's own.
    """
    position = (pixel_positions(size) + np.float32(0.5)) * np.float32(len(values) - 1)
    first = np.minimum(position.astype(int), len(values) - 2)
    share = (position - first).astype("float32").reshape(-1, *[1] * (values.ndim - 1))
    return values[first] * (1 - share) + values[first + 1] * share
