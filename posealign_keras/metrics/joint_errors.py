"""Errors of single joints, the quantity that every metric of a pose summarises."""

from keras import backend, ops

from posealign_keras.ops.bones import root_relative
from posealign_keras.ops.procrustes import scale_procrustes, similarity_procrustes
from posealign_keras.ops.vectors import check_last, check_same_shape
from posealign_keras.ops.weights import joint_weights
from posealign_keras.skeletons import BODY17

MILLIMETRES = 1000
"""Millimetres in a metre: the package computes in metres and reports in millimetres."""

ALIGNMENTS = (None, "scale", "procrustes")


def check_alignment(alignment):
    """Refuse an `alignment` that `joint_errors` does not know.

    Raises:
        ValueError: If it is not one of `ALIGNMENTS`.
    """
    if alignment not in ALIGNMENTS:
        raise ValueError(f"`alignment` must be one of {ALIGNMENTS}. Received: alignment={alignment!r}")
    return alignment


def joint_errors(y_true, y_pred, joints=None, root=0, alignment=None, weights=None, skeleton=BODY17):
    """Distance of each predicted joint from its true place, after both poses were centred on their roots.

    Args:
        y_true: `(..., num_joints, 3)` true positions in metres, joints in the skeleton's order.
        y_pred: The same for the prediction.
        joints: Names or indices of the joints to report; `None` for all. Alignment sees these joints only.
        root: Name or index of the joint that both poses are centred on, or several whose centre is the root.
        alignment: What is taken away from the prediction before it is compared, for each pose by itself:
            `None` nothing, `"scale"` the best scale about the root (N-MPJPE), `"procrustes"` the best
            similarity transform (PA-MPJPE).
        weights: Weights or validity mask, see `posealign_keras.ops.joint_weights`. They decide which joints an
            alignment sees; the errors returned are not multiplied by them.
        skeleton: The `Skeleton`.

    Returns:
        `(..., len(joints))` in millimetres.

    Raises:
        ValueError: If a shape, joint or `alignment` does not fit.

    Example:
        >>> true = np.zeros((17, 3))
        >>> predicted = true.copy()
        >>> predicted[13] = [0.03, 0.04, 0.0]
        >>> print(np.asarray(joint_errors(true, predicted, joints=["l_wrist", "r_wrist"])))
        [50.  0.]
    """
    check_alignment(alignment)
    y_true = check_last("y_true", y_true, skeleton.num_joints, 3)
    y_pred = check_last("y_pred", y_pred, skeleton.num_joints, 3)
    check_same_shape("y_true", y_true, "y_pred", y_pred)
    dtype = backend.result_type(y_true.dtype, y_pred.dtype)
    weights = joint_weights(weights, y_true)
    selected, root = skeleton.indices(joints), skeleton.indices(root)
    y_true, y_pred = (
        ops.take(root_relative(ops.cast(pose, dtype), root), selected, axis=-2) for pose in (y_true, y_pred)
    )
    if alignment:
        align = {"scale": scale_procrustes, "procrustes": similarity_procrustes}[alignment]
        y_pred = align(y_pred, y_true, ops.take(weights, selected, axis=-1))
    # In millimetres before the square root, so that an error of exactly 150 mm stays exactly 150.
    return ops.sqrt(ops.sum(ops.square((y_pred - y_true) * MILLIMETRES), axis=-1))
