"""A body with the joints of SMPL for tests, made up; and whether left is left."""

import numpy as np

from posealign_keras.skeletons import BODY17

# Right half of a body with y up that looks to +z; the left side is at +x.
_MIDDLE = {
    0: (0, 0.95, 0),
    3: (0, 1.07, -0.01),
    6: (0, 1.2, 0),
    9: (0, 1.26, 0),
    12: (0, 1.47, -0.03),
    15: (0, 1.56, 0),
}
_LEFT = {
    1: (0.07, 0.86, 0),
    4: (0.1, 0.48, 0.03),
    7: (0.09, 0.08, -0.03),
    10: (0.11, 0.02, 0.09),
    13: (0.08, 1.38, -0.02),
    16: (0.18, 1.41, -0.01),
    18: (0.44, 1.4, -0.03),
    20: (0.69, 1.41, -0.02),
    22: (0.78, 1.4, -0.02),
}


def rest_joints(count=24):
    """`(count, 3)` metres: arms out to the sides, knees a little bent, y up, looks to +z, left at +x."""
    joints = np.zeros((24, 3))
    for index, place in _MIDDLE.items():
        joints[index] = place
    for index, (x, y, z) in _LEFT.items():
        joints[index] = x, y, z
        joints[index + 1] = -x, y, z
    return joints[:count]


def moving_body(frames):
    """`(frames, 24, 3)`: walks to the left side, and lifts the right hand from the first frame to the last."""
    joints = np.repeat(rest_joints()[None], frames, axis=0)
    share = np.linspace(0, 1, frames)
    joints[:, :, 0] += 0.2 * share[:, None]
    joints[:, [21, 23], 1] += 0.2 + 0.1 * share[:, None]
    return joints


def is_right_handed(poses):
    """Whether the left hip is on the left in each of `(T, 17, 3)` poses, told by up and by where the knees bend to."""
    at = {name: poses[:, index] for index, name in enumerate(BODY17.joint_names)}
    up = at["thorax"] - at["pelvis"]
    forward = sum(at[f"{side}_knee"] - (at[f"{side}_hip"] + at[f"{side}_ankle"]) / 2 for side in "lr")
    return (np.sum((at["l_hip"] - at["r_hip"]) * np.cross(up, forward), axis=1) > 0).all()
