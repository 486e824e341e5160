"""The `Part`: the records of one recording, a complete small split of its own until the whole is put together."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
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

    def finished_report(self) -> dict | None:
        """What is known of the part if it is complete: `num_records`, `dropped`, `notes`; otherwise `None`."""
        try:
            report = json.loads((self.directory / _REPORT).read_bytes())
            if report["fingerprint"] != self.fingerprint:
                return None
            if report["num_records"]:
                Manifest.load(self.directory, self.split).check_shards(self.directory, verify=True)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return report

    def write(self, on_progress: Callable[[float], None] = lambda _: None) -> dict:
        """Read the recording and write its records; returns the report.

        Several processes may write the same part: each does so beside it, and the first to finish puts it in place.

        Args:
            on_progress: Called with the share of the recording that is done.

        Raises:
            ValueError: If a file is damaged; the message names it.
            OSError: If the disk is full or fails.
        """
        # Before reading: if a file changes meanwhile, the part will not pass for one of the new file.
        fingerprint = self.fingerprint
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        attempt = Path(tempfile.mkdtemp(prefix=f".{self.directory.name}.", dir=self.directory.parent))
        try:
            try:
                report = self._write_records(attempt, on_progress)
            except _DamagedError as error:
                if not self.skip_damaged:
                    raise ValueError(f"Recording {self.recording_id}: {error}") from error
                report = {
                    "num_records": 0,
                    "dropped": {"recordings that cannot be read": 1},
                    "notes": [f"left out: {error}"],
                }
            report["fingerprint"] = fingerprint
            (attempt / _REPORT).write_text(json.dumps(report))
            return self._put_in_place(attempt, report)
        finally:
            shutil.rmtree(attempt, ignore_errors=True)

    def _write_records(self, directory, on_progress):
        with _damage(ValueError, FileNotFoundError):
            recording = self.reader.read(self.recording_id, self.kind)
            examples = examples_of_kind(self.kind)(
                self.recording_id, recording, self.reader.name, self.settings, on_progress
            )
            iterator = iter(examples)
            example = next(iterator, None)
        count = 0
        if example is not None:
            quality = self.settings.jpeg_quality
            with RecordWriter(directory, get_schema(self.kind), self.split, jpeg_quality=quality) as writer:
                while example is not None:
                    # A file that is missing while writing is no fault of the recording.
                    with _damage(ValueError):
                        writer.write(example)
                    with _damage(ValueError, FileNotFoundError):
                        example = next(iterator, None)
                    count += 1
        dropped = {reason: number for reason, number in examples.dropped.items() if number}
        return {"num_records": count, "dropped": dropped, "notes": list(recording.notes)}

    def _put_in_place(self, attempt, report):
        shutil.rmtree(self.directory, ignore_errors=True)
        try:
            os.replace(attempt, self.directory)
        except OSError:
            finished = self.finished_report()  # of another process, a moment ago
            if finished is None:
                raise
            return finished
        return report


class _DamagedError(Exception):
    """The recording cannot be read, or what is in it cannot be a record."""


@contextmanager
def _damage(*kinds):
    """Tell errors of the recording, of these kinds, from those of writing."""
    try:
        yield
    except kinds as error:
        raise _DamagedError(str(error)) from error
