"""Conversion on the direct runner of Apache Beam."""

import pytest

from tfrecords_tools import convert

pytest.importorskip("apache_beam")


def test_beam_writes_the_same_records(motion_file, tmp_path):
    from tfrecords_tools.beam import beam_runner

    shown = []
    convert("arrays", motion_file, tmp_path / "here", shard_size_mb=0.02)
    arguments = {"shard_size_mb": 0.02, "runner": beam_runner(), "progress": lambda *what: shown.append(what)}
    convert("arrays", motion_file, tmp_path / "beam", **arguments)
    here, beam = (
        {path.name: path.read_bytes() for path in (tmp_path / name / "pose_sequence").iterdir()}
        for name in ("here", "beam")
    )
    assert here == beam
    assert shown[-1] == ("pose_sequence train", 12, 12)


def test_a_recording_that_fails_fails_the_conversion(motion_file, tmp_path):
    from tfrecords_tools.beam import beam_runner

    with pytest.raises(Exception, match=r"unit"):
        convert("arrays", motion_file, tmp_path, runner=beam_runner(), unit="mm")
    assert not list(tmp_path.rglob("*.manifest.json"))


def test_workers_without_the_file_system_are_noticed(motion_file, tmp_path, monkeypatch):
    from tfrecords_tools import beam

    monkeypatch.setattr(beam, "_write", lambda part: None)
    with pytest.raises(ValueError, match="file system that all workers share"):
        convert("arrays", motion_file, tmp_path, runner=beam.beam_runner())
