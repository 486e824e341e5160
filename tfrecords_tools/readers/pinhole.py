"""A camera matrix from joints whose places are known both in space and in the pictures."""

import numpy as np

_FEWEST = 8


def fit_pinhole(positions: np.ndarray, keypoints: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit the camera matrix of a camera without lens distortion, by least squares of the error in pixels.

    Args:
        positions: `(…, 3)` points in the camera frame, in any unit.
        keypoints: `(…, 2)` the same points in pixels.

    Returns:
        `(3, 3)` camera matrix, and the root mean square error in pixels.

    Raises:
        ValueError: If too few points are known and in front of the camera, or they do not belong together.
    """
    points, pixels = positions.reshape(-1, 3), keypoints.reshape(-1, 2)
    known = np.isfinite(points).all(axis=1) & np.isfinite(pixels).all(axis=1) & (points[:, 2] > 0)
    if known.sum() < _FEWEST:
        raise ValueError(f"at least {_FEWEST} joints in front of the camera are needed to find the camera matrix")
    points, pixels = points[known], pixels[known]
    matrix, squares = np.eye(3), 0.0
    for axis in range(2):
        system = np.stack([points[:, axis] / points[:, 2], np.ones(len(points))], axis=1)
        matrix[axis, [axis, 2]] = np.linalg.lstsq(system, pixels[:, axis], rcond=None)[0]
        squares += np.mean(np.square(system @ matrix[axis, [axis, 2]] - pixels[:, axis]))
    if not (matrix[0, 0] > 0 and matrix[1, 1] > 0):
        raise ValueError("the joints in space and in the pictures do not belong together")
    return matrix, float(np.sqrt(squares))
