"""The loss of heat maps."""

from keras import ops

from posealign_keras.ops import map_places
from posealign_keras.ops.vectors import check_last, to_float
from posealign_keras.ops.weights import joint_weights, weighted_mean

# Standard deviation of the wanted distribution, in cells: a joint between two cells is wanted in both.
_SPREAD = 0.8


def heat_map_loss(keypoints, heat_maps, weights=None):
    """Cross-entropy from a Gaussian at the true place to the softmax of a heat map; mean over joints.

    Joints outside of the image do not count.

    Args:
        keypoints: `(batch, joints, 2)` true places, in image widths from the middle, x right and y down.
        heat_maps: `(batch, height, width, joints)` heat maps, before the softmax.
        weights: As in `joint_distance`. Where a weight is 0, the place may be any number, or none.

    Returns:
        Scalar tensor in nats, at least float32; 0 if no joint counts.

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> anywhere = np.zeros((1, 8, 8, 1), "float32")
        >>> round(float(heat_map_loss([[[0.0, 0.0]]], anywhere)), 2)  # the logarithm of 64 cells
        4.16
    """
    heat_maps = to_float(heat_maps)
    keypoints = ops.cast(check_last("keypoints", keypoints, 2), heat_maps.dtype)
    _check_shapes(tuple(keypoints.shape), tuple(heat_maps.shape))
    _, height, width, joints = heat_maps.shape
    weights = joint_weights(weights, keypoints)
    inside = ops.all(ops.abs(keypoints) < 0.5, axis=-1)  # which a place that is no number is not
    weights = ops.where(inside, weights, 0)
    places = ops.cast(map_places(height, width).reshape(1, -1, 1, 2), heat_maps.dtype)
    keypoints = ops.where(inside[..., None], keypoints, 0)[:, None]
    cells = ops.cast((width / _SPREAD, height / _SPREAD), heat_maps.dtype)
    wanted = ops.softmax(-0.5 * ops.sum(ops.square((places - keypoints) * cells), axis=-1), axis=1)
    found = ops.log_softmax(ops.reshape(heat_maps, (-1, height * width, joints)), axis=1)
    return weighted_mean(-ops.sum(wanted * found, axis=1), weights)


def _check_shapes(keypoints, heat_maps):
    fits = len(keypoints) == 3 and len(heat_maps) == 4 and keypoints[1] == heat_maps[3]
    if not fits or (None not in (keypoints[0], heat_maps[0]) and keypoints[0] != heat_maps[0]):
        raise ValueError(
            "`keypoints` must have shape (batch, joints, 2) and `heat_maps` (batch, height, width, joints). "
            f"Received: keypoints.shape={keypoints}, heat_maps.shape={heat_maps}"
        )
