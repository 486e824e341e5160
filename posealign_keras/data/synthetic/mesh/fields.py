"""Where on a body a point of its surface is: what clothes need to know about the body that they cover."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from posealign_keras.data.synthetic.mesh.body_model import LAYERS, load_body_model

_ARM_BONES = ("upperarm", "lowerarm", "wrist")
_LEG_BONES = ("upperleg", "lowerleg", "foot")


@dataclass(frozen=True, eq=False)
class Fields:
    """Numbers for each vertex, the same for all bodies, that are interpolated across triangles.

    Args:
        layer: `(V,)` index of the vertex's layer in `LAYERS`; -1 for what is not drawn.
        arm: `(V,)` how much the vertex belongs to an arm, 0 to 1.
        arm_reach: `(V,)` how far down the arm it is, in bones: 0 the shoulder, 1 the elbow, 2 the wrist.
        leg: `(V,)` how much it belongs to a leg.
        leg_reach: `(V,)` how far down the leg it is: 0 the hip, 1 the knee, 2 the ankle.
        cloth: `(V, 3)` coordinates of the pattern of clothes: metres to the left, to the front and upwards (along the
            arm where there is one) from the height of the shoulders.
    """

    layer: np.ndarray
    arm: np.ndarray
    arm_reach: np.ndarray
    leg: np.ndarray
    leg_reach: np.ndarray
    cloth: np.ndarray


@cache
def load_fields() -> Fields:
    """Measure the fields of the body model; the same ones every time."""
    model = load_body_model()
    places = model.template
    layer = np.full(len(places), -1)
    for index, name in enumerate(LAYERS):
        layer[model.triangles[name]] = index
    arm, leg = model.weight_of(_ARM_BONES), model.weight_of(_LEG_BONES)
    left = places[:, 0] > 0
    chains = {
        limb: np.where(left[:, None, None], *(_chain(model, f"{side}-", names) for side in ("l", "r")))
        for limb, names in (("arm", ("shoulder", "elbow", "hand")), ("leg", ("upper-leg", "knee", "ankle")))
    }
    arm_reach, arm_cloth = _along(places, chains["arm"])
    leg_reach, _ = _along(places, chains["leg"])
    shoulder_height = chains["arm"][:, 0, 2]
    trunk_cloth = np.stack([places[:, 0], -places[:, 1], places[:, 2] - shoulder_height], axis=-1)
    cloth = trunk_cloth + arm[:, None] * (arm_cloth - trunk_cloth)
    return Fields(layer, arm, arm_reach, leg, leg_reach, cloth)


def _chain(model, prefix, names):
    return np.array([model.template[model.landmarks[prefix + name]].mean(axis=0) for name in names])


def _along(places, chain):
    """Reach of places along a limb of two bones `(V, 3, 3)`, and coordinates to the left, to the front and up it."""
    results = []
    for start, end in ((chain[:, 0], chain[:, 1]), (chain[:, 1], chain[:, 2])):
        length = np.linalg.norm(end - start, axis=-1, keepdims=True)
        axis = (end - start) / length
        offset = places - start
        share = np.sum(offset * axis, axis=-1, keepdims=True) / length
        nearest = start + np.clip(share, 0, 1) * (end - start)
        left = _across(np.array([1.0, 0.0, 0.0]), axis)
        front = _across(np.array([0.0, -1.0, 0.0]), axis)
        sides = np.stack([np.sum(offset * left, axis=-1), np.sum(offset * front, axis=-1)], axis=-1)
        results.append((np.linalg.norm(places - nearest, axis=-1), share[:, 0], sides, length[:, 0]))
    (far_first, first, first_sides, first_length), (far_second, second, second_sides, second_length) = results
    on_first = far_first <= far_second
    reach = np.where(on_first, np.minimum(first, 1), 1 + np.maximum(second, 0))
    down = np.minimum(reach, 1) * first_length + np.maximum(reach - 1, 0) * second_length
    sides = np.where(on_first[:, None], first_sides, second_sides)
    return reach, np.concatenate([sides, -down[:, None]], axis=-1)


def _across(vector, axis):
    across = vector - np.sum(vector * axis, axis=-1, keepdims=True) * axis
    return across / np.linalg.norm(across, axis=-1, keepdims=True)
