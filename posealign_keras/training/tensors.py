"""Data of a batch as tensors of the backend."""

import keras
from keras import ops


def to_tensors(data):
    """Returns the data as tensors, floating NumPy arrays in the default precision as `fit` makes them."""

    def to_tensor(leaf):
        if leaf is None or ops.is_tensor(leaf):
            return leaf
        is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(getattr(leaf, "dtype", "int32")))
        return ops.convert_to_tensor(leaf, dtype=keras.config.floatx() if is_float else None)

    return keras.tree.map_structure(to_tensor, data)
