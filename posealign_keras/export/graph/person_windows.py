"""The parts of pictures that crops show, inside a TensorFlow graph; the geometry of `tfrecords_tools.crop`."""

from typing import Any, NamedTuple

import tensorflow as tf

CROP_MARGIN = 1.1
"""Width of a crop, as a multiple of the longer side of the person's box: the default of `tfrecords_tools`."""

_LARGEST = 1e5  # pixels


class Windows(NamedTuple):
    """Squares, one of each picture, which may reach beyond its edges.

    Args:
        corners: `(batch, 2)` top and left edges in pixels, the corner of the first pixel at (0, 0); float32.
        sides: `(batch,)` their widths and heights; float32.
    """

    corners: Any
    sides: Any


def whole_pictures(sizes) -> Windows:
    """The smallest squares around whole pictures, which are in their middle.

    Args:
        sizes: `(batch, 2)` heights and widths, any number type.
    """
    sizes = tf.cast(sizes, tf.float32)
    sides = tf.reduce_max(sizes, axis=1)
    return Windows((sizes - sides[:, None]) / 2, sides)


def is_whole_picture(windows: Windows, sizes):
    """Whether windows show just their pictures, which then are squares: `(batch,)` bool.

    Args:
        windows: The `Windows`.
        sizes: `(batch, 2)` heights and widths of the pictures, any number type.
    """
    sizes = tf.cast(sizes, tf.float32)
    return tf.reduce_all(tf.equal(windows.corners, 0) & tf.equal(sizes, windows.sides[:, None]), axis=1)


def person_windows(boxes, sizes):
    """The squares around persons: whole pixels, `CROP_MARGIN` times as wide as the longer side of the box.

    Args:
        boxes: `(batch, 4)` left, top, right and bottom edges in pixels, the corner of the first pixel at (0, 0); any
            float. A row that is all NaN, or all 0, is no box, and stands for the whole picture.
        sizes: `(batch, 2)` heights and widths of the pictures; any number type.

    Returns:
        The `Windows`; and whether there is one, `(batch,)` bool. Where there is none, because a box has no area, is not
        finite, or its window lies outside of the picture, it is that of the whole picture.
    """
    boxes = tf.cast(boxes, tf.float64)  # so that halves are rounded as NumPy rounds them
    is_none = tf.reduce_all(tf.math.is_nan(boxes), axis=1) | tf.reduce_all(tf.equal(boxes, 0), axis=1)
    first, last = boxes[:, 1::-1], boxes[:, 3:1:-1]  # top and left, bottom and right
    wanted = CROP_MARGIN * tf.reduce_max(last - first, axis=1)
    sides = tf.maximum(tf.round(wanted), 1)
    corners = tf.round((first + last - wanted[:, None]) / 2)
    # Comparisons with NaN are false.
    has_area = tf.reduce_all((first > -_LARGEST) & (last > first) & (last < _LARGEST), axis=1)
    shows_some = tf.reduce_all((corners < tf.cast(sizes, tf.float64)) & (corners + sides[:, None] > 0), axis=1)
    is_usable = has_area & shows_some
    whole = whole_pictures(sizes)
    windows = Windows(
        tf.where(is_usable[:, None], tf.cast(corners, tf.float32), whole.corners),
        tf.where(is_usable, tf.cast(sides, tf.float32), whole.sides),
    )
    return windows, is_none | is_usable
