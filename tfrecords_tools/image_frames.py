"""`ImageFrames`: pictures that are files of their own."""

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tfrecords_tools.frames import Frames

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


class ImageFrames(Frames):
    """Pictures that are files of their own, at a constant rate.

    Args:
        paths: The files, in order.
        fps: Pictures per second.

    Raises:
        ValueError: If there are none, or `fps` is not positive.
    """

    def __init__(self, paths: Sequence, fps: float):
        if not len(paths) or not 0 < fps < np.inf:
            raise ValueError(f"`paths` must not be empty, and `fps` positive. Received: {len(paths)} paths, fps={fps}")
        self.paths = [Path(path) for path in paths]
        self.fps = fps

    @property
    def times(self) -> np.ndarray:
        """`(T,)` seconds."""
        return np.arange(len(self.paths)) / self.fps

    def read(self, indices):
        """Read the files of `indices`; see `Frames.read`."""
        last, image = None, None
        for index in np.asarray(indices).tolist():
            if index != last:
                image = read_image(self.paths[index])
                last = index
            yield image


def read_image(path) -> np.ndarray:
    """Read a picture as `(height, width, 3)` RGB, uint8, turned upright if its EXIF data says how.

    Raises:
        ValueError: If the file is missing or no picture; the message names it.
    """
    try:
        data = np.fromfile(path, np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error) as error:
        raise ValueError(f"{path} cannot be read as a picture: {error}") from error
    if image is None:
        raise ValueError(f"{path} cannot be read as a picture")
    return np.ascontiguousarray(image[..., ::-1])


def natural_order(path) -> tuple:
    """Sorting key of a path in which `img_2` comes before `img_10`."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", str(path)))
