"""The `RecordWriter`: writes the shards of one split, all or nothing."""

import errno
import json
import os
import re
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any, Self

from posealign_keras.data.claimed_directory import claimed_directory
from posealign_keras.data.manifest import Manifest
from posealign_keras.data.record_schema import RecordSchema
from posealign_keras.data.remote_path import local_path
from posealign_keras.data.shard import Shard
from posealign_keras.data.shard_file import ShardFile, disk_errors, synchronize
from posealign_keras.data.tensorflow_import import import_tensorflow

SPLIT_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*"
"""What names of splits look like, as a regular expression."""


class RecordWriter:
    """Writes the records of one split into numbered shards, all or nothing.

    The shards are written in a hidden directory and moved to `<split>-00000-of-00003.tfrecord` and so on when the
    `with` block ends without an exception; the manifest follows last, so a split without a manifest is not there.
    After an exception, Ctrl-C or a full disk nothing of the split is left; what a killed process leaves is hidden
    or lacks a manifest, and the next writer of the split removes it.

    Args:
        directory: Where to write, on a disk; created if missing.
        schema: Kind of the records; its skeleton goes into the manifest.
        split: Name of the split, such as `"train"`: letters, digits, `_` and `-`.
        shard_size_mb: Size in megabytes (10^6 bytes) that no shard exceeds, except by one larger record.
        jpeg_quality: Quality, 1 to 100, of images given as pixels.
        creator: Name of the program that writes, for the manifest.
        metadata: Anything JSON can hold, for the manifest: arguments, seed, source.
        overwrite: Whether to replace a complete split of that name. The old one stays until the new one is whole.

    Raises:
        ValueError: If an argument is not as described.
        FileExistsError: On entering, if the split is complete already and `overwrite` is false.
        BlockingIOError: On entering, if another process is writing this split.
        OSError: On writing or leaving, if the disk is full or fails; the message names the file.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion
        >>> rng = np.random.default_rng(0)
        >>> example = {
        ...     "positions": generate_motion("walk", 60, rng),
        ...     "joint_validity": np.ones(17, bool),
        ...     "coordinate_frame": "world",
        ...     "dataset": "mine",
        ...     "sequence": "a walk",
        ...     "frame_index": 0,
        ...     "fps": 30.0,
        ... }
        >>> from posealign_keras.data import POSE_SEQUENCE, describe
        >>> with RecordWriter("records", POSE_SEQUENCE, "train", metadata={"made": "for an example"}) as writer:
        ...     writer.write(example)
        >>> describe("records")["train"]["num_records"]
        1
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        schema: RecordSchema,
        split: str,
        *,
        shard_size_mb: float = 64,
        jpeg_quality: int = 95,
        creator: str = "posealign_keras",
        metadata: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ):
        if not isinstance(schema, RecordSchema):
            raise ValueError(f"`schema` must be a RecordSchema. Received: schema={schema!r}")
        if not re.fullmatch(SPLIT_NAME, split):
            raise ValueError(f"`split` must consist of letters, digits, '_' and '-'. Received: split={split!r}")
        if not shard_size_mb > 0:
            raise ValueError(f"`shard_size_mb` must be positive. Received: shard_size_mb={shard_size_mb!r}")
        if not 1 <= jpeg_quality <= 100:
            raise ValueError(f"`jpeg_quality` must be 1 to 100. Received: jpeg_quality={jpeg_quality!r}")
        try:
            self.metadata = json.loads(json.dumps(dict(metadata or {}), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ValueError(f"`metadata` must be what JSON can hold. Received: metadata={metadata!r}") from error
        self.directory = local_path("directory", directory)
        self.schema = schema
        self.split = split
        self.shard_size_mb = shard_size_mb
        self.jpeg_quality = jpeg_quality
        self.creator = creator
        self.overwrite = overwrite
        self._is_entered = False

    def __enter__(self) -> Self:
        manifest_path = self.directory / Manifest.file_name(self.split)
        if manifest_path.exists() and not self.overwrite:
            raise FileExistsError(
                f"Split {self.split!r} exists already ({manifest_path}); pass overwrite=True to replace it."
            )
        self._resources = ExitStack()
        self._scratch = self._resources.enter_context(claimed_directory(self.directory / f".{self.split}.partial"))
        self._open: ShardFile | None = None
        self._shards: list[Shard] = []
        self._sizes: dict[str, list[int]] = {}
        self._values: dict[str, set] = {feature.name: set() for feature in self.schema.features if feature.listed}
        self._failed = False
        self._is_entered = True
        return self

    def write(self, example: Mapping[str, Any]) -> None:
        """Append one record.

        Args:
            example: See `RecordSchema.encode`; `split` may be left out.

        Raises:
            ValueError: If `example` is not of the schema, or of another split. Nothing is written then, and
                writing can go on.
            OSError: If the disk is full or fails; the split cannot be completed then.
        """
        if not self._is_entered:
            raise ValueError("`write` must be called inside the `with` block of the RecordWriter.")
        values, sizes = self.schema.validate({"split": self.split, **example})
        if values["split"] != self.split:
            raise ValueError(f"`split` must be {self.split!r}, the writer's. Received: split={values['split']!r}")
        record = self.schema.serialize(values, self.jpeg_quality)
        try:
            self._append(record)
        except OSError:
            self._failed = True
            raise
        for axis, size in sizes.items():
            smallest, largest = self._sizes.get(axis, (size, size))
            self._sizes[axis] = [min(smallest, size), max(largest, size)]
        for name, distinct in self._values.items():
            distinct.add(values[name] if isinstance(values[name], str) else values[name].item())

    def write_split(self, directory: str | os.PathLike, split: str | None = None) -> Manifest:
        """Append all records of a complete split of the same schema, as they are.

        Args:
            directory: Where the split is.
            split: Its name; by default the writer's. Its records must name the writer's split.

        Returns:
            Its manifest.

        Raises:
            FileNotFoundError: If there is no complete split of that name.
            ValueError: If the records are of another schema or split, or a shard has changed or is damaged; the
                message names the file. The writer's split cannot be completed then.
            OSError: As `write`.
        """
        if not self._is_entered:
            raise ValueError("`write_split` must be called inside the `with` block of the RecordWriter.")
        manifest = Manifest.load(directory, split or self.split)
        manifest.check_schema(self.schema)
        if manifest.values.get("split", [self.split]) != [self.split]:
            raise ValueError(
                f"`split` must hold records of {self.split!r}. Received records of: {manifest.values['split']}"
            )
        tf = import_tensorflow()
        for path in manifest.check_shards(directory):
            try:
                for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                    self._append(record)
            except tf.errors.OpError as error:
                self._failed = True
                raise ValueError(f"{path} is damaged: {error.message}") from error
            except OSError:
                self._failed = True
                raise
        for axis, sizes in manifest.sizes.items():
            known = self._sizes.get(axis, sizes)
            self._sizes[axis] = [min(known[0], sizes[0]), max(known[1], sizes[1])]
        for name, distinct in self._values.items():
            distinct.update(manifest.values[name])
        return manifest

    def __exit__(self, exception_type, exception, traceback) -> None:
        self._is_entered = False
        with self._resources:
            if exception_type is None and not self._failed:
                self._commit()
            elif self._open is not None:
                # The exception that ended the block matters, not whether the abandoned file can be closed.
                with suppress(OSError):
                    self._open.close()
        if exception_type is None and self._failed:
            raise OSError(errno.EIO, "Writing failed before, so the split was not completed", str(self.directory))

    def _append(self, record: bytes) -> None:
        if self._open and self._open.num_bytes + ShardFile.size(record) > self.shard_size_mb * 1e6:
            self._close_shard()
        if self._open is None:
            self._open = ShardFile(self._scratch / f"{len(self._shards):05d}.tfrecord")
        self._open.write(record)

    def _close_shard(self) -> None:
        shard, self._open = self._open, None
        if shard is not None:
            self._shards.append(shard.close())

    def _commit(self) -> None:
        self._close_shard()
        if not self._shards:
            raise ValueError(f"`write` must be called at least once: split {self.split!r} would have no records.")
        count = len(self._shards)
        names = [f"{self.split}-{index:05d}-of-{count:05d}.tfrecord" for index in range(count)]
        manifest = self._manifest([replace(shard, name=name) for shard, name in zip(self._shards, names, strict=True)])
        with disk_errors(self.directory):
            # All that needs room on the disk is done before anything old is removed.
            path = self.directory / Manifest.file_name(self.split)
            manifest.save(self._scratch / path.name)
            # From here to the new manifest there is none, so nobody can read old and new shards mixed.
            path.unlink(missing_ok=True)
            synchronize(self.directory)
            for old in self.directory.iterdir():
                if re.fullmatch(rf"{re.escape(self.split)}-\d{{5}}-of-\d{{5}}\.tfrecord", old.name):
                    old.unlink()
            for shard, name in zip(self._shards, names, strict=True):
                os.replace(self._scratch / shard.name, self.directory / name)
            synchronize(self.directory)
            os.replace(self._scratch / path.name, path)
            synchronize(self.directory)

    def _manifest(self, shards: list[Shard]) -> Manifest:
        # Here and not above: the package imports this module while it is imported itself.
        from posealign_keras import __version__

        return Manifest(
            split=self.split,
            schema=self.schema.describe(),
            skeleton=self.schema.skeleton.name,
            joint_names=self.schema.skeleton.joint_names,
            shards=tuple(shards),
            sizes=self._sizes,
            values={name: sorted(distinct) for name, distinct in self._values.items()},
            creator=self.creator,
            package_version=__version__,
            metadata=self.metadata,
        )
