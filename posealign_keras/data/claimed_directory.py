"""A scratch directory that one process at a time can hold, and that a killed process cannot block."""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claimed_directory(path: Path, keep: bool = False) -> Iterator[Path]:
    """Hold `path` as an empty directory of this process; it is removed at the end.

    What a killed process left there is removed first. The claim is a lock on the directory itself, which the
    kernel drops when its process ends, however it ends.

    Args:
        path: The directory.
        keep: Whether what is in it stays, at the beginning and at the end.

    Raises:
        BlockingIOError: If a process that is still running holds the directory.
    """
    descriptor = _claim(path)
    try:
        if not keep:
            for leftover in path.iterdir():
                leftover.unlink()
        yield path
    finally:
        if not keep:
            shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _claim(path: Path) -> int:
    while True:
        path.mkdir(parents=True, exist_ok=True)
        descriptor = -1
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The process that held it may have removed it between the two calls; then this is a lock on nothing.
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        except BlockingIOError as error:
            os.close(descriptor)
            raise BlockingIOError(errno.EWOULDBLOCK, "Another process is writing these records", str(path)) from error
        if descriptor >= 0:
            os.close(descriptor)
