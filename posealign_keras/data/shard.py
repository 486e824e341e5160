"""The `Shard`: what the manifest keeps about one TFRecord file."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from posealign_keras.data.remote_path import RemotePath, records_path

# Bytes that are read at once for a checksum.
_BLOCK = 1 << 24


@dataclass(frozen=True)
class Shard:
    """One TFRecord file of a split, as it was written.

    Args:
        name: Name of the file within the directory of the split.
        num_records: Number of records.
        num_bytes: Size of the file.
        sha256: SHA-256 of the file, as hexadecimal digits.
    """

    name: str
    num_records: int
    num_bytes: int
    sha256: str

    def check(self, directory: str | os.PathLike | RemotePath, verify: bool = False) -> Path | RemotePath:
        """Path of the file in `directory`, after a check that it is there and whole.

        Args:
            directory: Where the file is, a path or a URL.
            verify: Whether to compare the SHA-256 of the file, beside its size.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If it is not what was written; the message names the file.
        """
        path = records_path(directory) / self.name
        if not path.is_file():
            raise FileNotFoundError(f"A shard of these records is missing: {path} does not exist.")
        num_bytes = path.stat().st_size
        if num_bytes != self.num_bytes:
            raise ValueError(f"{path} has changed: it has {num_bytes} bytes, {self.num_bytes} were written.")
        if verify and file_sha256(path) != self.sha256:
            raise ValueError(f"{path} has changed: its SHA-256 is not the one that was written.")
        return path


def file_sha256(path: Path | RemotePath) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
