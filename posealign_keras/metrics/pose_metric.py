"""The base of the pose metrics: a weighted mean over joints and frames."""

import keras
from keras import ops

from posealign_keras.metrics.joint_errors import joint_errors
from posealign_keras.ops.weights import joint_weights, weighted_sum
from posealign_keras.skeletons import BODY17, get_skeleton


class PoseMetric(keras.metrics.Metric):
    """Mean, over all joints of all frames seen, of a score of each joint's error.

    A subclass says how poses are aligned before they are compared (`alignment`) and what the score of an error is
    (`score`). Frames are pooled: sequences weigh as much as they have frames. For a mean of the means of actions,
    as Human3.6M reports it, use one metric per action and average the results.

    Args:
        joints: Names or indices of the joints that count; `None` for all.
        root: Name or index of the joint that both poses are centred on, or several whose centre is the root.
        skeleton: The `Skeleton`, or the name of a registered one.
        name: Name of the metric.
        dtype: Type of the sums; float32 by default, also under mixed precision.

    Call arguments:
        y_true: `(..., num_joints, 3)` true positions in metres, joints in the skeleton's order.
        y_pred: The same for the prediction.
        sample_weight: Weights or 0/1 mask for the leading dimensions: one per sample, per frame or per joint
            `(..., num_joints)`. Joints of weight 0 may hold any value, even one that is not a number.

    Raises:
        ValueError: If a joint is unknown, or the shapes do not fit.

    Example:
        >>> class ShareAbove5Centimetres(PoseMetric):
        ...     def score(self, errors):
        ...         return ops.cast(errors > 50, errors.dtype)
        >>> metric = ShareAbove5Centimetres(joints=["l_wrist", "r_wrist"], name="share")
        >>> true = np.zeros((1, 17, 3))
        >>> predicted = true.copy()
        >>> predicted[0, 13] = [0.2, 0, 0]
        >>> metric.update_state(true, predicted)
        >>> float(metric.result())
        0.5
    """

    alignment: str | None = None
    """As for `joint_errors`: `None`, `"scale"` or `"procrustes"`."""

    def __init__(self, joints=None, root=0, skeleton=BODY17, name=None, dtype="float32"):
        super().__init__(name=name, dtype=dtype)
        self.skeleton = get_skeleton(skeleton)
        self.joints = None if joints is None else self.skeleton.indices(joints)
        self.root = self.skeleton.indices(root)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")
        self.count = self.add_variable((), "zeros", self.dtype, name="count")

    def score(self, errors):
        """What is averaged: `(..., num_joints)` errors in millimetres to scores of the same shape."""
        return errors

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch to the mean; the arguments are the call arguments of the class."""
        y_true, y_pred = ops.cast(y_true, self.dtype), ops.cast(y_pred, self.dtype)
        errors = joint_errors(
            y_true, y_pred, self.joints, self.root, self.alignment, weights=sample_weight, skeleton=self.skeleton
        )
        weights = ops.take(joint_weights(sample_weight, y_true), self.skeleton.indices(self.joints), axis=-1)
        self.total.assign_add(ops.cast(weighted_sum(self.score(errors), weights), self.dtype))
        self.count.assign_add(ops.cast(ops.sum(weights), self.dtype))

    def result(self):
        """The mean so far; not a number if nothing was counted, since an error of 0 would be a claim."""
        total, count = ops.convert_to_tensor(self.total), ops.convert_to_tensor(self.count)
        return ops.where(count > 0, total / ops.where(count > 0, count, 1), float("nan"))

    def get_config(self):
        """The arguments, with joints as indices and the skeleton by name."""
        return {
            "joints": None if self.joints is None else list(self.joints),
            "root": list(self.root),
            "skeleton": self.skeleton.name,
            **super().get_config(),
        }
