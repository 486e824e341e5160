"""The person in videos, as records of unlabelled clips."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from posealign_keras import data
from posealign_keras.progress import Progress
from posealign_keras.video.needs_tools import needs_tools

LONG, SHORT = 60, 30
"""Frames of a clip at 30 per second: as long as the longest relation asks for, and as long as a motion is."""

_KIND, _SPLIT = "unlabelled_clip", "train"
_EVERY = 2


def record_person_clips(
    videos, out: Path, size: int, boxes=None, lengths: tuple[int, ...] = (LONG, SHORT)
) -> tuple[list[Path], int]:
    """Cut the person out of videos, into clips of one length.

    Args:
        videos: Paths of videos, or of folders of videos or of numbered pictures.
        out: Directory of the records, one folder for each of the videos.
        size: Height and width of the crops in pixels.
        boxes: Where the person is: a `.csv` or `.json` file of boxes, or a detector; see `tfrecords_tools` for both,
            and for the files of boxes beside videos that are found by themselves.
        lengths: Frames of a clip at 30 per second; the first of them of which there is a clip in any video.

    Returns:
        Directories of the records, those of videos without a clip left out, and the frames of each clip.

    Raises:
        ValueError: If a video cannot be read, or no video shows a person for as long as the shortest clip.
        FileNotFoundError: If a file does not exist.
    """
    with needs_tools():
        from tfrecords_tools import NoRecordsError, convert
        from tfrecords_tools.detectors import named_detector
    detector = named_detector(boxes)
    options: dict[str, Any]
    if detector:
        options = dict(zip(("detector", "detector_weights"), detector, strict=True))
    else:
        options = {"boxes": None if boxes is None else os.fspath(boxes)}
    for length in lengths:
        found = []
        for index, video in enumerate(videos):
            directory = out / f"{length}-frames" / f"{index:03d}-{Path(video).stem}"
            try:
                convert(
                    "videos",
                    video,
                    directory,
                    kinds=[_KIND],
                    splits=[_SPLIT],
                    size=size,
                    clip_length=length,
                    clip_step=length // 2,
                    progress=_shown(Progress(f"clips of {length / 30:.0f} s, {Path(video).name}")),
                    **options,
                )
            except NoRecordsError:
                continue
            found.append(directory / _KIND)
        if found:
            return found, length
    lost = f"The detector {detector[0]!r} may have lost them: boxes from elsewhere help. " if detector else ""
    raise ValueError(
        f"`videos` must show a person for a second at least. {lost}Received: {[str(video) for video in videos]}"
    )


def spread_frames(directories, count: int, seed: int) -> np.ndarray:
    """Single frames `(n, H, W, 3)` from all over the clips, in random order: at most `count`."""
    total = sum(data.Manifest.load(directory, _SPLIT).num_records for directory in directories)
    clips = data.load_clips(directories, 1, training=False)
    rng = np.random.default_rng(seed)
    frames: list[np.ndarray] = []
    for clip in clips.as_numpy_iterator():
        own = clip[0, ::_EVERY]
        share = min(len(own), -(-count // total))
        frames += list(own[np.sort(rng.choice(len(own), share, replace=False))])
    return rng.permutation(np.stack(frames))[:count]


def _shown(progress):
    return lambda _, done, total: progress(done, total)
