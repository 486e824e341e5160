"""The `Light`: lamps and the light from all around."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Light:
    """Far lamps and a sky over a ground.

    Args:
        direction: `(3,)` unit vector towards the lamp, in the camera frame before the camera rolls.
        lamp: `(3,)` RGB strength of the lamp.
        sky: `(3,)` RGB strength of the light from above.
        ground: `(3,)` RGB strength of the light from below.
        more_lamps: Further lamps: pairs of a direction and a strength, as of the first one.
    """

    direction: np.ndarray
    lamp: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    more_lamps: tuple[tuple[np.ndarray, np.ndarray], ...] = ()

    @property
    def lamps(self):
        """All lamps, as pairs of a direction and a strength."""
        return ((self.direction, self.lamp), *self.more_lamps)

    def mirrored(self) -> "Light":
        """The light of the mirrored world."""
        return replace(
            self,
            direction=self.direction * [-1.0, 1.0, 1.0],
            more_lamps=tuple((direction * [-1.0, 1.0, 1.0], strength) for direction, strength in self.more_lamps),
        )
