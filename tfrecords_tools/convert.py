"""`convert`: a data set into TFRecords, on all cores, and further on from where it was interrupted."""

import functools
import hashlib
import multiprocessing
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any

from posealign_keras.data import Manifest, RecordWriter, get_schema
from posealign_keras.data.claimed_directory import claimed_directory
from tfrecords_tools.part import Part
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers import get_reader
from tfrecords_tools.settings import Settings
from tfrecords_tools.splits import Splits, divide

Progress = Callable[[str, float, float], None]
Runner = Callable[[Sequence[Part], Callable[[float], None]], list[dict]]
_PARTS = ".{split}.parts"
_SECONDS_BETWEEN_REPORTS = 0.5


def convert(
    dataset: str,
    root: str | os.PathLike,
    out: str | os.PathLike,
    *,
    kinds: Iterable[str] | None = None,
    splits: Splits = None,
    seed: int = 0,
    workers: int = 1,
    shard_size_mb: float = 64,
    skip_damaged: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    runner: Runner | None = None,
    size: int = 224,
    fps: float = 30.0,
    clip_length: int = 60,
    clip_step: int | None = None,
    image_fps: float = 10.0,
    shortest_sequence: int = 30,
    margin: float = 1.1,
    virtual_camera: bool = True,
    jpeg_quality: int = 95,
    **options,
) -> dict[str, dict[str, Manifest]]:
    """Convert a data set into TFRecords of the kinds of `posealign_keras.data`.

    Writes `out/<kind>/<split>-00000-of-00003.tfrecord` and so on, and a manifest beside them, which holds counts,
    checksums, the recordings of the split, all arguments, and what was left out and why. A split is there as a
    whole or not at all. An interrupted conversion goes on after the last finished recording when it is run again
    with the same arguments, and does nothing if there is nothing left to do.

    Args:
        dataset: Name of the reader; one of `tfrecords_tools.readers.READERS`.
        root: Directory (or file) of the data set.
        out: Directory of the records. It needs room for twice their size while they are put together.
        kinds: Kinds of record (names of schemas); by default all that the data set can yield.
        splits: Names of splits, or `{name: share}`; see `divide`.
        seed: Decides which recordings go where, if splits are drawn.
        workers: Processes that read at the same time.
        shard_size_mb: Size in megabytes that no shard exceeds, except by one larger record.
        skip_damaged: Whether recordings that cannot be read are left out, counted and named in the manifest, instead
            of stopping the conversion.
        overwrite: Whether to replace complete splits of other arguments.
        progress: Called with what is being done, the recordings that are done (a part of one counts in proportion)
            and the number of them.
        runner: Writes the parts, on a cluster for instance (`tfrecords_tools.beam`); by default `workers` processes.
        size: See `Settings`, as the following ones.
        fps: See `Settings`.
        clip_length: See `Settings`.
        clip_step: See `Settings`.
        image_fps: See `Settings`.
        shortest_sequence: See `Settings`.
        margin: See `Settings`.
        virtual_camera: See `Settings`.
        jpeg_quality: See `Settings`.
        **options: Those of the reader.

    Returns:
        `{kind: {split: manifest}}`.

    Raises:
        ValueError: If an argument or a file is not as expected; the message names it.
        FileNotFoundError: If the data set is not in `root`, or a file of it is missing.
        FileExistsError: If a split is there already, of other arguments or files.
        BlockingIOError: If another process is converting to the same place.
        OSError: If the disk is full or fails.
    """
    settings = Settings(
        size=size,
        fps=fps,
        clip_length=clip_length,
        clip_step=clip_step,
        image_fps=image_fps,
        shortest_sequence=shortest_sequence,
        margin=margin,
        virtual_camera=virtual_camera,
        jpeg_quality=jpeg_quality,
    )
    reader = _reader(dataset, root, options)
    kinds = reader.kinds if kinds is None else tuple(kinds)
    for kind in kinds:
        if kind not in reader.kinds:
            raise ValueError(
                f"`kinds` must be of those that {dataset!r} yields: {', '.join(reader.kinds)}. Received: {kind!r}"
            )
    if workers < 1:
        raise ValueError(f"`workers` must be at least 1. Received: workers={workers!r}")
    arguments = {"dataset": dataset, "options": options, "seed": seed, **asdict(settings)}
    result: dict[str, dict[str, Manifest]] = {}
    for kind in kinds:
        result[kind] = {}
        for split, members in divide(reader.list(kind), splits, seed).items():
            directory = Path(out) / kind
            scratch = directory / _PARTS.format(split=split)
            parts = [
                Part(reader, member, kind, split, settings, scratch / f"{index:05d}", skip_damaged)
                for index, member in enumerate(members)
            ]
            metadata = {"arguments": arguments, "fingerprint": _fingerprint(parts)}
            manifest = _finished(directory, split, metadata["fingerprint"], overwrite)
            if manifest is None:
                show = functools.partial(progress or _show_nothing, f"{kind} {split}")
                with claimed_directory(scratch, keep=True):
                    reports = _write_parts(parts, workers, show, runner)
                    manifest = _put_together(directory, kind, split, parts, reports, metadata, shard_size_mb, overwrite)
                    shutil.rmtree(scratch)
            result[kind][split] = manifest
    return result


def _show_nothing(what, done, total):
    """Progress that nobody wants to see."""


def _reader(dataset, root, options) -> Reader:
    reader_class = get_reader(dataset)
    try:
        return reader_class(root, **options)
    except TypeError as error:
        raise ValueError(f"`options` must be those of {reader_class.__name__}: {error}") from error


def _fingerprint(parts):
    return hashlib.sha256("".join(part.fingerprint for part in parts).encode()).hexdigest()


def _finished(directory, split, fingerprint, overwrite):
    """The manifest of the split, if it is there already and of the same arguments and files."""
    if not Manifest.path(directory, split).exists():
        return None
    manifest = Manifest.load(directory, split)
    if manifest.metadata.get("fingerprint") == fingerprint:
        return manifest
    if overwrite:
        return None
    raise FileExistsError(
        f"There are records of split {split!r} in {directory} already, of other arguments or files. Choose another "
        "`out`, or `overwrite` them"
    )


def _write_parts(parts, workers, progress, runner):
    """The reports of all parts; those that an earlier run has finished are not written again."""
    reports = [part.report() for part in parts]
    missing = [index for index, report in enumerate(reports) if report is None]
    done = len(parts) - len(missing)
    progress(done, len(parts))
    if missing:
        run = runner or (lambda some, show: _run_here(some, workers, show))
        written = run([parts[index] for index in missing], lambda more: progress(done + more, len(parts)))
        for index, report in zip(missing, written, strict=True):
            reports[index] = report
    progress(len(parts), len(parts))
    return reports


def _run_here(parts, workers, progress):
    if workers == 1 or len(parts) == 1:
        reports = []
        for number, part in enumerate(parts):
            reports.append(part.write(lambda share, number=number: progress(number + share)))
            progress(number + 1)
        return reports
    # Threads and libraries of this process must not be copied into the others.
    context = multiprocessing.get_context("spawn")
    shares = context.Array("d", len(parts))
    with ProcessPoolExecutor(min(workers, len(parts)), context, _set_shares, (shares,)) as pool:
        futures = [pool.submit(_write_and_tell, part, index) for index, part in enumerate(parts)]
        try:
            waiting = set(futures)
            while waiting:
                finished, waiting = wait(waiting, _SECONDS_BETWEEN_REPORTS, FIRST_COMPLETED)
                for future in finished:
                    future.result()
                progress(sum(shares[:]))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return [future.result() for future in futures]


_shares: list[Any] = []  # in a worker: the array, shared with the process that waits, of what is done of each part


def _set_shares(shares):
    _shares[:] = [shares]


def _write_and_tell(part, index):
    last = time.monotonic()

    def tell(share):
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_REPORTS:
            _shares[0][index], last = share, time.monotonic()

    report = part.write(tell)
    _shares[0][index] = 1.0
    return report


def _put_together(directory, kind, split, parts, reports, metadata, shard_size_mb, overwrite):
    dropped: Counter[str] = Counter()
    recordings, groups, notes = [], set(), []
    for part, report in zip(parts, reports, strict=True):
        dropped.update(report["dropped"])
        notes += [f"{part.recording_id}: {note}" for note in report["notes"]]
        recordings.append([str(part.recording_id), report["num_records"]])
        groups.add(part.recording_id.group)
    if not any(report["num_records"] for report in reports):
        reasons = ", ".join(f"{number} {reason}" for reason, number in dropped.items()) or "nothing to read"
        raise ValueError(f"No record of kind {kind!r} for split {split!r} was found. Left out: {reasons}")
    metadata = {
        **metadata,
        "recordings": recordings,
        "groups": sorted(groups),
        "dropped": dict(sorted(dropped.items())),
        "notes": notes,
    }
    with RecordWriter(
        directory,
        get_schema(kind),
        split,
        shard_size_mb=shard_size_mb,
        creator="tfrecords_tools",
        metadata=metadata,
        overwrite=overwrite,
    ) as writer:
        for part, report in zip(parts, reports, strict=True):
            if report["num_records"]:
                writer.write_split(part.directory)
    return Manifest.load(directory, split)
