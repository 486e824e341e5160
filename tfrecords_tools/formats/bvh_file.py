"""The `BVHFile`: a tree of joints and its motion, from Biovision's text format, whoever wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from tfrecords_tools.formats.bvh_syntax import read_bvh

# So many frames at a time are in memory as matrices.
_BLOCK = 4_096


@dataclass(frozen=True, kw_only=True, eq=False)
class BVHFile:
    """A BVH file: J joints, End Sites included, and T frames of C numbers. Lengths and axes are those of the file.

    The format leaves open whether the position of a joint that moves (the root, as a rule) counts from its OFFSET or
    from its parent. Both are in use: characters exported with the hips' height as OFFSET move around that, others
    repeat it in each frame. Positions that lie, by their median and along the OFFSET, nearer to the OFFSET than to
    zero are taken to repeat it; to others it is added.

    Args:
        path: The file.
        names: Names of the joints, parents first. That of an End Site is its parent's with `_end`.
        parents: Index of each joint's parent; -1 for a root.
        offsets: `(J, 3)` position of each joint in the frame of its parent.
        channels: What the numbers of each joint are: `("xposition", …, "zrotation", "yrotation", "xrotation")`, in
            any order; rotations are applied from the last to the first.
        values: `(T, C)` all numbers, in the order of the joints; angles in degrees.
        frame_time: Seconds from one frame to the next.
    """

    path: Path
    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    channels: tuple[tuple[str, ...], ...]
    values: np.ndarray
    frame_time: float

    @classmethod
    def read(cls, path) -> Self:
        """Read a file.

        Raises:
            ValueError: If it is damaged; the message names file and line, what was expected and what is there.
            FileNotFoundError: If there is no such file.
        """
        return cls(path=Path(path), **read_bvh(Path(path)))

    def with_end_site(self, name: str, parent: int, offset) -> Self:
        """The same with one more End Site, at `offset` in the frame of joint `parent`."""
        return replace(
            self,
            names=(*self.names, name),
            parents=(*self.parents, parent),
            offsets=np.vstack([self.offsets, offset]),
            channels=(*self.channels, ()),
        )

    def path_to(self, joint: int) -> list[int]:
        """The joints from the root to `joint`."""
        path = [joint]
        while self.parents[path[-1]] >= 0:
            path.append(self.parents[path[-1]])
        return path[::-1]

    def pose(self, joints: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Forward kinematics of K of the joints.

        Returns:
            `(T, K, 3)` positions, and `(T, K, 3, 3)` orientations: the columns are the axes of the joint.
        """
        positions = np.empty((len(self.values), len(joints), 3))
        rotations = np.empty((len(self.values), len(joints), 3, 3))
        needed = sorted({joint for wanted in joints for joint in self.path_to(wanted)})
        for start in range(0, len(self.values), _BLOCK):
            values = self.values[start : start + _BLOCK]
            place: dict[int, np.ndarray] = {-1: np.zeros(3)}
            turn: dict[int, np.ndarray] = {-1: np.eye(3)}
            for joint in needed:
                parent = self.parents[joint]
                shift, own = self._local(joint, values)
                place[joint] = place[parent] + (turn[parent] @ shift[..., None])[..., 0]
                turn[joint] = turn[parent] if own is None else turn[parent] @ own
            for number, joint in enumerate(joints):
                positions[start : start + _BLOCK, number] = place[joint]
                rotations[start : start + _BLOCK, number] = turn[joint]
        return positions, rotations

    def _local(self, joint, values):
        """Position and rotation (`None` if it has none) of a joint in the frame of its parent."""
        shift, own = self._origins[joint], None
        for column, channel in enumerate(self.channels[joint], start=self._columns[joint]):
            axis, what = "xyz".index(channel[0]), channel[1:]
            if what == "position":
                shift = np.broadcast_to(shift, (len(values), 3)).copy() if shift.ndim == 1 else shift
                shift[:, axis] += values[:, column]
            else:
                turn = _rotations(axis, values[:, column])
                own = turn if own is None else own @ turn
        return shift, own

    @cached_property
    def _columns(self):
        """The first column of each joint in `values`."""
        return np.cumsum([0, *map(len, self.channels)])[:-1]

    @cached_property
    def bones(self) -> np.ndarray:
        """`(J, 3)` position of each joint in the frame of its parent; where it moves, the median over the frames."""
        bones = self._origins.copy()
        for joint in range(len(self.names)):
            columns, axes = self._moving(joint)
            if len(columns):
                bones[joint, axes] += np.median(self.values[:, columns], axis=0)
        return bones

    @cached_property
    def _origins(self):
        """`(J, 3)` what positions count from: the OFFSET, or 0 where they repeat it; see the class."""
        origins = self.offsets.copy()
        for joint in range(len(self.names)):
            columns, axes = self._moving(joint)
            if len(columns):
                middle, offset = np.median(self.values[:, columns], axis=0), self.offsets[joint, axes]
                if offset @ middle > 0.5 * offset @ offset:
                    origins[joint, axes] = 0
        return origins

    def _moving(self, joint):
        """The columns of `values` that are positions of a joint, and the axes they are along."""
        places = [place for place, name in enumerate(self.channels[joint]) if name.endswith("position")]
        columns = [self._columns[joint] + place for place in places]
        return columns, ["xyz".index(self.channels[joint][place][0]) for place in places]


def _rotations(axis: int, degrees: np.ndarray) -> np.ndarray:
    """`(T, 3, 3)` rotations about one axis, of column vectors."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrices = np.zeros((len(degrees), 3, 3))
    matrices[:, axis, axis] = 1
    matrices[:, first, first] = matrices[:, second, second] = cosine
    matrices[:, second, first], matrices[:, first, second] = sine, -sine
    return matrices
