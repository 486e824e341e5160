"""Reads arrays of `.npz` files that may be damaged or made to do harm."""

import math
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

_MOST_BYTES = 2**30


def load_npz(path, keys: Iterable[str]) -> dict[str, np.ndarray]:
    """Read arrays of an `.npz` file; the others are not touched, whatever they are.

    Args:
        path: The file.
        keys: Names of arrays; those that are not there are left out.

    Returns:
        `{key: array}`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read, or an array is far too large, or of Python objects; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}")
    content = {}
    what = "the file"
    try:
        with zipfile.ZipFile(path) as archive:
            for key in keys:
                member = f"{key}.npy"
                if member not in archive.namelist():
                    continue
                what = f"array {key!r}"
                _check_size(archive, member)
                with archive.open(member) as file:
                    content[key] = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # a damaged file can make anything go wrong
        reason = str(error) or type(error).__name__
        raise ValueError(f"{path} must be an .npz file; {what} cannot be read: {reason}") from error
    return content


def _check_size(archive, member):
    """Nothing is allocated for what an array says that it holds, before that much is there."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise ValueError(f"its format is {version}")
        shape, _, dtype = read_header(file)
    held = archive.getinfo(member).file_size
    if not math.prod(shape) * dtype.itemsize <= held <= _MOST_BYTES:
        raise ValueError(
            f"shape {shape} of {dtype} does not fit {held:,} bytes, or these are more than {_MOST_BYTES:,}"
        )
