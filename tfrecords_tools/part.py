"""The `Part`: the records of one recording, a complete small split of its own until the whole is put together."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import posealign_keras
from posealign_keras.data import Manifest, RecordWriter, get_schema
from tfrecords_tools.examples import examples_of_kind
from tfrecords_tools.reader import Reader
from tfrecords_tools.recording import RecordingId
from tfrecords_tools.settings import Settings

_REPORT = "report.json"


@dataclass(frozen=True)
class Part:
    """The records of one recording; written whole or not at all, by any process, and found again by a later run.

    Args:
        reader: Reads the recording.
        recording_id: Which one.
        kind: Kind of record, the name of a schema.
        split: Split that it belongs to.
        settings: What the records look like.
        directory: Where the part is kept.
        skip_damaged: Whether a recording that cannot be read gives no records, and a note, instead of an error.
    """

    reader: Reader
    recording_id: RecordingId
    kind: str
    split: str
    settings: Settings
    directory: Path
    skip_damaged: bool = False

    @property
    def fingerprint(self) -> str:
        """Changes with everything that the records depend on: files, options, settings, version of the package."""
        options = {name: str(value) for name, value in vars(self.reader).items() if not name.startswith("_")}
        files = [(path, os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in self.recording_id.files]
        content = [
            posealign_keras.__version__,
            self.reader.name,
            options,
            asdict(self.recording_id),
            files,
            self.kind,
            self.split,
            asdict(self.settings),
            self.skip_damaged,
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def report(self) -> dict | None:
        """What is known of the part if it is complete: `num_records`, `dropped`, `notes`; otherwise `None`."""
        try:
            report = json.loads((self.directory / _REPORT).read_bytes())
            if report["fingerprint"] != self.fingerprint:
                return None
            if report["num_records"]:
                Manifest.load(self.directory, self.split).check_shards(self.directory)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return report

    def write(self, on_progress: Callable[[float], None] = lambda _: None) -> dict:
        """Read the recording and write its records; returns the report.

        Args:
            on_progress: Called with the share of the recording that is done.

        Raises:
            ValueError: If a file is damaged; the message names it.
            OSError: If the disk is full or fails.
        """
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        count, dropped = 0, {}
        notes: list[str] = []
        try:
            recording = self.reader.read(self.recording_id, self.kind)
            notes += recording.notes
            examples = examples_of_kind(self.kind)(
                self.recording_id, recording, self.reader.name, self.settings, on_progress
            )
            iterator = iter(examples)
            first = next(iterator, None)
            if first is not None:
                with RecordWriter(
                    self.directory, get_schema(self.kind), self.split, jpeg_quality=self.settings.jpeg_quality
                ) as writer:
                    writer.write(first)
                    count = 1
                    for example in iterator:
                        writer.write(example)
                        count += 1
            dropped = {reason: number for reason, number in examples.dropped.items() if number}
        except (ValueError, FileNotFoundError) as error:
            if not self.skip_damaged:
                raise ValueError(f"Recording {self.recording_id}: {error}") from error
            shutil.rmtree(self.directory)
            self.directory.mkdir()
            count, dropped = 0, {"recordings that cannot be read": 1}
            notes.append(f"left out: {error}")
        report = {"fingerprint": self.fingerprint, "num_records": count, "dropped": dropped, "notes": notes}
        temporary = self.directory / f".{_REPORT}"
        temporary.write_text(json.dumps(report))
        os.replace(temporary, self.directory / _REPORT)
        return report
