"""The `Sensor`: how a camera turns light into grey levels."""

from dataclasses import dataclass

import numpy as np

from posealign_keras.data.synthetic.shapes import pixel_positions


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
            spread = _blur_matrix(self.blur, len(picture))
            picture = np.tensordot(spread, np.tensordot(spread, picture, (1, 1)), (1, 1))
        picture = picture * self.gains.astype("float32")
        grey = picture @ np.array([0.299, 0.587, 0.114], "float32")
        picture = grey[..., None] + np.float32(self.saturation) * (picture - grey[..., None])
        picture = np.clip(picture, 0, 1) ** np.float32(self.gamma)
        picture = np.float32(0.5) + np.float32(self.contrast) * (picture - np.float32(0.5))
        if rng is not None and self.noise > 0:
            picture += np.float32(self.noise) * rng.standard_normal(picture.shape, "float32")
        return np.clip(picture * 255 + np.float32(0.5), 0, 255).astype("uint8")


def _blur_matrix(blur, size):
    """`(size, size)` weights of a Gaussian blur along one side of a picture; each row sums to one."""
    place = pixel_positions(size)
    weights = np.exp(-0.5 * ((place[:, None] - place) / np.float32(blur)) ** 2)
    return weights / weights.sum(axis=1, keepdims=True)
