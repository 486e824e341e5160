"""Pose sequences in `.npz` or `.npy` files, of the 17 joints or of any number of named ones."""

import itertools
import os
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from posealign_keras.data.motion_library import kind_of_action
from posealign_keras.data.near_duplicates import group_near_duplicates
from posealign_keras.skeletons import BODY17
from tfrecords_tools.axes import TO_Z_UP
from tfrecords_tools.body_size import check_body_size
from tfrecords_tools.file_cache import cached_by_file
from tfrecords_tools.formats.npz import load_npz
from tfrecords_tools.joint_map import JointMap
from tfrecords_tools.reader import Reader
from tfrecords_tools.recording import Recording, RecordingId

_TEXTS = ("names", "subjects", "actions", "sources")
_KEYS = ("positions", "offsets", "joint_names", "fps", *_TEXTS)
_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_UNREADABLE = (ValueError, OSError, EOFError, KeyError, MemoryError)


class Arrays(Reader):
    """Pose sequences in `.npz` or `.npy` files: your own motion capture.

    An `.npz` holds `positions (N, J, 3)`; optionally `joint_names (J,)` (without them, J is 17 and the order that of
    `BODY17`), `offsets (S + 1,)` (sequence `i` is `positions[offsets[i]:offsets[i + 1]]`; without them there is one),
    one string per sequence in `names`, `subjects`, `actions` and `sources`, and `fps`. An `.npy` holds `(N, 17, 3)`.

    Sequences that show the same movement, such as one recording retargeted twice, stay in one split.

    Args:
        root: One file, or a directory with such files.
        source_fps: Frames per second, where a file does not say.
        unit: Unit of length.
        up: Axis that points up, in right-handed axes; `-y` is that of cameras (y down).
        joints: JSON file that says which named joints the 17 joints are, `{"pelvis": ["l_hip", "r_hip"], …}`; by
            default those of the same names.
    """

    name: ClassVar[str] = "arrays"
    kinds: ClassVar[tuple[str, ...]] = ("pose_sequence",)

    def __init__(
        self,
        root,
        source_fps: float = 30.0,
        unit: Literal["m", "cm", "mm"] = "m",
        up: Literal["z", "y", "-y"] = "z",
        joints: str | None = None,
    ):
        super().__init__(root, unit=unit, up=up)
        self.source_fps = source_fps
        self.unit = unit
        self.up = up
        self.joints = joints
        self._joint_map = None if joints is None else JointMap.from_json(joints)

    def list(self, kind):
        """List the sequences of all files, in the order of their names; see `Reader.list`."""
        paths = [self.root]
        if self.root.is_dir():
            paths = sorted(path for path in self.root.rglob("*") if path.suffix in (".npz", ".npy"))
        if not paths:
            raise FileNotFoundError(f"There is no .npz or .npy file in {self.root}")
        found = []
        for path in paths:
            content = _load(path)
            text = {key: content.get(key, [""] * len(content["sequences"])) for key in _TEXTS}
            found += [
                (str(text["names"][index] or f"{path.stem}-{index}"), str(text["subjects"][index]), text, path, index)
                for index in range(len(content["sequences"]))
            ]
        groups = group_near_duplicates(self._positions(path, index) for *_, path, index in found)
        return [
            RecordingId(
                sequence=name,
                subject=subject,
                dataset=str(text["sources"][index]),
                index=index,
                group=f"movement {group:05d}",
                stratum=f"{text['sources'][index]} {kind_of_action(str(text['actions'][index]))}",
                length=len(_load(path)["sequences"][index]),
                files=(str(path), *([] if self.joints is None else [os.path.abspath(self.joints)])),
            )
            for (name, subject, text, path, index), group in zip(found, groups, strict=True)
        ]

    def read(self, recording_id, kind):
        """Read one sequence; see `Reader.read`."""
        path = Path(recording_id.files[0])
        return Recording(
            fps=float(_load(path).get("fps", self.source_fps)),
            positions=self._positions(path, recording_id.index),
            coordinate_frame="world",
            scale=_METRES[self.unit],
        )

    def _positions(self, path, index):
        content = _load(path)
        positions, names = content["sequences"][index], content.get("joint_names")
        try:
            if names is None:
                if positions.shape[1] != BODY17.num_joints:
                    raise ValueError(
                        f"`joint_names` must be there, since it has {positions.shape[1]} joints and not 17"
                    )
                names = BODY17.joint_names
            names = [str(name) for name in names]
            if self._joint_map is not None:
                mapped = self._joint_map.apply(positions, names)
            else:
                mapped = positions[:, BODY17.order_from(names)]
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        mapped = mapped * _METRES[self.unit] @ TO_Z_UP[self.up].T
        check_body_size(mapped, str(path), f"`unit` must be that of the file; it is {self.unit!r}")
        return mapped.astype("float32")


@cached_by_file
def _load(path: Path) -> dict[str, Any]:
    """The arrays of a file, checked, and its sequences as a list."""
    content: dict[str, Any] = load_npz(path, _KEYS) if path.suffix == ".npz" else {}
    try:
        if path.suffix != ".npz":
            # Mapped, so that nothing is allocated for what a damaged header says.
            content = {"positions": np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))}
        positions = content["positions"]
        if positions.ndim != 3 or positions.shape[2] != 3 or positions.dtype.kind != "f" or not len(positions):
            raise ValueError(
                f"`positions` must be floats of shape (N, J, 3), found {positions.dtype} {positions.shape}"
            )
        if not np.isfinite(positions).all():
            frame, joint, _ = np.argwhere(~np.isfinite(positions))[0].tolist()
            names = content.get("joint_names", BODY17.joint_names if positions.shape[1] == BODY17.num_joints else [])
            name = names[joint] if joint < len(names) else f"joint {joint}"
            raise ValueError(f"`positions` must be finite; frame {frame} is not, at {name}")
        offsets = np.asarray(content.get("offsets", [0, len(positions)]))
        increasing = (
            offsets.ndim == 1 and len(offsets) > 1 and offsets.dtype.kind in "iu" and (np.diff(offsets) > 0).all()
        )
        if not increasing or offsets[0] != 0 or offsets[-1] != len(positions):
            raise ValueError(f"`offsets` must be integers that increase from 0 to {len(positions)}")
        for key in _TEXTS:
            if key in content and content[key].shape != (len(offsets) - 1,):
                raise ValueError(f"`{key}` must have one entry for each of {len(offsets) - 1} sequences")
        if "joint_names" in content and content["joint_names"].shape != (positions.shape[1],):
            raise ValueError(
                f"`joint_names` must have one entry for each joint of `positions` {positions.shape}, "
                f"found {content['joint_names'].shape}"
            )
        if "fps" in content and not (content["fps"].shape == () and 0 < float(content["fps"]) < np.inf):
            raise ValueError(f"`fps` must be one positive number, found {content['fps']}")
    except _UNREADABLE as error:
        what = f"no array {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{path} is not a readable file of pose sequences: {what}") from error
    content["sequences"] = [positions[start:stop] for start, stop in itertools.pairwise(offsets)]
    return content
