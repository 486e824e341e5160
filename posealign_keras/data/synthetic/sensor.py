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
        if self.blur > 0:
            picture = _blurred(_blurred(picture, self.blur, 0), self.blur, 1)
        picture = picture * self.gains.astype("float32")
        grey = sum(np.float32(share) * picture[..., i, None] for i, share in enumerate((0.299, 0.587, 0.114)))
        picture = grey + np.float32(self.saturation) * (picture - grey)
        picture = np.clip(picture, 0, 1) ** np.float32(self.gamma)
        picture = np.float32(0.5) + np.float32(self.contrast) * (picture - np.float32(0.5))
        if rng is not None and self.noise > 0:
            picture += np.float32(self.noise) * rng.standard_normal(picture.shape, "float32")
        return np.clip(picture * 255 + np.float32(0.5), 0, 255).astype("uint8")


def _blurred(picture, blur, axis):
    """A picture after a Gaussian blur along one side; beyond its edges there is nothing to be mixed in.

    Sums of shifted pictures and no products of matrices: those would start threads in each of the renderer's own.
    """
    size = picture.shape[axis]
    radius = min(int(np.ceil(4 * blur * size)), size - 1)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / (blur * size)) ** 2).astype("float32")
    mixed, total = np.zeros_like(picture), np.zeros(size, "float32")
    for weight, shift in zip(weights, range(-radius, radius + 1), strict=True):
        to, of = slice(max(0, -shift), size - max(0, shift)), slice(max(0, shift), size - max(0, -shift))
        index = (slice(None),) * axis
        mixed[(*index, to)] += weight * picture[(*index, of)]
        total[to] += weight
    return mixed / total.reshape([-1 if side == axis else 1 for side in range(picture.ndim)])
