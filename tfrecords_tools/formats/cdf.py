"""Poses in files of NASA's Common Data Format (CDF), as Human3.6M has them."""

import math
import struct
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import cdflib
import numpy as np

_MOST_FRAMES = 1_000_000
_LARGEST = 2**30  # bytes of a file
_MOST_READS = 200_000  # of parts of one file; a whole one needs a few for each block of frames
_MOST_VARIABLES = 64
_MOST_DIMENSIONS = 10
_FLOATS = (21, 22, 44, 45)  # single and double, each under two names
_VERSION_3, _VERSION_2 = bytes.fromhex("cdf30001"), bytes.fromhex("cdf26002")
_WHOLE, _COMPRESSED = bytes.fromhex("0000ffff"), bytes.fromhex("cccc0001")


def load_poses(path, num_joints: int, num_axes: int) -> np.ndarray:
    """Read the one variable `Pose` of a CDF file.

    Args:
        path: The file.
        num_joints: Joints of a pose.
        num_axes: Numbers of a joint: 2 in pictures, 3 in space.

    Returns:
        `(T, num_joints, num_axes)` float64.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, or damaged; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file of poses {path}")
    try:
        with _checked(path) as checked:
            poses = _read(checked, num_joints * num_axes)
    except Exception as error:  # cdflib promises no particular exceptions for damaged files
        raise ValueError(f"{path} cannot be read as a CDF file of poses: {error or type(error)}") from error
    poses = poses.reshape(-1, num_joints, num_axes).astype(float)
    if not np.isfinite(poses).all():
        frame = int(np.argwhere(~np.isfinite(poses))[0, 0])
        raise ValueError(f"{path}: poses must be finite; that of frame {frame} is not")
    return poses


def _read(path, width):
    content = cdflib.CDF(path)
    content._f = _LimitedFile(content._f)
    variable = content.varinq("Pose")
    # Of what size the array would be must be known before it is made.
    shape = (variable.Last_Rec + 1, *variable.Dim_Sizes)
    if shape[-1] != width or min(shape) < 1 or math.prod(shape) > _MOST_FRAMES * width:
        raise ValueError(f"`Pose` must have frames of {width} numbers; it has shape {shape}")
    if variable.Data_Type not in _FLOATS or variable.Num_Elements != 1:
        raise ValueError("`Pose` must be floats")
    poses = np.asarray(content.varget("Pose"))
    if poses.size != math.prod(shape):
        raise ValueError(f"`Pose` must have shape {shape}; it has {poses.shape}")
    return poses


@contextmanager
def _checked(path):
    """The file, or a copy that is not compressed, after a look at the counts that cdflib trusts."""
    with path.open("rb") as file:
        data = file.read(_LARGEST)
    if data[:4] not in (_VERSION_3, _VERSION_2) or data[4:8] not in (_WHOLE, _COMPRESSED):
        raise ValueError("it does not begin as one")
    width = 8 if data[:4] == _VERSION_3 else 4
    if data[4:8] == _WHOLE:
        _check_counts(data, width)
        yield path
        return
    start = 8 + width + 4 + width + width + 4  # of the compressed rest, behind a record that describes it
    compressed = zlib.decompressobj(wbits=47)
    data = data[:4] + _WHOLE + compressed.decompress(data[start:], _LARGEST)
    if not compressed.eof:
        raise ValueError("it ends too early")
    _check_counts(data, width)
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "poses.cdf"
        copy.write_bytes(data)
        yield copy


def _check_counts(data, width):
    """Check the numbers of variables and dimensions; see NASA's "CDF Internal Format Description"."""

    def integer(position, size=4):
        if not 8 <= position <= len(data) - size:
            raise ValueError("it ends too early, or is damaged")
        return struct.unpack_from(">q" if size == 8 else ">i", data, position)[0]

    general = integer(8 + width + 4, width)
    heads = (general + width + 4, general + 2 * width + 4)
    if len(data) < integer(general + 4 * width + 4, width):
        raise ValueError("it ends too early")
    counts = general + 5 * width + 4
    variables, dimensions, more_variables = (integer(counts + 4 * index) for index in (0, 3, 4))
    if not (0 <= dimensions <= _MOST_DIMENSIONS and max(variables, more_variables) <= _MOST_VARIABLES):
        raise ValueError(f"it has {max(variables, more_variables)} variables and {dimensions} dimensions")
    for head, count in zip(heads, (variables, more_variables), strict=True):
        variable = integer(head, width)
        for _ in range(count):
            # Before it: size, type, next, 2 integers, 2 offsets, 7 integers, offset, integer, name.
            dimensions = integer(variable + 5 * width + 44 + (256 if width == 8 else 64))
            if head == heads[1] and not 0 <= dimensions <= _MOST_DIMENSIONS:
                raise ValueError(f"it has a variable of {dimensions} dimensions")
            variable = integer(variable + width + 4, width)


class _LimitedFile:
    """A file of which only so many parts can be read: chains of records in a damaged one may have no end."""

    def __init__(self, file):
        self._file, self._left = file, _MOST_READS

    def read(self, *size):
        self._left -= 1
        if self._left < 0:
            raise ValueError("its chains of records have no end")
        return self._file.read(*size)

    def __getattr__(self, name):
        return getattr(self._file, name)
