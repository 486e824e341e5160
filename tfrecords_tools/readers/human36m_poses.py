"""The poses of Human3.6M: which joints they have, and in which unit."""

from pathlib import Path

import numpy as np

from tfrecords_tools.body_size import check_body_size
from tfrecords_tools.formats.cdf import load_poses

METRES = 0.001
"""Metres of one unit of length of the files."""

_NUM_JOINTS = 32
# Which of the 32 joints the 17 joints of the package are. Node 13, "Neck", is the thorax; 14, "Head", is neck or nose.
_BODY17 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)


def load_joints(path: Path, num_axes: int) -> np.ndarray:
    """Read a file of poses.

    Args:
        path: The file.
        num_axes: 3 for positions, 2 for pixels.

    Returns:
        `(T, 17, num_axes)` joints of the package, in millimetres or pixels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or not of this form or unit; the message names it.
    """
    joints = load_poses(path, _NUM_JOINTS, num_axes)[:, _BODY17]
    if num_axes == 3:
        check_body_size(METRES * joints, str(path), "The poses must be millimetres")
    return joints


def equally_long(*arrays: np.ndarray | None) -> list:
    """Cut arrays to the length of the shortest; frame k of one belongs to frame k of the others."""
    count = min(len(array) for array in arrays if array is not None)
    return [None if array is None else array[:count] for array in arrays]
