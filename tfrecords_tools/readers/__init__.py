"""The readers, one file for each data set. A reader is imported when it is asked for, and what it needs with it."""

import importlib
from collections.abc import Iterator

from tfrecords_tools.reader import Reader

READERS = {
    "human36m": "Human36M",
    "mpi_inf_3dhp": "MPIINF3DHP",
    "surreal": "Surreal",
    "pw3d": "PW3D",
    "cmu_mocap": "CMUMocap",
    "bvh": "BVH",
    "amass": "AMASS",
    "arrays": "Arrays",
    "lsp": "LSP",
    "videos": "Videos",
}
"""Name of each data set, which is also the name of its file here, and of its class.

Example:
    >>> sorted(READERS)[:3]
    ['amass', 'arrays', 'bvh']
"""


def get_reader(name: str) -> type[Reader]:
    """Return the reader of a data set.

    Raises:
        ValueError: If there is none of that name.
        ImportError: If a library that it needs is missing; the message says how to install it.

    Example:
        >>> get_reader("arrays").kinds
        ('pose_sequence',)
    """
    if name not in READERS:
        raise ValueError(f"`dataset` must be one of {', '.join(READERS)}. Received: dataset={name!r}")
    try:
        module = importlib.import_module(f"tfrecords_tools.readers.{name}")
    except ImportError as error:
        raise ImportError(
            f"The reader of {name!r} needs {error.name}: pip install 'posealign_keras[records]'"
        ) from error
    return getattr(module, READERS[name])


def all_readers() -> Iterator[type[Reader]]:
    """All readers, in the order of `READERS`."""
    return (get_reader(name) for name in READERS)
