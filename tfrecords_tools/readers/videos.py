"""Anybody's own videos, as unlabelled clips of one person."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from tfrecords_tools.boxes import GivenBoxes, boxes_beside, read_boxes
from tfrecords_tools.detectors import get_detector
from tfrecords_tools.file_cache import cached_by_file
from tfrecords_tools.image_frames import SUFFIXES as PICTURES
from tfrecords_tools.image_frames import ImageFrames, natural_order
from tfrecords_tools.person_boxes import find_person
from tfrecords_tools.reader import Reader
from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.video_frames import VideoFrames

SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".mts", ".m2ts", ".3gp")
_RATES = (0.5, 1000.0)


class Videos(Reader):
    """Your own videos: files, or folders of numbered pictures.

    A video is cut where the person is not seen for longer than half a second. Where the person is comes from, in this
    order: the file `boxes`; a detector, if one is named, which also finds cuts between shots, and follows the person
    who is seen longest and largest in each shot; a file of the video's name that ends with `.npz` and holds
    `boxes_xyxy_px (T, 4)`: left, top, right and bottom edge in pixels, NaN where the person is not seen.

    A file of boxes is a CSV with the columns `clip,frame,x,y,w,h`, named in the first line, or a JSON
    `{"clip": [[left, top, right, bottom], null, …], …}` with one entry for each frame. `clip` is the path of the
    video within `root`, with or without suffix; frames count from 0. With a further column `track` of the CSV, each
    person of a clip becomes a recording of its own.

    Args:
        root: One video, or a directory with videos and folders of numbered pictures, at any depth.
        boxes: File of boxes, `.csv` or `.json`, that has all clips; or the `.npz` of a single video.
        detector: Finds the person if `boxes` is not given. `none` takes the whole picture where no file of boxes lies
            beside the video, and does not look for cuts between shots. `faster_rcnn` (torchvision), `yolo`
            (ultralytics) and `mediapipe` need these libraries.
            `hog` needs nothing else, but misses most people who do not stand upright, and then often takes something
            else for the person: look at its clips before you use them.
        detector_weights: File of the detector's weights; by default those that its library downloads.
        detect_fps: Pictures per second that the detector looks at; boxes are interpolated in between.
        source_fps: Frames per second of folders of pictures.

    Raises:
        ValueError: If an option is not as described.
        FileNotFoundError: If `root`, `boxes` or `detector_weights` do not exist.
    """

    name: ClassVar[str] = "videos"
    kinds: ClassVar[tuple[str, ...]] = ("unlabelled_clip",)

    def __init__(
        self,
        root,
        boxes: str | None = None,
        detector: Literal["hog", "faster_rcnn", "yolo", "mediapipe", "none"] = "none",
        detector_weights: str | None = None,
        detect_fps: float = 8.0,
        source_fps: float = 30.0,
    ):
        super().__init__(root, detector=detector)
        for argument, value in (("detect_fps", detect_fps), ("source_fps", source_fps)):
            if not _RATES[0] <= value <= _RATES[1]:
                raise ValueError(
                    f"`{argument}` must be from {_RATES[0]} to {_RATES[1]}. Received: {argument}={value!r}"
                )
        for argument, path in (("boxes", boxes), ("detector_weights", detector_weights)):
            if path is not None and not Path(path).is_file():
                raise FileNotFoundError(f"`{argument}` must be a file. There is no {path}")
        self.boxes = boxes
        self.detector = detector
        self.detector_weights = detector_weights
        self.detect_fps = detect_fps
        self.source_fps = source_fps
        is_used = detector_weights is not None and detector != "none"
        self._weights = os.path.abspath(str(detector_weights)) if is_used else None

    def list(self, kind):
        """List the videos, in natural order, and the persons in each if `boxes` tells them apart; see `Reader.list`."""
        videos = self._videos()
        if not videos:
            raise FileNotFoundError(
                f"There is no video ({', '.join(SUFFIXES)}) and no folder of numbered pictures "
                f"({', '.join(PICTURES)}) in {self.root}"
            )
        given = {} if self.boxes is None else {place: self._given(place, files) for place, files in videos.items()}
        without = [str(place) for place, tracks in given.items() if not tracks]
        if without:
            raise ValueError(
                f"`boxes` must have boxes for all clips; {self.boxes} has none for: {', '.join(without[:10])}"
                + (f" and {len(without) - 10} more" if len(without) > 10 else "")
            )
        stems = Counter(_stem(place, files) for place, files in videos.items())
        found = []
        for place, files in videos.items():
            stem = _stem(place, files)
            name = stem if stems[stem] == 1 else place.as_posix()
            boxes = boxes_beside(_path(files)) if self.boxes is None and self.detector == "none" else self.boxes
            others = [one for one in (boxes or self._weights,) if one is not None]
            found += [
                RecordingId(
                    sequence=f"{name} track {track}" if track else name,
                    index=index,
                    group=place.as_posix(),
                    files=tuple(os.path.abspath(path) for path in (*files, *others)),
                )
                for index, track in enumerate(given.get(place, {"": None}))
            ]
        return found

    def read(self, recording_id, kind):
        """Find out where the person is; see `Reader.read`."""
        files = [Path(path) for path in recording_id.files if path != self._weights]
        pictures = [path for path in files if path.suffix.lower() in PICTURES]
        frames = ImageFrames(pictures, self.source_fps) if pictures else VideoFrames(files[0])
        given: GivenBoxes | None = None
        notes: tuple[str, ...] = ()
        if self.boxes is not None:
            given = list(self._given(Path(recording_id.group), files).values())[recording_id.index]
        elif files[-1].suffix == ".npz":
            given = read_boxes(files[-1])[""][""]
        if given is not None:
            try:
                boxes = given.in_every_frame(frames.times)
            except ValueError as error:
                raise ValueError(f"{files[-1]} is not for {recording_id.group}: {error}") from error
        elif self.detector == "none":
            boxes = None
        else:
            detector = _detector(self._weights, self.detector)
            boxes, cuts = find_person(frames, detector, self.detect_fps)
            notes = (f"{cuts} cuts between shots",) if cuts else ()
        return Recording(fps=frames.fps, frames=frames, boxes=boxes, notes=notes)

    def _videos(self) -> dict[Path, Sequence[Path]]:
        """Path within `root`, and files, of every video and of every folder of pictures."""
        if self.root.is_file():
            return {Path(self.root.name): [self.root]}
        videos: dict[Path, Sequence[Path]] = {}
        pictures: dict[Path, list[Path]] = {}
        for path in sorted(self.root.rglob("*"), key=natural_order):
            place = path.relative_to(self.root)
            if any(part.startswith(".") for part in place.parts) or not path.is_file():
                continue
            if path.suffix.lower() in SUFFIXES:
                videos[place] = [path]
            elif path.suffix.lower() in PICTURES and re.search(r"\d", path.stem):
                folder = place.parent if place.parent.name else Path(self.root.name)
                pictures.setdefault(folder, []).append(path)
        videos |= {folder: files for folder, files in pictures.items() if len(files) > 1}
        return videos

    def _given(self, place, files) -> dict[str, GivenBoxes]:
        """The boxes of each person of a video in the file `boxes`."""
        content = read_boxes(self.boxes)
        names = [_stem(place, files), place.as_posix()]
        if len(self._videos()) == 1:
            names.append("")  # an `.npz` does not say which video it is for
        return next((content[name] for name in names if content.get(name)), {})


def _path(files) -> Path:
    """The video, or the folder of pictures."""
    return files[0] if _is_video(files) else files[0].parent


def _is_video(files):
    return files[0].suffix.lower() not in PICTURES


def _stem(place, files) -> str:
    return (place.with_suffix("") if _is_video(files) else place).as_posix()


@cached_by_file
def _detector(weights, name):
    return get_detector(name, weights)
