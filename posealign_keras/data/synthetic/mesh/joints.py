"""Reads the 17 joints off a body: where each is at rest, and which bone carries it."""

from functools import cache

import numpy as np

from posealign_keras.data.synthetic.mesh.body_model import BONES, load_body_model
from posealign_keras.skeletons import BODY17

# As in Human3.6M, `neck_nose` lies before the line of the neck: this share of the way from the neck to the tip of
# the nose.
_TOWARDS_NOSE = 0.25

_CARRIERS = {
    "pelvis": "root",
    "hip": "root",
    "knee": "upperleg02",
    "ankle": "lowerleg02",
    "spine": "spine03",
    "thorax": "spine01",
    "neck_nose": "head",
    "head_top": "head",
    "shoulder": "shoulder01",
    "elbow": "upperarm02",
    "wrist": "lowerarm02",
}
_CUBES = {
    "hip": "upper-leg",
    "knee": "knee",
    "ankle": "ankle",
    "shoulder": "shoulder",
    "elbow": "elbow",
    "wrist": "hand",
}


def _carrier(name):
    side = {"r_": ".R", "l_": ".L"}.get(name[:2], "")
    return BONES.index(_CARRIERS[name[2:] if side else name] + (side if name[2:] != "hip" else ""))


CARRIERS = np.array([_carrier(name) for name in BODY17.joint_names])
"""`(17,)` the bone of `BONES` that carries each joint: the one before a hinge, which the hinge does not move."""


def rest_joints(vertices):
    """Joints of a body at rest.

    Limb joints are the centres that the body's skin turns about. The pelvis is the middle of the hips; the spine joint
    is in the middle of the back; the thorax lies between the collar bones and the neck; the top of the head is the
    crown. All are means of vertices, so they follow the shape of the body.

    Args:
        vertices: `(V, 3)` body at rest, as from `rest_vertices`.

    Returns:
        `(17, 3)` float64 `BODY17` joints in metres.
    """
    model = load_body_model()

    def landmark(name):
        return vertices[model.landmarks[name]].mean(axis=0, dtype="float64")

    neck, nose = landmark("head"), vertices[_nose_tip()].astype("float64")
    joints = {
        "pelvis": 0.5 * (landmark("l-upper-leg") + landmark("r-upper-leg")),
        "spine": landmark("spine-2"),
        "thorax": 0.25 * (landmark("l-clavicle") + landmark("r-clavicle")) + 0.5 * landmark("neck"),
        "neck_nose": neck + _TOWARDS_NOSE * (nose - neck),
        "head_top": landmark("head-2"),
    }
    for side in ("l", "r"):
        joints |= {f"{side}_{name}": landmark(f"{side}-{cube}") for name, cube in _CUBES.items()}
    return np.array([joints[name] for name in BODY17.joint_names])


def rest_bone_heads(vertices):
    """Where the bones of a body at rest begin: `(B, 3)` float64 metres, in the order of `BONES`."""
    return np.array([vertices[head].mean(axis=0, dtype="float64") for head in load_body_model().heads])


@cache
def _nose_tip():
    """The foremost vertex of the head in the plane of symmetry."""
    model = load_body_model()
    skin = np.unique(model.triangles["body"])
    middle = abs(model.template[skin, 0]) < 1e-4
    above_chin = model.template[skin, 2] > model.template[model.landmarks["head"], 2].mean()
    candidates = skin[middle & above_chin]
    return candidates[np.argmin(model.template[candidates, 1])]
