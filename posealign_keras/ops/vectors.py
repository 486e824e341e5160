"""Vectors: checked shapes, and lengths and directions whose gradients stay finite where a vector vanishes."""

from keras import backend, ops

SHORTEST = 1e-4
"""Vectors shorter than this (metres: 0.1 mm) have no usable direction: they shrink to zero instead of growing to 1."""


def to_float(values):
    """Turn array-likes into a floating-point tensor of at least float32.

    Half precision resolves half a millimetre at one metre, so geometry leaves mixed precision here.
    """
    values = ops.convert_to_tensor(values)
    return ops.cast(values, backend.result_type(values.dtype, "float32"))


def check_last(name, values, *shape):
    """Turn `values` into a floating-point tensor whose last dimensions are `shape`.

    Raises:
        ValueError: If they are not; the message calls the values `name`.
    """
    values = to_float(values)
    if tuple(values.shape[-len(shape) :]) != shape:
        expected = ", ".join(map(str, shape))
        raise ValueError(f"`{name}` must have shape (..., {expected}). Received: {name}.shape={tuple(values.shape)}")
    return values


def check_same_shape(first_name, first, second_name, second):
    """Refuse two tensors of different shapes, so that broadcasting cannot hide a mistake.

    Raises:
        ValueError: If the shapes differ; dimensions that are not known yet count as equal.
    """
    shapes = tuple(first.shape), tuple(second.shape)
    if len(shapes[0]) != len(shapes[1]) or any(
        None not in sizes and sizes[0] != sizes[1] for sizes in zip(*shapes, strict=True)
    ):
        raise ValueError(
            f"`{first_name}` and `{second_name}` must have the same shape. "
            f"Received: {first_name}.shape={shapes[0]}, {second_name}.shape={shapes[1]}"
        )


def unit(vectors):
    """Scale vectors to length 1.

    Args:
        vectors: `(..., n)`. Those shorter than `SHORTEST` are divided by `SHORTEST`, so that zero stays zero
            and the gradient is finite everywhere.

    Returns:
        `(..., n)` vectors of length 1 (less for those shorter than `SHORTEST`).

    Example:
        >>> print(np.asarray(unit([[3.0, 4.0], [0.0, 0.0]])).round(2))
        [[0.6 0.8]
         [0.  0. ]]
    """
    vectors = to_float(vectors)
    # Not `ops.normalize`: its gradient at zero is not a number on JAX and PyTorch.
    squared = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(squared, SHORTEST**2))


def length(vectors):
    """Euclidean length of vectors, with a finite gradient everywhere (zero for a zero vector).

    Args:
        vectors: `(..., n)`.

    Returns:
        `(...)`: exactly the L2 norm from `SHORTEST` on; below, the parabola `|v|² / SHORTEST` that meets it there.

    Example:
        >>> print(np.asarray(length([[3.0, 4.0], [0.0, 0.0]])))
        [5. 0.]
    """
    vectors = to_float(vectors)
    return ops.sum(vectors * unit(vectors), axis=-1)
