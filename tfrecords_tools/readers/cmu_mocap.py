"""The CMU Graphics Lab Motion Capture Database, from its ASF and AMC files."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np

from posealign_keras.skeletons import BODY17
from tfrecords_tools.axes import TO_Z_UP
from tfrecords_tools.formats.asf_amc import ASFSkeleton
from tfrecords_tools.joint_map import JointMap
from tfrecords_tools.reader import Reader
from tfrecords_tools.recording import Recording, RecordingId

# Named after bones: the joint is where the bone ends.
_JOINTS = JointMap(
    {
        "pelvis": ("lhipjoint", "rhipjoint"),
        "r_hip": "rhipjoint",
        "r_knee": "rfemur",
        "r_ankle": "rtibia",
        "l_hip": "lhipjoint",
        "l_knee": "lfemur",
        "l_ankle": "ltibia",
        "spine": "lowerback",
        "thorax": "thorax",
        "neck_nose": "lowerneck",
        "head_top": "head",
        "l_shoulder": "lclavicle",
        "l_elbow": "lhumerus",
        "l_wrist": "lradius",
        "r_shoulder": "rclavicle",
        "r_elbow": "rhumerus",
        "r_wrist": "rradius",
    },
    approximate=frozenset({"spine", "thorax", "neck_nose"}),
)
# From hip to ankle, in metres, of anybody.
_LEG = (0.3, 1.4)


class CMUMocap(Reader):
    """Motion of the CMU data base, in the original files: `subjects/01/01.asf` and `subjects/01/01_02.amc`.

    The pelvis is the midpoint of the hips, as in Human3.6M; the root of the files is 0.1 m above that. Spine, thorax
    and `neck_nose` are the ends of `lowerback`, `thorax` and `lowerneck`, near those of `BODY17` but not the same.

    The files do not say how many frames per second they have: it is 120, but for some trials, of which lists are
    around, 60. Subjects, who are the groups, are told apart by their number; a few people have several.

    Args:
        root: Directory with `.asf` and `.amc` files, at any depth.
        source_fps: Frames per second of all trials that are not in `rates`.
        rates: JSON file with the frames per second of some trials, of which not all need be there: `{"05_01": 60, …}`.
    """

    name: ClassVar[str] = "cmu_mocap"
    kinds: ClassVar[tuple[str, ...]] = ("pose_sequence",)
    reference: ClassVar[str] = "http://mocap.cs.cmu.edu"

    def __init__(self, root, source_fps: float = 120.0, rates: str | None = None):
        super().__init__(root)
        if not 1 <= source_fps <= 10_000:
            raise ValueError(f"`source_fps` must be from 1 to 10000. Received: source_fps={source_fps!r}")
        self.source_fps = source_fps
        self.rates = rates
        self._rate_of = {} if rates is None else _read_rates(rates)

    def list(self, kind):
        """List the trials, in the order of their paths; see `Reader.list`."""
        paths = [self.root]
        if self.root.is_dir():
            paths = sorted(path for path in self.root.rglob("*") if path.suffix.lower() == ".amc" and path.is_file())
            paths = [path for path in paths if not path.name.startswith(".")]
        if not paths:
            raise FileNotFoundError(f"There is no .amc file, such as subjects/01/01_02.amc, in {self.root}")
        twice = [trial for trial, count in Counter(path.stem for path in paths).items() if count > 1]
        if twice:
            raise ValueError(f"{self.root} has several files of the same trials: {', '.join(twice[:10])}")
        return [self._recording_id(path) for path in paths]

    def _recording_id(self, path):
        subject = path.stem.split("_")[0]
        # A missing skeleton is an error of this recording, when it is read.
        others = [] if self.rates is None else [os.path.abspath(self.rates)]
        others += [str(_skeleton_of(path))] if _skeleton_of(path).is_file() else []
        return RecordingId(sequence=path.stem, subject=subject, group=f"subject {subject}", files=(str(path), *others))

    def read(self, recording_id, kind):
        """Read one trial; see `Reader.read`."""
        trial = Path(recording_id.files[0])
        skeleton_path = _skeleton_of(trial)
        if not skeleton_path.is_file():
            raise FileNotFoundError(f"There is no {skeleton_path}, which has the skeleton of {trial.name}")
        skeleton = ASFSkeleton.read(skeleton_path)
        missing = {name for names in _JOINTS.sources.values() for name in names} - set(skeleton.bones)
        if missing:
            raise ValueError(
                f"{skeleton_path} must have the bones {', '.join(sorted(missing))}, as the CMU data base does. "
                f"It has {', '.join(name[:40] for name in skeleton.bones)}"
            )
        ends = skeleton.ends(skeleton.read_motion(trial))
        positions = _JOINTS.apply(ends, list(skeleton.bones)) * skeleton.metres @ TO_Z_UP["y"].T
        leg = _leg_length(positions)
        if not _LEG[0] <= leg <= _LEG[1]:
            raise ValueError(
                f"{skeleton_path}: legs are {leg:.3g} m long, which is no person. The length in its :units must be "
                "the number of inches that a unit of length is the inverse of, 0.45 in the CMU data base"
            )
        return Recording(
            fps=self._rate_of.get(trial.stem, self.source_fps),
            positions=positions.astype("float32"),
            coordinate_frame="world",
            validity=_JOINTS.exact,
            scale=skeleton.metres,
        )


def _skeleton_of(trial):
    return trial.with_name(f"{trial.stem.split('_')[0]}.asf")


def _leg_length(positions):
    chain = positions[0, [BODY17.index(joint) for joint in ("l_hip", "l_knee", "l_ankle")]]
    return float(np.linalg.norm(np.diff(chain, axis=0), axis=1).sum())


def _read_rates(path) -> dict[str, float]:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
        for trial, rate in content.items():
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 1 <= rate <= 10_000:
                raise ValueError(f"the rate of {trial!r} must be a number from 1 to 10000, not {rate!r}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not a table of rates, such as {{"05_01": 60}}: {error}') from error
    return {trial: float(rate) for trial, rate in content.items()}
