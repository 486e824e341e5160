"""MPJPE: mean per-joint position error."""

import keras

from posealign_keras.metrics.pose_metric import PoseMetric


@keras.saving.register_keras_serializable(package="posealign_keras")
class MPJPE(PoseMetric):
    """Mean per-joint position error in millimetres: the mean distance of joints after centring on the root.

    Nothing else is aligned, so the prediction must have the true scale. Over all 17 joints this is Protocol #1 of
    Human3.6M, on the frames and cameras of that protocol.

    Args:
        joints: Names or indices of the joints that count; `None` for all.
        root: Name or index of the joint that both poses are centred on, or several whose centre is the root.
        skeleton: The `Skeleton`, or the name of a registered one.
        name: Name of the metric.
        dtype: Type of the sums.

    Call arguments:
        y_true: `(..., num_joints, 3)` true positions in metres, joints in the skeleton's order.
        y_pred: The same for the prediction.
        sample_weight: Weights or 0/1 mask, one per sample, per frame or per joint.

    Raises:
        ValueError: If a joint is unknown, or the shapes do not fit.

    Example:
        >>> metric = MPJPE()
        >>> metric.update_state(np.zeros((8, 17, 3)), np.zeros((8, 17, 3)))
        >>> float(metric.result())
        0.0

    Reference:
        Ionescu et al., "Human3.6M: Large Scale Datasets and Predictive Methods for 3D Human Sensing in Natural
        Environments", TPAMI 2014.
    """

    def __init__(self, joints=None, root=0, skeleton="body17", name="mpjpe", dtype="float32"):
        super().__init__(joints, root, skeleton, name, dtype)
