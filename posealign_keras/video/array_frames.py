"""`ArrayFrames`: pictures that are in memory already."""

import numpy as np


class ArrayFrames:
    """Pictures that are in memory already, at a constant rate; as `tfrecords_tools.frames.Frames`.

    Args:
        images: `(T, height, width, 3)` array, or a sequence of `(height, width, 3)` arrays that may differ in size:
            RGB, 0 to 255, any number type.
        fps: Pictures per second.

    Raises:
        ValueError: If there are none, or `fps` is not positive.
    """

    def __init__(self, images, fps: float = 30.0):
        try:
            count = len(images)
        except TypeError as error:
            raise ValueError(
                f"`video` must be a path, or frames of which the number is known. Received: video={type(images)}"
            ) from error
        if not count or not 0 < fps < np.inf:
            raise ValueError(f"`video` must hold frames, and `fps` be positive. Received: {count} frames, fps={fps}")
        self.images = images
        self.fps = float(fps)

    @property
    def times(self) -> np.ndarray:
        """`(T,)` seconds."""
        return np.arange(len(self.images)) / self.fps

    def read(self, indices):
        """Give the pictures of `indices`, as uint8.

        Raises:
            ValueError: If one is no picture; the message tells which.
        """
        for index in np.asarray(indices).tolist():
            image = np.asarray(self.images[index])
            if image.ndim != 3 or image.shape[-1] != 3 or 0 in image.shape or image.dtype.kind not in "uif":
                raise ValueError(
                    "`video` must hold frames of shape (height, width, 3), RGB. "
                    f"Received: frame {index} of shape {image.shape}, {image.dtype}"
                )
            if image.dtype != np.uint8:
                if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 255):
                    raise ValueError(f"`video` must hold values from 0 to 255. Received: others in frame {index}")
                image = np.round(image).astype(np.uint8)
            yield image
