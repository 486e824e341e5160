"""Files of person boxes that come with videos, and boxes in every frame from boxes in some."""

import csv
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfrecords_tools.file_cache import cached_by_file

LONGEST_GAP = 0.5
"""Seconds for which a person may go unseen, between two boxes, and its boxes are still known."""

_COLUMNS = ("clip", "frame", "x", "y", "w", "h")
_NPZ_KEY = "boxes_xyxy_px"
_LARGEST = 1e5  # pixels
_MOST_FRAMES = 100_000_000
_UNREADABLE = (ValueError, OSError, EOFError, KeyError, TypeError, OverflowError, MemoryError, RecursionError)


class GivenBoxes(NamedTuple):
    """The boxes of one person.

    Args:
        frames: `(N,)` increasing indices of frames.
        boxes: `(N, 4)` left, top, right and bottom edge in pixels, the corner of the first pixel at (0, 0); NaN where
            it is known that the person is not seen.
        complete: Whether they must be of all frames of the video, from the first to the last.
    """

    frames: np.ndarray
    boxes: np.ndarray
    complete: bool = False

    def in_every_frame(self, times: np.ndarray, longest_gap: float = LONGEST_GAP) -> np.ndarray:
        """Boxes at `times`: linear between two that are close in time, NaN everywhere else.

        Args:
            times: `(T,)` seconds of the frames of the video.
            longest_gap: Seconds between two boxes between which the person is taken to be seen.

        Returns:
            `(T, 4)`.

        Raises:
            ValueError: If there are boxes for frames that the video does not have, or too few if they are `complete`.
        """
        if self.complete and len(self.frames) != len(times):
            raise ValueError(
                f"there must be one box for each frame; there are {len(self.frames)} boxes and {len(times)} frames"
            )
        if len(self.frames) and self.frames[-1] >= len(times):
            raise ValueError(f"there is a box for frame {self.frames[-1]}, but there are {len(times)} frames")
        filled = np.full((len(times), 4), np.nan)
        filled[self.frames] = self.boxes
        seen = np.isfinite(self.boxes).all(axis=1)
        pairs = zip(self.frames[:-1], self.frames[1:], seen[:-1] & seen[1:], strict=True)
        for first, second, both in pairs:
            if both and second > first + 1 and times[second] - times[first] <= longest_gap + 1e-6:
                between = times[first + 1 : second]
                share = ((between - times[first]) / max(times[second] - times[first], 1e-9))[:, None]
                filled[first + 1 : second] = (1 - share) * filled[first] + share * filled[second]
        return filled


def read_boxes(path) -> dict[str, dict[str, GivenBoxes]]:
    """Read a file of boxes.

    `.csv`: the columns `clip,frame,x,y,w,h`, named in the first line, and optionally `track`. `clip` is the path of
    the video within the data set, with or without suffix, `frame` counts from 0, `x` and `y` are the left and top edge
    in pixels. Frames may be left out. With `track`, one clip may hold several persons.

    `.json`: `{"clip": [[left, top, right, bottom], null, …], …}`, one entry for each frame, `null` where the person is
    not seen.

    `.npz`: `boxes_xyxy_px (T, 4)`, as in JSON, NaN where the person is not seen; for one clip, whose name is `""`.

    Returns:
        `{clip: {track: boxes}}`; `track` is `""` where the file has none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not of that form; the message names the file and the line or clip.
    """
    return _read(Path(path))


def boxes_beside(path) -> Path | None:
    """The `.npz` of boxes beside a video or a folder of pictures: of the same name.

    Returns:
        Its path, or `None` if there is none, or if it holds something else.

    Raises:
        ValueError: If it is damaged; the message names it.
    """
    path = Path(path)
    beside = path.with_name(f"{path.name}.npz") if path.is_dir() else path.with_suffix(".npz")
    if not beside.is_file():
        return None
    try:
        with np.load(beside, allow_pickle=False) as content:
            return beside if _NPZ_KEY in content.files else None
    except (*_UNREADABLE, zipfile.BadZipFile, AttributeError) as error:
        raise ValueError(f"{beside} is no readable .npz file: {error}") from error


@cached_by_file
def _read(path):
    if not path.is_file():
        raise FileNotFoundError(f"There is no file of boxes {path}")
    readers = {".csv": _read_csv, ".json": _read_json, ".npz": _read_npz}
    try:
        if path.suffix.lower() not in readers:
            raise ValueError(f"its name must end with {', '.join(readers)}")
        return readers[path.suffix.lower()](path)
    except (*_UNREADABLE, csv.Error, zipfile.BadZipFile) as error:
        what = f"there is no {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise ValueError(f"{path} cannot be read as boxes: {what}") from error


def _read_csv(path):
    found: dict[str, dict[str, dict[int, list[float]]]] = {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise ValueError(
                f"its first line must name the columns {', '.join(_COLUMNS)}; {', '.join(missing)} missing"
            )
        for row in rows:
            where = f"line {rows.line_num}"
            frame = _number(row["frame"], where)
            if frame != int(frame) or not 0 <= frame < _MOST_FRAMES:
                raise ValueError(f"{where}: `frame` must be a whole number from 0. Received: {row['frame']!r}")
            left, top, width, height = (_number(row[name], where) for name in ("x", "y", "w", "h"))
            boxes = found.setdefault(str(row["clip"]).strip(), {}).setdefault((row.get("track") or "").strip(), {})
            if int(frame) in boxes:
                raise ValueError(f"{where}: there is a box for frame {int(frame)} already; `track` tells persons apart")
            boxes[int(frame)] = _checked([left, top, left + width, top + height], where)
    return {
        clip: {
            track: _given(sorted(boxes), [boxes[frame] for frame in sorted(boxes)]) for track, boxes in tracks.items()
        }
        for clip, tracks in found.items()
    }


def _read_json(path):
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(content, dict) or not all(isinstance(boxes, list) for boxes in content.values()):
        raise ValueError('it must be {"clip": [[left, top, right, bottom], null, ...], ...}')
    unseen = [np.nan] * 4
    return {
        clip: {"": _given(range(len(boxes)), _checked_list(clip, boxes, unseen), complete=True)}
        for clip, boxes in content.items()
    }


def _checked_list(clip, boxes, unseen):
    for frame, box in enumerate(boxes):
        where = f"clip {clip!r}, frame {frame}"
        if box is None:
            yield unseen
        elif isinstance(box, list) and len(box) == 4:
            yield _checked([_number(value, where) for value in box], where)
        else:
            raise ValueError(f"{where}: a box must be [left, top, right, bottom] or null. Received: {str(box)[:80]}")


def _read_npz(path):
    with np.load(path, allow_pickle=False) as content:
        if _NPZ_KEY not in content.files:
            raise ValueError(f"there is no {_NPZ_KEY!r} in it, but: {', '.join(content.files)}")
        boxes = content[_NPZ_KEY]
    if boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype.kind not in "fiu":
        raise ValueError(f"`boxes_xyxy_px` must be numbers of shape (T, 4), found {boxes.dtype} {boxes.shape}")
    for frame in np.flatnonzero(~np.isnan(boxes).any(axis=1)):
        _checked(boxes[frame].tolist(), f"frame {frame}")
    return {"": {"": _given(range(len(boxes)), boxes, complete=True)}}


def _given(frames: Iterable[int], boxes, complete=False) -> GivenBoxes:
    return GivenBoxes(np.array(list(frames), int), np.array(list(boxes), float).reshape(-1, 4), complete)


def _number(value, where):
    try:
        return float(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: there must be a number. Received: {value!r}") from error


def _checked(box, where):
    left, top, right, bottom = box
    if not (-_LARGEST < left < right < _LARGEST and -_LARGEST < top < bottom < _LARGEST):
        raise ValueError(
            f"{where}: a box must be of positive size, in pixels. Received: left, top, right, bottom={box}"
        )
    return box
