"""Says in the shader's terms what a `Scene` looks like."""

import numpy as np

from posealign_keras.data.synthetic.mesh import tailor
from posealign_keras.data.synthetic.mesh.body_model import load_body_model
from posealign_keras.data.synthetic.mesh.rasterizer import MOST_LAMPS
from posealign_keras.data.synthetic.shading import lighting

# Folds of clothes are this deep for every metre that the clothes stand off the body.
_FOLD_DEPTH = 0.25


def scene_uniforms(scene, body):
    """Uniforms of `body.frag.glsl` and the focal length, for a `Scene` and the `DressedBody` in it.

    Returns:
        Dictionary of float32 and int32 arrays.
    """
    outfit = scene.outfit
    up, lamps, sky, ground = lighting(scene)
    lamps = lamps[:MOST_LAMPS]
    none = [(np.zeros(3), np.zeros(3))] * (MOST_LAMPS - len(lamps))
    directions, strengths = zip(*lamps, *none, strict=True)
    values = {
        "focal_length": scene.camera.focal_length,
        "front": scene.front,
        "front_width": scene.front_width,
        "sleeve_length": scene.sleeve_length,
        "leg_length": body.leg_length,
        "skirt_length": body.skirt_length,
        "hem": body.hem,
        "skin": scene.skin,
        "hair": scene.hair,
        "hair_length": outfit.hair_length,
        "hair_end": tailor.hair_end(outfit.hair_length),
        "shoes": scene.shoes,
        "shoe_height": outfit.shoe_height,
        "folds": outfit.folds,
        "fold_depth": _FOLD_DEPTH * np.array([outfit.shirt_looseness, outfit.trousers_looseness]),
        "up": up,
        "sky": sky,
        "ground": ground,
        "lamp_direction": directions,
        "lamp_colour": strengths,
        **_face(),
    }
    for garment in ("shirt", "trousers"):
        fabric = getattr(scene, garment)
        values |= {
            f"{garment}.{name}": getattr(fabric, name) for name in ("colour", "second_colour", "waves", "phases")
        }
    uniforms = {name: np.asarray(value, "float32") for name, value in values.items()}
    return uniforms | {"lamps": np.asarray(len(lamps), "int32")}


def _face():
    model = load_body_model()
    eye = model.template[model.landmarks["l-eye"]].mean(axis=0)
    return {
        "neckline": tailor.NECKLINE,
        "hairline": tailor.HAIRLINE,
        "eye": eye,
        "mouth": eye - [eye[0], 0.0, 0.07],
    }
