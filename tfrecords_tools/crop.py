"""Square pictures of one person, cut out of larger ones, and the camera that would have taken them."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from tfrecords_tools.lens import without_lens

# Pixels that are looked at along each side of a pixel of the crop. Those in between must not be left out: a picture
# that has more of them is made smaller before.
_FINEST = 4


@dataclass(frozen=True, eq=False)
class Crop:
    """A square picture of a person that is to be cut out of a larger one.

    Without a camera it is a plain piece of the picture. With one, it is the picture of a *virtual camera* in the same
    place, without lens distortion, that looks straight at the person: mirroring such a crop mirrors the pose in the
    axes of that camera exactly, while in a plain crop from the side of the picture the pose is seen at an angle.

    Args:
        centre: Middle of the person in pixels of the picture, where the corner of the first pixel is (0, 0).
        side: Width and height, in pixels of the picture, of what the crop shows.
        size: Width and height of the crop in its own pixels.
        intrinsics: `(3, 3)` camera matrix of the picture (the centre of its first pixel at (0, 0)), if known.
        distortion: `(k1, k2, p1, p2, k3)` of OpenCV's lens model.
        virtual: Whether to turn the camera to the person; `False` keeps its axes. Lens distortion goes in both cases.
    """

    centre: tuple[float, float]
    side: float
    size: int
    intrinsics: np.ndarray | None = None
    distortion: tuple[float, ...] = ()
    virtual: bool = True

    def __post_init__(self):
        object.__setattr__(self, "virtual", self.virtual and self.intrinsics is not None)

    @property
    def rotation(self) -> np.ndarray:
        """`(3, 3)` takes points in the axes of the camera to those of the crop's camera."""
        if not self.virtual:
            return np.eye(3)
        x, y, _ = np.linalg.inv(self._matrix) @ np.append(self._without_lens(np.array(self.centre) - 0.5), 1)
        forward = np.array([x, y, 1.0]) / np.sqrt(x * x + y * y + 1)
        right = np.cross([0.0, 1.0, 0.0], forward)  # the virtual camera is not rolled
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(forward, right), forward])

    @property
    def camera(self) -> Any:
        """`(3, 3)` camera matrix of the crop, in its pixels; `None` if that of the picture is not known."""
        if self.intrinsics is None:
            return None
        return self._camera(self.size)

    def keypoints(self, keypoints: np.ndarray) -> np.ndarray:
        """Where `(…, 2)` pixels of the picture are in a plain crop, the centre of the first pixel at (0, 0)."""
        left, top, side = self._window
        return (self._without_lens(keypoints) + 0.5 - np.array([left, top])) * (self.size / side) - 0.5

    def in_picture(self, places: np.ndarray) -> np.ndarray:
        """Where `(…, 2)` pixels of the crop are in the picture; the centre of the first pixel of each at (0, 0).

        NaN where the camera of the picture would have to see what is behind it.
        """
        pixels = np.concatenate([places, np.ones((*places.shape[:-1], 1))], axis=-1)
        # As rows, `ray @ rotation` turns back what `rotation` turned.
        rays = pixels @ np.linalg.inv(self._camera(self.size)).T @ self.rotation
        flat, zero = rays.reshape(-1, 1, 3), np.zeros(3)
        found = cv2.projectPoints(flat, zero, zero, self._matrix, self._lens)[0].reshape(places.shape)
        return np.where(rays[..., 2:] > 0, found, np.nan)

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Cut the crop out of `image`; black beyond its edges.

        Args:
            image: `(height, width, 3)` uint8.

        Returns:
            `(size, size, 3)` uint8.
        """
        is_piece = not self.virtual and not self._lens.any() and self._window[2] <= _FINEST * self.size
        return self._piece(image) if is_piece else self._seen(image)

    @property
    def _matrix(self) -> np.ndarray:
        return np.eye(3) if self.intrinsics is None else np.array(self.intrinsics, float)

    @property
    def _lens(self) -> np.ndarray:
        return np.array(self.distortion if self.distortion and self.intrinsics is not None else (0.0,) * 5)

    def _without_lens(self, keypoints) -> np.ndarray:
        """Where `(…, 2)` pixels of the picture would be without lens distortion."""
        return without_lens(keypoints, self._matrix, self._lens)

    @property
    def _window(self) -> tuple[int, int, int]:
        """Left and top edge, and side, of a plain crop: whole pixels, so that nothing is sampled between them."""
        left, top = (round(value - self.side / 2) for value in self._without_lens(np.array(self.centre) - 0.5) + 0.5)
        return left, top, max(1, round(self.side))

    def _camera(self, size) -> np.ndarray:
        """Camera matrix of the crop if it had `size` pixels; without intrinsics it takes pixels to pixels."""
        matrix = self._matrix
        if self.virtual:
            focal = size / self.side * (matrix[0, 0] + matrix[1, 1]) / 2
            middle = (size - 1) / 2
            return np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1]])
        left, top, side = self._window
        return _scaled(_moved(matrix, left, top), size / side, size / side)

    def _piece(self, image):
        left, top, side = self._window
        height, width = image.shape[:2]
        inside = image[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)]
        if inside.size == 0:
            return np.zeros((self.size, self.size, 3), np.uint8)
        beyond = (max(-top, 0), max(top + side - height, 0), max(-left, 0), max(left + side - width, 0))
        piece = cv2.copyMakeBorder(inside, *beyond, cv2.BORDER_CONSTANT)
        return _resized(piece, self.size)

    def _seen(self, image):
        """The picture of the camera of the crop: drawn several times as large, then made smaller."""
        pixels = self.side / self.size
        matrix = self._matrix
        if pixels > _FINEST:
            height, width = image.shape[:2]
            smaller = [max(1, round(length * _FINEST / pixels)) for length in (width, height)]
            image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
            matrix = _scaled(matrix, smaller[0] / width, smaller[1] / height)
        size = self.size * min(_FINEST, max(1, int(np.ceil(pixels))))
        maps = cv2.initUndistortRectifyMap(
            matrix, self._lens, self.rotation, self._camera(size), (size, size), cv2.CV_16SC2
        )
        picture = cv2.remap(image, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return _resized(picture, self.size)


def _moved(matrix, left, top):
    """The camera matrix of a picture of which columns on the left and rows on top are cut off."""
    return matrix - np.array([[0, 0, left], [0, 0, top], [0, 0, 0]])


def _scaled(matrix, horizontal, vertical):
    """The camera matrix of a picture whose size is multiplied; pixels count from the centre of the first one."""
    scaling = np.array([[horizontal, 0, (horizontal - 1) / 2], [0, vertical, (vertical - 1) / 2], [0, 0, 1]])
    return scaling @ matrix


def _resized(image, size):
    if image.shape[0] == size:
        return np.ascontiguousarray(image)
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if image.shape[0] > size else cv2.INTER_LINEAR)
