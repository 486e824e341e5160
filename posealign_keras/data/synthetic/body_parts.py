"""Turns 17 joints into the solid parts of a body: round cones that the ray caster draws."""

from dataclasses import dataclass, fields

import numpy as np

from posealign_keras.skeletons import BODY17

# What a part wears. The renderer gives each material its colour.
MATERIALS = ("shirt", "trousers", "sleeve", "leg", "skin", "head", "shoe")

_AVERAGE_BONES = sum(BODY17.bone_lengths)
# Least height of the top of the head above the thorax, metres on an average body.
_HEAD_RISE = 0.24
_TOWARDS_CAMERA = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True)
class BodyParts:
    """`P` round cones for each of `N` bodies, in the frame of the joints.

    A round cone is the hull of two balls. Its cross section may be flattened along `front`, so that one kind of
    solid makes limbs (a cone), the skull (an ellipsoid) and the trunk (flat cones with a front and a back).

    Args:
        start: `(N, P, 3)` centre of the first ball, metres.
        axes: `(N, P, 3, 3)` rows: side, front and direction from the first ball to the second; orthonormal.
        length: `(N, P)` distance between the two centres, metres.
        radii: `(N, P, 2)` radius of either ball, metres.
        depth: `(N, P)` size along `front` in units of the size along the side.
        cloth_origin: `(N, P, 3)` zero of the pattern coordinates, metres.
        cloth_axes: `(N, P, 3, 3)` rows: side, front and upward (or limb) direction of the pattern coordinates.
        bone: `(N, P)` length of the limb bone that the pattern coordinates run along, metres.
        reach: `(N, P)` how far along its limb that bone starts, in bones: 0 for an upper arm, 1 for a forearm.
        material: `(P,)` index into `MATERIALS`.
    """

    start: np.ndarray
    axes: np.ndarray
    length: np.ndarray
    radii: np.ndarray
    depth: np.ndarray
    cloth_origin: np.ndarray
    cloth_axes: np.ndarray
    bone: np.ndarray
    reach: np.ndarray
    material: np.ndarray

    @classmethod
    def from_joints(cls, joints, girth, belly):
        """Build the parts of `N` bodies.

        Hands, feet, face and seat have no joints of their own; their directions follow from the hinge of the knee
        and the planes of hips and shoulders, so they say which way a body faces and carry no further information.

        Args:
            joints: `(N, 17, 3)` BODY17 joints in metres, in any right-handed frame.
            girth: `(N,)` thickness of the whole body; 1 for an average one.
            belly: `(N,)` thickness of the waist relative to the rest of the body; 1 for an average one.
        """
        joints = np.asarray(joints, "float64")
        builder = _Builder(joints, np.asarray(girth, "float64"), np.asarray(belly, "float64"))
        builder.add_trunk()
        builder.add_head()
        for side in ("r_", "l_"):
            builder.add_arm(side)
            builder.add_leg(side)
        return builder.finish()


class _Builder:
    def __init__(self, joints, girth, belly):
        self.joint = {name: joints[:, i] for i, name in enumerate(BODY17.joint_names)}
        # A child is drawn thinner than a grown-up: radii follow the sum of the bones.
        bones = sum(np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1) for parent, child in BODY17.edges)
        self.unit = np.maximum(bones / _AVERAGE_BONES, 1e-3)[:, None]
        self.girth = girth[:, None]
        self.belly = belly[:, None]
        joint = self.joint
        self.hips_left = _direction(joint["l_hip"] - joint["r_hip"])
        self.chest_left = _direction(joint["l_shoulder"] - joint["r_shoulder"])
        self.hips_up = _direction(joint["spine"] - joint["pelvis"])
        self.chest_up = _direction(joint["thorax"] - joint["spine"])
        # Left x up is front in a right-handed frame. The nudge decides only where the cross product vanishes.
        self.hips_front = _direction(np.cross(self.hips_left, self.hips_up) + 1e-6 * _TOWARDS_CAMERA)
        self.chest_front = _direction(np.cross(self.chest_left, self.chest_up) + 1e-6 * _TOWARDS_CAMERA)
        self.parts: list[tuple[np.ndarray, ...]] = []
        self.materials: list[int] = []

    def add(self, material, start, end, radii, front, depth=1.0, cloth=None, reach=0.0):
        """Add a part from `start` to `end`; `radii` are metres on an average body (without girth)."""
        axes = _axes_along(end - start, front)
        length = np.linalg.norm(end - start, axis=-1)
        origin, cloth_axes, bone = (start, axes, length) if cloth is None else cloth
        radii = np.stack(np.broadcast_arrays(*[r * self.unit[:, 0] for r in radii]), axis=-1)
        per_body = np.ones(len(start))
        self.parts.append(
            (
                start,
                axes,
                length,
                radii,
                depth * per_body,
                origin,
                cloth_axes,
                bone,
                reach * per_body,
            )
        )
        self.materials.append(MATERIALS.index(material))

    def add_trunk(self):
        joint, unit = self.joint, self.unit
        girth, waist = self.girth[:, 0], (self.girth * self.belly)[:, 0]
        trunk = np.linalg.norm(joint["thorax"] - joint["spine"], axis=-1)
        shirt = joint["thorax"], _axes_along(self.chest_up, self.chest_front), trunk
        trousers = joint["pelvis"], _axes_along(self.hips_up, self.hips_front), trunk
        hips_raise, half_seat = 0.02 * unit * self.hips_up, 0.055 * unit * self.hips_left
        self.add(
            "trousers",
            joint["r_hip"] + hips_raise,
            joint["l_hip"] + hips_raise,
            (0.088 * girth,) * 2,
            self.hips_front,
            depth=1.15,
            cloth=trousers,
        )
        seat = joint["pelvis"] - unit * (0.03 * self.hips_up + 0.042 * self.girth * self.hips_front)
        self.add("trousers", seat - half_seat, seat + half_seat, (0.085 * girth,) * 2, self.hips_front, cloth=trousers)
        self.add(
            "shirt",
            joint["pelvis"] + 0.06 * unit * self.hips_up,
            joint["spine"],
            (0.137 * waist, 0.132 * waist),
            self.hips_front,
            depth=0.72,
            cloth=shirt,
        )
        upper_chest = joint["thorax"] - 0.10 * unit * self.chest_up
        self.add(
            "shirt",
            joint["spine"],
            upper_chest,
            (0.132 * waist, 0.152 * girth),
            self.chest_front,
            depth=0.68,
            cloth=shirt,
        )
        breast = 0.35 * joint["spine"] + 0.65 * joint["thorax"] + 0.045 * unit * self.girth * self.chest_front
        half_breast = 0.06 * unit * self.chest_left
        self.add(
            "shirt",
            breast - half_breast,
            breast + half_breast,
            (0.072 * girth,) * 2,
            self.chest_front,
            cloth=shirt,
        )
        neck_base = joint["thorax"] - 0.045 * unit * self.chest_up
        for side in ("r_", "l_"):
            shoulder = joint[side + "shoulder"]
            self.add("shirt", neck_base, shoulder, (0.062 * girth, 0.06 * girth), self.chest_front, cloth=shirt)

    def add_head(self):
        joint, unit = self.joint, self.unit
        up = _direction(joint["head_top"] - 0.5 * (joint["neck_nose"] + joint["thorax"]))
        # Where the nose joint stands off the neck it turns the face; else the face looks where the chest does.
        offset = joint["neck_nose"] - 0.5 * (joint["head_top"] + joint["thorax"])
        offset = offset - np.sum(offset * up, axis=-1, keepdims=True) * up
        axes = _axes_along(up, self.chest_front + offset / (0.06 * unit))
        front, up = axes[:, 1], axes[:, 2]
        # Some motion capture ends the head at the brow: the skull is still drawn whole, and clear of the shoulders.
        risen = np.sum((joint["head_top"] - joint["thorax"]) * up, axis=-1, keepdims=True)
        top = joint["head_top"] + np.maximum(_HEAD_RISE * unit - risen, 0) * up
        crown = top - unit * (0.082 * up - 0.004 * front)
        jaw = top - unit * (0.148 * up - 0.025 * front)
        self.add("skin", joint["thorax"] - 0.02 * unit * self.chest_up, jaw, (0.056, 0.052), front)
        self.add("head", jaw, crown, (0.054, 0.082), front, depth=1.22, cloth=(crown, axes, 0.082 * unit[:, 0]))
        nose = top - unit * (0.117 * up - 0.106 * front)
        self.add("skin", nose, nose + 0.022 * unit * (up - 0.4 * front), (0.017, 0.011), front)

    def add_arm(self, side):
        joint, girth = self.joint, self.girth[:, 0]
        shoulder, elbow, wrist = (joint[side + name] for name in ("shoulder", "elbow", "wrist"))
        front = self.chest_front - 0.5 * self.chest_up
        self.add("sleeve", shoulder, elbow, (0.056 * girth, 0.043 * girth), front)
        self.add("sleeve", elbow, wrist, (0.044 * girth, 0.031 * girth), front, reach=1.0)
        along = _direction(wrist - elbow)
        hand = wrist + 0.03 * self.unit * along
        self.add("skin", hand, hand + 0.085 * self.unit * along, (0.04, 0.03), self.chest_left, depth=0.6)

    def add_leg(self, side):
        joint, unit, girth = self.joint, self.unit, self.girth[:, 0]
        hip, knee, ankle = (joint[side + name] for name in ("hip", "knee", "ankle"))
        # A bent knee shows its hinge; a straight one turns with the hips.
        hinge = self.hips_left + 1.5 * np.cross(_direction(ankle - knee), _direction(hip - knee))
        down = _direction(ankle - knee)
        front = _direction(np.cross(hinge, -down) + 1e-6 * _TOWARDS_CAMERA)
        thigh_front = _direction(np.cross(hinge, hip - knee) + 1e-6 * _TOWARDS_CAMERA)
        self.add("leg", hip, knee, (0.088 * girth, 0.06 * girth), thigh_front)
        self.add("leg", knee, ankle, (0.058 * girth, 0.042 * girth), front, reach=1.0)
        calf = 0.72 * knee + 0.28 * ankle - 0.022 * unit * self.girth * front
        shank = knee, _axes_along(ankle - knee, front), np.linalg.norm(ankle - knee, axis=-1)
        self.add("leg", calf, 0.4 * calf + 0.6 * ankle, (0.05 * girth, 0.03 * girth), front, cloth=shank, reach=1.0)
        heel = ankle + unit * (0.045 * down - 0.035 * front)
        toe = ankle + unit * (0.062 * down + 0.155 * front)
        self.add("shoe", heel, toe, (0.045, 0.033), down)

    def finish(self):
        names = [field.name for field in fields(BodyParts)]
        columns = [np.stack(column, axis=1) for column in zip(*self.parts, strict=True)]
        return BodyParts(**dict(zip(names, [*columns, np.array(self.materials)], strict=True)))


def _direction(vector):
    """Unit vectors along `vector` (..., 3); zero where it is zero."""
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def _axes_along(axis, front):
    """Orthonormal rows (side, front, axis); a part without length stands along y."""
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    axis = np.where(length > 1e-6, axis / np.maximum(length, 1e-6), np.array([0.0, -1.0, 0.0]))
    front = front - np.sum(front * axis, axis=-1, keepdims=True) * axis
    # No front left: take the view direction, or y where the part itself points along the view. Both survive a mirror.
    for spare in (_TOWARDS_CAMERA, np.array([0.0, -1.0, 0.0])):
        spare = spare - np.sum(spare * axis, axis=-1, keepdims=True) * axis
        front = np.where(np.linalg.norm(front, axis=-1, keepdims=True) > 1e-5, front, spare)
    front = _direction(front)
    return np.stack([np.cross(front, axis), front, axis], axis=-2)
