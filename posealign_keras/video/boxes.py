"""`find_boxes`: where the person of a video is, from whatever was given to tell it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from posealign_keras.video.needs_tools import needs_tools

_DETECT_FPS = 8.0
_FILES = (".csv", ".json", ".npz")


def find_boxes(
    boxes,
    frames,
    track: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> np.ndarray | None:
    """The box of the person in every frame.

    Args:
        boxes: As for `PoseEstimator.predict_video`.
        frames: The opened video of T frames. A file of boxes for several videos calls it by its path.
        track: Which person of a file of boxes that tells several apart.
        progress: Called with what is being done, and the numbers of frames done and of all.

    Returns:
        `(T, 4)` left, top, right and bottom edge in pixels, NaN where the person is not seen; `None` for whole frames,
        where nothing was given and no file of boxes lies beside the video.

    Raises:
        ImportError: If a library is missing that reads boxes or detects persons.
        FileNotFoundError: If there is no such file of boxes.
        ValueError: If the boxes cannot be read or do not fit the video, or there is no such detector or track.

    Example:
        >>> from posealign_keras.video import open_video
        >>> frames = open_video(np.zeros((2, 48, 64, 3), "uint8"))
        >>> print(find_boxes([[10, 5, 30, 45], [np.nan] * 4], frames))
        [[10.  5. 30. 45.]
         [nan nan nan nan]]
    """
    if boxes is None:
        boxes = _beside(frames)
    if boxes is None:
        return None
    if not isinstance(boxes, str | os.PathLike):
        return _checked(boxes, len(frames.times))
    with needs_tools():
        from tfrecords_tools.detectors import DETECTORS, named_detector
    detector = named_detector(boxes)
    if detector:
        return _detected(detector, frames, progress)
    path = Path(boxes)
    if path.suffix.lower() not in _FILES:
        raise ValueError(
            f"`boxes` must be a file that ends with {', '.join(_FILES)}, or a detector: {', '.join(DETECTORS)}. "
            f"Received: boxes={str(boxes)!r}"
        )
    return _from_file(path, frames, track)


def _beside(frames):
    """The `.npz` of boxes that lies beside the video, by its name, if there is one."""
    path = _path_of(frames)
    if path is None:
        return None
    with needs_tools():
        from tfrecords_tools.boxes import boxes_beside
    return boxes_beside(path)


def _checked(boxes, count):
    boxes = np.array(boxes, float)
    if boxes.shape != (count, 4):
        raise ValueError(
            f"`boxes` must have shape {(count, 4)}, one row for each frame. Received: boxes of shape {boxes.shape}"
        )
    boxes[~np.isfinite(boxes).all(axis=1)] = np.nan
    wrong = np.flatnonzero((boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1]))
    if len(wrong):
        raise ValueError(
            "`boxes` must be left, top, right and bottom edges. "
            f"Received: {boxes[wrong[0]].tolist()} in frame {wrong[0]}"
        )
    return boxes


def _from_file(path, frames, track):
    with needs_tools():
        from tfrecords_tools.boxes import read_boxes
    content = read_boxes(path)
    name = _path_of(frames)
    clip = next((clip for clip in content if name is not None and _is_called(name, clip)), None)
    if clip is None and len(content) == 1 and (name is None or "" in content):
        clip = next(iter(content))
    if clip is None:
        called = "frames without a name" if name is None else repr(name.name)
        raise ValueError(
            f"`boxes` must have boxes for the video; {path} has none for {called}, but for: {_list(content)}"
        )
    tracks = content[clip]
    if track is None and len(tracks) > 1:
        raise ValueError(f"`track` must say which person of {path} is meant: {_list(tracks)}. Received: None")
    if track is not None and track not in tracks:
        raise ValueError(f"`track` must be one of those in {path}: {_list(tracks)}. Received: track={track!r}")
    try:
        return tracks[next(iter(tracks)) if track is None else track].in_every_frame(frames.times)
    except ValueError as error:
        raise ValueError(f"{path} does not fit the video: {error}") from error


def _path_of(frames) -> Path | None:
    """The file, or the folder of pictures, that frames are read from."""
    frames = getattr(frames, "frames", frames)  # those of which another rate is known
    if hasattr(frames, "paths"):
        return frames.paths[0].parent.absolute()
    return frames.path.absolute() if hasattr(frames, "path") else None


def _is_called(path, clip):
    """Whether a file of boxes means the video at `path`: the end of its path, with or without suffix."""
    parts = Path(clip).parts
    return bool(parts) and parts in (path.parts[-len(parts) :], path.with_suffix("").parts[-len(parts) :])


def _list(names, most=10):
    names = [name or "(no name)" for name in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _detected(detector, frames, progress):
    with needs_tools():
        from tfrecords_tools.detectors import get_detector
        from tfrecords_tools.person_boxes import find_person
    watched: Any = frames if progress is None else _Watched(frames, progress)
    return find_person(watched, get_detector(*detector), _DETECT_FPS)[0]


class _Watched:
    """Frames that tell how many of those asked for were read."""

    def __init__(self, frames, progress):
        self._frames, self._progress = frames, progress
        self.times = frames.times

    def read(self, indices):
        for done, image in enumerate(self._frames.read(indices), start=1):
            yield image
            self._progress("person", done, len(indices))
