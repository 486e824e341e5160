"""The `ImageFeature`: a picture, or the frames of a clip, stored as JPEG."""

from dataclasses import dataclass

import numpy as np

from posealign_keras.data.feature import Feature
from posealign_keras.data.tensorflow_import import import_tensorflow


@dataclass(frozen=True, kw_only=True)
class ImageFeature(Feature):
    """One RGB image `(height, width, 3)`, or a clip of them, each stored as one JPEG.

    Examples hold either uint8 pixels, or JPEG files as `bytes` (a list of them for a clip), which are stored
    without a second loss. Parsed images are uint8.

    Args:
        **kwargs: The arguments of `Feature`.

    Example:
        >>> image = ImageFeature(name="image", description="RGB image, uint8.")
        >>> pixels, sizes = image.validate(np.zeros((4, 6, 3), "uint8"))
        >>> sizes
        (4, 6, 3)
        >>> image.per_frame("frames").shape
        ('num_frames', 'height', 'width', 3)
    """

    shape: tuple[int | str, ...] = ("height", "width", 3)

    @property
    def kind(self) -> str:
        """Always `"jpeg"`."""
        return "jpeg"

    @property
    def storage(self) -> str:
        """JPEG files are byte strings."""
        return "bytes_list"

    def stored_shape(self, shape):
        """One stored value per image."""
        return shape[:-3]

    def validate(self, value):
        """Check pixels or JPEG files; see `Feature.validate`."""
        if isinstance(value, bytes):
            return [value], self._jpeg_shape(value)
        if isinstance(value, list | tuple) and value and all(isinstance(image, bytes) for image in value):
            shapes = {self._jpeg_shape(image) for image in value}
            if len(shapes) > 1:
                raise self.error("of one size in all frames of a clip", sorted(shapes))
            return list(value), (len(value), *shapes.pop())
        if not isinstance(value, np.ndarray) or value.dtype != np.uint8:
            received = value.dtype.name if isinstance(value, np.ndarray) else type(value).__name__
            raise self.error("a NumPy array of dtype uint8, or JPEG files as bytes", received)
        return value, value.shape

    def store(self, value, jpeg_quality):
        """The JPEG files; pixels are compressed with full colour resolution."""
        if isinstance(value, list):
            return value
        tf = import_tensorflow()
        images = value.reshape(-1, *value.shape[-3:])
        return [
            tf.io.encode_jpeg(image, format="rgb", quality=jpeg_quality, chroma_downsampling=False).numpy()
            for image in images
        ]

    def decode(self, stored, shape):
        """Decompress every image of `stored`; uint8."""
        tf = import_tensorflow()

        def decode_one(image):
            # TensorFlow's own choice, the fast transform, doubles the error at quality 95 and ruins 100.
            return tf.ensure_shape(tf.io.decode_jpeg(image, channels=3, dct_method="INTEGER_ACCURATE"), shape[-3:])

        if stored.shape.rank == 0:
            return decode_one(stored)
        images = tf.map_fn(
            decode_one, tf.reshape(stored, [-1]), fn_output_signature=tf.TensorSpec(shape[-3:], tf.uint8)
        )
        images = tf.reshape(images, tf.concat([tf.shape(stored), tf.shape(images)[1:]], 0))
        return tf.ensure_shape(images, stored.shape.concatenate(shape[-3:]))

    def _jpeg_shape(self, image: bytes) -> tuple[int, ...]:
        tf = import_tensorflow()
        try:
            height, width, _ = tf.io.extract_jpeg_shape(image).numpy()
        except tf.errors.InvalidArgumentError as error:
            raise self.error("JPEG files", image[:16]) from error
        return int(height), int(width), 3
