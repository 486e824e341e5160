"""Arrays of HDF5 files as `tf.data` datasets."""

import os

from posealign_keras.data.remote_path import RemotePath, records_path
from posealign_keras.data.tensorflow_import import import_tensorflow, import_tensorflow_io

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Where the signature may be: at the start, or after a block of the user's, which MATLAB makes 512 bytes long.
_PLACES = (0, 512, 1024, 2048)


def read_hdf5(path: str | os.PathLike | RemotePath, name: str):
    """Read an array of an HDF5 file, such as a MATLAB file of version 7.3, as a dataset of its rows.

    The file is read by `tensorflow_io` (extra `io`), about a thousand rows at a time.

    Args:
        path: The file: a path, or a URL as for `read_records`.
        name: Name of the array, such as `"annot3"` of MPI-INF-3DHP's `annot_data.mat`, or `"group/array"`.

    Returns:
        `tf.data.Dataset` of the rows, in order: what the array holds along its first axis, in its type. Length and
        shape are known. MATLAB's dimensions are in reverse order: an array that is 3 x 17 x 1 x N there has N rows of
        shape `(1, 17, 3)`.

    Raises:
        ImportError: If `tensorflow_io` cannot be loaded, with the versions that can.
        FileNotFoundError: If there is no such file.
        ValueError: If it is no whole HDF5 file, has an array of a type that TensorFlow does not read, or has no such
            array; the message says which it has.
        OSError: If a URL cannot be read; the message names it.

    Example:
        >>> rows = read_hdf5("TS1/annot_data.mat", "annot3")  # doctest: +SKIP
        >>> rows.element_spec.shape  # doctest: +SKIP
        TensorShape([1, 17, 3])
    """
    tf, io = import_tensorflow(), import_tensorflow_io(f"Reading {path}")
    path = records_path(path)
    _check_whole(path)
    try:
        content = io.IOTensor.from_hdf5(str(path))
        arrays = {key.numpy().decode(): spec for key, spec in zip(content.keys, content.spec, strict=True)}
        full_name = f"/{name.strip('/')}"
        if full_name not in arrays or not arrays[full_name].shape.rank:
            held = ", ".join(sorted(f"{key[1:]} {spec.shape}" for key, spec in arrays.items()))
            raise ValueError(f"`name` must be that of an array in {path}: {held or 'none'}. Received: name={name!r}")
        rows = io.IODataset.from_hdf5(str(path), full_name)
    except tf.errors.OpError as error:
        raise ValueError(f"{path} cannot be read as an HDF5 file: {error.message}") from error
    length = arrays[full_name].shape[0]
    # An array without rows would be read as one block of them.
    return rows.take(length).apply(tf.data.experimental.assert_cardinality(length))


def _check_whole(path):
    """Refuse what is no HDF5 file, or less than one: the library that `tensorflow_io` has would end the process."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_PLACES[-1] + 64)
    start = next((place for place in _PLACES if head[place:].startswith(_SIGNATURE)), None)
    if start is None:
        raise ValueError(f"{path} cannot be read as an HDF5 file: it does not begin as one")
    # Superblocks of versions 0 to 3: where the size of an address is, and the addresses; the third is that of the end.
    version, *_ = head[start + len(_SIGNATURE) :] or b"\0"
    size_at, addresses_at = ((13, 24), (13, 28), (9, 12), (9, 12))[min(version, 3)]
    width = head[start + size_at] if len(head) > start + size_at else 0
    end = head[start + addresses_at :][2 * width : 3 * width]
    if not width or len(end) < width or int.from_bytes(end, "little") > size:
        raise ValueError(f"{path} cannot be read as an HDF5 file: it is not whole")
