"""Weights of a network as the bytes of an `.npz` file, which is safe to read from anybody.

Matrices and kernels are stored as float16, which halves the file; the few numbers for each channel, statistics of
normalisation among them, as float32. The arrays are named by their places among the weights of the network, which
are the same on every backend.
"""

import io
import zipfile

import keras
import numpy as np
from keras import ops

_MEMBER = "{:03d}.npy"


def weights_to_bytes(model: keras.Model) -> bytes:
    """The weights of a network; the same weights always give the same bytes.

    Raises:
        ValueError: If a weight is not a finite number.
    """
    arrays = {}
    for index, weight in enumerate(model.weights):
        value = ops.convert_to_numpy(weight).astype("float32")
        if not np.isfinite(value).all():
            raise ValueError(f"all weights must be finite. Received: {weight.path} with NaN or infinity")
        # float16 ends at 65504.
        is_large = value.ndim > 1 and np.abs(value).max(initial=0) < np.finfo("float16").max
        arrays[_MEMBER.format(index).removesuffix(".npy")] = value.astype("float16") if is_large else value
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def weights_from_bytes(data: bytes, model: keras.Model) -> None:
    """Put weights into a network; if that fails, it keeps its own.

    The bytes may come from anybody: nothing is unpickled, and nothing is unpacked that is not of the shape of a weight.

    Raises:
        ValueError: If they are not the weights of such a network.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            expected = {_MEMBER.format(index): weight for index, weight in enumerate(model.weights)}
            if set(archive.namelist()) != set(expected):
                raise ValueError(f"it must hold {len(expected)} arrays. Received: {len(archive.namelist())}")
            values = [_read(archive, name, weight) for name, weight in expected.items()]
    except Exception as error:  # bytes that anybody made can make anything go wrong
        raise ValueError(str(error)) from error
    for weight, value in zip(model.weights, values, strict=True):
        weight.assign(value)


def _read(archive, name, weight):
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"{name} must be of version 1.0 of the format of NumPy. Received: {version}")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if shape != tuple(weight.shape) or dtype not in (np.dtype("float16"), np.dtype("float32")):
        raise ValueError(f"{weight.path} must be of shape {tuple(weight.shape)}. Received: {dtype} {shape}")
    with archive.open(name) as file:
        value = np.lib.format.read_array(file, allow_pickle=False)
    if not np.isfinite(value).all():
        raise ValueError(f"{weight.path} must be finite. Received: NaN or infinity")
    return value.astype("float32")
