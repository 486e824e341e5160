"""`output_directory`: a directory that appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def output_directory(out: str | os.PathLike, files: Iterable[str], overwrite: bool = False) -> Iterator[Path]:
    """Context in which a new directory is filled; afterwards it takes its place, and if anything fails it is gone.

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
    missing = out.parent
    while not missing.exists():
        missing = missing.parent
    if not missing.is_dir():
        raise NotADirectoryError(f"`out` must be in a directory, but {missing} is a file")
    # Beside the nearest directory that is there: on the same disk, and nothing is left if all fails.
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.partial-", dir=missing))
    except OSError as error:  # which would name the hidden directory
        raise type(error)(error.errno, f"`out` cannot be written, {error.strerror}", str(out)) from error
    try:
        inside = partial / "new"
        inside.mkdir()
        yield inside
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists():
            out.rename(partial / "old")
        inside.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


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
