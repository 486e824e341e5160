"""`convert`: a data set into TFRecords, on all cores, and further on from where it was interrupted."""

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict

from posealign_keras.data import Manifest
from posealign_keras.data.remote_path import local_path
from tfrecords_tools.processes import process_runner
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers import get_reader
from tfrecords_tools.recording import RecordingId
from tfrecords_tools.settings import Settings
from tfrecords_tools.split_conversion import Runner, SplitConversion
from tfrecords_tools.splits import Splits, divide

Progress = Callable[[str, float, int], None]


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
        out: Directory of the records, on a disk. It needs room for twice their size while they are put together.
        kinds: Kinds of record (names of schemas); by default all for which there are files.
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
        ValueError: If an argument or a file is not as expected; the message names it. `NoRecordsError`, which is one,
            if there is nothing to make a record of, such as clips too short.
        FileNotFoundError: If the data set is not in `root`, or a file of it is missing.
        FileExistsError: If a split is there already, of other arguments or files; or one of another name that shares
            people or recordings with those that would be written.
        BlockingIOError: If another process is converting to the same place.
        OSError: If the disk is full or fails.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> generate_motion_library(sequences=4, frames=60, seed=0).save("motion.npz")
        >>> manifests = convert("arrays", "motion.npz", "records", splits={"train": 0.5, "test": 0.5})
        >>> {split: manifest.num_records for split, manifest in manifests["pose_sequence"].items()}
        {'train': 2, 'test': 2}
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
    directory = local_path("out", out)
    reader = _reader(dataset, root, options)
    run = runner or process_runner(workers)
    listed = _list(reader, kinds)
    plan = divide(listed, splits, seed)
    arguments = {
        "dataset": dataset,
        "root": str(root),
        "kinds": list(listed),
        "splits": dict(splits) if isinstance(splits, Mapping) else splits,
        "seed": seed,
        "shard_size_mb": shard_size_mb,
        "skip_damaged": skip_damaged,
        "options": {name: str(value) for name, value in options.items()},
        **asdict(settings),
    }
    _check_others(directory, dataset, plan)
    return {
        kind: {
            split: SplitConversion(
                reader,
                recordings,
                kind,
                split,
                settings,
                directory / kind,
                shard_size_mb,
                skip_damaged,
                overwrite,
                arguments,
            ).run(run, functools.partial(progress or _show_nothing, f"{kind} {split}"))
            for split, recordings in members.items()
        }
        for kind, members in plan.items()
    }


def _show_nothing(what, done, total):
    """Progress that nobody wants to see."""


def _reader(dataset, root, options) -> Reader:
    reader_class = get_reader(dataset)
    try:
        return reader_class(root, **options)
    except TypeError as error:
        raise ValueError(f"`options` must be those of {reader_class.__name__}: {error}") from error


def _list(reader, kinds) -> dict[str, list[RecordingId]]:
    """The recordings for each kind; by default of the kinds for which there are files."""
    for kind in kinds or ():
        if kind not in reader.kinds:
            raise ValueError(
                f"`kinds` must be of those that {reader.name!r} yields: {', '.join(reader.kinds)}. Received: {kind!r}"
            )
    listed, missing = {}, []
    for kind in reader.kinds if kinds is None else kinds:
        try:
            listed[kind] = reader.list(kind)
        except FileNotFoundError as error:
            if kinds is not None:
                raise
            missing.append(error)
    if not listed:
        raise missing[0]
    return listed


def _check_others(out, dataset, plan):
    """Refuse to write beside splits of an earlier conversion that hold the same people under another name."""
    place = {
        one.group: split for members in plan.values() for split, recordings in members.items() for one in recordings
    }
    for manifest_path in sorted(out.glob("*/*.manifest.json")):
        kind, split = manifest_path.parent.name, manifest_path.name.removesuffix(".manifest.json")
        if split in plan.get(kind, ()):
            continue
        metadata = Manifest.load(manifest_path.parent, split).metadata
        if metadata.get("arguments", {}).get("dataset") != dataset:
            continue
        for group in metadata.get("groups", ()):
            if place.get(group, split) != split:
                raise FileExistsError(
                    f"{group!r} would be in split {place[group]!r}, and is in split {split!r} of an earlier conversion "
                    f"in {manifest_path.parent}. Choose another `out`, or remove that split"
                )
