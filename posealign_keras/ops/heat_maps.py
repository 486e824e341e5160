"""Heat maps: how likely a joint is to be at each of the places of a grid that covers the image."""

import numpy as np
from keras import ops

from posealign_keras.ops.vectors import check_same_shape, to_float


def map_places(height: int, width: int):
    """Middles of the cells of a map.

    Args:
        height: Cells from top to bottom.
        width: Cells from left to right.

    Returns:
        `(height, width, 2)` float32 array: x to the right and y down, in image widths (and heights) from the middle of
        the image, which is from -0.5 to 0.5.

    Example:
        >>> print(map_places(1, 2)[0])
        [[-0.25  0.  ]
         [ 0.25  0.  ]]
    """
    x, y = np.meshgrid((np.arange(width) + 0.5) / width - 0.5, (np.arange(height) + 0.5) / height - 0.5)
    return np.stack([x, y], axis=-1).astype("float32")


def mean_of_map(heat_maps, values):
    """Where each joint is on average, and the mean of other maps there.

    Args:
        heat_maps: `(batch, height, width, joints)`; the softmax over the places says how likely each of them is.
        values: `(batch, height, width, joints)`.

    Returns:
        Places `(batch, joints, 2)` as in `map_places`, and means of the values `(batch, joints)`.

    Raises:
        ValueError: If the shapes are not as described.

    Example:
        >>> heat = np.zeros((1, 2, 2, 1), "float32")
        >>> heat[0, 1, 0, 0] = 50  # surely at the lower left
        >>> places, means = mean_of_map(heat, np.arange(4.0).reshape(1, 2, 2, 1))
        >>> np.asarray(places).round(3).tolist(), np.asarray(means).round(3).tolist()
        ([[[-0.25, 0.25]]], [[2.0]])
    """
    heat_maps, values = to_float(heat_maps), to_float(values)
    if len(heat_maps.shape) != 4:
        raise ValueError(
            "`heat_maps` must have shape (batch, height, width, joints). "
            f"Received: heat_maps.shape={tuple(heat_maps.shape)}"
        )
    check_same_shape("heat_maps", heat_maps, "values", values)
    _, height, width, joints = heat_maps.shape
    likely = ops.softmax(ops.reshape(heat_maps, (-1, height * width, joints)), axis=1)
    places = ops.cast(map_places(height, width).reshape(1, -1, 1, 2), likely.dtype)
    means = ops.sum(likely * ops.reshape(ops.cast(values, likely.dtype), (-1, height * width, joints)), axis=1)
    return ops.sum(likely[..., None] * places, axis=1), means
