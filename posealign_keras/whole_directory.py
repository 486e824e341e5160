"""`whole_directory`: a directory that appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_directory(out: str | os.PathLike) -> Iterator[Path]:
    """Context in which a new directory is filled; afterwards it takes its place, and if anything fails it is gone.

    What is at that place already is replaced, and stays if anything fails: whether it may be is for the caller to find
    out first.

    Args:
        out: Where the directory is to be.

    Yields:
        An empty directory to write to, beside the other one.

    Raises:
        OSError: If it cannot be written; the message names `out`.
    """
    out = Path(out).absolute()
    nearest = out.parent
    while not nearest.exists():
        nearest = nearest.parent
    if not nearest.is_dir():
        raise NotADirectoryError(f"`out` must be in a directory, but {nearest} is a file")
    # In the nearest directory that is there: on the same disk, and nothing is left if all fails.
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.partial-", dir=nearest))
    except OSError as error:  # which would name the hidden directory
        raise type(error)(error.errno, f"`out` cannot be written, {error.strerror}", str(out)) from error
    try:
        inside = partial / "new"
        inside.mkdir()
        yield inside
        out.parent.mkdir(parents=True, exist_ok=True)
        old = partial / "old"
        if out.exists():
            out.rename(old)
        try:
            inside.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
