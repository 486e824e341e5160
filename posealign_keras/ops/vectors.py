"""Unit vectors and lengths whose gradients stay finite where a vector vanishes."""

from keras import backend, ops

SHORTEST = 1e-4
"""Vectors shorter than this (metres: 0.1 mm) have no usable direction: they shrink to zero instead of growing to 1."""


def to_float(values):
    """Turn array-likes into a floating-point tensor; integers become `keras.config.floatx()`."""
    values = ops.convert_to_tensor(values)
    dtype = backend.standardize_dtype(values.dtype)
    return values if backend.is_float_dtype(dtype) else ops.cast(values, backend.floatx())


def unit(vectors):
    """Scale vectors to length 1.

    Args:
        vectors: `(..., n)`. Those shorter than `SHORTEST` are divided by `SHORTEST`, so that zero stays zero
            and the gradient is finite everywhere.

    Returns:
        `(..., n)` vectors of length 1 (less for those shorter than `SHORTEST`).
    """
    return ops.normalize(to_float(vectors), axis=-1, order=2, epsilon=SHORTEST)


def length(vectors):
    """Euclidean length of vectors, with a finite gradient everywhere (zero for a zero vector).

    Args:
        vectors: `(..., n)`.

    Returns:
        `(...)`: exactly the L2 norm from `SHORTEST` on; below, the parabola `|v|² / SHORTEST` that meets it there.
    """
    vectors = to_float(vectors)
    return ops.sum(vectors * unit(vectors), axis=-1)
