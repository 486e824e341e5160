"""The `Manifest`: what a split of records consists of; a split without one does not exist."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from posealign_keras.data.record_schema import RecordSchema
from posealign_keras.data.remote_path import RemotePath, records_path
from posealign_keras.data.shard import Shard

_FORMAT = 1
_SUFFIX = ".manifest.json"


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

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_images(motion, STUDIO, "records", "train", count=3, size=32)
        >>> manifest = Manifest.load("records", "train")
        >>> manifest.num_records, manifest.sizes["height"], manifest.values["camera"]
        (3, [32, 32], ['studio'])
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
    def file_name(split: str) -> str:
        """Name of the file in the directory of the records."""
        return f"{split}{_SUFFIX}"

    @staticmethod
    def path(directory: str | os.PathLike | RemotePath, split: str) -> Path | RemotePath:
        """Where the manifest of `split` is; `directory` is a path or a URL."""
        return records_path(directory) / Manifest.file_name(split)

    @staticmethod
    def splits(directory: str | os.PathLike | RemotePath) -> list[str]:
        """Names of the complete splits in `directory`, a path or a URL, sorted.

        Raises:
            NotImplementedError: If `directory` is a URL of HTTP, which has no listing.
        """
        return sorted(path.name.removesuffix(_SUFFIX) for path in records_path(directory).glob(f"*{_SUFFIX}"))

    @classmethod
    def load(cls, directory: str | os.PathLike | RemotePath, split: str) -> Self:
        """Read the manifest of `split`.

        Args:
            directory: Where the records are: a path, or a URL as `read_records` takes.
            split: Name of the split.

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
            manifest = cls(**content)
            manifest._check_types()
            return manifest
        except FileNotFoundError as error:
            try:
                splits = ", ".join(cls.splits(directory)) or "none"
            except NotImplementedError:
                splits = "unknown, since they cannot be listed"
            raise FileNotFoundError(
                f"No complete split {split!r}: {path} does not exist. Complete splits there: {splits}"
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path} is not a readable manifest of records: {error}") from error

    def _check_types(self):
        for name in ("schema", "sizes", "values", "metadata"):
            if not isinstance(getattr(self, name), dict):
                raise ValueError(f"`{name}` must be an object")
        for axis, sizes in self.sizes.items():
            if not isinstance(sizes, list) or len(sizes) != 2 or not all(isinstance(size, int) for size in sizes):
                raise ValueError(f"`sizes` must be two integers for each axis, not {sizes!r} for {axis!r}")
        for name, values in self.values.items():
            if not isinstance(values, list):
                raise ValueError(f"`values` must be lists, not {values!r} for {name!r}")
        for shard in self.shards:
            # Nothing outside of the directory is read, whatever the file says.
            if not re.fullmatch(rf"{re.escape(self.split)}-\d{{5}}-of-\d{{5}}\.tfrecord", str(shard.name)):
                raise ValueError(f"`shards` must be files of split {self.split!r}, not {shard.name!r}")

    def save(self, path: str | os.PathLike) -> None:
        """Write the manifest to `path`, all the way to the disk."""
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"format": _FORMAT, **asdict(self)}, file, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())

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

    def check_shards(self, directory: str | os.PathLike | RemotePath, verify: bool = False) -> list[Path | RemotePath]:
        """Paths of the shards, after `Shard.check` of each."""
        return [shard.check(directory, verify) for shard in self.shards]
