"""`open_video`: the pictures of whatever was given as a video."""

import os
import re
from pathlib import Path

import numpy as np

from posealign_keras.video.array_frames import ArrayFrames
from posealign_keras.video.needs_tools import needs_tools

_USUAL_FPS = 30.0


def open_video(video, fps: float | None = None):
    """Open a video; nothing is decoded before it is read.

    Args:
        video: Path of a video or of a folder of numbered pictures; or frames `(T, height, width, 3)`, as an array or
            any sequence of arrays; or something that has `times`, `fps` and `read`, as this function returns it.
        fps: Frames per second, of frames or of a folder of pictures (30 if not given), or of a file that says it
            wrongly.

    Returns:
        Frames: `times (T,)` in seconds, `fps`, and `read(indices)`, which yields `(height, width, 3)` RGB, uint8,
        upright.

    Raises:
        ImportError: If the libraries that read videos are missing.
        FileNotFoundError: If there is no such file or folder, or no picture in it.
        ValueError: If it is no video, damaged, or `fps` is not positive.

    Example:
        >>> frames = open_video(np.zeros((5, 48, 64, 3), "uint8"), fps=10)
        >>> print(frames.times, next(frames.read([3])).shape)
        [0.  0.1 0.2 0.3 0.4] (48, 64, 3)
    """
    if fps is not None and not 0 < fps < np.inf:
        raise ValueError(f"`fps` must be a positive number. Received: fps={fps}")
    if hasattr(video, "read") and hasattr(video, "times"):
        return video
    if not isinstance(video, str | os.PathLike):
        return ArrayFrames(video, fps or _USUAL_FPS)
    path = video_path(video)
    if path.is_dir():
        return _pictures(path, fps or _USUAL_FPS)
    with needs_tools():
        from tfrecords_tools.frames_at_rate import FramesAtRate
        from tfrecords_tools.video_frames import VideoFrames
    frames = VideoFrames(path)
    count = len(frames.times)
    if fps is None and count == 1:
        fps = _USUAL_FPS  # a single picture has none, whatever the file says
    return frames if fps is None else FramesAtRate(frames, float(fps))


def video_path(video: str | os.PathLike, argument: str = "video") -> Path:
    """The path of a video on this machine.

    Args:
        video: What was given as a path; it need not exist.
        argument: The name under which it was given, for the message.

    Raises:
        ValueError: If it is a URL.

    Example:
        >>> video_path("walk.mp4").name
        'walk.mp4'
    """
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", str(video)):
        raise ValueError(
            f"`{argument}` must be a file or folder on this machine; download it first. "
            f"Received: {argument}={str(video)!r}"
        )
    return Path(video)


def _pictures(folder, fps):
    with needs_tools():
        from tfrecords_tools.image_frames import SUFFIXES, ImageFrames, natural_order
        from tfrecords_tools.readers.videos import SUFFIXES as VIDEOS
    files = sorted((path for path in folder.iterdir() if path.is_file()), key=natural_order)
    paths = [path for path in files if path.suffix.lower() in SUFFIXES and re.search(r"\d", path.stem)]
    if paths:
        return ImageFrames(paths, fps)
    videos = [path.name for path in files if path.suffix.lower() in VIDEOS]
    if videos:
        raise ValueError(
            f"`video` must be one video; {folder} is a folder that holds {len(videos)}, {videos[0]!r} first"
        )
    raise FileNotFoundError(
        f"There is no video, and no numbered picture ({', '.join(SUFFIXES)}), in the folder {folder}"
    )
