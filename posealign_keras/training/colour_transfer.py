"""`in_colours_of`: images in the light and the colours of other images."""

from keras import ops

# Contrast grows or shrinks by so much at most: an even picture would become noise.
_LARGEST_FACTOR = 3.0


def in_colours_of(images, examples):
    """Give images the mean and the spread of each colour channel of examples, one example for each image in turn.

    Args:
        images: `(N, H, W, 3)`, RGB, values 0 to 255.
        examples: `(M, height, width, 3)`, the same; image `i` takes after example `i % M`.

    Returns:
        `(N, H, W, 3)` float32, values 0 to 255, without a gradient.

    Reference:
        Reinhard et al., "Color Transfer between Images", 2001; here in RGB.
    """
    images, examples = (ops.cast(values, "float32") for values in (images, examples))
    mean, spread = _moments(images)
    example = ops.arange(ops.shape(images)[0]) % ops.shape(examples)[0]
    wanted_mean, wanted_spread = (ops.take(values, example, axis=0) for values in _moments(examples))
    factor = ops.clip(wanted_spread / spread, 1 / _LARGEST_FACTOR, _LARGEST_FACTOR)
    return ops.stop_gradient(ops.clip((images - mean) * factor + wanted_mean, 0.0, 255.0))


def _moments(images):
    """Mean and standard deviation of each channel of each image, the latter one at least a grey level."""
    mean, variance = ops.moments(images, axes=(1, 2), keepdims=True)
    return mean, ops.sqrt(ops.maximum(variance, 1.0))
