"""Colours the surface points that rays have met."""

import itertools

import numpy as np

from posealign_keras.data.synthetic.body_parts import MATERIALS
from posealign_keras.data.synthetic.fabric import Fabric

_NO_LAMP = np.zeros(3), np.zeros(3)
_SHIRT, _TROUSERS, _SKIN, _HAIR, _SHOES, _FRONT = range(6)
_FIRST_FABRIC = {
    "shirt": _SHIRT,
    "sleeve": _SHIRT,
    "trousers": _TROUSERS,
    "leg": _TROUSERS,
    "skin": _SKIN,
    "head": _HAIR,
    "shoe": _SHOES,
}


def shade(parts, hits, scenes):
    """Colour of the light that each ray brings.

    Args:
        parts: `BodyParts` of `N` bodies in the camera frame.
        hits: `Hits` of `H` rays on them.
        scenes: `N` `Scene`s.

    Returns:
        `(H, 3)` float32 RGB, nominally in [0, 1].
    """
    count = parts.length.shape[1]
    picture = hits.part // count
    point = np.concatenate([hits.slopes, np.ones((len(hits.ray), 1), "float32")], axis=1) * hits.depth[:, None]
    normal = _normals(parts, hits.part, point)
    albedo = _albedo(parts, hits.part, point, scenes, picture)
    ups, lamps, skies, grounds = zip(*map(lighting, scenes), strict=True)
    up, sky, ground = (np.stack(column).astype("float32")[picture] for column in (ups, skies, grounds))
    light = 0
    for nth in itertools.zip_longest(*lamps, fillvalue=_NO_LAMP):
        direction, lamp = (np.stack(column).astype("float32")[picture] for column in zip(*nth, strict=True))
        light = light + np.maximum(np.einsum("hi,hi->h", normal, direction), 0)[:, None] * lamp
    height = (0.5 + 0.5 * np.einsum("hi,hi->h", normal, up))[:, None]
    return albedo * (light + height * sky + (1 - height) * ground)


def lighting(scene):
    """What lights a scene, in the camera frame.

    Returns:
        Up, a unit vector; the lamps, pairs of a unit vector and an RGB strength; the RGB strengths of light from above
        and from below.
    """
    roll = np.deg2rad(scene.camera.roll)
    lamps = []
    for (x, y, z), strength in scene.light.lamps:
        turned = np.array([np.cos(roll) * x - np.sin(roll) * y, np.sin(roll) * x + np.cos(roll) * y, z])
        lamps.append((turned, strength))
    return scene.camera.rotation[:, 2], lamps, scene.light.sky, scene.light.ground


def _take(array, part):
    """Rows of a `(N, P, ...)` array for flat part indices, float32."""
    return array.reshape(-1, *array.shape[2:]).astype("float32")[part]


def _normals(parts, part, point):
    """Unit outward normals `(H, 3)` at surface points."""
    start, axes, length = _take(parts.start, part), _take(parts.axes, part), _take(parts.length, part)
    radii, depth = _take(parts.radii, part), _take(parts.depth, part)
    local = np.einsum("hij,hj->hi", axes, point - start)
    local[:, 1] /= depth
    # The ball of the round cone that touches the point.
    widening = radii[:, 1] - radii[:, 0]
    slant = length**2 - widening**2
    share = np.clip((length * local[:, 2] + radii[:, 0] * widening) / np.maximum(slant, 1e-9), 0, 1)
    share = np.where(slant > 1e-9, share, widening > 0)
    local[:, 2] -= share * length
    local[:, 1] /= depth
    normal = np.einsum("hi,hij->hj", local, axes)
    return normal / np.sqrt(np.maximum(np.einsum("hi,hi->h", normal, normal), 1e-12))[:, None]


def _albedo(parts, part, point, scenes, picture):
    """Colour of the cloth, skin or hair at surface points: `(H, 3)`."""
    material = parts.material[part % parts.length.shape[1]]
    place = np.einsum("hij,hj->hi", _take(parts.cloth_axes, part), point - _take(parts.cloth_origin, part))
    side, front, along = place.T
    share = along / np.maximum(_take(parts.bone, part), 1e-6)
    reach = _take(parts.reach, part) + share

    fabric = np.array([_FIRST_FABRIC[name] for name in MATERIALS])[material]
    sleeve_length, leg_length, half_front = (
        np.array([getattr(scene, name) for scene in scenes], "float32")[picture]
        for name in ("sleeve_length", "leg_length", "front_width")
    )
    fabric[(material == MATERIALS.index("sleeve")) & (reach > sleeve_length)] = _SKIN
    fabric[(material == MATERIALS.index("leg")) & (reach > leg_length)] = _SKIN
    fabric[(material == MATERIALS.index("shirt")) & (front > 0) & (abs(side) < 0.5 * half_front)] = _FRONT
    # Coordinates on the head in units of the crown's radius, from its centre.
    head = material == MATERIALS.index("head")
    radius = np.maximum(_take(parts.bone, part), 1e-6)
    ahead, aside = front / radius, abs(side) / radius
    fabric[head & (ahead > 0.35) & (share < 0.45)] = _SKIN
    eye = head & (ahead > 0.35) & (np.hypot(aside - 0.42, share + 0.12) < 0.16)
    fabric[eye] = _HAIR

    table = [_fabrics(scene) for scene in scenes]
    row = picture * len(table[0]) + fabric
    table = [fabric for fabrics in table for fabric in fabrics]
    colour, second, waves, phases = (
        np.stack([getattr(fabric, name) for fabric in table]).astype("float32")[row]
        for name in ("colour", "second_colour", "waves", "phases")
    )
    swing = np.sin(np.einsum("hwi,hi->hw", waves, place) + phases)
    mix = (0.5 + 0.5 * np.clip(4 * swing, -1, 1).prod(axis=1))[:, None]
    return second + mix * (colour - second)


def _fabrics(scene):
    plain = (Fabric.plain(colour) for colour in (scene.skin, scene.hair, scene.shoes, scene.front))
    return [scene.shirt, scene.trousers, *plain]
