"""The `Workspace`: the output directory of a run, which remembers what is finished."""

import contextlib
import glob
import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import keras
import numpy as np

_STATE = "state.json"
_TRAINING = "training"


class Workspace:
    """A directory of results, written so that an interrupted run continues where it stopped.

    Every file appears whole or not at all, and a stage counts as finished only once all its files are there and
    recorded with their checksums.

    Args:
        directory: The directory; it is made if it is missing.
        arguments: What the results depend on, anything that JSON can hold; a directory with finished stages of other
            arguments is refused.
        fresh: Forget what an earlier run has finished.

    Raises:
        ValueError: If the directory holds the results of other arguments, or a state file that cannot be read, or JSON
            cannot hold the arguments.
        OSError: If the directory cannot be made or written to.
    """

    def __init__(self, directory, arguments: dict, fresh: bool = False):
        self.directory = Path(directory)
        try:
            self.arguments = json.loads(json.dumps(arguments))  # as they come back from a file
        except TypeError as error:
            raise ValueError(f"`arguments` must be what JSON can hold ({error}). Received: {arguments!r}") from error
        if self.directory.exists() and not self.directory.is_dir():
            raise NotADirectoryError(f"`out` must be a directory. {self.directory} is a file")
        self.directory.mkdir(parents=True, exist_ok=True)
        self._stages: dict[str, dict] = {}
        if fresh:
            shutil.rmtree(self.path(_TRAINING), ignore_errors=True)
        else:
            self._stages = self._read_state()
        self._write_state()

    def path(self, name: str) -> Path:
        """Path of the file or folder `name`."""
        return self.directory / name

    def finished(self, stage: str) -> bool:
        """Whether a stage is finished and all its files are what they were then."""
        record = self._stages.get(stage)
        return record is not None and all(
            self.path(name).is_file() and _checksum(self.path(name)) == checksum
            for name, checksum in record["files"].items()
        )

    def finish(self, stage: str, files, seconds: float, **results) -> None:
        """Record a stage as finished.

        Args:
            stage: Name of the stage.
            files: Names of the files that it wrote, relative to the directory.
            seconds: How long it took.
            **results: Anything that JSON can hold, for `result`.
        """
        self._stages[stage] = {
            "seconds": seconds,
            "files": {str(name): _checksum(self.path(name)) for name in files},
            **results,
        }
        self._write_state()

    def forget(self, stages) -> None:
        """Forget stages, since one before them has to run again."""
        for stage in stages:
            self._stages.pop(stage, None)
        self._write_state()

    def result(self, stage: str, name: str):
        """What `finish` was given as `name`."""
        return self._stages[stage].get(name)

    def seconds(self) -> dict[str, float]:
        """Seconds that each finished stage took."""
        return {stage: round(record["seconds"], 1) for stage, record in self._stages.items()}

    def training_state(self, name: str) -> Path:
        """Where the training called `name` keeps its state until it is finished.

        It is another place once the arguments or the finished stages are others: training never goes on from what
        belongs to something else.
        """
        files = {stage: record["files"] for stage, record in self._stages.items()}
        digest = hashlib.sha256(json.dumps([self.arguments, files], sort_keys=True).encode()).hexdigest()
        return self.path(_TRAINING) / f"{name}-{digest[:16]}"

    def forget_training(self, name: str) -> None:
        """Remove all states of the training called `name`."""
        for state in self.path(_TRAINING).glob(f"{glob.escape(name)}-{'?' * 16}"):
            shutil.rmtree(state, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path(_TRAINING).rmdir()  # unless there are others

    def save_model(self, name: str, model: keras.Model) -> None:
        """Write a `.keras` file in one step."""
        self._replace(name, lambda partial: model.save(partial), suffix=".keras")

    def load_model(self, name: str) -> keras.Model:
        """Read a `.keras` file."""
        return keras.saving.load_model(self.path(name), compile=False)

    def save_json(self, name: str, value) -> None:
        """Write a JSON file in one step."""
        self._replace(name, lambda partial: partial.write_text(json.dumps(value, indent=1) + "\n"), suffix=".json")

    def save_arrays(self, name: str, **arrays) -> None:
        """Write an `.npz` file in one step."""
        self._replace(name, lambda partial: np.savez_compressed(partial, **arrays), suffix=".npz")

    def _replace(self, name, write, suffix):
        partial = self.path(f".{Path(name).stem}.partial{suffix}")
        try:
            write(partial)
            with open(partial, "rb") as file:
                os.fsync(file.fileno())
            os.replace(partial, self.path(name))
        finally:
            partial.unlink(missing_ok=True)

    def _read_state(self):
        path = self.path(_STATE)
        if not path.exists():
            return {}
        try:
            state = json.loads(path.read_text())
            stages, arguments = dict(state["stages"]), dict(state["arguments"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{str(path)!r} cannot be read as the state of a run ({error}); start over with --fresh."
            ) from error
        differences = [
            f"{name}: {arguments.get(name)!r} there, {self.arguments.get(name)!r} now"
            for name in sorted({*arguments, *self.arguments})
            if arguments.get(name) != self.arguments.get(name)
        ]
        if stages and differences:
            raise ValueError(
                f"{str(self.directory)!r} holds a run with other arguments ({'; '.join(differences)}). "
                "Choose another --out, or start over with --fresh."
            )
        return stages

    def _write_state(self):
        self.save_json(_STATE, {"arguments": self.arguments, "stages": self._stages})


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self):
        self._start = time.monotonic()

    def seconds(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self._start


def fingerprint(path: str | os.PathLike) -> str:
    """Name and checksum of a file, since results depend on its content and not on where it is."""
    return f"{Path(path).name} {_checksum(path)[:16]}"


def _checksum(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
