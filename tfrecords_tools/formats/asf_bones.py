"""`read_asf`: what is written in an ASF file, and the `Bone`s that are in it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tfrecords_tools.formats.text_lines import text_lines

ROTATIONS, POSITIONS = ("rx", "ry", "rz"), ("tx", "ty", "tz")
_MOST_BONES, _LARGEST = 1_000, 1e9
# Parentheses and commas are white space.
_WHITE = str.maketrans("(),", "   ")


@dataclass(frozen=True, kw_only=True, eq=False)
class Bone:
    """A bone, in the units and axes of its file; the root is one without length.

    Args:
        parent: Name of the bone at whose end it begins; empty for the root.
        vector: Length times direction in the rest pose, in global axes; position, for the root.
        axes: `(3, 3)` the columns are the axes that it turns about, in the rest pose.
        freedom: What its numbers in a frame are, such as `("rx", "rz")`.
        order: Order of its rotations, such as `"xyz"`: about x first.
    """

    parent: str = ""
    vector: np.ndarray
    axes: np.ndarray
    freedom: tuple[str, ...]
    order: str


@dataclass(frozen=True)
class Line:
    """A line of an ASF or AMC file: its words, at least one, and where it is."""

    path: Path
    number: int
    words: list[str]

    def numbers(self, count: int, more: bool = False) -> list[float]:
        """The `count` words after the first, as finite numbers; `more` words may follow them or not."""
        words = self.words[1 : 1 + count] if more else self.words[1:]
        try:
            values = [float(word) for word in words]
        except ValueError:
            values = []
        if len(values) != count or not all(abs(value) < _LARGEST for value in values):
            raise self.error(f"{count} finite numbers after {self.words[0][:40]!r}")
        return values

    def error(self, expected: str) -> ValueError:
        """The error that something else was expected here."""
        found = " ".join(self.words)[:60]
        return ValueError(f"{self.path}, line {self.number}: expected {expected}, found {found!r}")


def lines_of(path: Path) -> Iterator[Line]:
    """The lines of an ASF or AMC file that are not empty, without comments."""
    for number, text in text_lines(path):
        if words := text.partition("#")[0].translate(_WHITE).split():
            yield Line(path, number, words)


def rotation(angles, order: str) -> np.ndarray:
    """`(..., 3, 3)` rotation by angles in degrees about fixed x, y and z axes, in this order."""
    matrix = np.eye(3)
    for name in order:
        axis = "xyz".index(name)
        cosine, sine = np.cos(np.radians(angles[axis])), np.sin(np.radians(angles[axis]))
        turn = np.zeros((*np.shape(cosine), 3, 3))
        first, second = (axis + 1) % 3, (axis + 2) % 3
        turn[..., axis, axis] = 1
        turn[..., first, first] = turn[..., second, second] = cosine
        turn[..., second, first], turn[..., first, second] = sine, -sine
        matrix = turn @ matrix
    return matrix


def read_asf(path: Path) -> tuple[dict[str, Bone], float, bool]:
    """Read an ASF file.

    Returns:
        The bones by name, parents first, of which the first is `root`; metres of one unit of length; and whether
        angles are in degrees.

    Raises:
        ValueError: If it is damaged; the message names the file, what was expected and what is there.
        FileNotFoundError: If there is no such file.
    """
    sections = _sections(path)
    for name in (":root", ":bonedata", ":hierarchy"):
        if not sections.get(name):
            raise ValueError(f"{path} is not a whole ASF file: it has no {name}")
    units = _fields(sections.get(":units", []))
    degrees = "angle" not in units or not units["angle"].words[-1].lower().startswith("rad")
    length = units["length"].numbers(1)[0] if "length" in units else 1.0
    if not length > 1e-6:
        raise units["length"].error("a length above 0")
    read = _blocks(sections[":bonedata"], degrees)
    children = _children(sections[":hierarchy"])
    bones = {"root": _root(_fields(sections[":root"]), degrees)}
    waiting = deque((name, "root") for name in children.get("root", ()))
    while waiting:
        name, parent = waiting.popleft()
        if name not in read:
            raise ValueError(f"{path}: :hierarchy has a bone {name[:40]!r}, of which nothing is said in :bonedata")
        bones[name] = replace(read[name], parent=parent)
        waiting.extend((child, name) for child in children.get(name, ()))
    loose = set(children) - set(bones)
    if loose:
        raise ValueError(f"{path}: in :hierarchy, {min(loose)[:40]!r} does not hang together with the root")
    return bones, 0.0254 / length, degrees


def _sections(path) -> dict[str, list[Line]]:
    sections: dict[str, list[Line]] = {}
    current: list[Line] = []
    for line in lines_of(path):
        if line.words[0].startswith(":"):
            current = sections.setdefault(line.words[0].lower(), [])
        else:
            current.append(line)
    return sections


def _fields(lines) -> dict[str, Line]:
    return {line.words[0].lower(): line for line in lines}


def _root(fields, degrees):
    freedom = (*POSITIONS, *ROTATIONS)
    if "order" in fields:
        freedom = tuple(word.lower() for word in fields["order"].words[1:])
        if sorted(freedom) != sorted((*POSITIONS, *ROTATIONS)):
            raise fields["order"].error("TX, TY, TZ, RX, RY and RZ, each once")
    order = _order(fields["axis"], 1) if "axis" in fields else "xyz"
    orientation, position = (
        fields[name].numbers(3) if name in fields else [0.0, 0.0, 0.0] for name in ("orientation", "position")
    )
    return Bone(vector=np.array(position), axes=_axes(orientation, order, degrees), freedom=freedom, order=order)


def _blocks(lines, degrees) -> dict[str, Bone]:
    """The bones between `begin` and `end`, whose fields come in any order."""
    bones: dict[str, Bone] = {}
    fields: dict[str, Line] | None = None
    for line in lines:
        word = line.words[0].lower()
        if word == "begin" and fields is None:
            fields = {}
        elif word == "end" and fields is not None:
            for wanted in ("name", "direction", "length"):
                if wanted not in fields:
                    raise line.error(f"the {wanted} of a bone before the end of it")
            name = fields["name"].words[-1]
            if name in bones or name == "root" or len(bones) >= _MOST_BONES:
                raise fields["name"].error(f"a name of its own for each bone, and at most {_MOST_BONES}")
            bones[name] = _bone(fields, degrees)
            fields = None
        elif fields is not None:
            fields[word] = line
        else:
            raise line.error("begin")
    if fields is not None:
        raise lines[-1].error("the end of a bone after this")
    return bones


def _bone(fields, degrees):
    direction = np.array(fields["direction"].numbers(3))
    length = fields["length"].numbers(1)[0]
    axes, order = np.eye(3), "xyz"
    if "axis" in fields:
        line = fields["axis"]
        order = _order(line, 4) if len(line.words) > 4 else order
        axes = _axes(line.numbers(3, more=True), order, degrees)
    freedom = tuple(word.lower() for word in fields["dof"].words[1:]) if "dof" in fields else ()
    if len(set(freedom)) != len(freedom) or not set(freedom) <= set(ROTATIONS):
        raise fields["dof"].error("rx, ry and rz, each at most once, since a bone only turns here")
    return Bone(vector=length * direction, axes=axes, freedom=freedom, order=order)


def _order(line, place):
    order = line.words[place].lower() if len(line.words) == place + 1 else ""
    if sorted(order) != ["x", "y", "z"]:
        raise line.error("an order of axes such as XYZ at the end")
    return order


def _axes(angles, order, degrees):
    return rotation(np.array(angles) if degrees else np.degrees(angles), order)


def _children(lines) -> dict[str, list[str]]:
    if lines[0].words[0].lower() == "begin" and lines[-1].words[0].lower() != "end":
        raise lines[-1].error("the end of :hierarchy after this")
    children: dict[str, list[str]] = {}
    placed = {"root"}
    for line in lines:
        parent, *names = line.words
        if len(line.words) == 1 and parent.lower() in ("begin", "end"):
            continue
        for name in names:
            if name in placed:
                raise line.error(f"one place for each bone, not another one for {name[:40]!r}")
            placed.add(name)
        children.setdefault(parent, []).extend(names)
    return children
