"""The `MotionLibrary`: 3D pose sequences (motion capture or generated) from which the pose and motion spaces learn."""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from posealign_keras.data.near_duplicates import group_near_duplicates
from posealign_keras.data.record_reader import pose_sequences
from posealign_keras.data.splitting import draw_splits
from posealign_keras.skeletons import BODY17

_STRING_FIELDS = ("names", "subjects", "actions", "sources")
_FILE_KEYS = ("positions", "offsets", *_STRING_FIELDS, "joint_names")
# A thigh is between these lengths in metres from a small child to the tallest adult. Millimetres, centimetres and
# the units of raw motion capture files all fall far outside.
_THIGH_RANGE = (0.15, 0.75)
_SHORTEST_BONE = 1e-3
_USEFUL_FRAMES = 60
# What `numpy.load` may raise on a file that was truncated, overwritten or never was an archive.
_UNREADABLE = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def to_upright_camera_frame(positions):
    """Turn world coordinates (z up) into those of a level camera that looks along world +y.

    The one place where the world frame of motion capture becomes the camera frame of the rest of the package:
    (x, y, z) becomes (x, -z, y), a rotation, so left stays left.

    Args:
        positions: `(..., 3)` array of points or directions; x and y on the floor, z up, right-handed.

    Returns:
        `(..., 3)` array of the same type; x right, y down, z forward.

    Raises:
        ValueError: If the last axis does not hold three coordinates.

    Example:
        >>> to_upright_camera_frame([1.0, 2.0, 3.0]).tolist()  # 3 m above the floor is -3 m down
        [1.0, -3.0, 2.0]
    """
    positions = np.asarray(positions)
    if positions.ndim == 0 or positions.shape[-1] != 3:
        raise ValueError(f"`positions` must have shape (..., 3). Received: positions.shape={positions.shape}")
    return np.stack([positions[..., 0], -positions[..., 2], positions[..., 1]], axis=-1)


def to_level_poses(positions):
    """Root-relative poses of world coordinates (z up), in the axes of a level camera; see `to_upright_camera_frame`.

    Args:
        positions: `(..., joints, 3)` array, the root first.

    Returns:
        `(..., joints, 3)` array of the same type.

    Example:
        >>> to_level_poses(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]])).tolist()  # a metre above the root
        [[0.0, -0.0, 0.0], [0.0, -1.0, 0.0]]
    """
    return to_upright_camera_frame(positions - positions[..., :1, :])


@dataclass(frozen=True, eq=False)
class MotionLibrary:
    """A set of 3D pose sequences at one frame rate, in the world frame: z up, right-handed, metres.

    Args:
        positions: `(N, 17, 3)` floating array, the frames of all sequences one after the other, joints in
            `BODY17` order. Kept as float32.
        offsets: `(S + 1,)` integers; sequence `i` is `positions[offsets[i]:offsets[i + 1]]`.
        names: `(S,)` strings, one name per sequence.
        subjects: `(S,)` strings, who moved.
        actions: `(S,)` strings, what was done.
        sources: `(S,)` strings, where the sequence comes from.
        fps: Frames per second of every sequence.

    Raises:
        ValueError: If shapes, types or offsets do not fit together, a coordinate is not finite, a bone has no
            length, or the lengths of the thighs show that the unit is not the metre.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> generate_motion_library(sequences=4, frames=60, seed=0).save("motion.npz")
        >>> library = MotionLibrary.load("motion.npz")
        >>> train, test = library.split((0.5, 0.5), seed=0)
        >>> windows, sequence, start = train.windows(frames=30, stride=15)
        >>> windows.shape
        (6, 30, 17, 3)
    """

    positions: np.ndarray
    offsets: np.ndarray
    names: np.ndarray
    subjects: np.ndarray
    actions: np.ndarray
    sources: np.ndarray
    fps: float = 30.0

    def __post_init__(self):
        for name in ("positions", "offsets", *_STRING_FIELDS):
            object.__setattr__(self, name, np.asarray(getattr(self, name)))
        self._check_offsets()
        self._check_strings()
        self._check_positions()
        object.__setattr__(self, "positions", self.positions.astype(np.float32, copy=False))
        object.__setattr__(self, "offsets", self.offsets.astype(np.int64, copy=False))
        object.__setattr__(self, "fps", float(self.fps))
        self._check_bones()

    def _check_offsets(self):
        offsets = self.offsets
        if not (np.isscalar(self.fps) or np.ndim(self.fps) == 0) or not 0 < float(self.fps) < np.inf:
            raise ValueError(f"`fps` must be a positive number. Received: fps={self.fps}")
        if offsets.ndim != 1 or offsets.dtype.kind not in "iu" or len(offsets) < 2:
            raise ValueError(
                "`offsets` must be at least two integers, the bounds of the sequences. "
                f"Received: shape={offsets.shape}, dtype={offsets.dtype}"
            )
        if offsets[0] != 0 or np.any(offsets[1:] <= offsets[:-1]):
            raise ValueError(f"`offsets` must start at 0 and increase. Received: offsets={offsets}")

    def _check_strings(self):
        for name in _STRING_FIELDS:
            values = getattr(self, name)
            if values.shape != (len(self),) or values.dtype.kind != "U":
                raise ValueError(
                    f"`{name}` must be {len(self)} strings, one per sequence. "
                    f"Received: shape={values.shape}, dtype={values.dtype}"
                )

    def _check_positions(self):
        positions = self.positions
        shape = (int(self.offsets[-1]), BODY17.num_joints, 3)
        if positions.dtype.kind != "f":
            raise ValueError(f"`positions` must be floating point. Received: dtype={positions.dtype}")
        if positions.shape != shape:
            raise ValueError(
                f"`positions` must have shape {shape}, with as many frames as the last of `offsets` says. "
                f"Received: positions.shape={positions.shape}"
            )
        finite = np.isfinite(positions).all(axis=-1)
        if not finite.all():
            frame, joint = (int(index) for index in np.argwhere(~finite)[0])
            raise ValueError(
                f"`positions` must be finite; {int((~finite).sum())} joint positions are not, the first at "
                f"{self._place(frame)}, joint {BODY17.joint_names[joint]!r}. "
                f"Received: positions[{frame}, {joint}]={positions[frame, joint]}"
            )

    def _check_bones(self):
        thighs = self._bone_lengths("r_knee"), self._bone_lengths("l_knee")
        # Per sequence, so that one sequence in another unit does not hide behind the others.
        typical = np.add.reduceat(thighs[0] + thighs[1], self.offsets[:-1]) / (2 * self.lengths)
        outside = np.flatnonzero((typical < _THIGH_RANGE[0]) | (typical > _THIGH_RANGE[1]))
        if len(outside):
            sequence = int(outside[0])
            raise ValueError(
                f"`positions` must be in metres: expected metres, that is thighs of {_THIGH_RANGE[0]} to "
                f"{_THIGH_RANGE[1]}. Received: thighs of {typical[sequence]:.4g} in sequence {sequence} "
                f"({str(self.names[sequence])!r})"
            )
        for bone in BODY17.joint_names[1:]:
            lengths = self._bone_lengths(bone)
            if lengths.min() < _SHORTEST_BONE:
                frame = int(lengths.argmin())
                raise ValueError(
                    "`positions` must keep a joint apart from its parent; the bone that ends at "
                    f"{bone!r} has no length at {self._place(frame)}. Received: length={lengths[frame]:.3g}"
                )

    def _bone_lengths(self, joint: str) -> np.ndarray:
        child = BODY17.index(joint)
        bone = self.positions[:, child] - self.positions[:, BODY17.parents[child]]
        return np.sqrt(np.einsum("ti,ti->t", bone, bone))

    def _place(self, frame: int) -> str:
        sequence = int(np.searchsorted(self.offsets, frame, side="right")) - 1
        return f"sequence {sequence} ({str(self.names[sequence])!r}), frame {frame - int(self.offsets[sequence])}"

    @classmethod
    def load(cls, path: str | os.PathLike, useful_frames: int = _USEFUL_FRAMES) -> "MotionLibrary":
        """Read a library from an `.npz` file; nothing in the file is executed (`allow_pickle=False`).

        Args:
            path: Archive with the arrays `positions` `(N, J, 3)`, `offsets`, `names`, `subjects`, `actions`,
                `sources`, as described for the class, and `joint_names` `(J,)`, by which the joints are put into
                `BODY17` order. `lengths` `(S,)` and `fps` (30 if absent) may be there too.
            useful_frames: How long at least one of the sequences must be.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If the file cannot be read or does not hold such a library with at least one sequence of
                `useful_frames`; the message names the file and says what was expected.
        """
        path = Path(path)
        if not path.exists():
            raise FileNotFoundError(f"`path` must be an existing motion library (.npz). Received: path={str(path)!r}")
        try:
            arrays = _read_archive(path)
            library = cls._from_arrays(arrays)
            if library.lengths.max() < useful_frames:
                raise ValueError(
                    f"expected at least one sequence of {useful_frames} frames. "
                    f"Received: the longest has {library.lengths.max()}"
                )
        except ValueError as error:
            raise ValueError(f"{str(path)!r} is no motion library: {error}") from error
        return library

    @classmethod
    def _from_arrays(cls, arrays: dict[str, np.ndarray]) -> "MotionLibrary":
        missing = [key for key in _FILE_KEYS if key not in arrays]
        if missing:
            raise ValueError(f"expected the arrays {', '.join(_FILE_KEYS)}; missing: {', '.join(missing)}")
        positions, joint_names = arrays["positions"], arrays["joint_names"]
        if joint_names.ndim != 1 or joint_names.dtype.kind != "U":
            raise ValueError(
                "`joint_names` must be a list of strings. "
                f"Received: shape={joint_names.shape}, dtype={joint_names.dtype}"
            )
        if positions.ndim != 3 or positions.shape[1:] != (len(joint_names), 3):
            raise ValueError(
                f"`positions` must have shape (frames, {len(joint_names)}, 3), one joint per name in `joint_names`. "
                f"Received: positions.shape={positions.shape}"
            )
        fields = {name: arrays[name] for name in ("offsets", *_STRING_FIELDS)}
        fps = _scalar(arrays["fps"]) if "fps" in arrays else cls.fps
        library = cls(positions=positions[:, BODY17.order_from(joint_names)], fps=fps, **fields)
        if "lengths" in arrays and not np.array_equal(arrays["lengths"], library.lengths):
            raise ValueError("`lengths` must be the differences of `offsets`; the two disagree")
        return library

    def save(self, path: str | os.PathLike) -> None:
        """Write the library as an `.npz` archive that `load` reads back, complete or not at all.

        Args:
            path: Where to write; an existing file is replaced in one step.
        """
        path = Path(path)
        arrays = {name: getattr(self, name) for name in ("positions", "offsets", *_STRING_FIELDS)}
        # A temporary file in the same folder, since a rename is atomic within one file system only.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez_compressed(
                    stream,
                    allow_pickle=False,
                    lengths=self.lengths,
                    joint_names=np.array(BODY17.joint_names),
                    fps=np.array(self.fps),
                    **arrays,
                )
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @classmethod
    def from_records(cls, directory: str | os.PathLike, split: str) -> "MotionLibrary":
        """Read the sequences of `POSE_SEQUENCE` records in the world frame; names serve as actions.

        Raises:
            FileNotFoundError: If there is no complete split of that name.
            ValueError: If the records are of another kind, in the camera frame, of several rates, or damaged.
        """
        records = list(pose_sequences(directory, split, verify=True).as_numpy_iterator())
        for name, wanted in (("coordinate_frame", "'world'"), ("fps", "the same")):
            found = sorted({record[name] for record in records})
            if len(found) > 1 or (name == "coordinate_frame" and found != [b"world"]):
                raise ValueError(f"{directory}: `{name}` must be {wanted} in all records. Received: {found}")
        text = {
            name: np.array([record[name].decode() for record in records]) for name in ("sequence", "subject", "dataset")
        }
        return cls(
            positions=np.concatenate([record["positions"] for record in records]),
            offsets=np.cumsum([0, *(len(record["positions"]) for record in records)]),
            names=text["sequence"],
            subjects=text["subject"],
            actions=text["sequence"],
            sources=text["dataset"],
            fps=float(records[0]["fps"]),
        )

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        """Sequence `index` as a `(T, 17, 3)` view."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"`index` must be below {count}, the number of sequences. Received: index={index}")
        index %= count
        return self.positions[self.offsets[index] : self.offsets[index + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """`(S,)` number of frames of each sequence."""
        return np.diff(self.offsets)

    @property
    def sequences(self) -> Iterator[np.ndarray]:
        """The sequences one by one, each a `(T, 17, 3)` view."""
        return (self[index] for index in range(len(self)))

    def select(self, indices: Sequence[int] | np.ndarray) -> "MotionLibrary":
        """The library of the sequences `indices`, in that order.

        Raises:
            ValueError: If `indices` is empty or names a sequence that does not exist.
        """
        chosen = np.asarray(indices)
        if chosen.ndim != 1 or len(chosen) == 0 or chosen.dtype.kind not in "iu":
            raise ValueError(f"`indices` must be a list of at least one integer. Received: indices={indices}")
        if chosen.min() < 0 or chosen.max() >= len(self):
            raise ValueError(f"`indices` must be from 0 to {len(self) - 1}. Received: indices={indices}")
        return MotionLibrary(
            positions=np.concatenate([self[int(index)] for index in chosen]),
            offsets=np.concatenate([[0], np.cumsum(self.lengths[chosen])]),
            fps=self.fps,
            **{name: getattr(self, name)[chosen] for name in _STRING_FIELDS},
        )

    def near_duplicate_groups(self) -> np.ndarray:
        """`(S,)` integers: sequences with the same number show the same recording.

        See `group_near_duplicates` for what counts as the same recording.
        """
        return group_near_duplicates(list(self.sequences))

    def split(self, fractions: Sequence[float], seed: int) -> tuple["MotionLibrary", ...]:
        """Divide the sequences into disjoint libraries, recordings kept whole.

        A sequence goes into one part as a whole, and so do all its near-duplicates: the same clip may be there
        twice, retargeted by different sources, and must not be learned from and tested on. Sequences of one
        source and kind of action are spread over the parts.

        Args:
            fractions: Share of the frames that each part should get; positive, summing to 1. The result differs
                by at most about the length of the longest recording.
            seed: Decides which sequences go where; the same seed gives the same parts.

        Returns:
            One library per fraction, in that order; every sequence is in one of them.

        Raises:
            ValueError: If the fractions are not positive shares of 1, or there are fewer recordings than parts.
        """
        strata = [
            f"{source} {kind_of_action(action)}" for source, action in zip(self.sources, self.actions, strict=True)
        ]
        part_of = draw_splits(self.near_duplicate_groups(), self.lengths, strata, fractions, seed)
        return tuple(self.select(np.flatnonzero(part_of == part)) for part in range(len(fractions)))

    def windows(self, frames: int, stride: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cut every sequence that is long enough into windows.

        Args:
            frames: Frames per window.
            stride: Frames from the start of one window to the start of the next.

        Returns:
            `(W, frames, 17, 3)` float32 windows in the world frame; `(W,)` sequence of each; `(W,)` frame of its
            sequence at which it starts.

        Raises:
            ValueError: If no sequence has that many frames, or an argument is not a positive integer.
        """
        for name, value in (("frames", frames), ("stride", stride)):
            if not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
        counts = np.maximum(self.lengths - frames, -1) // stride + 1
        if not counts.any():
            raise ValueError(
                f"`frames` must not exceed the longest sequence, {self.lengths.max()} frames. Received: frames={frames}"
            )
        sequence = np.repeat(np.arange(len(self)), counts)
        start = np.concatenate([np.arange(count) * stride for count in counts])
        clips = self.positions[(self.offsets[sequence] + start)[:, None] + np.arange(frames)]
        return clips, sequence, start


def _read_archive(path: Path) -> dict[str, np.ndarray]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("found a single array")
        with archive:
            return {key: archive[key] for key in archive.files}
    except _UNREADABLE as error:
        raise ValueError(f"expected an .npz archive of plain arrays ({type(error).__name__}: {error})") from error


def _scalar(value: np.ndarray) -> float:
    if value.shape != () or value.dtype.kind not in "iuf":
        raise ValueError(f"`fps` must be one number. Received: shape={value.shape}, dtype={value.dtype}")
    return float(value)


def kind_of_action(action: str) -> str:
    """The first word of an action: "walk" of "walk on uneven terrain" and of "walk_fast"."""
    words = "".join(letter if letter.isalpha() else " " for letter in action.lower()).split()
    return words[0] if words else ""
