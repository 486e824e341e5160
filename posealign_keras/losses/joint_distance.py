"""The distance between poses as a loss."""

from keras import ops

from posealign_keras.ops.vectors import check_last, check_same_shape, length
from posealign_keras.ops.weights import joint_weights, weighted_mean


def joint_distance(y_true, y_pred, weights=None):
    """Weighted mean over joints of the distance between true and predicted place: MPJPE as a loss, in metres.

    Nothing is centred or aligned here. Below 0.1 mm the distance is a parabola, so that the gradient is 0, and
    finite, where the two meet.

    Args:
        y_true: `(..., num_joints, 3)` in metres.
        y_pred: The same shape, in the same frame.
        weights: Weights or 0/1 mask for the leading dimensions: one per sample, per frame or per joint
            `(..., num_joints)`; `None` counts all alike. Where a weight is 0, `y_true` may hold any value, even
            one that is not a number.

    Returns:
        Scalar tensor in metres, at least float32; 0 if every weight is 0.

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> true, predicted = np.zeros((2, 17, 3)), np.full((2, 17, 3), 0.1)
        >>> round(float(joint_distance(true, predicted)), 4)  # 0.1 m along each axis
        0.1732
    """
    y_true, y_pred = check_last("y_true", y_true, 3), check_last("y_pred", y_pred, 3)
    check_same_shape("y_true", y_true, "y_pred", y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    weights = joint_weights(weights, y_pred)
    # Replaced before the subtraction: the gradient of a masked NaN would be NaN again.
    y_true = ops.where(weights[..., None] > 0, y_true, y_pred)
    return weighted_mean(length(y_pred - y_true), weights)
