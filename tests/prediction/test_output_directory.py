"""A directory of results appears whole or not at all, and replaces nothing that is not its own."""

import pytest

from posealign_keras.prediction.output_directory import output_directory

FILES = ("a.txt", "b.txt")


def fill(directory, text="new"):
    for name in FILES:
        (directory / name).write_text(text)


def test_it_appears_when_all_is_written(tmp_path):
    out = tmp_path / "deep" / "out"
    with output_directory(out, FILES) as directory:
        fill(directory)
        assert not out.exists()
    assert sorted(path.name for path in out.iterdir()) == list(FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_of_what_failed(tmp_path, error):
    def fail(directory):
        (directory / "a.txt").write_text("half")
        raise error

    with pytest.raises(error), output_directory(tmp_path / "deep" / "out", FILES) as directory:
        fail(directory)
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_run_wrote_is_replaced_only_if_told(tmp_path):
    out = tmp_path / "out"
    with output_directory(out, FILES) as directory:
        fill(directory, "old")
    with pytest.raises(ValueError, match="or `overwrite` be true"), output_directory(out, FILES):
        pass
    with pytest.raises(RuntimeError), output_directory(out, FILES, overwrite=True) as directory:
        raise RuntimeError
    assert (out / "a.txt").read_text() == "old"
    with output_directory(out, FILES, overwrite=True) as directory:
        fill(directory)
    assert (out / "a.txt").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_other_files_are_never_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("three years")
    with pytest.raises(ValueError, match=r"thesis\.tex"), output_directory(tmp_path, FILES, overwrite=True):
        pass
    assert (tmp_path / "thesis.tex").read_text() == "three years"


def test_an_empty_directory_may_be_there(tmp_path):
    with output_directory(tmp_path / "out", FILES) as directory:
        fill(directory)


def test_files_in_the_way(tmp_path):
    (tmp_path / "file").write_text("here already")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(NotADirectoryError), output_directory(out, FILES):
            pass
    assert (tmp_path / "file").read_text() == "here already"


def test_what_cannot_be_written_is_named_as_it_was_given():
    with (
        pytest.raises(OSError, match=r"`out` cannot be written, .*: '/proc/deep/poses'$"),
        output_directory("/proc/deep/poses", FILES),
    ):
        pass
