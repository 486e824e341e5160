"""Pixels without the distortion of a lens."""

import cv2
import numpy as np

# OpenCV's usual five iterations leave the edges of a wide picture off by far.
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)


def without_lens(pixels: np.ndarray, intrinsics: np.ndarray, distortion) -> np.ndarray:
    """Where pixels would be without the distortion of OpenCV's lens model.

    Args:
        pixels: `(…, 2)`, the centre of the first pixel at (0, 0); NaN stays NaN.
        intrinsics: `(3, 3)` camera matrix in pixels.
        distortion: `(k1, k2, p1, p2, k3)`, or empty.

    Returns:
        `(…, 2)`.
    """
    lens = np.array(distortion, float)
    if not lens.any():
        return pixels
    flat = np.array(pixels, float).reshape(-1, 1, 2)
    found = cv2.undistortPointsIter(flat, intrinsics, lens, np.eye(3), intrinsics, _CRITERIA)
    return found.reshape(np.shape(pixels))
