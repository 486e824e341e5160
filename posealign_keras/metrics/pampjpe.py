"""PA-MPJPE: mean per-joint position error after Procrustes alignment."""

import keras

from posealign_keras.metrics.pose_metric import PoseMetric


@keras.saving.register_keras_serializable(package="posealign_keras")
class PAMPJPE(PoseMetric):
    """PA-MPJPE in millimetres: the mean distance of joints after a Procrustes alignment of each pose by itself.

    The alignment is the best scale, rotation and translation, without reflection, over the joints that count.
    Over all 17 joints this is Protocol #2 of Human3.6M. A prediction whose joints coincide is compared as one point
    at the centre of the true pose.

    Args:
        joints: Names or indices of the joints that count, in the alignment too; `None` for all.
        root: As for the other metrics; the alignment makes it irrelevant.
        skeleton: The `Skeleton`, or the name of a registered one.
        name: Name of the metric.
        dtype: Type of the sums.

    Call arguments:
        y_true: `(..., num_joints, 3)` true positions in metres, joints in the skeleton's order.
        y_pred: The same for the prediction, at any scale.
        sample_weight: Weights or 0/1 mask, one per sample, per frame or per joint; those of single joints also
            weigh them in the alignment.

    Raises:
        ValueError: If a joint is unknown, or the shapes do not fit.

    Example:
        >>> metric = PAMPJPE()
        >>> pose = np.random.default_rng(0).normal(size=(1, 17, 3))
        >>> metric.update_state(pose, 3 * pose[..., [1, 2, 0]])  # neither size nor direction is an error
        >>> abs(float(metric.result())) < 0.01
        True

    Reference:
        Bogo et al., "Keep it SMPL: Automatic Estimation of 3D Human Pose and Shape from a Single Image", ECCV 2016.
    """

    alignment = "procrustes"

    def __init__(self, joints=None, root=0, skeleton="body17", name="pa_mpjpe", dtype="float32"):
        super().__init__(joints, root, skeleton, name, dtype)
