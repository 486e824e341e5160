import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary
from tfrecords_tools import convert, inspect, verify
from tfrecords_tools.__main__ import main

SHARES = {"train": 0.7, "test": 0.3}


def files_of(directory):
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()}


def test_every_sequence_arrives_once_and_unchanged(motion_file, tmp_path):
    library = MotionLibrary.load(motion_file)
    convert("arrays", motion_file, tmp_path, splits=SHARES)
    found = {}
    for split in SHARES:
        records = data.load_arrays(tmp_path / "pose_sequence", split, data.POSE_SEQUENCE)
        assert set(records["split"]) == {split}
        assert set(records["coordinate_frame"]) == {"world"}
        for name, positions in zip(records["sequence"], records["positions"], strict=True):
            assert name not in found
            found[name] = positions
    assert sorted(found) == sorted(library.names)
    for name, positions in zip(library.names, library.sequences, strict=True):
        np.testing.assert_array_equal(found[name], positions)


def test_the_manifest_tells_what_is_in_a_split_and_that_splits_share_nothing(motion_file, tmp_path):
    manifests = convert("arrays", motion_file, tmp_path, splits=SHARES)["pose_sequence"]
    groups = [set(manifest.metadata["groups"]) for manifest in manifests.values()]
    assert not groups[0] & groups[1]
    for manifest in manifests.values():
        assert sum(count for _, count in manifest.metadata["recordings"]) == manifest.num_records
        assert manifest.metadata["arguments"]["dataset"] == "arrays"
    assert {split: m.num_records for split, m in inspect(tmp_path)["pose_sequence"].items()} == {
        split: m.num_records for split, m in manifests.items()
    }
    verify(tmp_path)


def test_processes_do_not_change_the_records(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path / "one", shard_size_mb=0.02)
    convert("arrays", motion_file, tmp_path / "two", shard_size_mb=0.02, workers=2)
    one, two = (files_of(tmp_path / name / "pose_sequence") for name in ("one", "two"))
    assert len(one) > 3
    assert one == two


def test_a_second_run_does_nothing(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "pose_sequence").iterdir()}
    convert("arrays", motion_file, tmp_path)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "pose_sequence").iterdir()}


def test_other_arguments_do_not_replace_records_unless_told_to(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path)
    with pytest.raises(FileExistsError, match="other arguments"):
        convert("arrays", motion_file, tmp_path, fps=15)
    manifest = convert("arrays", motion_file, tmp_path, fps=15, shortest_sequence=10, overwrite=True)
    assert manifest["pose_sequence"]["train"].values["fps"] == [15.0]


def test_what_is_left_out_is_counted(motion_file, tmp_path):
    with pytest.raises(ValueError, match="12 sequences that are too short"):
        convert("arrays", motion_file, tmp_path, shortest_sequence=65)
    assert not list(tmp_path.rglob("*.tfrecord"))


def test_a_damaged_file_stops_the_conversion_or_is_left_out(motion_file, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "good.npz").write_bytes(motion_file.read_bytes())
    content = bytearray(motion_file.read_bytes())
    content[len(content) // 2 :] = b""
    (root / "bad.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.npz"):
        convert("arrays", root, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.tfrecord"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"dataset": "nothing"}, "`dataset`"),
        ({"kinds": ["labelled_image"]}, "`kinds`"),
        ({"out": "s3://bucket/records"}, "`out` must be on a disk"),
        ({"workers": 0}, "`workers`"),
        ({"fps": -1}, "`fps`"),
        ({"unit": "ell"}, "`unit`"),
        ({"colour": "red"}, "colour"),
        ({"splits": ["validation"]}, "validation"),
        ({"splits": {"train": 1.0, "test": 0.0}}, "shares"),
    ],
)
def test_wrong_arguments_are_named(arguments, expected, motion_file, tmp_path):
    with pytest.raises(ValueError, match=expected):
        convert(**{"dataset": "arrays", "root": motion_file, "out": tmp_path, **arguments})


def test_a_changed_file_is_read_again(motion_file, tmp_path):
    path = tmp_path / "a.npy"
    positions = MotionLibrary.load(motion_file)[0]
    for moved in (positions, positions[::-1]):
        np.save(path, moved)
        convert("arrays", path, tmp_path / "out", overwrite=True)
        (record,) = data.load_arrays(tmp_path / "out" / "pose_sequence", "train", data.POSE_SEQUENCE)["positions"]
        np.testing.assert_array_equal(record, moved)


def test_a_finished_split_whose_shards_are_gone_is_said(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path)
    shard = next(tmp_path.rglob("*.tfrecord"))
    shard.unlink()
    with pytest.raises(FileNotFoundError, match=shard.name):
        convert("arrays", motion_file, tmp_path)
    convert("arrays", motion_file, tmp_path, overwrite=True)
    verify(tmp_path)


def test_splits_of_an_earlier_conversion_must_not_share_recordings(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path, splits=SHARES)
    before = files_of(tmp_path / "pose_sequence")
    with pytest.raises(FileExistsError, match="of an earlier conversion"):
        convert("arrays", motion_file, tmp_path, splits={"train": 0.5, "validation": 0.5}, seed=1, overwrite=True)
    assert files_of(tmp_path / "pose_sequence") == before


def test_a_damaged_part_is_written_again(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path / "whole")
    whole = files_of(tmp_path / "whole" / "pose_sequence")

    def stop(what, done, total):
        if done >= 6:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        convert("arrays", motion_file, out, progress=stop)
    part = sorted(out.rglob("*.tfrecord"))[0]
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    convert("arrays", motion_file, out)
    assert files_of(out / "pose_sequence") == whole


def test_a_killed_worker_is_said_and_other_processes_live(motion_file, tmp_path, monkeypatch):
    bystander = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    bystander.start()
    try:
        monkeypatch.setattr("tfrecords_tools.processes._write_and_tell", _kill_itself)
        with pytest.raises(OSError, match=r"killed.*fewer `workers`"):
            convert("arrays", motion_file, tmp_path, workers=2)
        assert bystander.is_alive()
    finally:
        bystander.kill()


def _kill_itself(part, index):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_missing_root_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        convert("arrays", tmp_path / "nowhere", tmp_path / "out")


def test_progress_reaches_the_number_of_recordings(motion_file, tmp_path):
    seen = []
    convert("arrays", motion_file, tmp_path, progress=lambda *what: seen.append(what))
    assert seen[0] == ("pose_sequence train", 0, 12)
    assert seen[-1] == ("pose_sequence train", 12, 12)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_verify_finds_a_flipped_bit_and_a_missing_shard(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path)
    shard = next((tmp_path / "pose_sequence").glob("*.tfrecord"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(ValueError, match=shard.name):
        verify(tmp_path)
    shard.unlink()
    with pytest.raises(FileNotFoundError, match=shard.name):
        verify(tmp_path)


def test_verify_finds_a_recording_that_is_in_two_splits(motion_file, tmp_path):
    convert("arrays", motion_file, tmp_path, splits=SHARES)
    path = tmp_path / "pose_sequence" / "test.manifest.json"
    manifest = json.loads(path.read_text())
    train = json.loads((tmp_path / "pose_sequence" / "train.manifest.json").read_text())
    manifest["metadata"]["groups"].append(train["metadata"]["groups"][0])
    path.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="is in two splits"):
        verify(tmp_path)


def test_only_one_process_converts_to_a_place(motion_file, tmp_path):
    from posealign_keras.data.claimed_directory import claimed_directory

    with (
        claimed_directory(tmp_path / "pose_sequence" / ".train.parts", keep=True),
        pytest.raises(BlockingIOError),
    ):
        convert("arrays", motion_file, tmp_path)


def test_the_command_line(motion_file, tmp_path, capsys):
    arguments = ["arrays", "--root", str(motion_file), "--out", str(tmp_path), "--workers", "1"]
    assert main([*arguments, "--split", "train=0.7", "test=0.3"]) == 0
    assert main(["inspect", str(tmp_path)]) == 0
    assert main(["verify", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert "positions: float32" in output
    assert "all 12 records are whole" in output
    assert "is in two splits" in output
    assert main([*arguments, "--split", "train", "--unit", "mm"]) == 2
    error = capsys.readouterr().err
    assert str(tmp_path) in error or "unit" in error
    assert main(["verify", str(tmp_path / "nothing")]) == 2


@pytest.mark.slow
def test_a_killed_conversion_leaves_nothing_that_looks_whole_and_goes_on(motion_file, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tfrecords_tools", "arrays", "--root", str(motion_file), "--out", str(out)]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    subprocess.run([*command, "--workers", "1"], env=environment, check=True, capture_output=True)
    whole = files_of(out / "pose_sequence")
    out = tmp_path / "killed"
    command[command.index("--out") + 1] = str(out)
    generator, killed = random.Random(0), 0
    for count in (1, 3, 6, 9, 12):
        process = subprocess.Popen([*command, "--workers", "1"], env=environment, stdout=subprocess.DEVNULL)
        # Killed while it writes: when the next parts are there, or while they are put together.
        while process.poll() is None and sum("report.json" in files for *_, files in os.walk(out)) < count:
            time.sleep(0.002)
        time.sleep(generator.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        for manifest in out.rglob("pose_sequence/*.manifest.json"):
            data.verify_records(manifest.parent, manifest.name.removesuffix(".manifest.json"))
    assert killed >= 3
    # What was finished before is not read again.
    reports = {path: path.stat().st_mtime_ns for path in out.rglob("report.json")}
    assert len(reports) >= 6 or (out / "pose_sequence" / "train.manifest.json").exists()
    subprocess.run([*command, "--workers", "1"], env=environment, check=True, capture_output=True)
    assert files_of(out / "pose_sequence") == whole
    assert not [path for path in (out / "pose_sequence").iterdir() if path.is_dir()]
