"""`read_bvh`: what is written in a BVH file."""

import math
import re
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfrecords_tools.formats.text_lines import text_lines

_CHANNELS = {f"{axis}{what}" for axis in "xyz" for what in ("position", "rotation")}
# Far beyond any body with fingers, face and hair; what exceeds them is an attack or an accident.
_MOST_JOINTS, _DEEPEST, _LARGEST = 5_000, 200, 1e9
_FRAMES = re.compile(r"frames\s*:\s*(\S+)", re.IGNORECASE)
_FRAME_TIME = re.compile(r"frame\s+time\s*:\s*(\S+)", re.IGNORECASE)


def read_bvh(path: Path) -> dict:
    """Read a BVH file of J joints, End Sites included, and T frames of C numbers.

    Returns:
        `names`, `parents`, `offsets (J, 3)`, `channels`, `values (T, C)` and `frame_time`, as `BVHFile` has them.

    Raises:
        ValueError: If it is damaged; the message names file and line, what was expected and what is there.
        FileNotFoundError: If there is no such file.
    """
    words = _Words(path)
    tree = _read_hierarchy(words)
    width = sum(map(len, tree["channels"]))
    if not width:
        raise words.error("joints that have CHANNELS", "none")
    return {**tree, **_read_motion(words, width)}


class _Words:
    """The words of a file one after the other, and where they are; braces are words of their own."""

    def __init__(self, path):
        self.path = path
        self.lines = text_lines(path)
        self.number = 0
        self._waiting: deque[str] = deque()

    def next(self, expected: str) -> str:
        while not self._waiting:
            self._waiting.extend(re.sub(r"([{}])", r" \1 ", self.line(expected)).split())
        return self._waiting.popleft()

    def name(self) -> str:
        """All words up to the next brace: names may hold spaces, or be missing."""
        words: list[str] = []
        while (word := self.next("a name and {")) != "{":
            if word == "}" or len(words) > 20:
                raise self.error("{ after the name of a joint", word)
            words.append(word)
        return " ".join(words)

    def real(self, what: str) -> float:
        word = self.next(what)
        try:
            value = float(word)
        except ValueError:
            raise self.error(what, word) from None
        if not abs(value) < _LARGEST:
            raise self.error(what, word)
        return value

    def rest(self) -> Iterator[str]:
        for number, text in self.lines:
            self.number = number
            yield text

    def line(self, expected: str) -> str:
        entry = next(self.lines, None)
        if entry is None:
            raise self.error(expected, "the end of the file")
        self.number, text = entry
        return text

    def error(self, expected: str, found: str) -> ValueError:
        return ValueError(f"{self.path}, line {self.number}: expected {expected}, found {found.strip()[:40]!r}")


def _read_hierarchy(words: _Words) -> dict:
    """Everything up to MOTION."""
    word = words.next("HIERARCHY, as BVH files begin")
    if word.upper() != "HIERARCHY":
        raise words.error("HIERARCHY, as BVH files begin", word)
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float] | None] = []
    channels: list[tuple[str, ...]] = []
    open_joints: list[int] = []
    ends: Counter[int] = Counter()
    while True:
        word = words.next("a joint or MOTION")
        keyword, parent = word.upper(), open_joints[-1] if open_joints else -1
        if keyword == "MOTION" and names and not open_joints:
            return {
                "names": tuple(names),
                "parents": tuple(parents),
                "offsets": np.array(offsets, float),
                "channels": tuple(channels),
            }
        if (keyword == "ROOT" and parent < 0) or (keyword in ("JOINT", "END") and parent >= 0):
            name = words.name()
            if keyword == "END":
                ends[parent] += 1
                name = f"{names[parent]}_end{ends[parent] if ends[parent] > 1 else ''}"
            names.append(name)
            parents.append(parent)
            offsets.append(None)
            channels.append(())
            open_joints.append(len(names) - 1)
            if len(names) > _MOST_JOINTS or len(open_joints) > _DEEPEST:
                raise words.error(f"at most {_MOST_JOINTS} joints, nested at most {_DEEPEST} deep", name)
        elif word == "}" and parent >= 0:
            if offsets[parent] is None:
                raise words.error(f"an OFFSET of {names[parent]!r}", word)
            open_joints.pop()
        elif keyword == "OFFSET" and parent >= 0:
            offsets[parent] = [words.real("three numbers after OFFSET") for _ in range(3)]
        elif keyword == "CHANNELS" and parent >= 0:
            channels[parent] = _read_channels(words)
        else:
            raise words.error(
                f"ROOT, JOINT, End Site, OFFSET, CHANNELS, }} or MOTION where it may be{_inside(names, parent)}", word
            )


def _read_channels(words):
    count = words.next("the number of channels")
    if count not in ("0", "1", "2", "3", "4", "5", "6"):
        raise words.error("0 to 6 channels", count)
    read = []
    for _ in range(int(count)):
        word = words.next(f"{count} channels")
        if word.lower() not in _CHANNELS or word.lower() in read:
            raise words.error(f"{count} channels from Xposition to Zrotation, each once", word)
        read.append(word.lower())
    return tuple(read)


def _inside(names, parent):
    return f", inside {names[parent]!r}" if parent >= 0 else ""


def _read_motion(words: _Words, width: int) -> dict:
    """Everything after MOTION."""
    found = []
    for pattern, what in ((_FRAMES, "'Frames: ' and their number"), (_FRAME_TIME, "'Frame Time: ' and seconds")):
        while not (line := words.line(what).strip()):
            pass
        match = pattern.fullmatch(line)
        try:
            number = float(match.group(1)) if match else math.nan
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            raise words.error(f"{what}, above 0", line)
        found.append(number)
    count, frame_time = found
    if count % 1:
        raise words.error("a whole number of frames", str(count))
    values = array("d")
    for line in words.rest():
        try:
            values.extend(map(float, line.split()))
        except ValueError:
            wrong = next(word for word in line.split() if not _is_number(word))
            raise words.error(f"the numbers of frame {len(values) // width} (from 0)", wrong) from None
        if len(values) > count * width:
            break
    if len(values) != count * width:
        more = "more" if len(values) > count * width else f"{len(values):,}, the end of the file"
        raise words.error(f"{count:.0f} frames of {width} numbers, {count * width:.0f} in all", more)
    motion = np.array(values).reshape(-1, width)
    damaged = np.flatnonzero(~(np.abs(motion) < _LARGEST).all(axis=1))
    if len(damaged):
        raise ValueError(f"{words.path}: frame {damaged[0]} (from 0) must be finite numbers below {_LARGEST:.0e}")
    return {"values": motion, "frame_time": frame_time}


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True
