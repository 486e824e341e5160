"""Directories that appear whole or not at all."""

from pathlib import Path

import pytest

from posealign_keras.whole_directory import whole_directory


def fill(out, text):
    with whole_directory(out) as new:
        (new / "file").write_text(text)


def test_a_directory_takes_the_place_of_another_and_nothing_else_is_left(tmp_path):
    for text in ("one", "two"):
        fill(tmp_path / "a" / "out", text)
        assert (tmp_path / "a" / "out" / "file").read_text() == text
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "out", "file"]


def test_what_was_there_stays_if_anything_fails(tmp_path):
    fill(tmp_path / "out", "old")
    with pytest.raises(TypeError), whole_directory(tmp_path / "out") as new:
        (new / "file").write_text(None)
    assert (tmp_path / "out" / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_was_there_stays_if_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    fill(tmp_path / "out", "old")
    rename = Path.rename

    def fails_for_the_new_one(self, target):
        if self.name == "new":
            raise PermissionError(13, "Permission denied", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new_one)
    with pytest.raises(PermissionError):
        fill(tmp_path / "out", "new")
    assert (tmp_path / "out" / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1
