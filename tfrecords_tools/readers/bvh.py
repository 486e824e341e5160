"""Motion capture in BVH files, of any of the usual skeletons."""

import os
import re
from collections import Counter
from typing import ClassVar, Literal

import numpy as np

from posealign_keras.skeletons import BODY17
from tfrecords_tools.axes import TO_Z_UP
from tfrecords_tools.formats.bvh_file import BVHFile
from tfrecords_tools.joint_map import JointMap
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers.bvh_joints import find_joints
from tfrecords_tools.recording import Recording, RecordingId

# `cmu` is the unit of the CMU data base, 1 / 0.45 inch.
_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "cmu": 0.0254 / 0.45}
# From hip to ankle in metres: of adults and tall children, by which units are told apart, and of anybody.
_LEG = (0.6, 1.1)
_ANY_LEG = (0.2, 1.6)
_RATES = (20, 250)
# "01_02" and "cmu_iclone_001_02", of the CMU data base: subject 1, trial 2.
_CMU_NAME = re.compile(r"(?:.*cmu.*_)?(\d{2,3})_(\d{2,3})", re.IGNORECASE)
# How far joints jump, in metres, from an artificial first frame to the second one, and how far compared to later.
_JUMP, _TIMES_USUAL = 0.05, 10


class BVH(Reader):
    """Motion capture in `.bvh` files: skeletons of MotionBuilder, Mixamo, Daz, Biped, iClone, Xsens and others.

    Joints are found by their names; see `find_joints` for what is taken for them, and what is made if a file does not
    have it. Frames per second are those of the file. Files of the CMU data base, by their name (`01_02.bvh`), stay
    together by subject; of others each one is a group.

    Conversions of the CMU data base by cgspeed begin with a frame that is no motion but a T-pose, and they all say
    120 frames per second though a few trials have 60. In the edition for MotionBuilder the torso is too short by
    about 0.1 m: the reader `cmu_mocap`, which reads the original files, is better.

    Args:
        root: One file, or a directory with such files.
        unit: Unit of length; `cmu` is that of the CMU data base, 0.0564 m. `auto` takes the one in which the legs of
            the skeleton have the length of a person's, 0.6 to 1.1 m from hip to ankle.
        up: Axis that points up. `auto` takes the one from hips to head in most frames.
        drop_first_frame: Whether the first frame is left out. `auto` leaves it out if it is a T-pose that the body
            could not have left by the second frame.
        joints: JSON file that says which joints of the files the 17 joints are, for those that are not found by name:
            `{"head_top": "Head_end", "pelvis": ["LeftHip", "RightHip"], …}`. An End Site is called like its parent
            with `_end`.
    """

    name: ClassVar[str] = "bvh"
    kinds: ClassVar[tuple[str, ...]] = ("pose_sequence",)

    def __init__(
        self,
        root,
        unit: Literal["auto", "m", "cm", "mm", "inch", "cmu"] = "auto",
        up: Literal["auto", "y", "z"] = "auto",
        drop_first_frame: Literal["auto", "yes", "no"] = "auto",
        joints: str | None = None,
    ):
        super().__init__(root, unit=unit, up=up, drop_first_frame=drop_first_frame)
        self.unit = unit
        self.up = up
        self.drop_first_frame = drop_first_frame
        self.joints = joints
        self._given = None if joints is None else JointMap.from_json(joints)

    def list(self, kind):
        """List the files, in the order of their paths; see `Reader.list`."""
        paths = [self.root]
        if self.root.is_dir():
            paths = sorted(
                path
                for path in self.root.rglob("*")
                if path.suffix.lower() == ".bvh" and not path.name.startswith(".") and path.is_file()
            )
        if not paths:
            raise FileNotFoundError(f"There is no .bvh file in {self.root}")
        count = Counter(path.stem for path in paths)
        return [self._recording_id(path, unique=count[path.stem] == 1) for path in paths]

    def _recording_id(self, path, unique):
        sequence = path.stem if unique else path.relative_to(self.root).with_suffix("").as_posix()
        match = _CMU_NAME.fullmatch(path.stem)
        subject = f"{int(match.group(1)):02d}" if match else ""
        group = f"subject {subject}" if match else sequence
        files = (str(path), *([] if self.joints is None else [os.path.abspath(self.joints)]))
        return RecordingId(sequence=sequence, subject=subject, group=group, files=files)

    def read(self, recording_id, kind):
        """Read one file; see `Reader.read`."""
        motion, joint_map = find_joints(BVHFile.read(recording_id.files[0]), self._given)
        wanted = {name for names in joint_map.sources.values() for name in names}
        indices = [index for index, name in enumerate(motion.names) if name in wanted]
        positions = joint_map.apply(motion.pose(indices)[0], [motion.names[index] for index in indices])
        notes: list[str] = []
        metres = self._metres(motion, positions)
        positions = positions * metres @ self._axes(positions, notes).T
        dropped = self._dropped(positions, notes)
        positions = positions[dropped:]
        if not len(positions):
            raise ValueError(f"{motion.path} has one frame, which `drop_first_frame` leaves out")
        return Recording(
            fps=_rate(motion, notes),
            positions=positions.astype("float32"),
            coordinate_frame="world",
            validity=joint_map.exact,
            first_frame=dropped,
            scale=metres,
            notes=tuple(notes),
        )

    def _metres(self, motion, positions):
        """Metres of one unit of length of the file."""
        length = _leg_length(positions)
        units = _METRES if self.unit == "auto" else {self.unit: _METRES[self.unit]}
        shortest, longest = _LEG if self.unit == "auto" else _ANY_LEG
        fitting = [unit for unit, metres in units.items() if shortest <= length * metres <= longest]
        if len(fitting) == 1:
            return _METRES[fitting[0]]
        raise ValueError(
            f"{motion.path}: legs are {length:.4g} long from hip to ankle, which is {shortest} to {longest} m in "
            f"{' and in '.join(fitting) or 'none'} of the units {', '.join(units)}. Give the right one as `unit`, or "
            "the right hips, knees and ankles as `joints`"
        )

    def _axes(self, positions, notes):
        """The rotation to z up."""
        if self.up != "auto":
            return TO_Z_UP[self.up]
        body = positions[:, BODY17.index("head_top")] - positions[:, BODY17.index("pelvis")]
        longest = np.argmax(abs(body), axis=1)
        votes = {name: np.mean((longest == axis) & (body[:, axis] > 0)) for name, axis in (("y", 1), ("z", 2))}
        if max(votes.values()) <= 0.5:
            notes.append("neither y nor z points from hips to head in most frames; `up` is taken to be y, as usual")
            return TO_Z_UP["y"]
        return TO_Z_UP[max(votes, key=lambda name: votes[name])]

    def _dropped(self, positions, notes):
        """How many frames at the start are left out."""
        if self.drop_first_frame == "auto" and _begins_with_t_pose(positions):
            notes.append("the first frame, an artificial T-pose, is left out")
            return 1
        return int(self.drop_first_frame == "yes")


def _leg_length(positions):
    """Length of a leg, the median over frames of the mean of both."""
    lengths = [
        np.linalg.norm(positions[:, BODY17.index(end)] - positions[:, BODY17.index(start)], axis=1)
        for side in ("l", "r")
        for start, end in ((f"{side}_hip", f"{side}_knee"), (f"{side}_knee", f"{side}_ankle"))
    ]
    return float(np.median(np.sum(lengths, axis=0) / 2))


def _begins_with_t_pose(positions):
    """Whether the first of the frames, in metres and z up, is a T-pose from which the body jumps."""
    if len(positions) < 3:
        return False
    relative = positions - positions[:, :1]
    steps = np.linalg.norm(np.diff(relative, axis=0), axis=-1).mean(axis=1)
    if steps[0] < max(_JUMP, _TIMES_USUAL * np.median(steps[1:])):
        return False
    limbs = [(f"{side}_shoulder", f"{side}_wrist", 0.0) for side in "lr"]
    limbs += [(f"{side}_hip", f"{side}_ankle", -1.0) for side in "lr"]
    for start, end, height in limbs:
        limb = positions[0, BODY17.index(end)] - positions[0, BODY17.index(start)]
        length = np.linalg.norm(limb)
        if abs(limb[2] - height * length) > 0.3 * length:
            return False
    return True


def _rate(motion, notes):
    """Frames per second, without the error of writing the time of a frame with a few digits."""
    rate = 1 / motion.frame_time
    if not 1 <= rate <= 10_000:
        raise ValueError(
            f"{motion.path}: expected a Frame Time of 0.0001 to 1 seconds, found {motion.frame_time:g}, which is "
            f"{rate:.4g} frames per second"
        )
    if abs(rate - round(rate)) < 2e-4 * rate:
        rate = float(round(rate))
    if not _RATES[0] <= rate <= _RATES[1]:
        notes.append(f"{rate:.4g} frames per second is unusual; movements are too fast or too slow if it is wrong")
    return rate
