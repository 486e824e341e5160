"""The `Pipeline`: what all `load_…` functions have in common."""

import functools
import glob
import hashlib
import os
from typing import Literal

import numpy as np

from posealign_keras.data.manifest import Manifest
from posealign_keras.data.record_reader import read_records
from posealign_keras.data.remote_path import matching_paths
from posealign_keras.data.tensorflow_import import import_tensorflow

# Records that are shuffled before they are taken apart.
_RECORDS = 1024


class Pipeline:
    """Where records are read from, in which order, and how they become batches.

    Args:
        split: Name of the split.
        training: Whether batches come in a shuffled order, without end, all of one size; otherwise once, in the order
            of the records, the last one perhaps smaller.
        seed: Decides the random changes, and with the global seed of TensorFlow (`keras.utils.set_random_seed`) the
            order. The same seeds give the same batches.
        shard: `(number, index)`: read one of several shares, for hosts that train together; see `read_records`.
        cache: Keep what was read and decoded in memory (`True`), or in files of a directory (a path).
        verify: Whether to compare the checksums of all files first, so that damage is found before training.
        damaged: What to do about files that are damaged: `"raise"` an error that names the file and the place, or
            `"skip"` and warn, with counts.
        subjects: The people whose records are read; `None` for all. Not for arrays.

    Raises:
        ValueError: If an argument is not as described.

    Example:
        >>> dataset = Pipeline(training=False).of_arrays(np.arange(5), buffer=5)
        >>> [value.numpy().tolist() for value in Pipeline(training=False).batches(dataset, 2)]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        split: str = "train",
        training: bool = True,
        seed: int = 0,
        shard: tuple[int, int] = (1, 0),
        cache: bool | str = False,
        verify: bool = True,
        damaged: Literal["raise", "skip"] = "raise",
        subjects: tuple[str, ...] | None = None,
    ):
        self.split = split
        self.training = training
        self.seed = seed
        self.shard = shard
        self.cache = cache
        self.verify = verify
        self.damaged = damaged
        self.subjects = None if subjects is None else tuple(subjects)
        if not 0 <= shard[1] < shard[0]:
            raise ValueError(f"`shard` must be (number, index) with 0 <= index < number. Received: shard={shard}")

    def of_records(self, source, schema, transform, buffer: int, unbatch: bool = False):
        """The elements of records, in their order: shuffled in training, else that of writing.

        Args:
            source: One directory, several, or a pattern.
            schema: Kind of the records.
            transform: Function of a record that gives an element, or several along its first axis.
            buffer: Elements among which the next one is drawn.
            unbatch: Whether it gives several.
        """

        def elements(dataset):
            if self.subjects is not None:
                tf = import_tensorflow()
                wanted = tf.constant(self.subjects, tf.string)
                dataset = dataset.filter(lambda record: tf.reduce_any(record["subject"] == wanted))
            dataset = dataset.map(transform)
            return dataset.unbatch() if unbatch else dataset

        directories = _directories(source, self.split)
        self._check_subjects(directories)
        # What is cached is in the order of writing, or every epoch would have the order of the first.
        early = self.training and not self.cache
        dataset = elements(self._records(directories, schema, buffer if early and not unbatch else None, early))
        if self.cache:
            dataset = dataset.cache("" if self.cache is True else self._cache_file(directories, schema, unbatch))
        return self._shuffled(dataset, buffer) if unbatch or not early else dataset

    def _records(self, directories, schema, buffer, shuffle):
        """The records of all directories; still compressed where they are shuffled."""
        tf = import_tensorflow()
        datasets = [
            read_records(
                directory,
                self.split,
                schema,
                shuffle_seed=self.seed + number if shuffle else None,
                shuffle_buffer=buffer or _RECORDS,
                shard=self.shard,
                verify=self.verify,
                damaged=self.damaged,
            )
            for number, directory in enumerate(directories)
        ]
        counts = np.array([float(dataset.cardinality()) for dataset in datasets])
        datasets = [dataset for dataset, count in zip(datasets, counts, strict=True) if count]
        if not datasets:
            raise ValueError(f"`shard` must leave records to read. Received: shard={self.shard} of {int(counts.sum())}")
        if len(datasets) == 1:
            return datasets[0]
        if shuffle:
            # Each in proportion to its size, so that none is at its end long before the others.
            counts = counts[counts > 0]
            return tf.data.Dataset.sample_from_datasets(datasets, counts / counts.sum(), seed=self.seed)
        return functools.reduce(lambda first, second: first.concatenate(second), datasets)

    def _cache_file(self, directories, schema, unbatch):
        """A file for exactly these elements: others have other names."""
        os.makedirs(str(self.cache), exist_ok=True)
        shards = [shard.sha256 for directory in directories for shard in Manifest.load(directory, self.split).shards]
        digest = hashlib.sha256(f"{shards} {self.shard} {unbatch} {self.subjects or ''}".encode()).hexdigest()[:16]
        return os.path.join(str(self.cache), f"{schema.name}-{self.split}-{digest}")

    def _check_subjects(self, directories):
        """Without a record, training would wait for one for ever."""
        if self.subjects is None:
            return
        manifests = [Manifest.load(directory, self.split) for directory in directories]
        known = {subject for manifest in manifests for subject in manifest.values["subject"]}
        if not self.subjects or not set(self.subjects) <= known:
            raise ValueError(
                f"`subjects` must be of those in the records: {', '.join(sorted(known))}. "
                f"Received: subjects={self.subjects}"
            )

    def kind(self, source) -> str:
        """Name of the schema of a source's records, those of its first directory."""
        return Manifest.load(_directories(source, self.split)[0], self.split).schema["name"]

    def largest(self, source, axis: str) -> int:
        """The largest size of a named axis over the records of a source."""
        directories = _directories(source, self.split)
        return max(Manifest.load(directory, self.split).sizes[axis][1] for directory in directories)

    def of_arrays(self, *arrays, buffer: int):
        """The rows of arrays in memory, shuffled in training."""
        if self.subjects is not None:
            raise ValueError(f"`subjects` must be None for arrays. Received: subjects={self.subjects}")
        if len({len(array) for array in arrays}) > 1:
            raise ValueError(f"`source` must be arrays of one length. Received: {[len(array) for array in arrays]}")
        if len(arrays[0]) <= self.shard[1]:
            raise ValueError(f"`source` must not be empty. Received: length {len(arrays[0])}, shard={self.shard}")
        dataset = import_tensorflow().data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0])
        return self._shuffled(dataset.shard(*self.shard), buffer)

    def _shuffled(self, dataset, buffer):
        return dataset.shuffle(buffer, seed=self.seed) if self.training else dataset

    def batches(self, dataset, batch_size: int, augmented=None):
        """Repeat and augment in training; batch and prefetch."""
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
        tf = import_tensorflow()
        if self.training:
            dataset = dataset.repeat()
            if augmented is not None:
                # Numbered, so that the changes depend on the seed alone, and differ between epochs and hosts.
                numbers = tf.data.Dataset.counter(start=self.shard[1], step=self.shard[0], dtype=tf.int64)
                dataset = tf.data.Dataset.zip(numbers, dataset).map(
                    lambda number, element: augmented(element, tf.stack([self.seed, number])),
                    num_parallel_calls=tf.data.AUTOTUNE,
                    deterministic=True,
                )
        dataset = dataset.batch(batch_size, drop_remainder=self.training)
        return dataset.prefetch(tf.data.AUTOTUNE)


def _directories(source, split):
    """The directories, or their URLs, that a source names: one, several, or those of a pattern that have the split."""
    sources = [source] if isinstance(source, str | os.PathLike) else list(source)
    found = []
    for one in [os.fspath(path) for path in sources]:
        if os.path.isdir(one) or not glob.has_magic(one):
            found.append(one)
            continue
        # The manifests are looked for, since not every file system has directories.
        manifests = f"{one.rstrip('/')}/{Manifest.file_name(split)}"
        try:
            matching = sorted(str(path.parent) for path in matching_paths(manifests))
        except NotImplementedError as error:
            raise ValueError(f"`source` must be a directory, not a pattern: {error}. Received: {one!r}") from error
        if not matching:
            raise FileNotFoundError(f"`source` must match directories with a split {split!r}. Received: {one!r}")
        found += matching
    if not found:
        raise ValueError("`source` must name at least one directory. Received: an empty list")
    return found
