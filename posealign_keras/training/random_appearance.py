"""Random changes of an image's appearance that keep its pose."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="posealign_keras")
class RandomAppearance(keras.layers.Layer):
    """The pose-preserving augmentation A(x): random light, contrast, colours and sensor noise.

    Every element of the batch gets one change of light and colours: a whole clip is changed alike.

    Args:
        brightness: Largest shift of all channels, as a share of full white.
        contrast: Largest relative change of contrast about the mean colour of the element.
        colour: Largest relative change of each channel's gain; half of it is the largest share of another channel.
        noise: Largest standard deviation of the noise, as a share of full white.
        seed: Seed of the random changes.

    Call arguments:
        images: `(batch, H, W, 3)` or `(batch, frames, H, W, 3)`, RGB, values 0 to 255, any dtype.

    Returns:
        Changed images, float32, values 0 to 255, same shape.

    Example:
        >>> images = np.full((2, 8, 8, 3), 128, "uint8")
        >>> changed = np.asarray(RandomAppearance(seed=0)(images))
        >>> changed.shape, bool(0 <= changed.min() < changed.max() <= 255)
        ((2, 8, 8, 3), True)

    Reference:
        Kundu et al., NeurIPS 2021, section 3.3 (the contrastive energies).
    """

    def __init__(
        self,
        brightness: float = 0.2,
        contrast: float = 0.4,
        colour: float = 0.3,
        noise: float = 0.04,
        seed=None,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        self.brightness = brightness
        self.contrast = contrast
        self.colour = colour
        self.noise = noise
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, images):
        """Change the appearance of images or clips."""
        images = ops.cast(images, "float32")
        batch, inner = ops.shape(images)[0], (1,) * (len(images.shape) - 2)

        def draw(largest, *shape):
            return keras.random.uniform((batch, *shape), -largest, largest, dtype="float32", seed=self.seed_generator)

        mix = ops.eye(3) + draw(self.colour, 3, 3) * (0.5 + 0.5 * ops.eye(3))
        mix = mix * (1.0 + draw(self.contrast, 1, 1))
        mean = ops.mean(images, axis=tuple(range(1, len(images.shape) - 1)), keepdims=True)
        height_width = ops.shape(images)[1:]
        centred = ops.reshape(images - mean, (batch, -1, 3))
        changed = ops.reshape(ops.matmul(centred, mix), (batch, *height_width)) + mean
        changed = changed + 255.0 * draw(self.brightness, *inner, 1)
        amount = 255.0 * ops.abs(draw(self.noise, *inner, 1))
        noise = keras.random.normal(ops.shape(images), dtype="float32", seed=self.seed_generator)
        return ops.clip(changed + amount * noise, 0.0, 255.0)

    def get_config(self):
        """Arguments that build this layer again."""
        return {
            **super().get_config(),
            "brightness": self.brightness,
            "contrast": self.contrast,
            "colour": self.colour,
            "noise": self.noise,
            "seed": self.seed,
        }
