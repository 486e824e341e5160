"""`MotionLibrary`: reading files that may be broken, splitting without leaks, windows."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from posealign_keras.data import POSE_SEQUENCE, RecordWriter
from posealign_keras.data.motion_library import MotionLibrary, to_upright_camera_frame
from posealign_keras.data.synthetic.motion import generate_motion_library
from posealign_keras.skeletons import BODY17

_DATA = Path(os.environ.get("POSEALIGN_TEST_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
_MOCAP = _DATA / "mocap" / "mocap17.npz"
needs_mocap = pytest.mark.skipif(not _MOCAP.exists(), reason=f"real motion capture absent ({_MOCAP})")


@pytest.fixture(scope="module")
def library():
    return generate_motion_library(sequences=24, frames=70, seed=3)


@pytest.fixture(scope="module")
def mocap():
    return MotionLibrary.load(_MOCAP)


def contents(library, **changes):
    arrays = {
        name: getattr(library, name) for name in ("positions", "offsets", "names", "subjects", "actions", "sources")
    }
    arrays |= {"lengths": library.lengths, "joint_names": np.array(BODY17.joint_names)}
    arrays |= changes
    return {name: value for name, value in arrays.items() if value is not None}


def write(folder, arrays):
    path = folder / "library.npz"
    np.savez(path, **arrays)
    return path


def assert_same(one, other):
    for name in ("positions", "offsets", "names", "subjects", "actions", "sources"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.fps == other.fps


def test_round_trip(library, tmp_path):
    path = tmp_path / "kept.npz"
    path.write_bytes(b"an older file")
    library.save(path)
    assert_same(MotionLibrary.load(path), library)
    assert list(tmp_path.iterdir()) == [path]  # no temporary file stays behind


def test_save_leaves_the_old_file_when_it_fails(library, tmp_path, monkeypatch):
    path = tmp_path / "kept.npz"
    library.save(path)
    before = path.read_bytes()
    monkeypatch.setattr(np, "savez_compressed", lambda stream, **arrays: (stream.write(b"half"), 1 / 0))
    with pytest.raises(ZeroDivisionError):
        library.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_fps_is_kept(library, tmp_path):
    slow = MotionLibrary(**{**vars(library), "fps": 25})
    slow.save(tmp_path / "slow.npz")
    assert MotionLibrary.load(tmp_path / "slow.npz").fps == 25


def test_joints_are_reordered_by_name(library, tmp_path):
    order = np.random.default_rng(0).permutation(17)
    names = np.array([{"head_top": "head"}.get(name, name) for name in BODY17.joint_names])
    path = write(tmp_path, contents(library, positions=library.positions[:, order], joint_names=names[order]))
    np.testing.assert_array_equal(MotionLibrary.load(path).positions, library.positions)


def test_joints_beyond_the_skeleton_are_dropped(library, tmp_path):
    positions = np.concatenate([library.positions[:, :1], library.positions], axis=1)
    path = write(tmp_path, contents(library, positions=positions, joint_names=np.array(["toe", *BODY17.joint_names])))
    np.testing.assert_array_equal(MotionLibrary.load(path).positions, library.positions)


def _spoiled(values, index, value):
    values = values.copy()
    values[index] = value
    return values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: {"positions": None}, "missing: positions"),
        (lambda b: {"joint_names": None}, "missing: joint_names"),
        (lambda b: {"sources": None}, "missing: sources"),
        (lambda b: {"positions": b.positions[:, :, :2]}, r"`positions` must have shape \(frames, 17, 3\)"),
        (lambda b: {"positions": b.positions[:, :16]}, r"`positions` must have shape \(frames, 17, 3\)"),
        (lambda b: {"positions": b.positions.reshape(-1)}, r"`positions` must have shape \(frames, 17, 3\)"),
        (lambda b: {"positions": b.positions[:-1]}, r"as many frames as the last of `offsets`"),
        (lambda b: {"positions": b.positions.astype(int)}, "`positions` must be floating point"),
        (lambda b: {"positions": b.positions.astype(object)}, "plain arrays"),
        (lambda b: {"names": b.names.astype(object)}, "plain arrays"),
        (
            lambda b: {"positions": _spoiled(b.positions, (75, 3, 1), np.nan)},
            r"sequence 1 \(.*frame 5, joint 'r_ankle'",
        ),
        (lambda b: {"positions": _spoiled(b.positions, (0, 0), np.inf)}, r"sequence 0 \(.*frame 0, joint 'pelvis'"),
        (lambda b: {"positions": b.positions * 1000}, "expected metres.*thighs of [0-9]{3}"),
        (lambda b: {"positions": b.positions * 0.01}, r"expected metres.*thighs of 0\.00"),
        (lambda b: {"positions": b.positions * 0}, "expected metres"),
        (lambda b: {"positions": _spoiled(b.positions, slice(0, 70), 1000 * b[0])}, "expected metres.*sequence 0"),
        (
            lambda b: {"positions": _spoiled(b.positions, (9, 13), b.positions[9, 12])},
            "'l_wrist' has no length.*frame 9",
        ),
        (lambda b: {"offsets": b.offsets[::-1].copy()}, "`offsets` must start at 0 and increase"),
        (lambda b: {"offsets": b.offsets + 1}, "`offsets` must start at 0 and increase"),
        (lambda b: {"offsets": _spoiled(b.offsets, 3, b.offsets[2])}, "`offsets` must start at 0 and increase"),
        (lambda b: {"offsets": b.offsets.astype(float)}, "`offsets` must be at least two integers"),
        (lambda b: {"offsets": b.offsets[:1]}, "`offsets` must be at least two integers"),
        (lambda b: {"offsets": b.offsets[:-1]}, "`names` must be 23 strings"),
        (lambda b: {"actions": b.actions[:-1]}, "`actions` must be 24 strings"),
        (lambda b: {"subjects": np.arange(24)}, "`subjects` must be 24 strings"),
        (lambda b: {"lengths": b.lengths + 1}, "`lengths` must be the differences"),
        (lambda b: {"fps": np.array([30.0])}, "`fps` must be one number"),
        (lambda b: {"fps": np.array(0.0)}, "`fps` must be a positive number"),
        (lambda b: {"joint_names": np.array([*BODY17.joint_names[:-1], "r_hand"])}, "missing or repeated: r_wrist"),
        (lambda b: {"joint_names": np.arange(17)}, "`joint_names` must be a list of strings"),
    ],
)
def test_broken_contents_are_named(library, tmp_path, change, message):
    path = write(tmp_path, contents(library, **change(library)))
    with pytest.raises(ValueError, match=f"(?s)library.npz.*{message}"):
        MotionLibrary.load(path)


def test_short_sequences_only(library, tmp_path):
    short = generate_motion_library(sequences=3, frames=59, seed=0)
    short.save(tmp_path / "short.npz")
    with pytest.raises(ValueError, match=r"short\.npz.*at least one sequence of 60 frames"):
        MotionLibrary.load(tmp_path / "short.npz")


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz"):
        MotionLibrary.load(tmp_path / "nothing.npz")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_truncated_file(library, tmp_path, share):
    path = write(tmp_path, contents(library))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"library\.npz.*expected an \.npz archive"):
        MotionLibrary.load(path)


def test_corrupt_bytes_are_found(library, tmp_path):
    path = tmp_path / "library.npz"
    library.save(path)
    whole = bytearray(path.read_bytes())
    for place in np.linspace(2000, len(whole) // 2, 8).astype(int):
        spoiled = whole.copy()
        spoiled[place] ^= 0xFF
        path.write_bytes(spoiled)
        with pytest.raises(ValueError, match=r"library\.npz.*expected an \.npz archive"):
            MotionLibrary.load(path)


def test_other_kinds_of_file(tmp_path):
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "folder.npz").mkdir()
    for name in ("array.npy", "text.npz", "folder.npz"):
        with pytest.raises(ValueError, match=rf"{name}.*expected an \.npz archive"):
            MotionLibrary.load(tmp_path / name)


def test_container(library):
    assert len(library) == 24
    assert [sequence.shape for sequence in library.sequences] == [(70, 17, 3)] * 24
    np.testing.assert_array_equal(np.concatenate(list(library.sequences)), library.positions)
    np.testing.assert_array_equal(library[-1], library[23])
    with pytest.raises(IndexError, match="`index`"):
        library[24]


def test_select(library):
    chosen = library.select([5, 2])
    np.testing.assert_array_equal(chosen[0], library[5])
    np.testing.assert_array_equal(chosen[1], library[2])
    assert list(chosen.names) == [library.names[5], library.names[2]]
    for wrong in ([], [24], [-1], [0.5], [[1]]):
        with pytest.raises(ValueError, match="`indices`"):
            library.select(wrong)


def test_windows_are_the_frames_they_say(library):
    uneven = MotionLibrary(**{**vars(library), "offsets": np.sort(np.r_[0, library.offsets[1:-1] - 17, 1680])})
    clips, sequence, start = uneven.windows(frames=40, stride=9)
    assert clips.dtype == np.float32
    assert clips.shape == (len(sequence), 40, 17, 3)
    for clip, index, first in zip(clips, sequence, start, strict=True):
        np.testing.assert_array_equal(clip, uneven[index][first : first + 40])
    expected = [(i, s) for i, sequence in enumerate(uneven.sequences) for s in range(0, len(sequence) - 39, 9)]
    assert list(zip(sequence, start, strict=True)) == expected


def test_windows_skip_short_sequences(library):
    offsets = np.r_[0, 30, 70, library.offsets[2:]]  # sequences of 30, 40, 70, 70 ... frames
    names = np.r_[library.names[:1], library.names]
    fields = {
        key: np.r_[value[:1], value]
        for key, value in vars(library).items()
        if key in ("subjects", "actions", "sources")
    }
    mixed = MotionLibrary(library.positions, offsets, names, **fields)
    _, sequence, start = mixed.windows(frames=40, stride=40)
    np.testing.assert_array_equal(sequence, np.arange(1, 25))
    np.testing.assert_array_equal(start, 0)
    with pytest.raises(ValueError, match="`frames` must not exceed"):
        mixed.windows(frames=71, stride=1)
    for wrong in ({"frames": 0, "stride": 1}, {"frames": 10, "stride": 0}, {"frames": 1.5, "stride": 1}):
        with pytest.raises(ValueError, match="must be a positive integer"):
            mixed.windows(**wrong)


def test_split_shares_out_whole_sequences(library):
    parts = library.split((0.5, 0.25, 0.25), seed=0)
    names = [set(part.names.tolist()) for part in parts]
    assert set.union(*names) == set(library.names.tolist())
    assert sum(len(part) for part in parts) == len(library)
    assert [len(part) for part in parts] == [12, 6, 6]
    for part in parts:
        for name, sequence in zip(part.names, part.sequences, strict=True):
            np.testing.assert_array_equal(sequence, library[int(np.flatnonzero(library.names == name)[0])])


def test_split_is_decided_by_the_seed(library):
    first, again, other = (library.split((0.7, 0.3), seed=seed) for seed in (1, 1, 2))
    assert [list(part.names) for part in first] == [list(part.names) for part in again]
    assert [list(part.names) for part in first] != [list(part.names) for part in other]


def test_split_keeps_variety():
    library = generate_motion_library(40, 40, seed=1, families=("walk", "sit", "dance", "kick"))
    for part in library.split((0.5, 0.5), seed=5):
        assert Counter(part.actions.tolist()) == {"walk": 5, "sit": 5, "dance": 5, "kick": 5}


@pytest.mark.parametrize("fractions", [(), (0.5, 0.4), (1.2, -0.2), (1.0, 0.0), (np.nan, 1.0), ((0.5, 0.5),)])
def test_split_rejects_odd_fractions(library, fractions):
    with pytest.raises(ValueError, match="`fractions` must be positive and sum to 1"):
        library.split(fractions, seed=0)


def test_split_needs_as_many_recordings_as_parts(library):
    twice = library.select([0, 0, 0])
    with pytest.raises(ValueError, match="only 1 groups that must stay together"):
        twice.split((0.5, 0.5), seed=0)


def test_no_part_is_empty(library):
    assert [len(part) for part in library.select([0, 1, 2]).split((0.98, 0.01, 0.01), seed=0)] == [1, 1, 1]


def test_near_duplicates_stay_together(library):
    rng = np.random.default_rng(0)
    copies = [_retargeted(sequence, rng)[3:] for sequence in library.sequences]
    doubled = MotionLibrary(
        positions=np.concatenate([library.positions, *copies]),
        offsets=np.r_[library.offsets, library.offsets[-1] + 67 * np.arange(1, 25)],
        names=np.r_[library.names, np.char.add("copy_", library.names)],
        subjects=np.tile(library.subjects, 2),
        actions=np.tile(library.actions, 2),
        sources=np.repeat(["one", "two"], 24),
    )
    for seed in range(3):
        for part in doubled.split((0.6, 0.4), seed=seed):
            originals = {name for name in part.names.tolist() if not name.startswith("copy_")}
            assert {name.removeprefix("copy_") for name in part.names.tolist()} == originals
            assert len(part) == 2 * len(originals)


def _retargeted(sequence, rng):
    """The same motion of another body: other bone lengths, turned and moved."""
    other = np.zeros_like(sequence)
    for joint in range(1, 17):
        parent = BODY17.parents[joint]
        other[:, joint] = other[:, parent] + rng.uniform(0.8, 1.2) * (sequence[:, joint] - sequence[:, parent])
    other += sequence[:, :1]
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return (other @ turn.T + [1.0, -2.0, 0.1]).astype(np.float32)


def test_camera_frame_is_a_rotation():
    np.testing.assert_array_equal(to_upright_camera_frame([1.0, 2.0, 3.0]), [1.0, -3.0, 2.0])
    axes = to_upright_camera_frame(np.eye(3))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3))
    assert np.linalg.det(axes) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="`positions`"):
        to_upright_camera_frame(np.zeros((3, 2)))


def test_importing_needs_no_backend():
    code = (
        "import sys; import posealign_keras.data.motion_library, posealign_keras.data.synthetic.motion; "
        "print([name for name in ('tensorflow', 'jax', 'torch', 'scipy') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    environment.pop("KERAS_BACKEND", None)
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert loaded.stdout.strip() == "[]"


@needs_mocap
def test_real_file(mocap):
    assert len(mocap) == 172
    assert mocap.positions.shape == (40611, 17, 3)
    assert set(mocap.sources.tolist()) == {"iclone", "daz", "cmutxt"}


@needs_mocap
def test_real_split_does_not_leak(mocap):
    start = time.process_time()
    train, test = mocap.split((0.8, 0.2), seed=0)
    assert time.process_time() - start < 30  # about 4 s on a quiet core
    assert len(test.positions) / len(mocap.positions) == pytest.approx(0.2, abs=0.02)
    assert not set(train.names.tolist()) & set(test.names.tolist())
    for part in (train, test):
        assert set(part.sources.tolist()) == {"iclone", "daz", "cmutxt"}
        assert len({action.split()[0] for action in part.actions.tolist()}) >= 8
    # These clips exist twice: the same recording from two sources.
    for one, other in (
        ("cmu_02_01", "train_walking_1"),
        ("cmu_06_04", "train_basketball_3"),
        ("cmu_07_01", "train_walking_4"),
    ):
        assert len({one, f"cmutxt_{other}"} & set(train.names.tolist())) in (0, 2)


def write_records(library, directory, **changes):
    with RecordWriter(directory, POSE_SEQUENCE, "train") as writer:
        for index, positions in enumerate(library.sequences):
            origin = {"dataset": str(library.sources[index]), "subject": str(library.subjects[index])}
            origin |= {"sequence": str(library.names[index]), "frame_index": 0, "fps": library.fps}
            changed = {name: values[index] for name, values in changes.items()}
            origin |= {"joint_validity": np.ones(17, bool), "coordinate_frame": "world"}
            writer.write({**origin, "positions": positions, **changed})


def test_from_records(library, tmp_path):
    write_records(library, tmp_path)
    read = MotionLibrary.from_records(tmp_path, "train")
    np.testing.assert_array_equal(read.positions, library.positions)
    np.testing.assert_array_equal(read.offsets, library.offsets)
    for name in ("names", "subjects", "sources"):
        assert getattr(read, name).tolist() == getattr(library, name).tolist()
    assert read.fps == library.fps


@pytest.mark.parametrize(
    ("name", "values"),
    [("coordinate_frame", ("world", "camera")), ("coordinate_frame", ("camera",)), ("fps", (30.0, 25.0))],
)
def test_records_of_another_frame_or_of_several_rates_are_refused(library, tmp_path, name, values):
    write_records(library, tmp_path, **{name: [values[index % len(values)] for index in range(len(library))]})
    with pytest.raises(ValueError, match=rf"`{name}` must be"):
        MotionLibrary.from_records(tmp_path, "train")
