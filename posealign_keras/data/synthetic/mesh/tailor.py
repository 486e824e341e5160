"""Dresses a body: moves the surfaces of clothes, hair and covered skin off the body at rest."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from posealign_keras.data.synthetic.mesh.body_model import LAYERS, load_body_model
from posealign_keras.data.synthetic.mesh.fields import load_fields

_BODY, _EYES, _CLOTHES, _SKIRT, _HAIR = range(len(LAYERS))
# Metres that skin under clothes draws back, so that it never looks through.
_DRAW_BACK = 0.012
_SHOE_LEATHER = 0.005
# How far short hair stands off the skull, metres.
_HAIR_VOLUME = 0.02
# Trousers stand off the leg this much more with every bone down it, in units of their looseness.
_FLARE = 0.35
# How far down the legs a skirt reaches for every bone that trousers would.
_SKIRT_SHARE = 0.6
# Heights on the template in metres: of the hip joints, and of the waist above them.
_HIPS, _WAIST = 0.05, 0.16
NECKLINE = (0.585, 0.34, 6.0)
"""Where shirts end at the neck, on the template in metres: height + rise * back + curve * left ** 2."""

HAIRLINE = (0.7, 0.62, 0.02, 0.078)
"""Height of the hairline over the ears, its rise per metre to the front, how far back and how far out ears are."""

# Heights on the template at which long hair ends: shortest and longest.
_HAIR_ENDS = (0.64, 0.38)


@dataclass(frozen=True, eq=False)
class DressedBody:
    """A body at rest in its clothes.

    Args:
        skin: `(V, 3)` float32 vertices of the body without clothes, metres.
        vertices: `(V, 3)` float32 vertices as drawn.
        normals: `(V, 3)` float32 unit normals of the surfaces.
        triangles: `(F, 3)` int32 triangles that are drawn; those of surfaces that are seen from one side come first.
        one_sided: Number of triangles that are seen from one side only: clothes and hair have an inside, skin has none.
        hem: Height on the template at which the shirt ends, metres.
        leg_length: How far down the legs trousers reach, in bones; 0 with a skirt.
        skirt_length: How far down the legs a skirt reaches, in bones; 0 without one.
    """

    skin: np.ndarray
    vertices: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    one_sided: int
    hem: float
    leg_length: float
    skirt_length: float


def dress(scene, skin):
    """Put the `Outfit` of a scene on a body.

    Args:
        scene: `Scene`.
        skin: `(V, 3)` vertices of the body at rest, as from `rest_vertices`.

    Returns:
        `DressedBody`.
    """
    model, fields, outfit = load_body_model(), load_fields(), scene.outfit
    normals = _normals(skin)
    hem = _HIPS + outfit.hem * (_WAIST - _HIPS)
    # Legs under a skirt are left out: thighs would look through it.
    skirt_length = _SKIRT_SHARE * scene.leg_length if outfit.skirt else 0.0
    leg_length = 0.0 if outfit.skirt else scene.leg_length
    on_arm, on_leg = fields.arm > 0.5, fields.leg > 0.5
    height = model.template[:, 2]

    sleeve = fields.arm_reach < scene.sleeve_length
    shirt = np.where(on_arm, sleeve, ~on_leg & (height > hem))
    shoe = on_leg & (fields.leg_reach > outfit.shoe_height)
    flared = outfit.trousers_looseness * (1 + _FLARE * np.where(on_leg, np.maximum(fields.leg_reach, 0), 0))
    thickness = np.select([shoe, shirt], [_SHOE_LEATHER, outfit.shirt_looseness], flared)

    middle, rise, curve = NECKLINE
    below_neck = height < middle + rise * model.template[:, 1] + curve * model.template[:, 0] ** 2 - 0.02
    covered = np.where(
        on_arm,
        fields.arm_reach < scene.sleeve_length - 0.12,
        np.where(
            on_leg,
            (fields.leg_reach < max(leg_length, skirt_length) - 0.12) | (fields.leg_reach > outfit.shoe_height + 0.06),
            below_neck,
        ),
    )
    scalp = _scalp_height(model.template)
    volume = _HAIR_VOLUME * np.clip(scalp / 0.03, 0, 1) * min(outfit.hair_length, 1)
    offset = np.select(
        [fields.layer == _BODY, fields.layer == _CLOTHES, fields.layer == _SKIRT],
        [np.where(covered, -_DRAW_BACK, volume), thickness, outfit.trousers_looseness],
        0.0,
    )
    drawn = {
        "body": ~covered,
        "eyes": np.ones(len(skin), bool),
        "clothes": np.where(
            on_arm,
            fields.arm_reach < scene.sleeve_length,
            ~on_leg | (fields.leg_reach < leg_length) | (fields.leg_reach > outfit.shoe_height),
        ),
        "skirt": np.full(len(skin), outfit.skirt),
        "hair": np.full(len(skin), outfit.hair_length > 1),
    }
    triangles = [corners[drawn[name][corners].any(axis=1)] for name, corners in model.coarse_triangles.items()]
    vertices = skin + offset[:, None].astype("float32") * normals
    return DressedBody(
        skin,
        vertices,
        normals,
        np.concatenate(triangles).astype("int32"),
        sum(map(len, triangles[:_CLOTHES])),
        hem,
        leg_length,
        skirt_length,
    )


def hair_end(hair_length):
    """Height on the template, in metres, down to which long hair falls."""
    return np.interp(hair_length, [1, 2], _HAIR_ENDS)


def _scalp_height(template):
    """How far above the hairline places on the template are, in metres; negative where no hair grows."""
    height, rise, ears, _ = HAIRLINE
    return template[:, 2] - (height + rise * (ears - template[:, 1]))


@cache
def _corners():
    """Every drawn triangle, by its corners; which triangles meet, vertex after vertex; and where each vertex begins."""
    corners = np.concatenate(list(load_body_model().triangles.values()))
    order = np.argsort(corners, axis=None, kind="stable")
    vertices, starts = np.unique(corners.ravel()[order], return_index=True)
    return corners, order // 3, vertices, starts


def _normals(vertices):
    """`(V, 3)` unit normals: the mean of the triangles around a vertex, by their areas."""
    corners, meeting, used, starts = _corners()
    first, second, third = (vertices[corners[:, i]] for i in range(3))
    areas = np.cross(second - first, third - first)
    normals = np.zeros(vertices.shape, "float32")
    normals[used] = np.add.reduceat(areas[meeting], starts)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return normals / np.maximum(length, 1e-12)
