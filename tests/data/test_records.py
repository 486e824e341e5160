import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import posealign_keras
from posealign_keras.data import (
    LABELLED_CLIP,
    LABELLED_IMAGE,
    POSE_SEQUENCE,
    UNLABELLED_CLIP,
    Manifest,
    RecordWriter,
    describe,
    labelled_clips,
    labelled_images,
    load_arrays,
    pose_sequences,
    read_records,
    unlabelled_clips,
    verify_records,
)
from posealign_keras.skeletons import BODY17, Skeleton

tf = pytest.importorskip("tensorflow")

ORIGIN = {"dataset": "fake", "subject": "S1", "sequence": "walk", "fps": 30.0}


def pose_example(index, num_frames=20):
    positions = np.random.default_rng(index).normal(size=(num_frames, 17, 3)).astype(np.float32)
    return {
        "positions": positions,
        "joint_validity": np.ones(17, bool),
        "coordinate_frame": "world",
        "frame_index": index,
        **ORIGIN,
    }


def clip_example(index, num_frames=3, size=16):
    row, column = np.mgrid[:size, :size]
    image = np.stack([row * 8, column * 8, 0 * row + 9 * index], axis=-1).astype(np.uint8)
    return {"frames": np.stack([image] * num_frames), "frame_index": index, **ORIGIN}


def labels(*leading):
    return {
        "joints": np.zeros((*leading, 17, 3), np.float32),
        "root_position": np.ones((*leading, 3), np.float32),
        "joint_validity": np.ones((*leading, 17), bool),
        "intrinsics": np.eye(3, dtype=np.float32),
    }


def write_poses(directory, split="train", count=12, **options):
    with RecordWriter(directory, POSE_SEQUENCE, split, **options) as writer:
        for index in range(count):
            writer.write(pose_example(index))
    return Manifest.load(directory, split)


def write_and_fail(directory, error, **options):
    with RecordWriter(directory, POSE_SEQUENCE, "train", **options) as writer:
        for index in range(9):
            writer.write(pose_example(index))
        raise error


def indices(dataset):
    return [int(index) for record in dataset for index in np.ravel(record["frame_index"])]


def names(directory):
    return sorted(path.name for path in Path(directory).iterdir())


def test_all_kinds_are_read_back(tmp_path):
    image = {"image": clip_example(0)["frames"][0], "frame_index": 3, **ORIGIN, **labels()}
    kinds = {
        "poses": (POSE_SEQUENCE, pose_sequences, pose_example(5)),
        "images": (LABELLED_IMAGE, labelled_images, image),
        "clips": (UNLABELLED_CLIP, unlabelled_clips, clip_example(4)),
        "evaluation": (LABELLED_CLIP, labelled_clips, {**clip_example(4), **labels(3)}),
    }
    for split, (schema, _, example) in kinds.items():
        with RecordWriter(tmp_path, schema, split) as writer:
            writer.write(example)
    for split, (schema, read, example) in kinds.items():
        (record,) = read(tmp_path, split)
        assert set(record) == set(schema.feature_names)
        assert record["split"] == split.encode()
        for name in {"positions", "joints", "root_position", "joint_validity", "intrinsics"} & set(example):
            np.testing.assert_array_equal(record[name], example[name])
        for name in {"image", "frames"} & set(example):
            assert np.abs(record[name].numpy().astype(int) - example[name]).max() <= 4
        verify_records(tmp_path, split)
    assert {split: summary["schema"] for split, summary in describe(tmp_path).items()} == {
        split: schema.name for split, (schema, _, _) in kinds.items()
    }


def test_shards_have_the_size_asked_for(tmp_path):
    manifest = write_poses(tmp_path, count=12, shard_size_mb=0.0135)
    assert [shard.num_records for shard in manifest.shards] == [3, 3, 3, 3]
    assert names(tmp_path) == [f"train-0000{i}-of-00004.tfrecord" for i in range(4)] + ["train.manifest.json"]
    for shard in manifest.shards:
        assert (tmp_path / shard.name).stat().st_size == shard.num_bytes <= 13500
    assert manifest.num_records == 12
    assert manifest.num_bytes == sum(path.stat().st_size for path in tmp_path.glob("*.tfrecord"))
    # A record larger than a shard gets one of its own.
    assert len(write_poses(tmp_path, "tiny", count=2, shard_size_mb=1e-6).shards) == 2


def test_manifest_says_what_was_written(tmp_path):
    with RecordWriter(
        tmp_path, POSE_SEQUENCE, "train", creator="maker", metadata={"seed": 3, "path": ("a",)}
    ) as writer:
        writer.write({**pose_example(0, 7), "subject": "Ärmel"})
        writer.write({**pose_example(1, 9), "subject": "B", "fps": 29.97, "coordinate_frame": "camera"})
    manifest = Manifest.load(tmp_path, "train")
    assert manifest.sizes == {"num_joints": [17, 17], "num_frames": [7, 9]}
    assert manifest.common_sizes == {"num_joints": 17}
    assert manifest.values["subject"] == ["B", "Ärmel"]
    assert manifest.values["fps"] == [float(np.float32(29.97)), 30.0]
    assert manifest.values["coordinate_frame"] == ["camera", "world"]
    assert (manifest.skeleton, manifest.joint_names) == (BODY17.name, BODY17.joint_names)
    assert (manifest.creator, manifest.package_version) == ("maker", posealign_keras.__version__)
    assert manifest.metadata == {"seed": 3, "path": ["a"]}
    summary = describe(tmp_path)["train"]
    assert (summary["num_records"], summary["num_shards"], summary["metadata"]["seed"]) == (2, 1, 3)


def test_writing_is_reproducible(tmp_path):
    first = write_poses(tmp_path / "a", shard_size_mb=0.02)
    second = write_poses(tmp_path / "b", shard_size_mb=0.02)
    assert first == second


def test_order_of_writing_is_kept(tmp_path):
    write_poses(tmp_path, shard_size_mb=0.0135)
    assert indices(pose_sequences(tmp_path, "train")) == list(range(12))
    assert indices(pose_sequences(tmp_path, "train", num_parallel_calls=1, batch_size=5)) == list(range(12))


def test_shuffled_order_depends_on_the_seed_alone(tmp_path):
    write_poses(tmp_path, shard_size_mb=0.0135)
    dataset = pose_sequences(tmp_path, "train", shuffle_seed=1)
    first, second = indices(dataset), indices(dataset)
    again = pose_sequences(tmp_path, "train", shuffle_seed=1, num_parallel_calls=2)
    assert [indices(again), indices(again)] == [first, second]
    assert sorted(first) == sorted(second) == list(range(12))
    assert (
        len({tuple(order) for order in (first, second, indices(pose_sequences(tmp_path, "train", shuffle_seed=2)))})
        == 3
    )


def test_lengths_and_shapes_are_known(tmp_path):
    write_poses(tmp_path)
    assert len(pose_sequences(tmp_path, "train")) == 12
    assert len(pose_sequences(tmp_path, "train", batch_size=5)) == 3
    assert pose_sequences(tmp_path, "train").element_spec["positions"].shape.as_list() == [20, 17, 3]
    with RecordWriter(tmp_path, UNLABELLED_CLIP, "clips") as writer:
        for index in range(3):
            writer.write(clip_example(index))
    dataset = unlabelled_clips(tmp_path, "clips", batch_size=2, shuffle_seed=0)
    assert dataset.element_spec["frames"].shape.as_list() == [None, 3, 16, 16, 3]
    assert unlabelled_clips(tmp_path, "clips", decode_images=False).element_spec["frames"].dtype == tf.string


def test_sequences_of_different_length_can_be_padded(tmp_path):
    with RecordWriter(tmp_path, POSE_SEQUENCE, "train") as writer:
        for index, num_frames in enumerate((4, 9)):
            writer.write(pose_example(index, num_frames))
    dataset = pose_sequences(tmp_path, "train")
    assert [len(record["positions"]) for record in dataset] == [4, 9]
    (batch,) = dataset.padded_batch(2)
    np.testing.assert_array_equal(batch["positions"][0, :4], pose_example(0, 4)["positions"])
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be parsed as one batch"):
        list(pose_sequences(tmp_path, "train", batch_size=2))
    with pytest.raises(ValueError, match=r"one shape.*num_frames.*4, 9"):
        load_arrays(tmp_path, "train", POSE_SEQUENCE)


def test_load_arrays(tmp_path):
    write_poses(tmp_path, count=3)
    arrays = load_arrays(tmp_path, "train", POSE_SEQUENCE, verify=True)
    np.testing.assert_array_equal(arrays["positions"], [pose_example(index)["positions"] for index in range(3)])
    assert arrays["sequence"].tolist() == ["walk"] * 3
    assert arrays["frame_index"].tolist() == [0, 1, 2]


def test_what_fails_to_validate_is_not_written_and_writing_goes_on(tmp_path):
    with RecordWriter(tmp_path, POSE_SEQUENCE, "train") as writer:
        writer.write(pose_example(0))
        with pytest.raises(ValueError, match="`fps`"):
            writer.write({**pose_example(1, num_frames=99), "fps": -1.0})
        with pytest.raises(ValueError, match="`split` must be 'train'"):
            writer.write({**pose_example(1), "split": "test"})
        writer.write(pose_example(2))
    assert indices(pose_sequences(tmp_path, "train")) == [0, 2]
    assert verify_records(tmp_path, "train").sizes["num_frames"] == [20, 20]


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_nothing(tmp_path, interruption):
    with pytest.raises(interruption):
        write_and_fail(tmp_path, interruption, shard_size_mb=0.0135)
    assert names(tmp_path) == []
    with pytest.raises(FileNotFoundError, match=r"train\.manifest\.json does not exist. Complete splits there: none"):
        pose_sequences(tmp_path, "train")
    write_poses(tmp_path)
    verify_records(tmp_path, "train")


def test_an_empty_split_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no records"), RecordWriter(tmp_path, POSE_SEQUENCE, "train"):
        pass
    assert names(tmp_path) == []


def test_write_outside_of_the_block_is_refused(tmp_path):
    writer = RecordWriter(tmp_path, POSE_SEQUENCE, "train")
    with pytest.raises(ValueError, match="inside the `with` block"):
        writer.write(pose_example(0))
    with writer:
        writer.write(pose_example(0))
    with pytest.raises(ValueError, match="inside the `with` block"):
        writer.write(pose_example(1))


def start_endless_writer(directory):
    code = f"""
import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}
from test_records import *
with RecordWriter({str(directory)!r}, POSE_SEQUENCE, "train", shard_size_mb=0.0135) as writer:
    for index in range(10**9):
        writer.write(pose_example(index % 10))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(Path(directory).glob(".train.partial/*"))) < 4:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


def test_a_killed_writer_leaves_nothing_readable_and_blocks_nobody(tmp_path):
    process = start_endless_writer(tmp_path)
    try:
        with pytest.raises(BlockingIOError, match="Another process"), RecordWriter(tmp_path, POSE_SEQUENCE, "train"):
            pass
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == [".train.partial"]
    assert describe(tmp_path) == {}
    with pytest.raises(FileNotFoundError):
        pose_sequences(tmp_path, "train")
    write_poses(tmp_path)
    assert names(tmp_path) == ["train-00000-of-00001.tfrecord", "train.manifest.json"]
    verify_records(tmp_path, "train")


def test_shards_without_a_manifest_are_leftovers(tmp_path):
    write_poses(tmp_path, shard_size_mb=0.0135)
    write_poses(tmp_path, "train-b")
    (tmp_path / "train.manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="Complete splits there: train-b"):
        pose_sequences(tmp_path, "train")
    write_poses(tmp_path)
    assert names(tmp_path) == [
        "train-00000-of-00001.tfrecord",
        "train-b-00000-of-00001.tfrecord",
        "train-b.manifest.json",
        "train.manifest.json",
    ]


def test_an_existing_split_is_replaced_only_when_asked(tmp_path):
    write_poses(tmp_path, count=12, shard_size_mb=0.0135)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_poses(tmp_path, count=3)
    with pytest.raises(RuntimeError):
        write_and_fail(tmp_path, RuntimeError, overwrite=True)
    assert verify_records(tmp_path, "train").num_records == 12
    write_poses(tmp_path, count=3, overwrite=True)
    assert verify_records(tmp_path, "train").num_records == 3
    assert len(names(tmp_path)) == 2


def test_two_splits_can_be_written_at_once(tmp_path):
    with RecordWriter(tmp_path, POSE_SEQUENCE, "a") as first, RecordWriter(tmp_path, POSE_SEQUENCE, "b") as second:
        first.write(pose_example(0))
        second.write(pose_example(1))
    assert sorted(describe(tmp_path)) == ["a", "b"]


def fill_disk(monkeypatch, method, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(tf.io.TFRecordWriter, method, fail)


@pytest.mark.parametrize("method", ["write", "close"])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), errno.ENOSPC),
        (tf.errors.ResourceExhaustedError(None, None, "x.tfrecord; No space left on device"), errno.ENOSPC),
        (tf.errors.UnknownError(None, None, "Input/output error"), errno.EIO),
    ],
)
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch, method, error, code):
    fill_disk(monkeypatch, method, error)
    with pytest.raises(OSError, match=r"disk is full|Writing failed") as caught:
        write_poses(tmp_path)
    assert caught.value.errno == code
    assert caught.value.filename.startswith(str(tmp_path))
    monkeypatch.undo()
    assert names(tmp_path) == []
    write_poses(tmp_path)


def test_a_split_with_a_failed_write_is_never_completed(tmp_path, monkeypatch):
    def write_and_ignore_a_full_disk():
        with RecordWriter(tmp_path, POSE_SEQUENCE, "train") as writer:
            writer.write(pose_example(0))
            fill_disk(monkeypatch, "write", OSError(errno.ENOSPC, "No space left on device"))
            with pytest.raises(OSError, match="disk is full"):
                writer.write(pose_example(1))

    with pytest.raises(OSError, match="failed before"):
        write_and_ignore_a_full_disk()
    assert names(tmp_path) == []


def test_the_system_refusing_to_write_more_leaves_nothing(tmp_path):
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(OSError, match="Writing failed"):
            write_poses(tmp_path, count=100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == []


def test_a_disk_full_at_the_manifest_keeps_the_old_split(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    write_poses(tmp_path, count=12)
    monkeypatch.setattr(Manifest, "save", fail)
    with pytest.raises(OSError, match="disk is full"):
        write_poses(tmp_path, count=3, overwrite=True)
    assert verify_records(tmp_path, "train").num_records == 12


def test_a_failure_between_the_shards_leaves_no_complete_split(tmp_path, monkeypatch):
    def replace_once(source, target, calls=[]):  # noqa: B006
        calls.append(target)
        if len(calls) > 1:
            raise OSError(errno.EIO, "Input/output error")
        Path(source).rename(target)

    monkeypatch.setattr(os, "replace", replace_once)
    with pytest.raises(OSError, match="Writing failed"):
        write_poses(tmp_path, shard_size_mb=0.0135)
    monkeypatch.undo()
    assert describe(tmp_path) == {}
    write_poses(tmp_path)
    assert names(tmp_path) == ["train-00000-of-00001.tfrecord", "train.manifest.json"]


def damage(path, change):
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def flip(position):
    def change(content):
        content[position] ^= 1

    return change


def test_a_flipped_bit_is_found(tmp_path):
    manifest = write_poses(tmp_path, count=6, shard_size_mb=0.0135)
    path = tmp_path / manifest.shards[1].name
    record_bytes = manifest.shards[1].num_bytes // 3
    damage(path, flip(record_bytes + record_bytes // 2))
    with pytest.raises(ValueError, match=f"{path} has changed: its SHA-256"):
        pose_sequences(tmp_path, "train", verify=True)
    with pytest.raises(ValueError, match=f"{path} is damaged at record 1"):
        verify_records(tmp_path, "train")
    with pytest.raises(tf.errors.DataLossError):
        list(pose_sequences(tmp_path, "train"))
    with pytest.raises(ValueError, match=f"{path} is damaged at record 1"):
        load_arrays(tmp_path, "train", POSE_SEQUENCE)


def test_a_flipped_bit_in_a_length_is_found(tmp_path):
    write_poses(tmp_path)
    path = tmp_path / "train-00000-of-00001.tfrecord"
    damage(path, flip(0))
    with pytest.raises(ValueError, match=f"{path} is damaged at record 0"):
        verify_records(tmp_path, "train")


def test_a_truncated_or_longer_or_missing_shard_is_found(tmp_path):
    manifest = write_poses(tmp_path, shard_size_mb=0.0135)
    path = tmp_path / manifest.shards[-1].name
    whole = path.read_bytes()
    for content in (whole[:-1], whole + b"\0", b""):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"{path} has changed: it has {len(content)} bytes, {len(whole)}"):
            pose_sequences(tmp_path, "train")
    path.unlink()
    with pytest.raises(FileNotFoundError, match=str(path)):
        pose_sequences(tmp_path, "train")


def test_a_record_of_another_kind_within_a_shard_is_found(tmp_path):
    write_poses(tmp_path, count=2)
    path = tmp_path / "train-00000-of-00001.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as file:
        file.write(POSE_SEQUENCE.encode({**pose_example(0), "split": "train"}))
        file.write(tf.train.Example().SerializeToString())
    manifest_path = tmp_path / "train.manifest.json"
    content = json.loads(manifest_path.read_text())
    content["shards"][0]["num_bytes"] = path.stat().st_size
    manifest_path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f"{path} is damaged at record 1"):
        verify_records(tmp_path, "train")


def test_too_few_records_are_found(tmp_path):
    write_poses(tmp_path, count=2)
    manifest_path = tmp_path / "train.manifest.json"
    content = json.loads(manifest_path.read_text())
    content["shards"][0]["num_records"] = 3
    manifest_path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="has 2 records, 3 were written"):
        verify_records(tmp_path, "train")
    with pytest.raises(tf.errors.FailedPreconditionError):
        list(pose_sequences(tmp_path, "train"))


STICK = Skeleton("stick", ("pelvis", "head"), (-1, 0), (0, 1), (0.0, 0.6))


@pytest.mark.parametrize(
    ("schema", "what"),
    [
        (LABELLED_IMAGE, "kind"),
        (replace(POSE_SEQUENCE, version=3), "version"),
        (replace(POSE_SEQUENCE, features=POSE_SEQUENCE.features[:-1]), "features"),
        (replace(POSE_SEQUENCE, skeleton=STICK), "skeleton"),
        (replace(POSE_SEQUENCE, skeleton=replace(STICK, name="body17")), "joints"),
    ],
)
def test_another_schema_is_refused(tmp_path, schema, what):
    write_poses(tmp_path, count=1)
    with pytest.raises(ValueError, match=f"`schema` must match the records.*: their {what} differs"):
        read_records(tmp_path, "train", schema)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format": 1}', b'{"format": 2}', b"\xff\xfe"])
def test_a_damaged_manifest_is_named(tmp_path, content):
    write_poses(tmp_path, count=1)
    path = tmp_path / "train.manifest.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path} is not a readable manifest"):
        pose_sequences(tmp_path, "train")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"split": "../train"}, "split"),
        ({"split": ""}, "split"),
        ({"schema": "pose_sequence"}, "schema"),
        ({"shard_size_mb": 0}, "shard_size_mb"),
        ({"jpeg_quality": 101}, "jpeg_quality"),
        ({"metadata": {"seed": object()}}, "metadata"),
        ({"metadata": {"loss": float("nan")}}, "metadata"),
    ],
)
def test_wrong_arguments_are_refused_by_name(tmp_path, arguments, name):
    with pytest.raises(ValueError, match=f"^`{name}` must .*Received: {name}="):
        RecordWriter(**{"directory": tmp_path, "schema": POSE_SEQUENCE, "split": "train", **arguments})


def test_readers_feed_a_training_pipeline(tmp_path):
    with RecordWriter(tmp_path, UNLABELLED_CLIP, "train") as writer:
        for index in range(6):
            writer.write(clip_example(index))
    dataset = unlabelled_clips(tmp_path, "train", shuffle_seed=0)
    dataset = dataset.map(lambda clip: tf.cast(clip["frames"], tf.float32) / 255).repeat().batch(4)
    for batch in dataset.take(5):
        assert batch.shape == (4, 3, 16, 16, 3)
        assert 0 <= float(tf.reduce_min(batch)) <= float(tf.reduce_max(batch)) <= 1


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": None},
        {"sizes": 5},
        {"sizes": {"num_frames": [1]}},
        {"values": {"fps": 30}},
        {"schema": []},
        {"shards": [{"name": "../../secret", "num_records": 1, "num_bytes": 1, "sha256": ""}]},
    ],
)
def test_a_manifest_of_wrong_types_or_of_files_elsewhere_is_refused(tmp_path, change):
    write_poses(tmp_path, count=1)
    path = Manifest.path(tmp_path, "train")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=f"{path.name} is not a readable manifest.*`{next(iter(change))}`"):
        pose_sequences(tmp_path, "train")
