"""Draws pictures of solid, shaded people from 17 joints."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from posealign_keras.data.synthetic.body_parts import BodyParts
from posealign_keras.data.synthetic.ray_casting import cast_rays
from posealign_keras.data.synthetic.scene import Scene
from posealign_keras.data.synthetic.shading import shade
from posealign_keras.skeletons import BODY17

# Rays along each side of a pixel; their mean is its colour.
_RAYS_PER_SIDE = 2
# Rays in one piece of work, small enough for the processor's caches.
_RAYS_PER_CHUNK = 2**17


def render(joints, scenes, size=64, rng=None, return_mask=False):
    """Draw one picture per pose.

    Every part of a body is a round cone, met by the rays of a perspective camera; the nearest part is seen. The
    principal point is the centre of the picture, so a mirrored picture is the picture of the mirrored pose in
    `scene.mirrored()`.

    Args:
        joints: `(N, 17, 3)` BODY17 joints in metres, absolute, in the camera frame (x right, y down, z forward).
        scenes: One `Scene` for all pictures or a sequence of `N`. `film` puts a pose before a scene's camera; here
            only the camera's focal length and roll (for light and up) are used.
        size: Width and height of the pictures in pixels.
        rng: `numpy.random.Generator` of the sensor noise; `None` for no noise.
        return_mask: Whether to return, too, how much of each pixel the body covers (before occluders and blur).

    Returns:
        `(N, size, size, 3)` uint8 RGB, or with `return_mask` this and `(N, size, size)` float32 in [0, 1].

    Raises:
        ValueError: If `joints` has another shape, is not finite or not before the camera, if the number of `scenes`
            differs, or if `size` is not a positive integer.
    """
    joints = _checked_joints(joints)
    size = _checked_size(size)
    scenes = [scenes] * len(joints) if isinstance(scenes, Scene) else list(scenes)
    if len(scenes) != len(joints):
        raise ValueError(f"`scenes` must be one Scene or one per pose ({len(joints)}). Received: {len(scenes)} scenes")
    chunk = max(1, _RAYS_PER_CHUNK // (size * _RAYS_PER_SIDE) ** 2)
    pieces = [slice(start, start + chunk) for start in range(0, len(joints), chunk)]
    noises = rng.spawn(len(pieces)) if rng is not None else [None] * len(pieces)
    images = np.empty((len(joints), size, size, 3), "uint8")
    mask = np.empty((len(joints), size, size), "float32")

    def draw(piece, noise):
        images[piece], mask[piece] = _draw(joints[piece], scenes[piece], size, noise)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(draw, pieces, noises))
    return (images, mask) if return_mask else images


def _draw(joints, scenes, size, rng):
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

    images = np.empty(body.shape, "uint8")
    backdrop = None
    for i, scene in enumerate(scenes):
        if i == 0 or scene is not scenes[i - 1]:
            backdrop = scene.backdrop.paint(size)
        picture = body[i] + (1 - mask[i, ..., None]) * backdrop
        scene.occluders.paint_over(picture)
        images[i] = scene.sensor.expose(picture, rng)
    return images, mask


def _checked_joints(joints):
    joints = np.asarray(joints, "float64")
    if joints.ndim != 3 or joints.shape[1:] != (BODY17.num_joints, 3):
        raise ValueError(f"`joints` must have shape (N, {BODY17.num_joints}, 3). Received: joints.shape={joints.shape}")
    if not np.isfinite(joints).all():
        raise ValueError(f"`joints` must be finite. Received: joints with {(~np.isfinite(joints)).sum()} other values")
    if (joints[..., 2] <= 0).any():
        raise ValueError(f"`joints` must be before the camera (z > 0). Received: joints with z={joints[..., 2].min()}")
    return joints


def _checked_size(size):
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
        raise ValueError(f"`size` must be a positive integer. Received: size={size}")
    return int(size)
