"""The `SplitConversion`: one split of one kind of record, from its parts to the shards and the manifest."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posealign_keras.data import Manifest, RecordWriter, get_schema
from posealign_keras.data.claimed_directory import claimed_directory
from tfrecords_tools.part import Part
from tfrecords_tools.reader import Reader
from tfrecords_tools.recording import RecordingId
from tfrecords_tools.settings import Settings

Runner = Callable[[Sequence[Part], Callable[[float], None]], list[dict]]


class NoRecordsError(ValueError):
    """All recordings could be read, and nothing in them makes a record.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> from tfrecords_tools import convert
        >>> generate_motion_library(sequences=1, frames=10, seed=0).save("short.npz")
        >>> try:
        ...     _ = convert("arrays", "short.npz", "records")
        ... except NoRecordsError:
        ...     print("all sequences are too short")
        all sequences are too short
    """


@dataclass(frozen=True)
class SplitConversion:
    """One split of one kind of record.

    Args:
        reader: Reads the recordings.
        recordings: Those of the split.
        kind: Kind of record, the name of a schema.
        split: Name of the split.
        settings: What the records look like.
        directory: Where the records go.
        shard_size_mb: Size that no shard exceeds, except by one larger record.
        skip_damaged: See `Part`.
        overwrite: Whether to replace a complete split of other arguments or files.
        arguments: All arguments of the conversion, for the manifest.
    """

    reader: Reader
    recordings: Sequence[RecordingId]
    kind: str
    split: str
    settings: Settings
    directory: Path
    shard_size_mb: float
    skip_damaged: bool
    overwrite: bool
    arguments: dict[str, Any]

    def run(self, runner: Runner, progress: Callable[[float, int], None]) -> Manifest:
        """Write what is missing of the split, and return its manifest.

        Args:
            runner: Writes the parts.
            progress: Called with the number of recordings that are done, one of them perhaps in part, and of all.

        Raises:
            ValueError: If a recording cannot be read, there is no record, or a finished shard was changed; the message
                names the file.
            FileExistsError: If the split is there, of other arguments or files, and must not be replaced.
            BlockingIOError: If another process is writing it.
            OSError: If the disk is full or fails.
        """
        scratch = self.directory / f".{self.split}.parts"
        parts = [
            Part(self.reader, one, self.kind, self.split, self.settings, scratch / f"{index:05d}", self.skip_damaged)
            for index, one in enumerate(self.recordings)
        ]
        content = [part.fingerprint for part in parts]
        fingerprint = hashlib.sha256(f"{self.shard_size_mb} {content}".encode()).hexdigest()
        # The claim comes first: another process may be about to finish the same split.
        with claimed_directory(scratch, keep=True):
            manifest = self._finished(fingerprint)
            if manifest is None:
                reports = self._write(parts, runner, progress)
                manifest = self._put_together(parts, reports, fingerprint)
            shutil.rmtree(scratch)
        return manifest

    def _finished(self, fingerprint):
        """The manifest of the split, if it is there already and of the same arguments and files."""
        if not (self.directory / Manifest.file_name(self.split)).exists() or self.overwrite:
            return None
        manifest = Manifest.load(self.directory, self.split)
        if manifest.metadata.get("fingerprint") != fingerprint:
            raise FileExistsError(
                f"There are records of split {self.split!r} in {self.directory} already, of other arguments or files. "
                "Choose another `out`, or `overwrite` them"
            )
        manifest.check_shards(self.directory)
        return manifest

    def _write(self, parts, runner, progress):
        """The reports of all parts; those that an earlier run has finished are not written again."""
        reports = [part.finished_report() for part in parts]
        missing = [index for index, report in enumerate(reports) if report is None]
        done = len(parts) - len(missing)
        progress(done, len(parts))
        if missing:
            written = runner([parts[index] for index in missing], lambda more: progress(done + more, len(parts)))
            for index, report in zip(missing, written, strict=True):
                reports[index] = report
        progress(len(parts), len(parts))
        return reports

    def _put_together(self, parts, reports, fingerprint):
        dropped: Counter[str] = Counter()
        notes = []
        for part, report in zip(parts, reports, strict=True):
            dropped.update(report["dropped"])
            notes += [f"{part.recording_id}: {note}" for note in report["notes"]]
        if not any(report["num_records"] for report in reports):
            reasons = ", ".join(f"{number} {reason}" for reason, number in dropped.items()) or "nothing to read"
            raise NoRecordsError(
                f"No record of kind {self.kind!r} for split {self.split!r} was found. Left out: {reasons}"
            )
        metadata = {
            "arguments": self.arguments,
            "fingerprint": fingerprint,
            "recordings": [
                [str(part.recording_id), report["num_records"]] for part, report in zip(parts, reports, strict=True)
            ],
            "groups": sorted({part.recording_id.group for part in parts}),
            "dropped": dict(sorted(dropped.items())),
            "notes": notes,
        }
        with RecordWriter(
            self.directory,
            get_schema(self.kind),
            self.split,
            shard_size_mb=self.shard_size_mb,
            creator="tfrecords_tools",
            metadata=metadata,
            overwrite=self.overwrite,
        ) as writer:
            for part, report in zip(parts, reports, strict=True):
                if report["num_records"]:
                    writer.write_split(part.directory)
        return Manifest.load(self.directory, self.split)
