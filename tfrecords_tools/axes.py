"""The axes of data sets, and those of the package."""

import numpy as np

TO_Z_UP = {
    "z": np.eye(3),
    "y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
    "-y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
}
"""Takes right-handed axes, named after the one that points up, to those of the package's world, where z does.

Rows are x, y and z of the world; `points @ TO_Z_UP["y"].T` turns points.
"""
