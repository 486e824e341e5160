"""The `ImageAugmentation`: random crops and colours of pictures while they are read."""

from dataclasses import dataclass

from posealign_keras.data.tensorflow_import import import_tensorflow


@dataclass(frozen=True)
class ImageAugmentation:
    """Random crops and colours of pictures while they are read, on the processor.

    A crop that is a little larger or smaller, or not quite in the middle, shows the same root-relative pose, so labels
    stay as they are (the rotation of the camera that comes with it, some degrees, is neglected). A clip is changed
    alike in all its frames.

    Args:
        zoom: Smallest and largest width of the crop as a share of the picture; above 1 it sees beyond the edge.
        shift: Largest shift of its middle, as a share of the picture's width and height.
        brightness: Largest shift of all channels, as a share of full white.
        contrast: Largest relative change of contrast.
        saturation: Largest relative change of saturation.
        hue: Largest change of hue, as a share of the colour circle; below 0.5.
        beyond: What is seen beyond the edge of a picture: `"black"`, or `"mirrored"`, its mirror image; in masks
            nobody.

    Raises:
        ValueError: If a range is not as described.

    Example:
        >>> from posealign_keras.data import load_clips
        >>> clips = np.zeros((4, 6, 32, 32, 3), "uint8")
        >>> batches = load_clips(clips, 2, ImageAugmentation(zoom=(0.9, 1.2), hue=0.0))
        >>> next(iter(batches)).shape.as_list()
        [2, 6, 32, 32, 3]
    """

    zoom: tuple[float, float] = (0.85, 1.15)
    shift: float = 0.05
    brightness: float = 0.15
    contrast: float = 0.3
    saturation: float = 0.3
    hue: float = 0.05
    beyond: str = "black"

    def __post_init__(self):
        if not 0 < self.zoom[0] <= self.zoom[1]:
            raise ValueError(f"`zoom` must be two positive numbers that do not fall. Received: zoom={self.zoom}")
        if self.beyond not in ("black", "mirrored"):
            raise ValueError(f"`beyond` must be 'black' or 'mirrored'. Received: beyond={self.beyond!r}")
        if self.beyond == "mirrored" and self._reach > 1:
            raise ValueError(
                "`zoom` and `shift` must not reach beyond one mirror image. "
                f"Received: zoom={self.zoom}, shift={self.shift}"
            )
        for name, largest in (("shift", 1), ("brightness", 1), ("contrast", 1), ("saturation", 1), ("hue", 0.499)):
            if not 0 <= getattr(self, name) <= largest:
                raise ValueError(f"`{name}` must be from 0 to {largest}. Received: {name}={getattr(self, name)}")

    def __call__(self, images, seed):
        """Change one picture, or the frames of one clip.

        Args:
            images: `(height, width, 3)` or `(frames, height, width, 3)` uint8 tensor.
            seed: `(2,)` integers; the same seed gives the same change.

        Returns:
            uint8 tensor of the same shape.
        """
        tf = import_tensorflow()
        seeds = self._seeds(seed)
        shape = tf.shape(images)
        frames = tf.reshape(images, tf.concat([[-1], shape[-3:]], 0))
        frames = self._cropped(tf.cast(frames, tf.float32) / 255, seeds, self.beyond)
        frames += self._uniform(-self.brightness, self.brightness, seeds[2])
        mean = tf.reduce_mean(frames, axis=(0, 1, 2), keepdims=True)
        frames = mean + (frames - mean) * self._uniform(1 - self.contrast, 1 + self.contrast, seeds[3])
        frames = tf.clip_by_value(frames, 0, 1)
        frames = tf.image.adjust_saturation(frames, self._uniform(1 - self.saturation, 1 + self.saturation, seeds[4]))
        frames = tf.image.adjust_hue(frames, self._uniform(-self.hue, self.hue, seeds[5]))
        frames = tf.cast(tf.round(255 * tf.clip_by_value(frames, 0, 1)), tf.uint8)
        return tf.ensure_shape(tf.reshape(frames, shape), images.shape)

    def move_keypoints(self, keypoints, seed):
        """Where keypoints are after the change of their picture.

        Args:
            keypoints: `(joints, 2)`, in widths (and heights) of the picture from its middle, x right and y down.
            seed: That of the picture.

        Returns:
            Tensor of the same shape.
        """
        middle, width = self._window(self._seeds(seed))
        return (keypoints - middle[::-1]) / width

    def move_mask(self, mask, seed):
        """What a mask is after the change of its picture.

        Args:
            mask: `(height, width)` uint8 tensor.
            seed: That of the picture.

        Returns:
            uint8 tensor of the same shape, 0 beyond the border.
        """
        tf = import_tensorflow()
        moved = self._cropped(tf.cast(mask, tf.float32)[None, ..., None], self._seeds(seed))[0, ..., 0]
        return tf.ensure_shape(tf.cast(tf.round(moved), tf.uint8), mask.shape)

    @staticmethod
    def _seeds(seed):
        return import_tensorflow().random.split(seed, 6)

    def _window(self, seeds):
        """Middle (y, x) of the crop, from that of the picture, and its width; as shares of the picture."""
        middle = import_tensorflow().random.stateless_uniform((2,), seeds[1], -self.shift, self.shift)
        return middle, self._uniform(*self.zoom, seeds[0])

    @property
    def _reach(self):
        """How far a crop may reach beyond the edge, as a share of the picture."""
        return max(self.zoom[1] / 2 + self.shift - 0.5, 0.0)

    def _cropped(self, frames, seeds, beyond="black"):
        tf = import_tensorflow()
        middle, width = self._window(seeds)
        output = tf.shape(frames)[1:3]
        size = tf.cast(output, tf.float32)
        # Middles of the first and the last pixel that is seen, in pixels; from one to the next it is `width`.
        first = (0.5 + middle) * size - 0.5 - width * (size - 1) / 2
        last = first + width * (size - 1)
        if beyond == "mirrored" and self._reach:
            more = tf.math.ceil(self._reach * size)
            added = tf.repeat(tf.cast(more, tf.int32)[:, None], 2, axis=1)
            frames = tf.pad(frames, tf.pad(added, [[1, 1], [0, 0]]), "SYMMETRIC")
            first, last, size = first + more, last + more, size + 2 * more
        box = tf.concat([first, last], 0) / tf.tile(size - 1, [2])
        count = tf.shape(frames)[0]
        return tf.image.crop_and_resize(frames, tf.repeat(box[None], count, axis=0), tf.range(count), output)

    @staticmethod
    def _uniform(low, high, seed):
        return import_tensorflow().random.stateless_uniform((), seed, low, high)
