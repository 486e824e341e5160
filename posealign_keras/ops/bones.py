"""Joints and bones: the same pose as positions, and as unit directions with lengths."""

import numpy as np
from keras import ops

from posealign_keras.ops.vectors import check_last, length, to_float, unit
from posealign_keras.ops.weights import joint_weights
from posealign_keras.skeletons import BODY17


def _joints(joints, skeleton):
    return check_last("joints", joints, skeleton.num_joints, 3)


def _bones(joints, skeleton):
    """Vectors from parent to child, one per bone."""
    parents, children = np.array(skeleton.edges).T
    return ops.take(joints, children, axis=-2) - ops.take(joints, parents, axis=-2)


def bone_directions(joints, skeleton=BODY17):
    """Unit vectors from each joint's parent to the joint.

    Args:
        joints: `(..., num_joints, 3)` positions in metres, any frame, joints in the skeleton's order.
        skeleton: The `Skeleton`.

    Returns:
        `(..., num_bones, 3)` in the order of the joints without the root. A bone shorter than 0.1 mm has no
        direction: its vector is shorter than 1, and zero for a zero bone, so gradients stay finite.

    Raises:
        ValueError: If `joints` does not have the skeleton's number of joints.

    Example:
        >>> down = np.tile([0.0, 1.0, 0.0], (16, 1))
        >>> joints = joints_from_bones(down)
        >>> print(np.asarray(bone_directions(joints))[0].round(3))
        [0. 1. 0.]
    """
    return unit(_bones(_joints(joints, skeleton), skeleton))


def bone_lengths(joints, skeleton=BODY17):
    """Length of each bone.

    Args:
        joints: `(..., num_joints, 3)` positions in metres, joints in the skeleton's order.
        skeleton: The `Skeleton`.

    Returns:
        `(..., num_bones)` in metres, in the order of the joints without the root.

    Raises:
        ValueError: If `joints` does not have the skeleton's number of joints.

    Example:
        >>> down = np.tile([0.0, 1.0, 0.0], (16, 1))
        >>> joints = joints_from_bones(down)
        >>> print(np.asarray(bone_lengths(joints))[:3].round(2))
        [0.12 0.44 0.44]
    """
    return length(_bones(_joints(joints, skeleton), skeleton))


def joints_from_bones(directions, lengths=None, skeleton=BODY17):
    """Chain bones into joints: the inverse of `bone_directions` and `bone_lengths`.

    Args:
        directions: `(..., num_bones, 3)` unit vectors from parent to child.
        lengths: `(..., num_bones)` in metres; `None` for the skeleton's own.
        skeleton: The `Skeleton`.

    Returns:
        `(..., num_joints, 3)` positions in metres with the root at the origin.

    Raises:
        ValueError: If `directions` or `lengths` does not have the skeleton's number of bones.

    Example:
        >>> down = np.tile([0.0, 1.0, 0.0], (16, 1))  # every bone points down
        >>> print(np.asarray(joints_from_bones(down))[BODY17.index("r_ankle")].round(2))
        [0. 1. 0.]
    """
    directions = check_last("directions", directions, skeleton.num_bones, 3)
    lengths = check_last("lengths", skeleton.bone_lengths[1:] if lengths is None else lengths, skeleton.num_bones)
    paths = ops.cast(skeleton.paths, directions.dtype)
    return ops.matmul(paths, directions * ops.cast(lengths, directions.dtype)[..., None])


def retarget(joints, lengths=None, skeleton=BODY17):
    """Give a pose other bone lengths, keeping every bone's direction.

    Args:
        joints: `(..., num_joints, 3)` positions in metres, joints in the skeleton's order.
        lengths: `(..., num_bones)` in metres; `None` for the skeleton's own.
        skeleton: The `Skeleton`.

    Returns:
        `(..., num_joints, 3)` positions in metres with the root at the origin.

    Raises:
        ValueError: If `joints` or `lengths` does not fit the skeleton.

    Example:
        >>> pose = joints_from_bones(np.tile([0.0, 1.0, 0.0], (16, 1)), np.full(16, 0.1))
        >>> print(np.asarray(bone_lengths(retarget(pose)))[:3].round(2))
        [0.12 0.44 0.44]
    """
    return joints_from_bones(bone_directions(joints, skeleton), lengths, skeleton)


def retarget_labels(joints, weights=None, skeleton=BODY17):
    """`retarget` for labels of which some joints may be unknown.

    Args:
        joints: `(..., num_joints, 3)` positions in metres; any value, even NaN, where a joint is unknown.
        weights: Weights or 0/1 mask, see `joint_weights`; 0 where a joint is unknown. `None` if all are known.
        skeleton: The `Skeleton`.

    Returns:
        `(..., num_joints, 3)` positions as `retarget` gives them, and `(..., num_joints)` weights: 0 also for the
        joints that hang on an unknown one, since their place is then unknown too.

    Raises:
        ValueError: If a shape does not fit.

    Example:
        >>> pose = np.array(joints_from_bones(np.tile([0.0, 1.0, 0.0], (16, 1))))
        >>> pose[BODY17.index("r_knee")] = np.nan  # not labelled
        >>> known = np.isfinite(pose).all(axis=-1)
        >>> _, weights = retarget_labels(pose, known)
        >>> [name for name, weight in zip(BODY17.joint_names, np.asarray(weights)) if weight == 0]
        ['r_knee', 'r_ankle']
    """
    joints = _joints(joints, skeleton)
    weights = joint_weights(weights, joints)
    joints = ops.where(weights[..., None] > 0, joints, 0)
    unknown = ops.cast(weights <= 0, weights.dtype)
    # Bone b ends at joint b + 1, so every joint on the way is the end of a bone of the path, the root excepted.
    on_the_way = ops.matmul(unknown[..., 1:], ops.cast(skeleton.paths.T, weights.dtype)) + unknown[..., :1]
    return retarget(joints, skeleton=skeleton), ops.where(on_the_way > 0, 0, weights)


def root_relative(joints, root=0):
    """Shift poses so that their root is at the origin.

    Args:
        joints: `(..., num_joints, 3)` positions, any unit and frame.
        root: Index of the joint that becomes the origin, or indices of several whose centre becomes it.

    Returns:
        `(..., num_joints, 3)`.

    Example:
        >>> joints = np.arange(17)[:, None] * np.ones(3)
        >>> print(np.asarray(root_relative(joints, root=2))[:4, 0])
        [-2. -1.  0.  1.]
    """
    joints = to_float(joints)
    roots = ops.take(joints, np.atleast_1d(root), axis=-2)
    return joints - ops.mean(roots, axis=-2, keepdims=True)


def mirror(joints, skeleton=BODY17):
    """Mirror poses as a horizontally flipped image shows them: negate x and swap left with right.

    Args:
        joints: `(..., num_joints, 3)` in the camera frame (x right), joints in the skeleton's order.
        skeleton: The `Skeleton`.

    Returns:
        `(..., num_joints, 3)`; mirroring twice gives the poses back.

    Raises:
        ValueError: If `joints` does not have the skeleton's number of joints.

    Example:
        >>> pose = np.zeros((17, 3))
        >>> pose[BODY17.index("l_wrist")] = [0.5, -0.2, 0.1]
        >>> print(np.asarray(mirror(pose))[BODY17.index("r_wrist")])
        [-0.5 -0.2  0.1]
    """
    joints = _joints(joints, skeleton)
    return ops.take(joints, np.array(skeleton.mirror), axis=-2) * ops.cast([-1, 1, 1], joints.dtype)
