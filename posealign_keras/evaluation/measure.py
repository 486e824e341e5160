"""`Measure`: one figure of a protocol, such as PCK over 14 joints."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from keras import ops

from posealign_keras.metrics import AUC, MPJPE, NMPJPE, PAMPJPE, PCK, PoseMetric, joint_errors
from posealign_keras.skeletons import get_skeleton

_METRICS: dict[str, Callable[..., PoseMetric]] = {
    "mpjpe": MPJPE,
    "n_mpjpe": NMPJPE,
    "pa_mpjpe": PAMPJPE,
    "pck150": functools.partial(PCK, threshold=150),
    "auc": AUC,
    "pa_pck150": functools.partial(PCK, threshold=150, alignment="procrustes"),
}
_TITLES = {
    "mpjpe": "MPJPE (mm)",
    "n_mpjpe": "N-MPJPE (mm)",
    "pa_mpjpe": "PA-MPJPE (mm)",
    "pck150": "PCK@150 (%)",
    "auc": "AUC (%)",
    "pa_pck150": "PA-PCK@150 (%)",
}
# Poses that are compared at once.
_AT_ONCE = 32768


@dataclass(frozen=True)
class Measure:
    """One figure that a protocol reports.

    Args:
        name: `"mpjpe"`, `"n_mpjpe"`, `"pa_mpjpe"` (millimetres), `"pck150"`, `"auc"` or `"pa_pck150"` (percent).
        joints: Names of the joints that count, in an alignment too; `None` for all.

    Raises:
        ValueError: If there is no such figure.

    Example:
        >>> measure = Measure("pck150", joints=("l_wrist", "r_wrist"))
        >>> measure.title, measure.smaller_is_better
        ('PCK@150 (%)', False)
    """

    name: str
    joints: tuple[str, ...] | None = None

    def __post_init__(self):
        if self.name not in _METRICS:
            raise ValueError(f"`name` must be one of {sorted(_METRICS)}. Received: name={self.name!r}")

    @property
    def title(self) -> str:
        """What a table calls it, with its unit."""
        return _TITLES[self.name]

    @property
    def smaller_is_better(self) -> bool:
        """True for errors, false for shares of correct joints."""
        return self.title.endswith("(mm)")

    def score(self, y_true, y_pred, validity, root, skeleton="body17") -> tuple[np.ndarray, np.ndarray]:
        """Score every joint that counts in every pose.

        Args:
            y_true: `(N, joints, 3)` true poses, metres; finite, whatever it is, where a joint is not known.
            y_pred: `(N, joints, 3)` estimated poses, metres.
            validity: `(N, joints)` bool: the joints that are known.
            root: Names of the joints whose centre both poses are centred on.
            skeleton: The skeleton of the poses, or its name.

        Returns:
            `(N, J)` float64 scores of the J joints that count, and `(N, J)` float64 weights: 1 for a joint that is
            known, in a pose whose root is, else 0. A Procrustes alignment needs no root.

        Raises:
            ValueError: If the shapes differ, or a joint is unknown.
        """
        skeleton = get_skeleton(skeleton)
        metric = _METRICS[self.name](joints=self.joints, root=root, skeleton=skeleton)
        weights = validity[:, list(skeleton.indices(self.joints))].astype(float)
        if metric.alignment != "procrustes":
            weights *= validity[:, list(metric.root)].all(axis=1, keepdims=True)
        scores = []
        for start in range(0, len(y_true), _AT_ONCE):
            true, predicted, known = (
                array[start : start + _AT_ONCE].astype("float32") for array in (y_true, y_pred, validity)
            )
            errors = joint_errors(true, predicted, metric.joints, metric.root, metric.alignment, known, skeleton)
            scores.append(ops.convert_to_numpy(metric.score(errors)))
        return np.concatenate(scores).astype(float), weights
