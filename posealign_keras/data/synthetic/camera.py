"""The `Camera`: from where and how closely a person is filmed."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A tracking camera that keeps its orientation and looks at a person.

    Args:
        azimuth: Turn about the vertical in degrees; at 0 the camera looks along the world's y axis.
        elevation: How far above the person the camera stands, in degrees; positive looks down.
        roll: Clockwise turn of the picture's contents about the optical axis, in degrees.
        focal_length: In picture widths; long ones look from far away.
        fill: Part of the picture's width or height that the person fills at most.
        shift: `(2,)` displacement of the person from the centre of the picture, right and down, in picture widths.
    """

    azimuth: float
    elevation: float
    roll: float
    focal_length: float
    fill: float
    shift: np.ndarray

    @property
    def rotation(self):
        """`(3, 3)` matrix that turns world directions (z up) into camera directions (x right, y down, z forward)."""
        azimuth, elevation, roll = np.deg2rad([self.azimuth, self.elevation, self.roll])
        turn = np.array(
            [[np.cos(azimuth), np.sin(azimuth), 0], [-np.sin(azimuth), np.cos(azimuth), 0], [0.0, 0.0, 1.0]]
        )
        level = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
        tilt = np.array(
            [[1.0, 0.0, 0.0], [0, np.cos(elevation), -np.sin(elevation)], [0, np.sin(elevation), np.cos(elevation)]]
        )
        spin = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0.0, 0.0, 1.0]])
        return spin @ tilt @ level @ turn

    def intrinsics(self, size):
        """`(3, 3)` camera matrix in pixels, principal point in the middle; the centre of the first pixel is at 0."""
        focal, centre = self.focal_length * size, (size - 1) / 2
        return np.array([[focal, 0, centre], [0, focal, centre], [0, 0, 1.0]])

    def mirrored(self) -> "Camera":
        """The camera that films the world mirrored in x and sees the mirrored picture."""
        return replace(self, azimuth=-self.azimuth, roll=-self.roll, shift=self.shift * [-1.0, 1.0])
