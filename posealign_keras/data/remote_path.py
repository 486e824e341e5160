"""The `RemotePath`: what reading records takes of `pathlib.Path`, for files behind a URL."""

import fnmatch
import glob
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from posealign_keras.data.exit_after_s3 import skip_native_destructors
from posealign_keras.data.tensorflow_import import import_tensorflow, import_tensorflow_io

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://[^/]*")
_WITHOUT_LISTS = ("http://", "https://")


class RemotePath:
    """A file or directory behind a URL, read through the file systems of TensorFlow.

    It has the methods of `pathlib.Path` that reading records takes. TensorFlow itself knows `gs://`; for the other
    schemes (`s3://`, `hdfs://`, `http://`, `https://`, `az://`, …) `tensorflow_io` is imported.

    Args:
        url: The URL, without a query.

    Raises:
        ImportError: If the scheme needs `tensorflow_io`, and that cannot be loaded.
        ValueError: If no file system has the scheme.
    """

    def __init__(self, url: str):
        self._url = url.rstrip("/")
        match = _URL.match(url)
        scheme = match[1] if match else ""
        schemes = _schemes()
        if scheme not in schemes:
            import_tensorflow_io(f"Reading {url}")
            schemes = _schemes()
        if scheme not in schemes:
            known = ", ".join(sorted(f"{name}://" for name in schemes if name))
            raise ValueError(f"`directory` must be a path or a URL of {known}. Received: {url!r}")
        if scheme == "s3":
            skip_native_destructors()

    def __str__(self):
        return self._url

    def __truediv__(self, name: str) -> "RemotePath":
        return RemotePath(f"{self._url}/{name}")

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self._url.rpartition("/")[2]

    @property
    def parent(self) -> "RemotePath":
        """The directory that it is in."""
        return RemotePath(self._url.rpartition("/")[0])

    def exists(self) -> bool:
        """Whether there is such a file."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    is_file = exists

    def stat(self) -> "_Status":
        """The size of the file, `st_size`."""
        with _errors_of_the_system(self):
            return _Status(import_tensorflow().io.gfile.stat(self._url).length)

    @contextmanager
    def open(self, mode: str = "rb") -> Iterator[Any]:
        """Open the file for the body of a `with` statement."""
        with _errors_of_the_system(self), import_tensorflow().io.gfile.GFile(self._url, mode) as file:
            yield file

    def read_bytes(self) -> bytes:
        """Read the whole file."""
        with self.open() as file:
            return file.read()

    def glob(self, pattern: str) -> list["RemotePath"]:
        """The files whose names match, in this directory alone; none if there is no such directory.

        Raises:
            NotImplementedError: If the file system cannot list files, as that of `http://`.
        """
        self._check_lists()
        try:
            with _errors_of_the_system(self):
                names = import_tensorflow().io.gfile.listdir(self._url)
        except FileNotFoundError:
            return []
        return [self / name for name in fnmatch.filter(names, pattern)]

    def _check_lists(self):
        # The file system says that there is no such directory, or finds nothing in it.
        if self._url.lower().startswith(_WITHOUT_LISTS):
            raise NotImplementedError(f"there is no list of the files of {self._url}")


class _Status(NamedTuple):
    st_size: int


def _schemes():
    return import_tensorflow().io.gfile.get_registered_schemes()


@contextmanager
def _errors_of_the_system(path: RemotePath) -> Iterator[None]:
    """Raise what `pathlib` would raise, with the URL in the message."""
    errors = import_tensorflow().errors
    try:
        yield
    except errors.OpError as error:
        # HDFS says so of the Java library that it needs, too.
        if isinstance(error, errors.NotFoundError) and "Library (" not in error.message:
            raise FileNotFoundError(f"There is no {path}") from error
        raise OSError(f"{path} cannot be read: {error.message}") from error


def records_path(location: str | os.PathLike | RemotePath) -> Path | RemotePath:
    """The path of a file or directory of records: on the disk, or behind a URL such as `s3://bucket/records`.

    Raises:
        ImportError: As `RemotePath`.
        ValueError: As `RemotePath`.
    """
    if isinstance(location, RemotePath):
        return location
    text = os.fspath(location)
    return RemotePath(text) if _URL.match(text) else Path(text)


def local_path(name: str, location: str | os.PathLike) -> Path:
    """The path of what must be on a disk, such as a directory that records are written to.

    Raises:
        ValueError: If it is a URL; the message names the argument, `name`.
    """
    text = os.fspath(location)
    if _URL.match(text):
        raise ValueError(f"`{name}` must be on a disk, not behind a URL. Received: {name}={text!r}")
    return Path(text)


def matching_paths(pattern: str) -> list[Path | RemotePath]:
    """The files that a pattern matches, on the disk or behind a URL, in the order of their names.

    Raises:
        ImportError: As `RemotePath`.
        ValueError: As `RemotePath`.
        NotImplementedError: If the file system cannot list files, as that of `http://`.
    """
    match = _URL.match(pattern)
    if match is None:
        return [Path(path) for path in sorted(glob.glob(pattern))]
    root = RemotePath(match[0])
    root._check_lists()
    with _errors_of_the_system(root):
        return [RemotePath(url) for url in sorted(import_tensorflow().io.gfile.glob(pattern))]
