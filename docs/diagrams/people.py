"""Poses for the diagrams, drawn by hand: the direction of each bone in the picture."""

import numpy as np

from posealign_keras.skeletons import BODY17

# Bones in the order of the joints without the root; the person faces the reader, so the right side is on the left.
_STANDING = np.array(
    [
        *((-1, 0), (-0.10, 1), (-0.05, 1), (1, 0), (0.10, 1), (0.05, 1), (0, -1), (0, -1)),
        *((0, -1), (0, -1), (1, 0.1), (0.35, 0.9), (0.2, 1), (-1, 0.1), (-0.35, 0.9), (-0.2, 1)),
    ]
)
_WAVING = np.array(
    [
        *((-1, 0), (-0.15, 1), (-0.1, 1), (1, 0), (0.55, 0.85), (-0.25, 0.95), (0, -1), (0.05, -1)),
        *((0.02, -1), (0, -1), (1, 0.1), (0.85, -0.55), (0.35, -0.95), (-1, 0.1), (-0.5, 0.85), (-0.75, 0.65)),
    ]
)


def _chain(directions):
    """Joints of bones, `(17, 2)`, pelvis at the origin."""
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return BODY17.paths @ (unit * np.array(BODY17.bone_lengths[1:])[:, None])


def standing():
    """Someone who stands: joints `(17, 2)` in metres, x right, y down, pelvis at the origin."""
    return _chain(_STANDING)


def waving(share=1.0):
    """Someone on the way from standing to waving with the left hand; `share` 0 stands, 1 waves."""
    return _chain((1 - share) * _STANDING + share * _WAVING)


def mirrored(joints):
    """What the mirror shows: x negated, left and right swapped."""
    return np.asarray(joints)[list(BODY17.mirror)] * (-1, 1)
