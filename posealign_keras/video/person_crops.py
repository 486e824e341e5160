"""`PersonCrops`: square pictures of one person, out of every frame of a video."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from posealign_keras.video.needs_tools import needs_tools
from posealign_keras.video.smooth_in_time import smooth_in_time

# As for clips that the network is adapted to: see `tfrecords_tools.examples.unlabelled_clips`.
_MARGIN = 1.1
_CENTRE_SECONDS = 0.25
_CLIP_SECONDS = 2.0
_SCALE_SECONDS = 0.5


class PersonCrops:
    """Square pictures of one person, out of every frame of a video in which the person is seen.

    They move smoothly with the person. Their scale is that of the largest box within a second before and after, as it
    is in the clips of two seconds that networks are adapted to, and changes slowly in between.

    Args:
        frames: The opened video of T frames.
        boxes: `(T, 4)` left, top, right and bottom edge in pixels, NaN where the person is not seen; `None` for crops
            that hold whole frames.
        size: Width and height of the crops in pixels.
        intrinsics: `(3, 3)` camera matrix of the video in pixels, the centre of the first pixel at (0, 0). With it,
            crops are those of a camera that looks straight at the person.
        distortion: `(k1, k2, p1, p2, k3)` of OpenCV's lens model, which is taken out; only with `intrinsics`.

    Raises:
        ImportError: If the libraries that cut crops are missing.
        ValueError: If a shape does not fit.

    Example:
        >>> from posealign_keras.video import open_video
        >>> frames = open_video(np.zeros((5, 48, 64, 3), "uint8"))
        >>> boxes = np.tile([10.0, 5.0, 30.0, 45.0], (5, 1))
        >>> crops = PersonCrops(frames, boxes, size=32)
        >>> indices, pictures, rotations, _ = next(crops.batches(batch_size=8))
        >>> crops.count, pictures.shape[1:], rotations.shape[1:]
        (5, (32, 32, 3), (3, 3))
    """

    def __init__(self, frames, boxes, size: int, intrinsics=None, distortion: tuple[float, ...] = ()):
        self._frames = frames
        self._boxes = boxes
        self._size = size
        self._given = None if intrinsics is None else np.array(intrinsics, float)
        self._distortion = tuple(float(value) for value in distortion)
        if self._given is not None and self._given.shape != (3, 3):
            raise ValueError(f"`intrinsics` must have shape (3, 3). Received: {self._given.shape}")
        if self._given is not None and not (np.isfinite(self._given).all() and np.diag(self._given).min() > 0):
            raise ValueError(f"`intrinsics` must have positive focal lengths. Received: {self._given.tolist()}")
        if self._distortion and (self._given is None or len(self._distortion) != 5):
            raise ValueError(
                f"`distortion` must be k1, k2, p1, p2 and k3, and needs `intrinsics`. Received: distortion={distortion}"
            )
        self._indices = np.arange(len(frames.times))
        if boxes is not None:
            self._indices = np.flatnonzero(np.isfinite(boxes).all(axis=1))
            self._centres, self._sides = _courses(boxes, frames.times, self._indices)
        self._picture_shape = (0, 0)
        self.intrinsics = np.eye(3) if self._given is None else self._given
        """Camera matrix of the video; if none was given, known once a picture was read."""

    @property
    def count(self) -> int:
        """Number of frames with a crop."""
        return len(self._indices)

    def batches(self, batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Read the video once.

        Args:
            batch_size: Crops at a time, B.

        Yields:
            `(n,)` indices of the frames; `(B, size, size, 3)` uint8 crops, of which the first n count (all but the last
            batch have n = B), in one array that the next batch overwrites; `(n, 3, 3)` rotations that take the axes of
            the video's camera to those of a camera that looks straight at the person; `(n, 4)` boxes, those of whole
            frames if none were given.
        """
        pictures = np.zeros((batch_size, self._size, self._size, 3), np.uint8)
        rotations: list[np.ndarray] = []
        boxes: list[np.ndarray] = []
        begin = 0
        for place, image in enumerate(self._frames.read(self._indices)):
            picture, rotation, box = self._cut(place, image)
            pictures[len(boxes)] = picture
            rotations.append(rotation)
            boxes.append(box)
            if len(boxes) == batch_size or place == len(self._indices) - 1:
                chosen = self._indices[begin : begin + len(boxes)]
                yield chosen, pictures, np.array(rotations, "float32"), np.array(boxes)
                begin += len(boxes)
                rotations, boxes = [], []

    def in_video(self, indices, keypoints) -> np.ndarray:
        """Where keypoints in crops are in the video.

        Args:
            indices: `(n,)` frames whose crops `batches` has given.
            keypoints: `(n, joints, 2)` in widths of the crop from its middle, x right and y down.

        Returns:
            `(n, joints, 2)` pixels of the video, the centre of the first pixel at (0, 0); NaN where its camera would
            have to see what is behind it.
        """
        pixels = (np.asarray(keypoints, float) + 0.5) * self._size - 0.5
        crops = [self._crop_and_view(place)[0] for place in np.searchsorted(self._indices, indices)]
        return np.stack([crop.in_picture(at) for crop, at in zip(crops, pixels, strict=True)])

    def _cut(self, place, image):
        self._picture_shape = image.shape[:2]
        if self._given is None:
            self.intrinsics = usual_camera(*self._picture_shape)
        crop, towards = self._crop_and_view(place)
        height, width = self._picture_shape
        box = np.array([0.0, 0.0, width, height]) if self._boxes is None else self._boxes[self._indices[place]]
        return crop.apply(image), towards.rotation, box

    def _crop_and_view(self, place):
        """The crop of a frame, and that of a camera that looks straight at the person: the same, if that is known."""
        with needs_tools():
            from tfrecords_tools.crop import Crop
        if self._boxes is None:
            height, width = self._picture_shape
            centre, side = (width / 2, height / 2), float(max(height, width))
        else:
            centre = (float(self._centres[place, 0]), float(self._centres[place, 1]))
            side = float(self._sides[place])
        towards = Crop(centre, side, self._size, self.intrinsics, self._distortion)
        # With a camera that is only assumed, the crop is one like those of the training: a piece of the picture.
        return (towards if self._given is not None else Crop(centre, side, self._size)), towards


def usual_camera(height: int, width: int) -> np.ndarray:
    """`(3, 3)` camera matrix of a usual lens: its focal length is the diagonal of the picture; it spans 53 degrees."""
    focal = float(np.hypot(height, width))
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])


def _courses(boxes, times, indices):
    """Smooth middle, and side, of the crop in each of the frames `indices`, for each unbroken run of them by itself."""
    centres = (boxes[indices, :2] + boxes[indices, 2:]) / 2
    sides = (boxes[indices, 2:] - boxes[indices, :2]).max(axis=1, initial=0)
    begins = np.flatnonzero(np.diff(indices, prepend=-2) > 1)
    for start, stop in pairwise([*begins, len(indices)]):
        at = times[indices[start:stop]]
        centres[start:stop] = smooth_in_time(centres[start:stop], at, _CENTRE_SECONDS)
        sides[start:stop] = smooth_in_time(sides[start:stop], at, _SCALE_SECONDS, highest_within=_CLIP_SECONDS)
    return centres, _MARGIN * sides
