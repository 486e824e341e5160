"""Encoded pictures of a request become crops inside a TensorFlow graph, each on its own: a bad one harms no other."""

import tensorflow as tf

from posealign_keras.export.graph.person_windows import is_whole_picture, person_windows
from posealign_keras.export.graph.picture_fitting import cut_out, visible_parts
from posealign_keras.export.graph.picture_headers import picture_sizes
from posealign_keras.export.graph.tolerant_map import tolerant_map
from posealign_keras.export.picture_status import PictureStatus

# Pictures of one request that are decoded at the same time.
_AT_THE_SAME_TIME = 8


def read_pictures(encoded, boxes, size: int, max_pixels: int):
    """Decode pictures, cut out persons, and make the crops as large as the network takes them.

    Args:
        encoded: `(batch,)` JPEG or PNG files.
        boxes: `(batch, 4)` float32, see `person_windows`.
        size: Height and width of the crops.
        max_pixels: Pictures with more pixels than that are not decoded.

    Returns:
        Crops `(batch, size, size, 3)` float32, RGB, 0 to 255, black where there is none; and the `PictureStatus` of
        each, `(batch,)` int32.
    """
    is_picture, sizes = picture_sizes(encoded)
    pixels = tf.reduce_prod(tf.cast(sizes, tf.float64), axis=1)
    windows, has_window = person_windows(boxes, sizes)
    status = _first_true(
        (~is_picture, PictureStatus.NOT_A_PICTURE),
        (pixels > max_pixels, PictureStatus.TOO_LARGE),
        (tf.equal(pixels, 0), PictureStatus.DAMAGED),
        (~has_window, PictureStatus.INVALID_BOX),
    )
    is_good = tf.equal(status, PictureStatus.OK)
    # What need not be decoded cannot be.
    encoded = tf.where(is_good, encoded, b"")
    black = tf.zeros((size, size, 3), tf.uint8)

    def as_they_are():
        is_whole, pictures = tolerant_map(_decoded, (encoded,), black, _AT_THE_SAME_TIME)
        return is_whole, tf.cast(pictures, tf.float32)

    def cut_out_persons():
        def read(one, first, count, corner, side):
            return cut_out(_decoded(one), first, count, corner, side, size)

        return tolerant_map(
            read, (encoded, *visible_parts(windows, sizes), *windows), tf.cast(black, tf.float32), _AT_THE_SAME_TIME
        )

    is_network_size = tf.reduce_all(tf.equal(sizes, size), axis=1) & is_whole_picture(windows, sizes)
    is_whole, crops = tf.cond(tf.reduce_all(is_network_size | ~is_good), as_they_are, cut_out_persons)
    status = tf.where(is_good & ~is_whole, tf.constant(PictureStatus.DAMAGED, tf.int32), status)
    return tf.ensure_shape(crops, (None, size, size, 3)), status


def _decoded(encoded):
    # The operation reads PNG files too. The fast transform, its own choice, doubles the error.
    return tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")


def _first_true(*cases):
    """The status that belongs to the first condition that is true of each picture."""
    status = tf.fill(tf.shape(cases[0][0]), tf.constant(PictureStatus.OK, tf.int32))
    for is_so, value in reversed(cases):
        status = tf.where(is_so, tf.constant(value, tf.int32), status)
    return status
