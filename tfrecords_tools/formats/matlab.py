"""MATLAB files from anywhere, read safely: version 5 to 7 with SciPy, version 7.3 (which is HDF5) with h5py."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import scipy.io

from tfrecords_tools.formats.matlab_structure import check_matlab_structure

_LARGEST = 2**31  # bytes of one array; no data set here comes near


def load_matlab(path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Read the variables of a MATLAB file of version 5 to 7.

    Args:
        path: The file.
        names: The variables that must be there; only these are read. By default all.

    Returns:
        `{name: array}` as `scipy.io.loadmat` gives them: at least two dimensions, cells as object arrays.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such MATLAB file, damaged, or lacks a variable; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no MATLAB file {path}")
    try:
        check_matlab_structure(path.read_bytes())
        content = scipy.io.loadmat(path, variable_names=None if names is None else list(names))
    except Exception as error:  # SciPy promises no particular exceptions for damaged files
        raise ValueError(f"{path} cannot be read as a MATLAB file of version 5 to 7: {error or type(error)}") from error
    content = {name: value for name, value in content.items() if not name.startswith("__")}
    missing = [name for name in names or () if name not in content]
    if missing:
        raise ValueError(f"{path} must hold the variables {', '.join(names or ())}; not there: {', '.join(missing)}")
    return content


@contextmanager
def open_hdf5(path) -> Iterator[h5py.File]:
    """Open a MATLAB file of version 7.3, or any other HDF5 file, for the body of a `with` statement.

    What goes wrong in the body because of the file's content (`KeyError`, `OSError`, …) becomes a `ValueError` too.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no HDF5 file, or damaged, or not as the body expects; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no HDF5 file {path}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except Exception as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path} cannot be read as a MATLAB 7.3 (HDF5) file: {error or type(error)}") from error


def read_hdf5(file: h5py.File, name: str) -> np.ndarray:
    """Read an array of numbers; MATLAB's dimensions are in reverse order.

    Raises:
        ValueError: If there is no such array in the file itself, or it holds no numbers, or is absurdly large.
    """
    # A link or external storage would read another file of this machine.
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{file.filename} must hold an array {name!r}; it holds: {', '.join(file) or 'nothing'}")
    return read_dataset(file[name])


def read_dataset(dataset) -> np.ndarray:
    """Read all of an HDF5 dataset that must be an array of numbers; raises as `read_hdf5`."""
    where = f"{dataset.file.filename}: {dataset.name}"
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "biuf" or dataset.shape is None:
        raise ValueError(f"{where} must be an array of numbers")
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"{where} must be stored in the file itself")
    if dataset.size * max(dataset.dtype.itemsize, 8) > _LARGEST:
        raise ValueError(f"{where} must be smaller; it has shape {dataset.shape}")
    return dataset[()]
