"""The `ShardFile`: one TFRecord file while it is written."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posealign_keras.data.shard import Shard, file_sha256
from posealign_keras.data.tensorflow_import import import_tensorflow

# What the TFRecord format adds to each record: its length and two checksums.
_FRAMING_BYTES = 16


class ShardFile:
    """One TFRecord file while it is written; it knows its size without asking the disk.

    Args:
        path: Where to write.

    Raises:
        OSError: Here and from each method, if the disk is full or fails; the message names the file.
    """

    def __init__(self, path: Path):
        self.path = path
        self.num_records = 0
        self.num_bytes = 0
        with disk_errors(path):
            self._writer = import_tensorflow().io.TFRecordWriter(str(path))

    @staticmethod
    def size(record: bytes) -> int:
        """Bytes that `record` takes in the file."""
        return len(record) + _FRAMING_BYTES

    def write(self, record: bytes) -> None:
        """Append one record."""
        with disk_errors(self.path):
            self._writer.write(record)
        self.num_records += 1
        self.num_bytes += self.size(record)

    def close(self) -> Shard:
        """Finish the file and have it reach the disk; return what the manifest keeps about it."""
        with disk_errors(self.path):
            self._writer.close()
            synchronize(self.path)
            found = self.path.stat().st_size
            if found != self.num_bytes:
                raise OSError(errno.EIO, f"{found} bytes are on the disk instead of {self.num_bytes}")
            return Shard(self.path.name, self.num_records, self.num_bytes, file_sha256(self.path))


def synchronize(path: Path) -> None:
    """Have the file or directory at `path` reach the disk before anything that comes later."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(path: str | os.PathLike) -> Iterator[None]:
    """Turn what TensorFlow or the system raises when writing fails into an `OSError` that names the file."""
    try:
        yield
    except (OSError, import_tensorflow().errors.OpError) as error:
        code = getattr(error, "errno", None) or (errno.ENOSPC if "No space left" in str(error) else errno.EIO)
        what = "The disk is full" if code == errno.ENOSPC else "Writing failed"
        raise OSError(code, f"{what}, so these records were not completed ({error})", str(path)) from error
