"""The `Part`: what counts as damage of a recording, and what as failing to write."""

import errno

import pytest

from posealign_keras.data import RecordWriter
from tfrecords_tools.part import Part
from tfrecords_tools.readers.arrays import Arrays
from tfrecords_tools.settings import Settings

KIND = "pose_sequence"


@pytest.fixture
def part(motion_file, tmp_path):
    """The first sequence of a file of motion; what cannot be read of it is to be left out."""
    (tmp_path / "motion.npz").write_bytes(motion_file.read_bytes())
    reader = Arrays(tmp_path / "motion.npz")
    return Part(reader, reader.list(KIND)[0], KIND, "train", Settings(), tmp_path / "part", skip_damaged=True)


def test_a_file_that_is_missing_while_writing_is_no_damage(part, monkeypatch):
    def write(writer, example):
        raise FileNotFoundError(errno.ENOENT, "No such file", "00000.tfrecord")

    monkeypatch.setattr(RecordWriter, "write", write)
    with pytest.raises(FileNotFoundError, match=r"00000\.tfrecord"):
        part.write()
    assert list(part.directory.parent.glob("*part*")) == []


@pytest.mark.parametrize("error", [FileNotFoundError, ValueError])
def test_what_reading_raises_is_damage(part, monkeypatch, error):
    def read(reader, recording_id, kind):
        raise error("motion.npz is not what it was")

    monkeypatch.setattr(Arrays, "read", read)
    report = part.write()
    assert report["num_records"] == 0
    assert report["dropped"] == {"recordings that cannot be read": 1}
    assert report["notes"] == ["left out: motion.npz is not what it was"]
    assert part.finished_report() == report


def test_what_cannot_be_a_record_is_damage(part, monkeypatch):
    def write(writer, example):
        raise ValueError("`fps` must be positive")

    monkeypatch.setattr(RecordWriter, "write", write)
    assert part.write()["dropped"] == {"recordings that cannot be read": 1}
