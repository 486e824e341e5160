"""Options of the command line made from functions."""

import argparse
from typing import Literal

import pytest

from tfrecords_tools.options import add_options
from tfrecords_tools.readers import all_readers
from tfrecords_tools.settings import Settings


def example(root, rate: float = 2.5, name: str | None = None, axis: Literal["x", "y"] = "y", keep: bool = False):
    """Do nothing.

    Args:
        root: Has no default, so there is no option.
        rate: How often,
            in `Hz`: 100% of it.
        name: A name.
        axis: Which axis.
        keep: Whether to keep it.

    Returns:
        Nothing.
    """


def parser():
    parser = argparse.ArgumentParser()
    assert add_options(parser, example) == ["rate", "name", "axis", "keep"]
    return parser


def test_defaults_and_types():
    assert vars(parser().parse_args([])) == {"rate": 2.5, "name": None, "axis": "y", "keep": False}
    found = vars(parser().parse_args(["--rate", "3", "--name", "a", "--axis", "x", "--keep"]))
    assert found == {"rate": 3.0, "name": "a", "axis": "x", "keep": True}
    assert parser().parse_args(["--no-keep"]).keep is False


def test_help_is_the_docstring_s():
    text = " ".join(parser().format_help().split())
    assert "How often, in Hz: 100% of it. (default: 2.5)" in text
    assert "Nothing" not in text


@pytest.mark.parametrize("words", [["--rate", "fast"], ["--axis", "z"]])
def test_wrong_values_are_refused(words, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(words)
    assert words[0] in capsys.readouterr().err


def test_every_reader_documents_its_options_and_none_clashes():
    shared = add_options(argparse.ArgumentParser(), Settings)
    for reader in all_readers():
        one = argparse.ArgumentParser()
        own = add_options(one, reader)
        assert not set(own) & {*shared, "root", "out", "kinds", "split", "workers", "shard_size", "seed"}, reader
        undocumented = [action.dest for action in one._actions if not action.help]
        assert not undocumented, reader
