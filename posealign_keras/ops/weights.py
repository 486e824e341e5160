"""Weights and validity masks of joints."""

from keras import ops


def joint_weights(weights, joints):
    """Spread weights over every joint.

    Args:
        weights: Non-negative weights or a 0/1 mask for the leading dimensions of `joints`: `()`, per clip
            `(batch,)`, per frame `(batch, frames)`, or per joint `(..., num_joints)`. A dimension of size 1 is
            repeated. `None` counts every joint once.
        joints: `(..., num_joints, 3)` tensor that the weights belong to.

    Returns:
        `(..., num_joints)` in the type of `joints`.

    Raises:
        ValueError: If `weights` does not fit the leading dimensions of `joints`.
    """
    shape = joints.shape[:-1]
    weights = ops.cast(1 if weights is None else weights, joints.dtype)
    fits = len(weights.shape) <= len(shape) and all(
        given in (1, None) or wanted in (given, None) for given, wanted in zip(weights.shape, shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"`weights` must fit the leading dimensions of poses of shape {tuple(joints.shape)}. "
            f"Received: weights.shape={tuple(weights.shape)}"
        )
    weights = ops.reshape(weights, (*ops.shape(weights), *[1] * (len(shape) - len(weights.shape))))
    return ops.broadcast_to(weights, ops.shape(joints)[:-1])


def weighted_sum(values, weights):
    """Sum of `weights * values`; a value that is not a number is left out where its weight is 0.

    Args:
        values: Tensor of any shape.
        weights: Tensor of the same shape.

    Returns:
        Scalar tensor.
    """
    return ops.sum(ops.where(weights > 0, weights * values, 0))


def weighted_mean(values, weights):
    """Mean of `values`; one that is not a number is left out where its weight is 0.

    Args:
        values: Tensor of any shape.
        weights: Tensor of the same shape.

    Returns:
        Scalar tensor; 0 if every weight is 0.
    """
    total = ops.sum(weights)
    return weighted_sum(values, weights) / ops.where(total > 0, total, 1)
