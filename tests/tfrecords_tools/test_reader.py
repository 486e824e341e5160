"""What all readers have in common: absolute paths, and options that are checked by their annotations."""

import inspect
import typing

import numpy as np
import pytest

from tfrecords_tools.body_size import check_body_size
from tfrecords_tools.detectors import DETECTORS
from tfrecords_tools.readers import all_readers
from tfrecords_tools.readers.arrays import Arrays
from tfrecords_tools.readers.videos import Videos


def test_paths_are_absolute(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "a.npy", np.random.default_rng(0).random((40, 17, 3)))
    monkeypatch.chdir(tmp_path / "data")
    for root in (".", "a.npy", "../data"):
        reader = Arrays(root)
        (one,) = reader.list("pose_sequence")
        assert one.files == (str(tmp_path / "data" / "a.npy"),)
        monkeypatch.chdir("/")
        assert len(reader.read(one, "pose_sequence").positions) == 40
        monkeypatch.chdir(tmp_path / "data")


def options_with_choices():
    for reader in all_readers():
        for name, parameter in inspect.signature(reader).parameters.items():
            if typing.get_origin(parameter.annotation) is typing.Literal:
                yield pytest.param(reader, name, typing.get_args(parameter.annotation), id=f"{reader.name} {name}")


@pytest.mark.parametrize(("reader", "option", "choices"), options_with_choices())
def test_options_must_be_one_of_their_choices(tmp_path, reader, option, choices):
    with pytest.raises(ValueError, match=f"`{option}` must be one of {', '.join(choices)}. Received: {option}='other'"):
        reader(tmp_path, **{option: "other"})


def test_all_detectors_are_an_option():
    annotation = inspect.signature(Videos).parameters["detector"].annotation
    assert typing.get_args(annotation) == (*DETECTORS, "none")


@pytest.mark.parametrize(("size", "is_body"), [(0.1, False), (0.3, True), (3.0, True), (1700.0, False), (0.0, False)])
def test_the_size_of_a_body(size, is_body):
    positions = size * np.linspace([0, 0, 0], [0.2, 0.3, 1], 17)[None].repeat(4, axis=0)
    positions[1, 3:5] = np.nan
    positions[2, :] = np.nan
    if is_body:
        check_body_size(positions, "a.npy", "Take metres")
    else:
        with pytest.raises(ValueError, match=r"a\.npy: bodies are .* m tall\. Take metres"):
            check_body_size(positions, "a.npy", "Take metres")
