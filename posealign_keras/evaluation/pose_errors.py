"""Errors of estimated poses under a stated protocol."""

import numpy as np
from keras import ops

from posealign_keras.metrics import AUC, MPJPE, PAMPJPE, PCK, joint_errors
from posealign_keras.ops import bone_lengths, retarget
from posealign_keras.ops.vectors import check_same_shape
from posealign_keras.skeletons import get_skeleton

SCALE_RULES = ("bone_lengths", "none")
"""What may happen to the size of an estimate before it is compared; see `pose_errors`.

Example:
    >>> SCALE_RULES
    ('bone_lengths', 'none')
"""


def pose_errors(y_true, y_pred, scale: str = "bone_lengths", skeleton="body17") -> dict:
    """Errors of estimated poses, root-relative, over all joints.

    Args:
        y_true: `(N, joints, 3)` true poses, metres, camera frame.
        y_pred: `(N, joints, 3)` estimated poses.
        scale: What happens to the size of the estimate, which a picture of one person does not show.
            `"bone_lengths"`: the estimated bone directions are chained with the true bone lengths, as the paper's
            code does; `"none"`: nothing.
        skeleton: The skeleton of the poses, or its name.

    Returns:
        `{"mpjpe", "pa_mpjpe"}` in millimetres, `{"pck150", "auc"}` in percent, and `"per_joint"`, the list of the
        joints' mean errors in millimetres.

    Raises:
        ValueError: If `scale` is unknown or the shapes differ.

    Example:
        >>> pose = np.random.default_rng(0).normal(size=(4, 17, 3))
        >>> errors = pose_errors(pose, 2 * pose)  # twice as large, in the same directions
        >>> round(errors["mpjpe"], 1), errors["pck150"]
        (0.0, 100.0)
        >>> round(pose_errors(pose, 2 * pose, scale="none")["mpjpe"]) > 1000
        True
    """
    if scale not in SCALE_RULES:
        raise ValueError(f"`scale` must be one of {SCALE_RULES}. Received: scale={scale!r}")
    skeleton = get_skeleton(skeleton)
    check_same_shape("y_true", y_true, "y_pred", y_pred)
    if scale == "bone_lengths":
        y_pred = retarget(y_pred, bone_lengths(y_true, skeleton), skeleton)
    results: dict = {}
    metrics = {"mpjpe": MPJPE, "pa_mpjpe": PAMPJPE, "pck150": PCK, "auc": AUC}
    for name, metric_class in metrics.items():
        metric = metric_class(skeleton=skeleton)
        metric.update_state(y_true, y_pred)
        results[name] = float(metric.result())
    errors = ops.convert_to_numpy(joint_errors(y_true, y_pred, skeleton=skeleton))
    results["per_joint"] = [float(error) for error in np.mean(errors, axis=0)]
    return results
