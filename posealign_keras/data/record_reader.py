"""Readers: the records of a split as `tf.data` datasets or NumPy arrays, and their verification."""

import os
import warnings
from typing import Any, Literal

import numpy as np

from posealign_keras.data.manifest import Manifest
from posealign_keras.data.record_schema import RecordSchema
from posealign_keras.data.remote_path import records_path
from posealign_keras.data.schema import LABELLED_CLIP, LABELLED_IMAGE, POSE_SEQUENCE, UNLABELLED_CLIP, get_schema
from posealign_keras.data.shard_file import ShardFile
from posealign_keras.data.tensorflow_import import import_tensorflow

# Shards that are read at once when shuffling.
_CYCLE_LENGTH = 16
# With fewer files for each, shares of whole files would be too unequal.
_FILES_OF_A_SHARE = 8


def read_records(
    directory: str | os.PathLike,
    split: str,
    schema: RecordSchema,
    *,
    shuffle_seed: int | None = None,
    shuffle_buffer: int = 1024,
    batch_size: int | None = None,
    decode_images: bool = True,
    verify: bool = False,
    damaged: Literal["raise", "skip"] = "raise",
    shard: tuple[int, int] = (1, 0),
    num_parallel_calls: int | None = None,
):
    """Read the records of a split as a dataset of dictionaries of tensors.

    The order is the order of writing, or with `shuffle_seed` one that depends on that seed and the global one of
    TensorFlow alone, and differs from epoch to epoch. The length of the dataset is known, and so are the sizes that all
    records share.

    Args:
        directory: Where the records are: a path, or a URL that TensorFlow (`gs://`) or `tensorflow_io` (`s3://`,
            `hdfs://`, `http://`, `https://`, …; extra `io`) reads, as a `str`.
        split: Name of the split.
        schema: Kind that the records must be of; see there for the features, units and coordinate frames.
        shuffle_seed: Seed of the shuffled order; `None` keeps the order of writing.
        shuffle_buffer: Number of records, still compressed, among which the next one is drawn.
        batch_size: Records per batch; the last batch may be smaller. `None` gives single records, which is
            needed where records differ in length (`padded_batch` them then).
        decode_images: Whether images become uint8 pixels, or stay JPEG byte strings.
        verify: Whether to compare the SHA-256 of every shard first, beside its size; every byte of a URL then comes
            over the network once more.
        damaged: What to do about shards that differ from what was written: `"raise"` an error, or `"skip"` what cannot
            be read, with a warning that says how many records of which file. Implies `verify`. A missing shard is
            always an error.
        shard: `(number, index)`: read one of `number` shares, so that several hosts share the work: every so many
            files where there are many of them, every so many records elsewhere. Each record is in one share, whatever
            the seeds.
        num_parallel_calls: Records parsed at once; `None` lets TensorFlow choose.

    Returns:
        `tf.data.Dataset` of `{feature name: tensor}`.

    Raises:
        FileNotFoundError: If there is no complete split of that name or a shard is missing.
        ValueError: If the records are of another schema, version or skeleton, or a shard has changed; with `verify`
            the message names the file and the place in it. If no file system reads such a URL.
        ImportError: If TensorFlow is not installed, or a URL needs `tensorflow_io` and that cannot be loaded.
        OSError: If a URL cannot be read; the message names it.
        tensorflow.errors.DataLossError: While reading, from a shard damaged in place; `verify_records` tells where.

    Example:
        >>> from posealign_keras.data import LABELLED_IMAGE
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_images(motion, STUDIO, "records", "train", count=3, size=32)
        >>> for record in read_records("records", "train", LABELLED_IMAGE):
        ...     print(record["image"].shape, record["joints"].shape, record["camera"].numpy().decode())
        (32, 32, 3) (17, 3) studio
        (32, 32, 3) (17, 3) studio
        (32, 32, 3) (17, 3) studio
    """
    manifest = Manifest.load(directory, split)
    manifest.check_schema(schema)
    number, place = shard
    if not 0 <= place < number:
        raise ValueError(f"`shard` must be (number, index) with 0 <= index < number. Received: shard={shard}")
    if damaged not in ("raise", "skip"):
        raise ValueError(f"`damaged` must be 'raise' or 'skip'. Received: damaged={damaged!r}")
    tf = import_tensorflow()
    files = [(str(path), count) for path, count in _readable(manifest, directory, verify, damaged) if count]
    whole_files = number == 1 or len(files) >= _FILES_OF_A_SHARE * number
    if whole_files:
        files = files[place::number]
    paths, counts = zip(*files, strict=True) if files else ((), ())
    count = sum(counts)
    parallel = tf.data.AUTOTUNE if num_parallel_calls is None else num_parallel_calls

    def read_file(path, readable):
        return tf.data.TFRecordDataset(path).take(readable)

    dataset = tf.data.Dataset.from_tensor_slices((tf.constant(paths, tf.string), tf.constant(counts, tf.int64)))
    if shuffle_seed is None or not whole_files:
        dataset = dataset.flat_map(read_file)
    else:
        dataset = dataset.shuffle(max(len(paths), 1), seed=shuffle_seed)
        dataset = dataset.interleave(
            read_file,
            cycle_length=max(min(len(paths), _CYCLE_LENGTH), 1),
            num_parallel_calls=parallel,
            deterministic=True,
        )
    if not whole_files:
        # In the order of writing: what a host reads must not depend on how others shuffle.
        dataset = dataset.shard(number, place)
        count = len(range(place, count, number))
    if shuffle_seed is not None:
        dataset = dataset.shuffle(shuffle_buffer, seed=shuffle_seed)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    dataset = dataset.map(
        lambda serialized: schema.parse(serialized, manifest.common_sizes, decode_images),
        num_parallel_calls=parallel,
        deterministic=True,
    )
    return dataset.prefetch(tf.data.AUTOTUNE)


def pose_sequences(directory: str | os.PathLike, split: str, **options):
    """Read `POSE_SEQUENCE` records; arguments and result as for `read_records`.

    Example:
        >>> from posealign_keras.data import POSE_SEQUENCE, RecordWriter
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
        >>> with RecordWriter("records", POSE_SEQUENCE, "train") as writer:
        ...     writer.write(example)
        >>> len(pose_sequences("records", "train"))
        1
    """
    return read_records(directory, split, POSE_SEQUENCE, **options)


def labelled_images(directory: str | os.PathLike, split: str, **options):
    """Read `LABELLED_IMAGE` records; arguments and result as for `read_records`.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_images(motion, STUDIO, "records", "train", count=3, size=32)
        >>> for record in labelled_images("records", "train", batch_size=3):
        ...     print(record["image"].shape, record["joints"].shape)
        (3, 32, 32, 3) (3, 17, 3)
    """
    return read_records(directory, split, LABELLED_IMAGE, **options)


def unlabelled_clips(directory: str | os.PathLike, split: str, **options):
    """Read `UNLABELLED_CLIP` records; arguments and result as for `read_records`.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_clips
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_clips(motion, STUDIO, "records", "train", count=2, frames=4, size=32)
        >>> for record in unlabelled_clips("records", "train"):
        ...     print(record["frames"].shape)
        (4, 32, 32, 3)
        (4, 32, 32, 3)
    """
    return read_records(directory, split, UNLABELLED_CLIP, **options)


def labelled_clips(directory: str | os.PathLike, split: str, **options):
    """Read `LABELLED_CLIP` records; arguments and result as for `read_records`.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_clips
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_clips(motion, STUDIO, "records", "train", count=1, frames=4, size=32, labelled=True)
        >>> for record in labelled_clips("records", "train"):
        ...     print(record["frames"].shape, record["joints"].shape)
        (4, 32, 32, 3) (4, 17, 3)
    """
    return read_records(directory, split, LABELLED_CLIP, **options)


def load_arrays(
    directory: str | os.PathLike, split: str, schema: RecordSchema, *, verify: bool = False
) -> dict[str, np.ndarray]:
    """Load a small split into memory, in the order of writing.

    Returns:
        `{feature name: array}`, records along the first axis; texts are `str` in object arrays.

    Raises:
        FileNotFoundError: As `read_records`.
        ValueError: As `read_records`; if records differ in shape, so that they cannot be stacked; if a shard is
            damaged, naming the file and the record.

    Example:
        >>> from posealign_keras.data import LABELLED_IMAGE
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_images(motion, STUDIO, "records", "train", count=3, size=32)
        >>> arrays = load_arrays("records", "train", LABELLED_IMAGE)
        >>> arrays["image"].shape, arrays["fps"].tolist()
        ((3, 32, 32, 3), [30.0, 30.0, 30.0])
    """
    manifest = Manifest.load(directory, split)
    varying = {axis: sizes for axis, sizes in manifest.sizes.items() if axis not in manifest.common_sizes}
    if varying:
        raise ValueError(f"`split` must hold records of one shape to be stacked. Received: {split!r} with {varying}")
    dataset = read_records(directory, split, schema, verify=verify)
    columns: dict[str, list] = {feature.name: [] for feature in schema.features}
    try:
        for record in dataset.as_numpy_iterator():
            for name, value in record.items():
                columns[name].append(value.decode() if isinstance(value, bytes) else value)
    except import_tensorflow().errors.OpError:
        # This finds the file and the record, and raises.
        verify_records(directory, split, schema)
        raise
    return {
        name: np.array(values, dtype=object) if isinstance(values[0], str) else np.stack(values)
        for name, values in columns.items()
    }


def verify_records(directory: str | os.PathLike, split: str, schema: RecordSchema | None = None) -> Manifest:
    """Read every byte of a split and check it: checksums, number of records, and that each parses.

    Args:
        directory: Where the records are: a path, or a URL as for `read_records`.
        split: Name of the split.
        schema: Kind that the records must be of; by default the one that the manifest names.

    Returns:
        The manifest, if all is well.

    Raises:
        FileNotFoundError: As `read_records`.
        ValueError: For the first fault, naming the file and, where there is one, the index of the record in it.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_images(motion, STUDIO, "records", "train", count=3, size=32)
        >>> verify_records("records", "train").num_records
        3
    """
    tf = import_tensorflow()
    manifest = Manifest.load(directory, split)
    schema = get_schema(schema or manifest.schema["name"])
    manifest.check_schema(schema)
    for shard, path in zip(manifest.shards, manifest.check_shards(directory), strict=True):
        index = 0
        dataset = tf.data.TFRecordDataset(str(path)).map(lambda record: schema.parse(record, manifest.common_sizes))
        try:
            for _ in dataset:
                index += 1
        except tf.errors.OpError as error:
            raise ValueError(f"{path} is damaged at record {index}: {error.message}") from error
        if index != shard.num_records:
            raise ValueError(f"{path} has {index} records, {shard.num_records} were written.")
    manifest.check_shards(directory, verify=True)
    return manifest


def _readable(manifest, directory, verify, damaged):
    """The file of each shard, and how many of its records can be read."""
    for shard in manifest.shards:
        path = records_path(directory) / shard.name
        try:
            yield shard.check(directory, verify or damaged == "skip"), shard.num_records
        except ValueError as error:
            count, offset = _intact_records(path, shard.num_records)
            place = f"Its first {count} of {shard.num_records} records can be read, up to byte {offset}"
            if damaged == "raise":
                raise ValueError(f"{error} {place}.") from error
            warnings.warn(f"{error} {place}; the others are left out.", stacklevel=3)
            yield path, count


def _intact_records(path, expected):
    """How many records at the start of a file can be read, and the byte at which they end."""
    tf = import_tensorflow()
    count = offset = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)).take(expected).as_numpy_iterator():
            count, offset = count + 1, offset + ShardFile.size(record)
    except tf.errors.OpError:
        pass
    return count, offset


def describe(directory: str | os.PathLike) -> dict[str, dict[str, Any]]:
    """Summarise the complete splits in `directory`, from their manifests alone.

    Returns:
        `{split: {"schema", "num_records", "num_shards", "num_bytes", "sizes", "values", "metadata"}}`.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
        >>> motion = generate_motion_library(sequences=2, frames=60, seed=0)
        >>> record_images(motion, STUDIO, "records", "train", count=3, size=32)
        >>> describe("records")["train"]["sizes"]
        {'num_joints': [17, 17], 'height': [32, 32], 'width': [32, 32]}
    """
    manifests = [Manifest.load(directory, split) for split in Manifest.splits(directory)]
    return {
        manifest.split: {
            "schema": manifest.schema["name"],
            "num_records": manifest.num_records,
            "num_shards": len(manifest.shards),
            "num_bytes": manifest.num_bytes,
            "sizes": manifest.sizes,
            "values": manifest.values,
            "metadata": manifest.metadata,
        }
        for manifest in manifests
    }
