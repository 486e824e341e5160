"""The `Outfit`: the cut of clothes, the shoes and the hairstyle of a body of flesh."""

from dataclasses import dataclass, field, replace

import numpy as np

FOLD_COUNT = 6
"""Waves that make the folds of clothes."""


@dataclass(frozen=True)
class Outfit:
    """What a person wears, beside the fabrics, colours and sleeves that every kind of people has in its `Scene`.

    Args:
        shirt_looseness: How far the shirt stands off the body, in metres.
        trousers_looseness: How far trousers or skirt stand off the body, in metres.
        hem: Where the shirt ends: 0 at the hip joints, 1 at the waist.
        skirt: Whether the person wears a skirt in place of trousers.
        shoe_height: How far up the leg shoes begin, in bones as in `Scene.leg_length`: 2 is the ankle, 1.6 a boot.
        hair_length: 0 for none, 1 for short hair; from 1 to 2 long hair, down to the shoulder blades at 2.
        folds: `(FOLD_COUNT, 4)` waves of the folds of the clothes: the wave numbers in radian per metre along side,
            front and length of the body, as in `Fabric.waves`, and the phase in radian.

    Example:
        >>> outfit = Outfit(skirt=True, hair_length=1.8)
        >>> outfit.mirrored().hair_length
        1.8
    """

    shirt_looseness: float = 0.01
    trousers_looseness: float = 0.01
    hem: float = 0.3
    skirt: bool = False
    shoe_height: float = 1.98
    hair_length: float = 1.0
    folds: np.ndarray = field(default_factory=lambda: np.zeros((FOLD_COUNT, 4)))

    def mirrored(self) -> "Outfit":
        """The same outfit on a mirrored body: sides swapped."""
        return replace(self, folds=self.folds * [-1.0, 1.0, 1.0, 1.0])
