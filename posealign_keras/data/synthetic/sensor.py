"""The `Sensor`: how a camera turns light into grey levels."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sensor:
    """Exposure, colour cast, blur and noise of one camera.

    Args:
        gains: `(3,)` factor per colour channel: exposure times white balance.
        gamma: Exponent of the tone curve; 1 keeps the tones.
        contrast: Factor of the distance from mid-grey; 1 keeps the contrast.
        saturation: Factor of the distance from grey; 1 keeps the colours, 0 is black and white.
        blur: Standard deviation of a Gaussian blur in picture widths; 0 is sharp.
        noise: Standard deviation of the pixel noise, of a full range of 1.
    """

    gains: np.ndarray
    gamma: float
    contrast: float
    saturation: float
    blur: float
    noise: float

    def expose(self, picture, rng=None):
        """Turn a picture into grey levels.

        Args:
            picture: `(size, size, 3)` float32 RGB, nominally in [0, 1].
            rng: `numpy.random.Generator` of the noise; `None` for no noise.

        Returns:
            `(size, size, 3)` uint8.
        """
        if self.blur * len(picture) > 0.2:
            picture = _blur(_blur(picture, self.blur), self.blur)
        picture = picture * self.gains.astype("float32")
        grey = picture @ np.array([0.299, 0.587, 0.114], "float32")
        picture = grey[..., None] + np.float32(self.saturation) * (picture - grey[..., None])
        picture = np.clip(picture, 0, 1) ** np.float32(self.gamma)
        picture = np.float32(0.5) + np.float32(self.contrast) * (picture - np.float32(0.5))
        if rng is not None and self.noise > 0:
            picture += np.float32(self.noise) * rng.standard_normal(picture.shape, "float32")
        return np.clip(picture * 255 + np.float32(0.5), 0, 255).astype("uint8")


def _blur(picture, sigma):
    """Blur along the first axis and swap the two picture axes, so that two calls blur both and restore the order."""
    sigma = sigma * len(picture)
    radius = int(np.ceil(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype("float32")
    padded = np.pad(picture, [(radius, radius), (0, 0), (0, 0)], "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis=0)
    return (windows @ weights).swapaxes(0, 1)
