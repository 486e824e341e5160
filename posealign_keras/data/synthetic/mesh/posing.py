"""Turns 17 joints into the rotations of a body's bones.

Bones of limbs point exactly where the joints say. What joints leave open is decided as a body would: a limb twists as
little as possible, or so that its hinge lies in the plane of the bend; feet lie flat where they bear the body; a
face looks where the nose points.
"""

import numpy as np

from posealign_keras.data.synthetic.mesh.body_model import BONES
from posealign_keras.data.synthetic.mesh.rotations import (
    about,
    angle_about,
    between,
    direction,
    frame,
    limited_swing,
    swing,
)
from posealign_keras.skeletons import BODY17

_UP = np.array([0.0, 0.0, 1.0])
_LEFT = np.array([1.0, 0.0, 0.0])
# Skeletons disagree about where spine, thorax and collar bones are. Angles below these, in radian, mean nothing.
_TRUNK_DEAD_ZONE = np.deg2rad(15)
_COLLAR_DEAD_ZONE = np.deg2rad(12)
# How far each bone of the spine has turned from the pelvis to the chest.
_SPINE_SHARES = {"spine05": 0.2, "spine04": 0.4, "spine03": 0.7, "spine02": 1.0, "spine01": 1.0}
_NECK_SHARES = {"neck01": 0.3, "neck02": 0.6, "neck03": 0.85}
# Share of the way that a raised arm takes its collar bone along.
_COLLAR_SHARE = 0.15
# Sine of the bend at which a hinge begins to count, and beyond which it alone decides how a limb is twisted.
_HINGE_RANGE = (0.1, 0.5)
# Greatest twist of a limb about itself, in radian.
_MOST_TWIST = {"arm": np.deg2rad(100), "leg": np.deg2rad(50)}
# Metres above the lowest ankle over which a foot ceases to bear the body, and the most that an ankle turns for it.
_CONTACT_RANGE = (0.03, 0.15)
_MOST_ANKLE = np.deg2rad(35)
# Metres that a nose stands off the neck where it begins to count, and where it alone turns the face.
_NOSE_RANGE = (0.02, 0.045)
_MOST_YAW = np.deg2rad(80)


def bone_rotations(joints, rest):
    """Rotations that take the bones of a body at rest into a pose.

    Args:
        joints: `(T, 17, 3)` BODY17 joints in any right-handed frame with z up; only directions of bones matter.
        rest: `(17, 3)` joints of the body at rest, as from `rest_joints`.

    Returns:
        `(T, B, 3, 3)` rotation of each bone of `BONES`, from the frame of the body at rest to that of `joints`.
    """
    poser = _Poser(np.asarray(joints, "float64"), np.asarray(rest, "float64"))
    poser.turn_trunk()
    poser.turn_head()
    for side in ("l", "r"):
        poser.turn_arm(side)
        poser.turn_leg(side)
    return np.stack([poser.rotations[name] for name in BONES], axis=1)


class _Poser:
    def __init__(self, joints, rest):
        self.joints = joints
        self.rest_joints = rest
        self.rotations: dict[str, np.ndarray] = {}

    def bone(self, start, end):
        """Directions from a joint to another one: posed `(T, 3)`, and at rest `(3,)`; a bone without length rests."""
        first, second = BODY17.index(start), BODY17.index(end)
        rest = direction(self.rest_joints[second] - self.rest_joints[first], _UP)
        return direction(self.joints[:, second] - self.joints[:, first], rest), rest

    def turn_trunk(self):
        lower = self._trunk_part(("r_hip", "l_hip"), ("pelvis", "spine"))
        upper = self._trunk_part(("r_shoulder", "l_shoulder"), ("spine", "thorax"))
        # Hips are where the joints say; the spine leans from there.
        hips, rest_hips = self.bone("r_hip", "l_hip")
        pelvis = _swing_from(lower, rest_hips, hips) @ lower
        self.rotations["root"] = pelvis
        for name, share in _SPINE_SHARES.items():
            self.rotations[name] = between(pelvis, upper, share)

    def _trunk_part(self, across, along):
        """Rotations of a part of the trunk: it leans with the whole, and otherwise only where it is clearly bent."""
        left, rest_left = self.bone(*across)
        axis, rest_axis = self.bone("pelvis", "thorax")
        bone, rest_bone = self.bone(*along)
        leaning = frame(left, axis) @ frame(rest_left, rest_axis).T
        bent = limited_swing(np.einsum("tij,j->ti", leaning, rest_bone), bone, _TRUNK_DEAD_ZONE)
        up = np.einsum("tij,tj->ti", bent, axis)
        return frame(left, up) @ frame(rest_left, rest_axis).T

    def turn_head(self):
        chest = self.rotations["spine01"]
        up, rest_up = self.bone("thorax", "head_top")
        upright = swing(np.einsum("tij,j->ti", chest, rest_up), up) @ chest
        # Where the nose stands off the neck, it says which way the face looks.
        neck, nose, top = (self.joints[:, BODY17.index(name)] for name in ("thorax", "neck_nose", "head_top"))
        left, back, _ = np.einsum("ti,tij->jt", nose - 0.5 * (neck + top), upright)
        yaw = np.clip(np.arctan2(left, -back), -_MOST_YAW, _MOST_YAW)
        head = about(up, yaw * _smooth_step(np.hypot(left, back), *_NOSE_RANGE)) @ upright
        self.rotations["head"] = head
        for name, share in _NECK_SHARES.items():
            self.rotations[name] = between(chest, head, share)

    def turn_arm(self, side):
        chest = self.rotations["spine01"]
        collar, rest_collar = self.bone("thorax", f"{side}_shoulder")
        upper, rest_upper = self.bone(f"{side}_shoulder", f"{side}_elbow")
        lower, rest_lower = self.bone(f"{side}_elbow", f"{side}_wrist")
        raised = between(np.eye(3) + np.zeros_like(chest), _swing_from(chest, rest_upper, upper), _COLLAR_SHARE)
        girdle = limited_swing(np.einsum("tij,j->ti", chest, rest_collar), collar, _COLLAR_DEAD_ZONE) @ raised @ chest
        hinge = direction(np.cross(rest_upper, rest_lower), _LEFT)
        first, second = self._limb("arm", girdle, upper, rest_upper, lower, hinge, np.cross(upper, lower))
        forearm = _swing_from(second, rest_lower, lower) @ second
        self._assign(
            side,
            clavicle=girdle,
            shoulder01=girdle,
            upperarm01=first,
            upperarm02=second,
            lowerarm01=forearm,
            lowerarm02=forearm,
            wrist=forearm,
        )

    def turn_leg(self, side):
        pelvis = self.rotations["root"]
        upper, rest_upper = self.bone(f"{side}_hip", f"{side}_knee")
        lower, rest_lower = self.bone(f"{side}_knee", f"{side}_ankle")
        # A knee bends backwards about an axis to the left.
        first, second = self._limb("leg", pelvis, upper, rest_upper, lower, _LEFT, np.cross(upper, lower))
        shank = _swing_from(second, rest_lower, lower) @ second
        self._assign(
            side,
            upperleg01=first,
            upperleg02=second,
            lowerleg01=shank,
            lowerleg02=shank,
            foot=self._flat(shank, side) @ shank,
        )

    def _limb(self, kind, parent, upper, rest_upper, lower, rest_hinge, hinge):
        """Rotations of the two halves of an upper limb: the hinge twists the half next to it, and half the other."""
        relaxed = _swing_from(parent, rest_upper, upper) @ parent
        bend = np.linalg.norm(hinge, axis=-1)
        twist = angle_about(upper, np.einsum("tij,j->ti", relaxed, rest_hinge), hinge)
        # A joint bent the wrong way by noise must not turn the limb round: twists beyond the most fall back to none.
        most = _MOST_TWIST[kind]
        beyond = np.clip((np.pi - abs(twist)) / (np.pi - most), 0, 1)
        twist = np.sign(twist) * np.minimum(abs(twist), most * beyond) * _smooth_step(bend, *_HINGE_RANGE)
        return about(upper, 0.5 * twist) @ relaxed, about(upper, twist) @ relaxed

    def _flat(self, shank, side):
        """Rotations that lay a foot flat on the ground where it bears the body."""
        heights = self.joints[..., 2]
        ground = heights[:, [BODY17.index("l_ankle"), BODY17.index("r_ankle")]].min()
        near, far = _CONTACT_RANGE
        bears = 1 - _smooth_step(heights[:, BODY17.index(f"{side}_ankle")] - ground, near, far)
        sole_up = shank[..., 2]
        up = np.zeros_like(sole_up) + _UP
        axis = direction(np.cross(sole_up, up), _LEFT)
        angle = np.arctan2(np.linalg.norm(np.cross(sole_up, up), axis=-1), sole_up[:, 2])
        # A sole far from level, as of somebody lying, is no sole that bears.
        wanted = np.minimum(angle, _MOST_ANKLE) * (1 - _smooth_step(angle, 2 * _MOST_ANKLE, 3 * _MOST_ANKLE))
        return about(axis, wanted * bears)

    def _assign(self, side, **rotations):
        self.rotations |= {f"{name}.{side.upper()}": rotation for name, rotation in rotations.items()}


def _swing_from(parent, rest, posed):
    """Swing that carries a direction that rests in the frame of `parent` to where it is posed."""
    return swing(np.einsum("tij,j->ti", parent, rest), posed)


def _smooth_step(value, start, end):
    share = np.clip((value - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)
