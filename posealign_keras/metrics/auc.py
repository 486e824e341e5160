"""AUC: area under the curve of PCK over thresholds."""

import keras
from keras import ops

from posealign_keras.metrics.joint_errors import check_alignment
from posealign_keras.metrics.pose_metric import PoseMetric


@keras.saving.register_keras_serializable(package="posealign_keras")
class AUC(PoseMetric):
    """Mean, in percent, of PCK at the thresholds 0, 5, …, 150 mm: 31 of them, with 0, at which no joint is correct.

    A perfect prediction therefore has 100 · 30 / 31 = 96.8. MPI-INF-3DHP reports it over 14 joints: all but pelvis,
    spine and neck_nose.

    Args:
        thresholds: In millimetres.
        alignment: `None`, or `"scale"` or `"procrustes"` to align each pose first.
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
        ValueError: If `thresholds` is empty, `alignment` or a joint is unknown, or the shapes do not fit.

    Example:
        >>> metric = AUC()
        >>> true = np.zeros((1, 17, 3))
        >>> predicted = true + np.arange(17)[:, None] * [0.01, 0, 0]  # 0 to 160 mm
        >>> metric.update_state(true, predicted)
        >>> round(float(metric.result()), 1)
        45.5

    Reference:
        Mehta et al., "Monocular 3D Human Pose Estimation In The Wild Using Improved CNN Supervision", 3DV 2017.
    """

    def __init__(
        self,
        thresholds=tuple(range(0, 151, 5)),
        alignment=None,
        joints=None,
        root=0,
        skeleton="body17",
        name="auc",
        dtype="float32",
    ):
        if not thresholds:
            raise ValueError(f"`thresholds` must name at least one threshold. Received: thresholds={thresholds}")
        super().__init__(joints, root, skeleton, name, dtype)
        self.thresholds = tuple(thresholds)
        self.alignment = check_alignment(alignment)

    def score(self, errors):
        """Percentage of the thresholds at which a joint is correct."""
        correct = errors[..., None] < ops.cast(self.thresholds, errors.dtype)
        return 100 * ops.mean(ops.cast(correct, errors.dtype), axis=-1)

    def get_config(self):
        """The arguments, with joints as indices and the skeleton by name."""
        return {"thresholds": list(self.thresholds), "alignment": self.alignment, **super().get_config()}
