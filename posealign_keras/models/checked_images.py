"""`checked_images`: pictures of a user's own, refused in words where they are none."""

import numpy as np
from keras import ops


def checked_images(images) -> np.ndarray:
    """Images as an array, if they are what an estimator takes.

    Args:
        images: `(N, height, width, 3)`, RGB, values 0 to 255, any dtype but bool.

    Returns:
        The array.

    Raises:
        ValueError: If they have another shape or values out of range, or are floating-point numbers up to 1 only: those
            of pictures from 0 to 1.

    Example:
        >>> checked_images(np.zeros((2, 64, 48, 3), "uint8")).shape
        (2, 64, 48, 3)
        >>> checked_images(np.full((64, 48, 3), 0.5))
        Traceback (most recent call last):
        ValueError: `images` must have shape (N, height, width, 3), with a pixel at least. Received: (64, 48, 3)
    """
    if isinstance(images, list | tuple):
        if len({np.shape(image) for image in images}) > 1:
            raise ValueError("`images` must be of one size. Received: images of several sizes")
        images = np.array(images)
    elif not isinstance(images, np.ndarray):
        images = ops.convert_to_numpy(images)
    if images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape[1:]:
        raise ValueError(
            f"`images` must have shape (N, height, width, 3), with a pixel at least. Received: {images.shape}"
        )
    if images.dtype == "uint8" or not images.size:
        return images
    if images.dtype == bool or not np.issubdtype(images.dtype, np.number):
        raise ValueError(f"`images` must be numbers from 0 to 255. Received: {images.dtype}")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 255):  # which no NaN is
        raise ValueError(f"`images` must have values from 0 to 255. Received: {low:g} to {high:g}")
    if np.issubdtype(images.dtype, np.inexact) and 0 < high <= 1:
        raise ValueError(
            f"`images` must have values from 0 to 255, and not from 0 to 1. Received: {images.dtype} from {low:g} to "
            f"{high:g}"
        )
    return images
