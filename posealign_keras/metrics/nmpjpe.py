"""N-MPJPE: mean per-joint position error after the best scale."""

import keras

from posealign_keras.metrics.pose_metric import PoseMetric


@keras.saving.register_keras_serializable(package="posealign_keras")
class NMPJPE(PoseMetric):
    """N-MPJPE in millimetres: the mean distance of joints after each pose was given its best scale about the root.

    Args:
        joints: Names or indices of the joints that count, in the scale too; `None` for all.
        root: Name or index of the joint that both poses are centred on, or several whose centre is the root.
        skeleton: The `Skeleton`, or the name of a registered one.
        name: Name of the metric.
        dtype: Type of the sums.

    Call arguments:
        y_true: `(..., num_joints, 3)` true positions in metres, joints in the skeleton's order.
        y_pred: The same for the prediction, at any scale.
        sample_weight: Weights or 0/1 mask, one per sample, per frame or per joint; those of single joints also
            weigh them in the scale.

    Raises:
        ValueError: If a joint is unknown, or the shapes do not fit.

    Example:
        >>> metric = NMPJPE()
        >>> pose = np.random.default_rng(0).normal(size=(1, 17, 3))
        >>> metric.update_state(pose, 3 * pose)  # the wrong size is no error
        >>> round(float(metric.result()), 2)
        0.0

    Reference:
        Rhodin et al., "Unsupervised Geometry-Aware Representation for 3D Human Pose Estimation", ECCV 2018.
    """

    alignment = "scale"

    def __init__(self, joints=None, root=0, skeleton="body17", name="n_mpjpe", dtype="float32"):
        super().__init__(joints, root, skeleton, name, dtype)
