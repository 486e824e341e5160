import numpy as np
import pytest

from tfrecords_tools.file_cache import cached_by_file


@pytest.fixture
def read():
    calls = []

    @cached_by_file
    def read(path, *arguments):
        """Read a file."""
        calls.append(path)
        return (None if path is None else open(path, encoding="utf-8").read(), *arguments)

    read.calls = calls
    return read


def test_a_file_is_read_once_until_it_changes(tmp_path, read):
    path = tmp_path / "a.txt"
    path.write_text("one")
    assert [read(path), read(path), read(path)] == [("one",)] * 3
    assert len(read.calls) == 1
    path.write_text("another")
    assert read(path) == ("another",)
    assert read.__doc__ == "Read a file."


def test_paths_and_arguments_are_told_apart(tmp_path, monkeypatch, read):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file.txt").write_text(name)
    for name in ("a", "b"):
        monkeypatch.chdir(tmp_path / name)
        assert read("file.txt", 1) == (name, 1)
        assert read("file.txt", 2) == (name, 2)
    assert read(None, 3) == (None, 3)


def test_few_files_are_kept(tmp_path, read):
    for index in [*range(10), 0]:
        (tmp_path / f"{index}.txt").write_text("x")
        read(tmp_path / f"{index}.txt")
    assert len(read.calls) == 11


def test_a_missing_file_is_an_error_of_the_function(tmp_path, read):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read(tmp_path / "nowhere.txt")


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_reader_sees_that_a_file_was_written_over(motion_file, tmp_path, suffix):
    from posealign_keras.data.motion_library import MotionLibrary
    from tfrecords_tools.readers.arrays import Arrays

    positions = MotionLibrary.load(motion_file)[0]
    path = tmp_path / f"a{suffix}"
    for changed in (positions, positions[:40] + 1):
        np.save(path, changed) if suffix == ".npy" else np.savez(path, positions=changed)
        reader = Arrays(path)
        (one,) = reader.list("pose_sequence")
        np.testing.assert_allclose(reader.read(one, "pose_sequence").positions, changed, atol=1e-6)
        assert one.length == len(changed)
