"""Metrics of 3D poses: metres in, millimetres or percent out."""

from posealign_keras.metrics.auc import AUC
from posealign_keras.metrics.joint_errors import joint_errors
from posealign_keras.metrics.mpjpe import MPJPE
from posealign_keras.metrics.nmpjpe import NMPJPE
from posealign_keras.metrics.pampjpe import PAMPJPE
from posealign_keras.metrics.pck import PCK
from posealign_keras.metrics.pose_metric import PoseMetric

__all__ = ["AUC", "MPJPE", "NMPJPE", "PAMPJPE", "PCK", "PoseMetric", "joint_errors"]
