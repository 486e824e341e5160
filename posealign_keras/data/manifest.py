"""The `Manifest`: what a split of records consists of; a split without one does not exist."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from posealign_keras.data.record_schema import RecordSchema

_FORMAT = 1
_SUFFIX = ".manifest.json"


@dataclass(frozen=True)
class Shard:
    """One TFRecord file of a split: name within the directory, number of records, size, SHA-256 of the file."""

    name: str
    num_records: int
    num_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a split consists of, kept beside its shards as `<split>.manifest.json`.

    Args:
        split: Name of the split.
        schema: `RecordSchema.describe()` of the records.
        skeleton: Name of the skeleton.
        joint_names: Its joints, in the order of the records.
        shards: The files, in the order in which they were written.
        sizes: `{axis: [smallest, largest]}` over all records, for each named axis.
        values: `{feature: sorted distinct values}` of the listed features (data set, subject, camera, fps,
            coordinate frame, ...).
        creator: Program that wrote the records.
        package_version: Version of this package that wrote them.
        metadata: Whatever the creator wants to keep: its arguments, a seed, where the data came from.
    """

    split: str
    schema: dict[str, Any]
    skeleton: str
    joint_names: tuple[str, ...]
    shards: tuple[Shard, ...]
    sizes: dict[str, list[int]]
    values: dict[str, list]
    creator: str
    package_version: str
    metadata: dict[str, Any]

    @staticmethod
    def path(directory: str | os.PathLike, split: str) -> Path:
        """Where the manifest of `split` is."""
        return Path(directory) / f"{split}{_SUFFIX}"

    @staticmethod
    def splits(directory: str | os.PathLike) -> list[str]:
        """Names of the complete splits in `directory`, sorted."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in Path(directory).glob(f"*{_SUFFIX}"))

    @classmethod
    def load(cls, directory: str | os.PathLike, split: str) -> Self:
        """Read the manifest of `split`.

        Raises:
            FileNotFoundError: If there is none; the message says what was looked for and which splits exist.
            ValueError: If the file is damaged or of another format.
        """
        path = cls.path(directory, split)
        try:
            content = json.loads(path.read_bytes())
            if content.pop("format") != _FORMAT:
                raise ValueError(f"its format is not {_FORMAT}")
            content["shards"] = tuple(Shard(**shard) for shard in content["shards"])
            content["joint_names"] = tuple(content["joint_names"])
            return cls(**content)
        except FileNotFoundError as error:
            splits = ", ".join(cls.splits(directory)) or "none"
            raise FileNotFoundError(
                f"No complete split {split!r}: {path} does not exist. Complete splits there: {splits}"
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path} is not a readable manifest of records: {error}") from error

    def save(self, directory: str | os.PathLike, scratch: str | os.PathLike) -> Path:
        """Write the manifest so that it appears at once and whole, and survives a power cut.

        Args:
            directory: Where the shards are.
            scratch: Directory on the same file system for the unfinished file.
        """
        path = self.path(directory, self.split)
        unfinished = Path(scratch) / path.name
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump({"format": _FORMAT, **asdict(self)}, file, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
        synchronize(path.parent)
        return path

    @property
    def num_records(self) -> int:
        """Number of records in all shards."""
        return sum(shard.num_records for shard in self.shards)

    @property
    def num_bytes(self) -> int:
        """Size of all shards."""
        return sum(shard.num_bytes for shard in self.shards)

    @property
    def common_sizes(self) -> dict[str, int]:
        """The sizes of the named axes that all records share."""
        return {axis: smallest for axis, (smallest, largest) in self.sizes.items() if smallest == largest}

    def check_schema(self, schema: RecordSchema) -> None:
        """Raise `ValueError` unless the records are of `schema` and its skeleton."""
        found = self.schema
        expected = schema.describe()
        for what, received, wanted in (
            ("kind", found.get("name"), expected["name"]),
            ("version", found.get("version"), expected["version"]),
            ("features", found.get("features"), expected["features"]),
            ("skeleton", self.skeleton, schema.skeleton.name),
            ("joints", list(self.joint_names), list(schema.skeleton.joint_names)),
        ):
            if received != wanted:
                raise ValueError(
                    f"`schema` must match the records of split {self.split!r}: their {what} differs. "
                    f"Expected: {wanted!r}. Received: {received!r}"
                )

    def check_shards(self, directory: str | os.PathLike, verify: bool = False) -> list[Path]:
        """Paths of the shards, after a check that they are there and whole.

        Args:
            directory: Where the shards are.
            verify: Whether to compare the SHA-256 of every byte, beside the size.

        Raises:
            FileNotFoundError: If a shard is missing.
            ValueError: If a shard is not what was written; the message names the file.
        """
        paths = []
        for shard in self.shards:
            path = Path(directory) / shard.name
            if not path.is_file():
                raise FileNotFoundError(f"Split {self.split!r} is incomplete: {path} does not exist.")
            num_bytes = path.stat().st_size
            if num_bytes != shard.num_bytes:
                raise ValueError(f"{path} has changed: it has {num_bytes} bytes, {shard.num_bytes} were written.")
            if verify and file_sha256(path) != shard.sha256:
                raise ValueError(f"{path} has changed: its SHA-256 is not the one that was written.")
            paths.append(path)
        return paths


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def synchronize(path: Path) -> None:
    """Have the file or directory at `path` reach the disk before anything that comes later."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
