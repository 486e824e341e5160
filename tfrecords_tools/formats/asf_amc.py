"""The `ASFSkeleton`: a skeleton of Acclaim's ASF format, its motion from AMC files, and forward kinematics of both."""

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from tfrecords_tools.formats.asf_bones import POSITIONS, ROTATIONS, Bone, lines_of, read_asf, rotation


@dataclass(frozen=True, kw_only=True, eq=False)
class ASFSkeleton:
    """A skeleton of an ASF file; B bones, the root included. Its lengths and axes are those of the file.

    Args:
        path: The file.
        bones: `{name: bone}`, parents first, of which the first is `root`.
        metres: Metres of one unit of length. A file says of how many inches a unit is the inverse: 0.45 in the CMU
            data base, so that a unit is 0.0564444 m.
        degrees: Whether angles are in degrees, and not in radians, if the motion does not say.
    """

    path: Path
    bones: dict[str, Bone]
    metres: float
    degrees: bool

    @classmethod
    def read(cls, path) -> Self:
        """Read an ASF file.

        Raises:
            ValueError: If it is damaged; the message names the file, what was expected and what is there.
            FileNotFoundError: If there is no such file.
        """
        bones, metres, degrees = read_asf(Path(path))
        return cls(path=Path(path), bones=bones, metres=metres, degrees=degrees)

    def read_motion(self, path) -> dict[str, np.ndarray]:
        """Read an AMC file of this skeleton, of T frames.

        Returns:
            `{name of a bone: (T, D)}`, one number for each of its D degrees of freedom; angles in degrees.

        Raises:
            ValueError: If it is damaged, or not of this skeleton; the message names file and line, what was expected
                and what is there.
            FileNotFoundError: If there is no such file.
        """
        degrees, count, number = self.degrees, 0, 0
        values = {name: array("d") for name, bone in self.bones.items() if bone.freedom}
        waiting: set[str] = set()
        for line in lines_of(Path(path)):
            first = line.words[0]
            if first in waiting:
                waiting.remove(first)
                values[first].extend(line.numbers(len(self.bones[first].freedom)))
            elif len(line.words) == 1 and first.isdecimal() and len(first) < 10 and not waiting:
                if count and int(first) != number + 1:
                    raise line.error(f"frame {number + 1}")
                waiting, count, number = set(values), count + 1, int(first)
            elif first.lower() in (":degrees", ":radians") and not count:
                degrees = first.lower() == ":degrees"
            elif not first.startswith(":") or count:
                some = ", ".join(sorted(waiting)[:5])
                rest = f"one of the bones of {self.path.name} that frame {number} still lacks, {some}"
                raise line.error(rest if waiting else "the number of a frame")
        if waiting or not count:
            where = f"inside frame {number}" if count else "before the first frame"
            raise ValueError(f"{path} ends {where}; expected whole frames of {len(values)} bones each")
        motion = {name: np.array(numbers).reshape(count, -1) for name, numbers in values.items()}
        if not degrees:
            for name, numbers in motion.items():
                turning = [kind in ROTATIONS for kind in self.bones[name].freedom]
                numbers[:, turning] = np.degrees(numbers[:, turning])
        return motion

    def ends(self, motion: dict[str, np.ndarray]) -> np.ndarray:
        """Forward kinematics.

        Args:
            motion: What `read_motion` returns.

        Returns:
            `(T, B, 3)` where each bone ends, in the order of `bones`. That is the joint beyond it, the knee for a
            femur. The first is the root.
        """
        count = len(motion["root"])
        places, turns = {"": np.zeros((1, 3))}, {"": np.eye(3)[None]}
        for name, bone in self.bones.items():
            numbers = dict(zip(bone.freedom, motion[name].T, strict=True)) if bone.freedom else {}
            angles = np.broadcast_arrays(*(numbers.get(kind, np.zeros(1)) for kind in ROTATIONS))
            turns[name] = turns[bone.parent] @ bone.axes @ rotation(angles, bone.order) @ bone.axes.T
            if bone.parent:
                places[name] = places[bone.parent] + turns[name] @ bone.vector
            else:
                places[name] = bone.vector + np.stack([numbers[kind] for kind in POSITIONS], axis=-1)
        return np.stack([np.broadcast_to(places[name], (count, 3)) for name in self.bones], axis=1)
