"""A camera matrix from joints whose places are known both in space and in the pictures."""

import numpy as np

_FEWEST = 8


def fit_pinhole(positions: np.ndarray, keypoints: np.ndarray, source: str) -> tuple[np.ndarray, str]:
    """Fit the camera matrix of a camera without lens distortion, by least squares of the error in pixels.

    Args:
        positions: `(…, 3)` points in the camera frame, in any unit.
        keypoints: `(…, 2)` the same points in pixels.
        source: Where both are from, for the message.

    Returns:
        `(3, 3)` camera matrix, and a note for the user with the root mean square error.

    Raises:
        ValueError: If too few points are known and in front of the camera, or they do not belong together.
    """
    points, pixels = positions.reshape(-1, 3), keypoints.reshape(-1, 2)
    known = np.isfinite(points).all(axis=1) & np.isfinite(pixels).all(axis=1) & (points[:, 2] > 0)
    if known.sum() < _FEWEST:
        raise ValueError(f"{source}: at least {_FEWEST} joints must be in front of the camera, to find its matrix")
    points, pixels = points[known], pixels[known]
    matrix, squares = np.eye(3), 0.0
    for axis in range(2):
        system = np.stack([points[:, axis] / points[:, 2], np.ones(len(points))], axis=1)
        matrix[axis, [axis, 2]] = np.linalg.lstsq(system, pixels[:, axis], rcond=None)[0]
        squares += np.mean(np.square(system @ matrix[axis, [axis, 2]] - pixels[:, axis]))
    if not (matrix[0, 0] > 0 and matrix[1, 1] > 0):
        raise ValueError(f"{source}: the joints in space and in the pictures do not belong together")
    error = np.sqrt(squares)
    return matrix, f"a camera without lens was fitted to the joints; it is off by {error:.2f} pixels (RMS)"
