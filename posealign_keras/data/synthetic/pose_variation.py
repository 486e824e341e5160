"""Makes poses and motion more varied than what they are taken from: limbs of other poses, turned limbs, a lean."""

import numpy as np

from posealign_keras.data.synthetic.mesh.rotations import about, direction, frame
from posealign_keras.skeletons import BODY17

_UP = np.array([0.0, 0.0, 1.0])
# The first joint of a limb is the one that it hangs on.
_LEGS, _ARMS = (
    [[BODY17.index(f"{side}_{joint}") for joint in joints] for side in "rl"]
    for joints in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
)


def vary_poses(poses, domain, rng):
    """Change poses as a domain wants it: `other_limbs`, `limb_turn` and `lean`.

    Args:
        poses: `(N, 17, 3)` BODY17 joints in metres, in a right-handed world with z up; or `(N, T, 17, 3)` movements,
            each of which is changed alike in all of its frames, and gets limbs as they move in another one.
        domain: A `Domain`.
        rng: `numpy.random.Generator`. Nothing is drawn from it for what the domain does not want.

    Returns:
        Poses of the same shape, with the bone lengths of those that limbs come from.
    """
    if domain.other_limbs:
        for limbs, frames in ((_ARMS, _upper_frames(poses)), (_LEGS, _lower_frames(poses))):
            poses = _with_other_limbs(poses, limbs, frames, domain.other_limbs, rng)
    if any(domain.limb_turn):
        for limb in (*_ARMS, *_LEGS):
            poses = _turned(poses, limb, rng.standard_normal((len(poses), 3)), domain.limb_turn, rng)
    if any(domain.lean):
        poses = _leaning(poses, domain.lean, rng)
    return poses


def vary_motion(motion, domain, rng):
    """Change movements as `vary_poses` does, and lean them as cameras of the domain roll.

    Where poses are seen from random directions by level cameras, that takes the place of cameras that are not level.

    Args:
        motion: `(N, T, 17, 3)`, as for `vary_poses`.
        domain: A `Domain`.
        rng: `numpy.random.Generator`.

    Returns:
        Movements of the same shape.
    """
    motion = vary_poses(motion, domain, rng)
    return _leaning(motion, domain.roll, rng) if any(domain.roll) else motion


def _with_other_limbs(poses, limbs, frames, share, rng):
    """Poses with some limbs of others, seen from the trunk as they were there."""
    changed = poses.copy()
    for limb in limbs:
        chosen = np.flatnonzero(rng.random(len(poses)) < share)
        others = rng.integers(len(poses), size=len(chosen))
        bones = (poses[others][..., limb, :] - poses[others][..., limb[:1], :]) @ frames[others]
        some = changed[chosen]
        some[..., limb, :] = some[..., limb[:1], :] + bones @ np.swapaxes(frames[chosen], -1, -2)
        changed[chosen] = some
    return changed


def _leaning(poses, degrees, rng):
    axes = rng.standard_normal((len(poses), 3)) * [1.0, 1.0, 0.0]
    return _turned(poses, range(BODY17.num_joints), axes, degrees, rng)


def _turned(poses, limb, axes, degrees, rng):
    """Poses whose joints `limb` are turned about the first of them."""
    angles = np.deg2rad(rng.uniform(*degrees, len(poses)))
    limb = list(limb)
    centres = poses[..., limb[:1], :]
    changed = poses.copy()
    turns = about(direction(axes, _UP), angles)
    turns = turns.reshape(len(poses), *(1,) * (poses.ndim - 3), 3, 3)
    changed[..., limb, :] = centres + (poses[..., limb, :] - centres) @ np.swapaxes(turns, -1, -2)
    return changed


def _upper_frames(poses):
    """`(..., 3, 3)` axes of the chest, in columns: to the left, back, and up the spine."""
    (right, *_), (left, *_) = _ARMS
    up = direction(poses[..., BODY17.index("thorax"), :] - poses[..., 0, :], _UP)
    return frame(poses[..., left, :] - poses[..., right, :], up)


def _lower_frames(poses):
    """`(..., 3, 3)` axes of the hips, in columns: to the left, back, and up, however the person leans."""
    (right, *_), (left, *_) = _LEGS
    across = poses[..., left, :] - poses[..., right, :]
    return frame(across, np.broadcast_to(_UP, across.shape))
