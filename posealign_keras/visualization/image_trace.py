"""Images in figures, as PNG data rather than as lists of pixel values."""

import numpy as np

from posealign_keras.visualization.plotly_import import import_plotly


def check_images(images, name: str, dimensions: int) -> np.ndarray:
    """Return `images` as an array, if they are 8-bit RGB images.

    Args:
        images: `(..., H, W, 3)` uint8.
        name: Name of the argument, for the message.
        dimensions: Number of dimensions expected: 3 for one image, 4 for several.

    Raises:
        ValueError: If the shape or the type is another.
    """
    images = np.asarray(images)
    if images.ndim != dimensions or images.shape[-1] != 3 or images.dtype != np.uint8 or 0 in images.shape:
        expected = "(H, W, 3)" if dimensions == 3 else "(N, H, W, 3)"
        raise ValueError(
            f"`{name}` must be a uint8 array of shape {expected}. "
            f"Received: {name}={images.dtype} array of shape {images.shape}"
        )
    return images


def png_source(image: np.ndarray) -> str:
    """The image as a `data:image/png;base64,…` address.

    Args:
        image: `(H, W, 3)` uint8.
    """
    return import_plotly("express").imshow(image, binary_string=True).data[0].source


def image_trace(image: np.ndarray):
    """The trace that shows one image; its axes are hidden with `HIDDEN_AXES`.

    Args:
        image: `(H, W, 3)` uint8.

    Returns:
        A `plotly.graph_objects.Image`.
    """
    return import_plotly("graph_objects").Image(source=png_source(image), zsmooth="fast", hoverinfo="skip")


HIDDEN_AXES = {"visible": False, "fixedrange": True}
