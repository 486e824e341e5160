"""`output_directory`: a directory of results, which replaces nothing but results."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from posealign_keras.whole_directory import whole_directory


@contextmanager
def output_directory(out: str | os.PathLike, files: Iterable[str], overwrite: bool = False) -> Iterator[Path]:
    """Context in which a new directory of results is filled; it appears whole or not at all.

    Args:
        out: Where the directory is to be.
        files: Names of what may be in it.
        overwrite: Whether it may replace a directory that holds nothing but such files.

    Yields:
        The directory to write to, beside the other one.

    Raises:
        ValueError: If there is something already that must not be replaced.
        OSError: If it cannot be written.
    """
    out = Path(out).absolute()
    _check(out, set(files), overwrite)
    with whole_directory(out) as directory:
        yield directory


def _check(out, files, overwrite):
    if out.is_dir():
        held = {path.name for path in out.iterdir()}
        if held - files:
            raise ValueError(
                f"`out` must be new, or hold nothing but what is written there. {out} holds {min(held - files)!r}"
            )
        if held and not overwrite:
            raise ValueError(f"`out` must be new, or `overwrite` be true. {out} holds {min(held)!r} already")
    elif out.exists():
        raise NotADirectoryError(f"`out` must be a directory. {out} is a file")
