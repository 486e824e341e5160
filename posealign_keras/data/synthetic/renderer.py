"""Draws pictures of solid, shaded people from 17 joints."""

import numpy as np

from posealign_keras.data.synthetic.compositing import compose
from posealign_keras.data.synthetic.cone_people import paint_cones
from posealign_keras.data.synthetic.scene import Scene
from posealign_keras.skeletons import BODY17


def render(joints, scenes, size=64, rng=None, return_mask=False):
    """Draw one picture per pose, of people made of cones.

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

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, film, generate_motion
        >>> rng = np.random.default_rng(0)
        >>> scene = STUDIO.sample_scene(rng)
        >>> joints = film(generate_motion("walk", 1, rng), scene, size=16).joints
        >>> images, masks = render(joints, scene, size=32, return_mask=True)
        >>> images.shape, bool(masks.max() == 1)
        ((1, 32, 32, 3), True)
    """
    joints = _checked_joints(joints)
    scenes = [scenes] * len(joints) if isinstance(scenes, Scene) else list(scenes)
    if len(scenes) != len(joints):
        raise ValueError(f"`scenes` must be one Scene or one per pose ({len(joints)}). Received: {len(scenes)} scenes")
    images, mask = compose(lambda piece: paint_cones(joints[piece], scenes[piece], size), scenes, size, rng)
    return (images, mask) if return_mask else images


def _checked_joints(joints):
    joints = np.asarray(joints, "float64")
    if joints.ndim != 3 or joints.shape[1:] != (BODY17.num_joints, 3):
        raise ValueError(f"`joints` must have shape (N, {BODY17.num_joints}, 3). Received: joints.shape={joints.shape}")
    if not np.isfinite(joints).all():
        raise ValueError(f"`joints` must be finite. Received: joints with {(~np.isfinite(joints)).sum()} other values")
    if (joints[..., 2] <= 0).any():
        raise ValueError(f"`joints` must be before the camera (z > 0). Received: joints with z={joints[..., 2].min()}")
    return joints
