"""Pictures of any size, made as large as a network takes them."""

from keras import ops


def resize_to_square(images, size: int):
    """Fit pictures into squares: bilinear, and antialiased where they become smaller.

    Pictures that are not square are not stretched, which would change the pose, but get black edges, as crops that
    reach beyond a picture have them. Rows and columns are weighted by matrix products, which every backend and every
    export format has, also for sizes that are known only when the model runs.

    Args:
        images: `(batch, height, width, channels)`, any numbers.
        size: Height and width of the result.

    Returns:
        `(batch, size, size, channels)`; the images themselves, nothing added, if they are that large already, else
        float32.
    """
    if tuple(images.shape[1:3]) == (size, size):
        return images
    images = ops.cast(images, "float32")
    shape = ops.shape(images)
    height, width = shape[1], shape[2]
    side = ops.cast(ops.maximum(height, width), "float32")
    rows, columns = (_weights(length, side, size) for length in (height, width))
    return ops.einsum("oh,bhwc,pw->bopc", rows, images, columns)


def _weights(length, side, size):
    """`(size, length)` shares of the pixels of one axis in those of the result.

    Args:
        length: Pixels of the axis.
        side: Pixels of the longer axis, float.
        size: Pixels of the result.
    """
    length_float = ops.cast(length, "float32")
    scale = side / size
    # Where the centre of each pixel of the result is; the centre of the first pixel of the picture is at 0.
    centres = (ops.arange(size, dtype="float32") + 0.5) * scale - 0.5 - (side - length_float) / 2
    distances = ops.abs(centres[:, None] - ops.cast(ops.arange(length), "float32"))
    triangles = ops.maximum(1 - distances / ops.maximum(scale, 1.0), 0.0)
    inside = (centres >= -0.5) & (centres <= length_float - 0.5)
    shares = triangles / ops.maximum(ops.sum(triangles, axis=1, keepdims=True), 1e-6)
    return ops.where(inside[:, None], shares, 0.0)
