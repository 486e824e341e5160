"""The `Light`: one lamp and the light from all around."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Light:
    """A far lamp and a sky over a ground.

    Args:
        direction: `(3,)` unit vector towards the lamp, in the camera frame before the camera rolls.
        lamp: `(3,)` RGB strength of the lamp.
        sky: `(3,)` RGB strength of the light from above.
        ground: `(3,)` RGB strength of the light from below.
    """

    direction: np.ndarray
    lamp: np.ndarray
    sky: np.ndarray
    ground: np.ndarray

    def mirrored(self) -> "Light":
        """The light of the mirrored world."""
        return replace(self, direction=self.direction * [-1.0, 1.0, 1.0])
