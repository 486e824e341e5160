"""The annotations of MPI-INF-3DHP: `annot.mat` of the training set, `annot_data.mat` of the test set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfrecords_tools.file_cache import cached_by_file
from tfrecords_tools.formats.matlab import load_matlab, open_hdf5, read_hdf5

# Which of the 28 joints of the training set, and of the 17 of the test set, the joints of the package are.
_OF_28 = (4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16)
_OF_17 = (14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4)


@dataclass(frozen=True, eq=False)
class Annotations:
    """What is known of one camera of a sequence, in the joints of the package. T frames.

    Args:
        keypoints: `(T, 17, 2)` pixels of the original pictures.
        positions: `(T, 17, 3)` millimetres in the camera frame.
        universal: The same, scaled about the root to a skeleton of one size for all.
        valid: `(T,)` bool: the frames to evaluate.
    """

    keypoints: np.ndarray
    positions: np.ndarray
    universal: np.ndarray
    valid: np.ndarray

    def first(self, count: int) -> "Annotations":
        """Those of the first `count` frames."""
        return Annotations(*(array[:count] for array in (self.keypoints, self.positions, self.universal, self.valid)))


def load_train_annotations(path: Path, camera: str) -> Annotations:
    """Read one camera of an `annot.mat`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or not of this form; the message names it.
    """
    content = _content(path)
    numbers = [str(number).removesuffix(".0") for number in np.ravel(content["cameras"])]
    arrays = []
    for name, axes in (("annot2", 2), ("annot3", 3), ("univ_annot3", 3)):
        cells = np.ravel(content[name])
        if cells.dtype != object or len(cells) != len(numbers) or camera not in numbers:
            raise ValueError(f"{path}: {name!r} must have a cell for each of `cameras`, and one for camera {camera}")
        array = cells[numbers.index(camera)]
        if array.dtype.kind != "f" or array.ndim != 2 or array.shape[1] != 28 * axes or not len(array):
            raise ValueError(
                f"{path}: {name!r} must have floats of shape (F, {28 * axes}); that of camera {camera} is "
                f"{array.dtype} {array.shape}"
            )
        arrays.append(array.reshape(-1, 28, axes)[:, _OF_28].astype(float))
    return _checked(path, arrays, np.ones(len(arrays[0]), bool))


def load_test_annotations(path: Path) -> Annotations:
    """Read an `annot_data.mat`; raises as `load_train_annotations`."""
    arrays = []
    with open_hdf5(path) as file:
        for name, axes in (("annot2", 2), ("annot3", 3), ("univ_annot3", 3)):
            array = read_hdf5(file, name)
            if array.shape[-2:] != (17, axes) or array.shape[1:-2] not in ((), (1,)) or not len(array):
                raise ValueError(f"{name!r} must have shape (N, 1, 17, {axes}); found {array.shape}")
            arrays.append(array.reshape(-1, 17, axes)[:, _OF_17].astype(float))
        valid = read_hdf5(file, "valid_frame").ravel() > 0
    return _checked(path, arrays, valid)


@cached_by_file
def _content(path):
    return load_matlab(path, ("annot2", "annot3", "univ_annot3", "cameras"))


def _checked(path, arrays, valid):
    keypoints, positions, universal = arrays
    lengths = {len(keypoints), len(positions), len(universal), len(valid)}
    if len(lengths) > 1:
        raise ValueError(f"{path}: all annotations must be of the same frames; they are of {sorted(lengths)} frames")
    for array in (keypoints, positions, universal):
        if not (np.abs(array) < 1e6).all():  # also refuses NaN
            raise ValueError(f"{path}: annotations must be pixels and millimetres; some are not, or not finite")
    return Annotations(keypoints, positions, universal, valid)
