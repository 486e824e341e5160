"""What the tests of the readers of motion capture share: the only recording of a file, its joints, and its damage."""

import contextlib

import pytest

from posealign_keras.skeletons import BODY17

KIND = "pose_sequence"


def read_one(reader_class, root, **options):
    """Read the one recording that there is in `root`."""
    reader = reader_class(root, **options)
    (recording_id,) = reader.list(KIND)
    return reader.read(recording_id, KIND)


def joint(positions, name):
    """The positions of one of the 17 joints."""
    return positions[..., BODY17.index(name), :]


@contextlib.contextmanager
def refusals_name(name):
    """A `ValueError` of the body must name the file."""
    try:
        yield
    except ValueError as error:
        if name not in str(error):
            pytest.fail(f"the error does not name {name}: {error}")
        raise
