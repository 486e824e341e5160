"""What a server offers: the signatures of the SavedModel, as functions on tensors."""

from typing import Any

import tensorflow as tf

from posealign_keras.export.graph.picture_fitting import fit_pictures
from posealign_keras.export.graph.picture_reading import read_pictures
from posealign_keras.export.picture_status import PictureStatus


def add_signatures(archive, model, max_pixels: int):
    """Add the signatures of a `PoseEstimator` to a `keras.export.ExportArchive`, under TensorFlow.

    `serving_default`: `images (B, H, W, 3)` uint8 of any size. `serving_jpeg`: `images (B,)` JPEG or PNG files, and
    `boxes (B, 4)` float32 as for `person_windows`, or `(1, 4)` for all of them, or left out. `serving_clip`:
    `clips (B, T, H, W, 3)` uint8. All give what the model gives; `serving_jpeg` also `status (B,)` int32, a
    `PictureStatus`, and `valid (B,)`, and zeros where that is false: JSON has no NaN.

    A request that is not of that form, or empty, fails with INVALID_ARGUMENT.

    Args:
        archive: The archive.
        model: The `PoseEstimator`.
        max_pixels: Largest number of pixels of a picture.
    """
    size = model.image_size
    # One function for all signatures, so that the network is in the file once.
    network = tf.function(
        lambda crops: dict(model(crops, training=False)),
        input_signature=[tf.TensorSpec((None, size, size, 3), tf.float32, name="crops")],
        autograph=False,
    )

    def serving_default(images):
        return network(fit_pictures(_checked_pixels(images, (None, None, None, 3), "images", max_pixels), size))

    def serving_clip(clips):
        clips = _checked_pixels(clips, (None, None, None, None, 3), "clips", max_pixels)
        shape = tf.shape(clips)
        outputs = network(fit_pictures(tf.reshape(clips, tf.concat([[-1], shape[2:]], 0)), size))
        return {
            name: tf.reshape(value, tf.concat([shape[:2], tf.shape(value)[1:]], 0)) for name, value in outputs.items()
        }

    def serving_jpeg(images, boxes=tf.zeros((1, 4))):  # noqa: B008  (a default that is part of the signature)
        images = tf.ensure_shape(images, (None,))
        boxes = tf.ensure_shape(boxes, (None, 4))
        count, rows = tf.shape(images)[0], tf.shape(boxes)[0]
        images = _required(images, count > 0, "`images` must hold at least one picture. Received their number:", count)
        boxes = _required(
            boxes,
            tf.equal(rows, 1) | tf.equal(rows, count),
            "`boxes` must have one row for each of `images`, or one for all. Received their numbers:",
            tf.stack([rows, count]),
        )
        crops, status = read_pictures(images, tf.broadcast_to(boxes, tf.stack([count, 4])), size, max_pixels)
        valid = tf.equal(status, PictureStatus.OK)
        outputs = {name: _where_rows(valid, value) for name, value in network(crops).items()}
        return {**outputs, "valid": valid, "status": status}

    pixels = {"serving_default": (serving_default, "images", 4), "serving_clip": (serving_clip, "clips", 5)}
    for name, (function, argument, rank) in pixels.items():
        shape = (None,) * (rank - 1) + (3,)
        archive.add_endpoint(name, function, [tf.TensorSpec(shape, tf.uint8, name=argument)])
    archive.add_endpoint(
        "serving_jpeg",
        serving_jpeg,
        [tf.TensorSpec((None,), tf.string, name="images"), tf.TensorSpec((None, 4), tf.float32, name="boxes")],
    )


def _checked_pixels(pictures, shape, name, max_pixels) -> Any:
    """The pictures, if there are any and they are not too large."""
    # A server does not compare what it is sent with the shapes of the signature; this does.
    pictures = tf.ensure_shape(pictures, shape)
    sizes = tf.shape(pictures)
    pixels = tf.reduce_prod(tf.cast(sizes[-3:-1], tf.float64))
    return _required(
        pictures,
        tf.reduce_all(sizes > 0) & (pixels <= max_pixels),
        f"`{name}` must hold at least one picture, and each at least 1 and at most {max_pixels} pixels. "
        "Received their shape:",
        sizes,
    )


def _required(value, condition, message, received):
    """`value`; nothing is done with it if `condition` is false, which is INVALID_ARGUMENT."""
    with tf.control_dependencies([tf.debugging.Assert(condition, [message, received], summarize=8)]):
        return tf.identity(value)


def _where_rows(valid, value):
    shape = tf.concat([tf.shape(valid), tf.ones([tf.rank(value) - 1], tf.int32)], 0)
    return tf.where(tf.reshape(valid, shape), value, tf.zeros((), value.dtype))
