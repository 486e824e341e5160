"""Pictures made as large as the network takes them, inside a TensorFlow graph."""

import tensorflow as tf

from posealign_keras.export.graph.person_windows import Windows, whole_pictures


def fit_pictures(pictures, size: int):
    """Whole pictures as `models.resizing.resize_to_square` makes them.

    It is here again because that one works by matrix products, which every export format has: of large pictures they
    need many times as long as the operation that TensorFlow has for it, and a copy of them as float32.

    Args:
        pictures: `(batch, height, width, 3)`, any numbers.
        size: Height and width of the result.

    Returns:
        `(batch, size, size, 3)` float32. What is that large already is not resampled.
    """
    sizes = tf.shape(pictures)[1:3]

    def resampled():
        whole = whole_pictures(sizes[None])
        return _resampled(pictures, size / whole.sides[0], -whole.corners[0], size)

    fitted = tf.cond(tf.reduce_all(tf.equal(sizes, size)), lambda: tf.cast(pictures, tf.float32), resampled)
    return tf.ensure_shape(fitted, (None, size, size, 3))


def visible_parts(windows: Windows, sizes):
    """The parts of pictures that are inside of windows: only those are looked at, however large the windows.

    Args:
        windows: `Windows`, each with some pixels of its picture in it.
        sizes: `(batch, 2)` heights and widths of the pictures, any integer.

    Returns:
        First rows and columns `(batch, 2)`, and their numbers `(batch, 2)`, int32.
    """
    sizes = tf.cast(sizes, tf.float32)
    first = tf.clip_by_value(tf.floor(windows.corners), 0.0, sizes)
    last = tf.clip_by_value(tf.math.ceil(windows.corners + windows.sides[:, None]), 0.0, sizes)
    return tf.cast(first, tf.int32), tf.cast(last - first, tf.int32)


def cut_out(picture, first, count, corner, side, size: int):
    """The part of a picture that a window shows; black beyond its edges.

    Args:
        picture: `(height, width, 3)`, any numbers.
        first: `(2,)` first row and column that are visible, see `visible_parts`.
        count: `(2,)` numbers of rows and columns that are.
        corner: `(2,)` top and left edge of the window.
        side: Its width and height.
        size: Height and width of the result.

    Returns:
        `(size, size, 3)` float32.
    """
    part = tf.slice(picture, tf.pad(first, [[0, 1]]), tf.pad(count, [[0, 1]], constant_values=3))
    return _resampled(part[None], size / side, tf.cast(first, tf.float32) - corner, size)[0]


def _resampled(pictures, scale, offset, size):
    """Bilinear, and antialiased where pixels become fewer; `offset` is where the pictures are in the result."""
    return tf.raw_ops.ScaleAndTranslate(
        images=pictures,
        size=[size, size],
        scale=tf.stack([scale, scale]),
        translation=offset * scale,
        kernel_type="triangle",
        antialias=True,
    )
