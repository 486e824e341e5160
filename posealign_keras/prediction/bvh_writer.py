"""`write_bvh`: poses as a BVH file, which programs for animation read."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np

from posealign_keras.skeletons import BODY17

_CENTIMETRES = 100.0
_LINES_AT_ONCE = 1024


@dataclass(frozen=True)
class _Joint:
    """A joint of the file. It turns the bone from `joint` to `child`, which in the T-pose points along `rest`."""

    name: str
    joint: str
    child: str | None
    rest: tuple[float, float, float]
    parts: tuple["_Joint", ...] = field(default=())


def _limbs(side, sign):
    """Arm and leg of a side of the body, whose left hand points along +x in the T-pose."""
    letter = side[0].lower()
    out, down = (sign, 0.0, 0.0), (0.0, -1.0, 0.0)
    hand = _Joint(f"{side}Hand", f"{letter}_wrist", None, out)
    forearm = _Joint(f"{side}ForeArm", f"{letter}_elbow", f"{letter}_wrist", out, (hand,))
    arm = _Joint(f"{side}Arm", f"{letter}_shoulder", f"{letter}_elbow", out, (forearm,))
    foot = _Joint(f"{side}Foot", f"{letter}_ankle", None, down)
    leg = _Joint(f"{side}Leg", f"{letter}_knee", f"{letter}_ankle", down, (foot,))
    thigh = _Joint(f"{side}UpLeg", f"{letter}_hip", f"{letter}_knee", down, (leg,))
    return (
        _Joint(f"{side}Shoulder", "thorax", f"{letter}_shoulder", out, (arm,)),
        _Joint(f"{side}Pelvis", "pelvis", f"{letter}_hip", out, (thigh,)),
    )


def _tree():
    """The names are those of MotionBuilder and Mixamo, by which programs know the joints."""
    up = (0.0, 1.0, 0.0)
    (left_arm, left_leg), (right_arm, right_leg) = _limbs("Left", 1.0), _limbs("Right", -1.0)
    head = _Joint("Head", "neck_nose", "head_top", up)
    neck = _Joint("Neck", "thorax", "neck_nose", up, (head,))
    chest = _Joint("Spine1", "spine", "thorax", up, (neck, left_arm, right_arm))
    spine = _Joint("Spine", "pelvis", "spine", up, (chest,))
    return _Joint("Hips", "pelvis", None, up, (spine, left_leg, right_leg))


def write_bvh(path: str | os.PathLike, poses, fps: float) -> None:
    """Write poses as a BVH file.

    Bones have constant lengths, the medians over the frames; their directions are those of the poses. Several bones
    that begin in one joint turn independently in these poses, but not in a BVH file: there each of them has a joint
    of its own, in the same place. The root stays at the origin, as in root-relative poses. Lengths are centimetres. The
    axes are those of the camera, turned by half a turn about x: x right, y up, z towards the camera. In the T-pose, the
    body faces z. Joints are called as in MotionBuilder. Frames without a pose repeat the last one.

    Args:
        path: The file.
        poses: `(T, 17, 3)` in metres, camera frame (x right, y down, z forward), root-relative or not, `BODY17` order;
            NaN where there is no pose.
        fps: Frames per second.

    Raises:
        ValueError: If the shape is another, there is no pose, a bone has no length, or `fps` is not positive.
        OSError: If the file cannot be written.

    Example:
        >>> from posealign_keras.data import to_upright_camera_frame
        >>> from posealign_keras.data.synthetic import generate_motion
        >>> poses = to_upright_camera_frame(generate_motion("walk", 30, np.random.default_rng(0)))
        >>> write_bvh("walk.bvh", poses, fps=30)
        >>> with open("walk.bvh") as file:
        ...     print(file.readline().strip())
        HIERARCHY

    Reference:
        The format: Meredith and Maddock, "Motion Capture File Formats Explained", University of Sheffield, 2001.
    """
    poses = np.asarray(poses)
    if poses.ndim != 3 or poses.shape[1:] != (BODY17.num_joints, 3):
        raise ValueError(f"`poses` must have shape (T, {BODY17.num_joints}, 3). Received: {poses.shape}")
    if not 0 < fps < np.inf:
        raise ValueError(f"`fps` must be a positive number. Received: fps={fps}")
    known = np.isfinite(poses).all(axis=(1, 2))
    if not known.any():
        raise ValueError(f"`poses` must hold at least one pose. Received: {len(poses)} frames without")
    # Of every frame the last known one; of those before the first, that.
    last = np.maximum.accumulate(np.where(known, np.arange(len(poses)), -1))
    shown = np.where(last < 0, np.argmax(known), last)
    lengths = _bone_lengths(poses[known])
    with open(Path(path), "w", encoding="ascii") as file:
        file.write("HIERARCHY\n")
        _write_joint(file, _tree(), np.zeros(3), lengths, 0)
        file.write(f"MOTION\nFrames: {len(poses)}\nFrame Time: {1 / fps:.8f}\n")
        for lines in _motion(poses, shown):
            file.writelines(lines)


def _bone_lengths(poses):
    """Length in centimetres of the bone that ends at each joint."""
    lengths = {}
    for parent, child in BODY17.edges:
        name = BODY17.joint_names[child]
        length = float(np.median(np.linalg.norm(poses[:, child] - poses[:, parent], axis=-1)))
        lengths[name] = _CENTIMETRES * length
        if not length > 1e-4:
            raise ValueError(f"`poses` must have bones with a length. Received: none of the bone that ends at {name!r}")
    return lengths


def _write_joint(file: TextIO, joint: _Joint, offset, lengths, depth):
    def line(text, deeper=0):
        file.write("\t" * (depth + deeper) + text + "\n")

    def numbers(vector):
        return " ".join(f"{value:.6f}" for value in vector)

    line(f"{'JOINT' if depth else 'ROOT'} {joint.name}")
    line("{")
    line(f"OFFSET {numbers(offset)}", 1)
    line(f"CHANNELS {'3' if depth else '6 Xposition Yposition Zposition'} Zrotation Xrotation Yrotation", 1)
    length = 0.0 if joint.child is None else lengths[joint.child]
    for part in joint.parts:
        # A part begins where this bone ends, or with it in the same joint.
        place = np.array(joint.rest) * (length if part.joint != joint.joint else 0.0)
        _write_joint(file, part, place, lengths, depth + 1)
    if not joint.parts:
        line("End Site", 1)
        line("{", 1)
        # Hands and feet end with their joint; something has to point where they would be.
        line(f"OFFSET {numbers(np.array(joint.rest) * (length or 5.0))}", 2)
        line("}", 1)
    line("}")


def _motion(poses, shown) -> Iterable[list[str]]:
    """The lines of the frames `shown`, some at a time; angles are not wrapped at half a turn."""
    before = None
    for start in range(0, len(shown), _LINES_AT_ONCE):
        # From y down, z forward to y up, z to the viewer: half a turn about x.
        piece = poses[shown[start : start + _LINES_AT_ONCE]].astype(float) * [1, -1, -1]
        angles: list[np.ndarray] = []
        _turn(_tree(), piece, _body_axes(piece), None, angles)
        values = np.stack(angles, axis=1)
        joined = values if before is None else np.concatenate([before[None], values])
        joined = np.unwrap(joined, axis=0, period=360.0)
        values, before = joined[-len(values) :], joined[-1]
        rows = np.concatenate([np.zeros((len(values), 3)), values.reshape(len(values), -1)], axis=1)
        yield [" ".join(f"{value:.5f}" for value in row) + "\n" for row in rows]


def _turn(joint, poses, orientation, parent, angles):
    """Append the angles of a joint and of all that hang on it, in the order of the file.

    Args:
        joint: The joint.
        poses: `(T, 17, 3)`.
        orientation: `(T, 3, 3)` of the root, or `None` for others.
        parent: `(T, 3, 3)` orientation of the parent.
        angles: Where `(T, 3)` angles are appended.
    """
    if parent is None:
        own = orientation
    elif joint.child is None:
        own = np.broadcast_to(np.eye(3), parent.shape)
    else:
        bone = poses[:, BODY17.index(joint.child)] - poses[:, BODY17.index(joint.joint)]
        own = _shortest_turn(np.array(joint.rest), np.einsum("tji,tj->ti", parent, bone))
    angles.append(_angles(own))
    total = own if parent is None else parent @ own
    for part in joint.parts:
        _turn(part, poses, None, total, angles)


def _body_axes(poses):
    """`(T, 3, 3)` orientation of the hips: columns to the left, up along the spine, and forward."""
    left = poses[:, BODY17.index("l_hip")] - poses[:, BODY17.index("r_hip")]
    up = poses[:, BODY17.index("spine")] - poses[:, BODY17.index("pelvis")]
    up = up / np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-9)
    left = left - np.einsum("ti,ti->t", left, up)[:, None] * up
    length = np.linalg.norm(left, axis=1, keepdims=True)
    # Any direction across does where the hips lie along the spine: the bones are turned by joints of their own.
    across = np.cross(up, np.eye(3)[np.argmin(abs(up), axis=1)])
    left = np.where(length > 1e-6, left, across)
    left = left / np.linalg.norm(left, axis=1, keepdims=True)
    return np.stack([left, up, np.cross(left, up)], axis=-1)


def _shortest_turn(rest, directions):
    """`(T, 3, 3)` rotations, each the smallest that takes the unit vector `rest` to a direction `(T, 3)`."""
    directions = directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-9)
    axis = np.cross(rest, directions)
    cosine = directions @ rest
    opposite = cosine < -1 + 1e-9
    skew = np.zeros((len(axis), 3, 3))
    skew[:, [2, 0, 1], [1, 2, 0]] = axis
    skew[:, [1, 2, 0], [2, 0, 1]] = -axis
    turns = np.eye(3) + skew + skew @ skew / np.maximum(1 + cosine, 1e-12)[:, None, None]
    # Half a turn, about any axis across.
    across = np.cross(rest, np.eye(3)[np.argmin(abs(rest))])
    across = across / np.linalg.norm(across)
    turns[opposite] = 2 * np.outer(across, across) - np.eye(3)
    return turns


def _angles(rotations):
    """`(T, 3)` degrees about z, x and y, applied from the last to the first."""
    x = np.arcsin(np.clip(rotations[:, 2, 1], -1, 1))
    y = np.arctan2(-rotations[:, 2, 0], rotations[:, 2, 2])
    z = np.arctan2(-rotations[:, 0, 1], rotations[:, 1, 1])
    # With x at a right angle, y and z turn about the same axis: one of them does it all.
    locked = np.hypot(rotations[:, 0, 1], rotations[:, 1, 1]) < 1e-6
    z = np.where(locked, np.arctan2(rotations[:, 1, 0], rotations[:, 0, 0]), z)
    y = np.where(locked, 0.0, y)
    return np.degrees(np.stack([z, x, y], axis=1))
