"""`ConePeople`: people made of round cones around the joints that they are given."""

import numpy as np

from posealign_keras.data.synthetic.body_parts import BodyParts
from posealign_keras.data.synthetic.ray_casting import cast_rays
from posealign_keras.data.synthetic.shading import shade

# Rays along each side of a pixel; their mean is its colour.
_RAYS_PER_SIDE = 2


class ConePeople:
    """The built-in people, who need nothing but NumPy: every part of a body is a round cone, met by rays.

    Their joints are the joints of the sequences.
    """

    name = "cones"

    def pose(self, sequences, scenes) -> "ConeBodies":
        """Pose the people: see `People.pose`."""
        return ConeBodies(sequences)


class ConeBodies:
    """People made of cones in poses.

    Args:
        joints: `(N, T, 17, 3)` BODY17 joints in metres.
    """

    flesh = 0.12

    def __init__(self, joints):
        self.joints = joints

    def paint(self, piece, joints, scenes, size):
        """Draw some of the poses: see `Bodies.paint`."""
        return paint_cones(joints, scenes, size)


def paint_cones(joints, scenes, size):
    """Draw people made of cones before nothing.

    Args:
        joints: `(N, 17, 3)` BODY17 joints in metres, absolute, in the camera frame.
        scenes: `N` `Scene`s.
        size: Width and height of the pictures in pixels.

    Returns:
        `(N, size, size, 3)` float32 RGB, black beside the body, and `(N, size, size)` float32 cover in [0, 1].
    """
    rays = size * _RAYS_PER_SIDE
    parts = BodyParts.from_joints(joints, [scene.girth for scene in scenes], [scene.belly for scene in scenes])
    hits = cast_rays(parts, [scene.camera.focal_length for scene in scenes], rays)
    light = shade(parts, hits, scenes)
    row, column = hits.ray // rays // _RAYS_PER_SIDE, hits.ray % rays // _RAYS_PER_SIDE
    # `row` counts through all pictures, so row and column together are the pixel.
    pixel = row * size + column
    total = len(joints) * size * size
    per_ray = 1 / _RAYS_PER_SIDE**2
    body = np.stack([np.bincount(pixel, light[:, i], total) for i in range(3)], axis=-1) * per_ray
    body = body.reshape(len(joints), size, size, 3).astype("float32")
    mask = (np.bincount(pixel, minlength=total) * per_ray).reshape(len(joints), size, size).astype("float32")
    return body, mask
