"""The `Fabric`: one colour, stripes or checks."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Fabric:
    """What a garment is made of: two colours that change along up to two waves.

    Stripes have one wave, checks have two; where a wave number is zero its wave is constant. Coordinates on the body
    are metres to its side, to its front and along it, from the garment's own origin.

    Args:
        colour: `(3,)` RGB in [0, 1].
        second_colour: `(3,)` RGB in [0, 1] of the other stripes.
        waves: `(2, 3)` wave numbers in radian per metre along side, front and length of the body part.
        phases: `(2,)` phases in radian; pi / 2 with a zero wave is a plain fabric.
    """

    colour: np.ndarray
    second_colour: np.ndarray
    waves: np.ndarray
    phases: np.ndarray

    @classmethod
    def plain(cls, colour):
        """A fabric of one colour."""
        colour = np.asarray(colour, "float64")
        return cls(colour, colour, np.zeros((2, 3)), np.full(2, np.pi / 2))

    def mirrored(self) -> "Fabric":
        """The same fabric on a mirrored body: sides swapped."""
        return replace(self, waves=self.waves * [-1.0, 1.0, 1.0])
