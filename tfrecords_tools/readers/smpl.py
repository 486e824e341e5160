"""The joints of SMPL, the body model of several data sets: their names, their tree, and which of `BODY17` they are."""

import numpy as np
from scipy.spatial.transform import Rotation

from posealign_keras.skeletons import BODY17
from tfrecords_tools.joint_map import JointMap

JOINT_NAMES = (
    *("pelvis", "l_hip", "r_hip", "spine1", "l_knee", "r_knee", "spine2", "l_ankle", "r_ankle", "spine3"),
    *("l_foot", "r_foot", "neck", "l_collar", "r_collar", "head", "l_shoulder", "r_shoulder", "l_elbow", "r_elbow"),
    *("l_wrist", "r_wrist", "l_hand", "r_hand"),
)
"""The 24 joints of SMPL; SMPL-H and SMPL-X have the first 22 as well."""

PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
"""Index of the parent of each joint."""

_MAP = JointMap(
    {
        # The pelvis of SMPL is above the line through the hips, that of Human3.6M is on it.
        "pelvis": ("l_hip", "r_hip"),
        **{joint: joint for joint in BODY17.joint_names if joint in JOINT_NAMES and joint != "pelvis"},
        "spine": "spine2",
        "thorax": "neck",
        "neck_nose": "head",
    }
)
# SMPL has no joint at the top of the head. This far beyond the base of the skull, as a multiple of the way there from
# the neck, it is about where Human3.6M has it.
_BEYOND_HEAD = 2.4

VALIDITY = _MAP.exact
"""`(17,)` bool: the joints of `BODY17` that are joints of SMPL; all but the top of the head."""


def smpl_to_body17(joints: np.ndarray) -> np.ndarray:
    """Put joints of SMPL into the order of `BODY17`.

    The pelvis becomes the midpoint of the hips, and the top of the head is extrapolated (see `VALIDITY`). The spine,
    thorax and neck are the joints of SMPL that are nearest, a few centimetres away from those of Human3.6M.

    Args:
        joints: `(T, J, 3)` joints in the order of `JOINT_NAMES`, of which 22 are needed.

    Returns:
        `(T, 17, 3)`.
    """
    mapped = _MAP.apply(joints, JOINT_NAMES[: joints.shape[1]])
    neck, head = (joints[:, JOINT_NAMES.index(name)] for name in ("neck", "head"))
    mapped[:, BODY17.index("head_top")] = neck + _BEYOND_HEAD * (head - neck)
    return mapped


def smpl_joints(rotations: np.ndarray, translation: np.ndarray, rest_joints: np.ndarray) -> np.ndarray:
    """Compute the positions of the joints of a posed body.

    Args:
        rotations: `(T, J, 3)` rotation of each joint relative to its parent, as axis times angle in radians.
        translation: `(T, 3)` by which the body was moved, in metres.
        rest_joints: `(J, 3)` joints of the body in its rest pose, in metres.

    Returns:
        `(T, J, 3)` metres.
    """
    frames, count = rotations.shape[:2]
    local = Rotation.from_rotvec(rotations.reshape(-1, 3)).as_matrix().reshape(frames, count, 3, 3)
    turned, positions = np.empty_like(local), np.empty((frames, count, 3))
    turned[:, 0], positions[:, 0] = local[:, 0], rest_joints[0] + translation
    for joint, parent in enumerate(PARENTS[1:count], start=1):
        turned[:, joint] = turned[:, parent] @ local[:, joint]
        positions[:, joint] = positions[:, parent] + turned[:, parent] @ (rest_joints[joint] - rest_joints[parent])
    return positions
