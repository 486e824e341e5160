"""The official boxes of Human3.6M: the extents of masks in a MATLAB 7.3 file."""

import h5py
import numpy as np

from tfrecords_tools.formats.matlab import open_hdf5, read_dataset

_MOST_FRAMES = 1_000_000


def load_boxes(path) -> np.ndarray:
    """Read the boxes of one recording.

    Returns:
        `(T, 4)` left, top, right and bottom edge in pixels, where the corner of the first pixel is (0, 0); NaN where
        the mask is empty.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or not of this form; the message names it.
    """
    with open_hdf5(path) as file:
        masks = file["Masks"]
        if not isinstance(masks, h5py.Dataset) or h5py.check_ref_dtype(masks.dtype) is not h5py.Reference:
            raise ValueError("`Masks` must be references to masks")
        if not 0 < masks.size <= _MOST_FRAMES:
            raise ValueError(f"`Masks` must have one mask for each frame; it has shape {masks.shape}")
        return np.array([_extent(read_dataset(file[reference])) for reference in masks[()].ravel()])


def _extent(mask):
    """The box of a mask, which is stored as width x height."""
    if mask.ndim != 2:
        raise ValueError(f"a mask must have two dimensions; one has shape {mask.shape}")
    box = []
    for axis in (0, 1):
        inside = np.flatnonzero(mask.any(axis=1 - axis))
        if not len(inside):
            return [np.nan] * 4
        box.append((inside[0], inside[-1] + 1))
    return [box[0][0], box[1][0], box[0][1], box[1][1]]
