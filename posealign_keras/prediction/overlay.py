"""`Overlay`: the video once more, with the skeleton drawn over the person."""

import numpy as np

from posealign_keras.prediction.placement import project
from posealign_keras.video.needs_tools import needs_tools
from posealign_keras.visualization.style import SIDE_COLOURS

_PLAIN, _FINE = (255, 255, 255), 3


class Overlay:
    """Draws the skeleton over the frames of a video.

    Args:
        found: The `VideoPoses`.
        roots: `(T, 3)` root positions in metres, camera frame.
        skeleton: The skeleton of the poses.
        longest_side: Pixels of the longer side of the pictures, at most.
    """

    def __init__(self, found, roots, skeleton, longest_side: int = 1280):
        self._found = found
        self._roots = roots
        self._skeleton = skeleton
        self._longest_side = longest_side

    def draw(self, index: int, image: np.ndarray) -> np.ndarray:
        """The frame `index` `(height, width, 3)` uint8 with the skeleton; smaller if it is too large."""
        with needs_tools():
            import cv2
        scale = min(1.0, self._longest_side / max(image.shape[:2]))
        if scale < 1:
            size = [max(2, round(side * scale)) for side in image.shape[1::-1]]
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        else:
            image = image.copy()
        if not np.isfinite(self._roots[index]).all():
            return image
        pixels = np.round((self._pixels(index) + 0.5) * scale * 2**_FINE - 2 ** (_FINE - 1)).astype(int)
        pixels = np.clip(pixels, -(2**20), 2**20)
        thick = max(1, round(max(image.shape[:2]) / 250))
        for outline in (True, False):
            for parent, child in self._skeleton.edges:
                colour = _PLAIN if outline else _rgb(SIDE_COLOURS[self._skeleton.sides[child]])
                start, end = pixels[parent].tolist(), pixels[child].tolist()
                cv2.line(image, start, end, colour, thick + 2 * outline, cv2.LINE_AA, _FINE)
        return image

    def _pixels(self, index):
        """`(joints, 2)` pixels of the joints."""
        points = self._found.poses[index] + self._roots[index]
        if not any(self._found.distortion):
            return project(points, self._found.intrinsics)
        with needs_tools():
            import cv2
        lens = np.array(self._found.distortion)
        zero = np.zeros(3)
        return cv2.projectPoints(points.astype(float), zero, zero, self._found.intrinsics, lens)[0][:, 0]


def _rgb(colour: str):
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
