"""What the first bytes of encoded pictures say, inside a TensorFlow graph, before anything is decoded."""

import tensorflow as tf

from posealign_keras.export.graph.tolerant_map import tolerant_map

_JPEG_BEGINS = b"\xff\xd8\xff"
_PNG_BEGINS = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # the first chunk of a PNG file is its header, of 13 bytes
_PNG_SIZES = len(_PNG_BEGINS) + 8


def picture_sizes(encoded):
    """Kind and size of pictures, from their headers.

    Args:
        encoded: `(batch,)` bytes, of any kind.

    Returns:
        Whether each begins as a JPEG or PNG file does, `(batch,)` bool; and its height and width in pixels,
        `(batch, 2)` int64, 0 where the header cannot be read.
    """
    is_jpeg, is_png = (
        tf.equal(tf.strings.substr(encoded, 0, len(beginning)), beginning) for beginning in (_JPEG_BEGINS, b"\x89PNG")
    )
    count = tf.size(encoded, out_type=tf.int64)
    jpeg = tf.where(is_jpeg)[:, 0]
    _, sizes = tolerant_map(
        lambda one: tf.io.extract_jpeg_shape(one, tf.int64)[:2], (tf.gather(encoded, jpeg),), tf.zeros(2, tf.int64)
    )
    has_sizes = tf.equal(tf.strings.substr(encoded, 0, len(_PNG_BEGINS)), _PNG_BEGINS) & (
        tf.strings.length(encoded) >= _PNG_SIZES
    )
    png = tf.where(has_sizes)[:, 0]
    shape = tf.stack([count, 2])
    sizes = tf.scatter_nd(jpeg[:, None], sizes, shape) + tf.scatter_nd(
        png[:, None], _png_sizes(tf.gather(encoded, png)), shape
    )
    return is_jpeg | is_png, sizes


def _png_sizes(encoded):
    """`(batch, 2)` height and width: after the name of the chunk come width and height, most significant byte first."""
    numbers = tf.io.decode_raw(tf.strings.substr(encoded, len(_PNG_BEGINS), 8), tf.uint8)
    numbers = tf.reshape(tf.cast(numbers, tf.int64), (-1, 2, 4))
    return tf.reduce_sum(numbers * tf.constant([1 << 24, 1 << 16, 1 << 8, 1], tf.int64), axis=-1)[:, ::-1]
