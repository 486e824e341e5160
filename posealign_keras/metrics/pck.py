"""PCK: percentage of correct keypoints."""

import keras
from keras import ops

from posealign_keras.metrics.joint_errors import check_alignment
from posealign_keras.metrics.pose_metric import PoseMetric


@keras.saving.register_keras_serializable(package="posealign_keras")
class PCK(PoseMetric):
    """Percentage of joints whose error, after centring on the root, is strictly below a threshold.

    MPI-INF-3DHP reports it at 150 mm over 14 joints: all but pelvis, spine and neck_nose.

    Args:
        threshold: In millimetres; an error of exactly this counts as wrong.
        alignment: `None`, or `"scale"` or `"procrustes"` (PA-PCK) to align each pose first.
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
        ValueError: If `threshold` is not positive, `alignment` or a joint is unknown, or the shapes do not fit.

    Example:
        >>> metric = PCK(threshold=150, joints=["l_wrist", "r_wrist"])
        >>> true = np.zeros((1, 17, 3))
        >>> predicted = true.copy()
        >>> predicted[0, 13] = [0.2, 0, 0]  # the left wrist, 200 mm away
        >>> metric.update_state(true, predicted)
        >>> float(metric.result())
        50.0

    Reference:
        Mehta et al., "Monocular 3D Human Pose Estimation In The Wild Using Improved CNN Supervision", 3DV 2017.
    """

    def __init__(
        self, threshold=150, alignment=None, joints=None, root=0, skeleton="body17", name="pck", dtype="float32"
    ):
        if not threshold > 0:
            raise ValueError(f"`threshold` must be a positive number of millimetres. Received: threshold={threshold}")
        super().__init__(joints, root, skeleton, name, dtype)
        self.threshold = threshold
        self.alignment = check_alignment(alignment)

    def score(self, errors):
        """100 for a correct joint, 0 for a wrong one."""
        return 100 * ops.cast(errors < self.threshold, errors.dtype)

    def get_config(self):
        """The arguments, with joints as indices and the skeleton by name."""
        return {"threshold": self.threshold, "alignment": self.alignment, **super().get_config()}
