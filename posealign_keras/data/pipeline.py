"""The `Pipeline`: what all `load_…` functions have in common."""

import functools
import glob
import os
from typing import Any, Literal

import numpy as np

from posealign_keras.data.manifest import Manifest
from posealign_keras.data.record_reader import read_records
from posealign_keras.data.tensorflow_import import import_tensorflow


class Pipeline:
    """Where records are read from, in which order, and how they become batches.

    Args:
        split: Name of the split.
        training: Whether batches come in a shuffled order, without end, all of one size; otherwise once, in the order
            of the records, the last one perhaps smaller.
        seed: Decides the order and the random changes. The same seed gives the same batches.
        shard: `(number, index)`: read one of several equal shares, for hosts that train together.
        cache: Keep what was read and decoded in memory (`True`) or in files of this name (a path).
        verify: Whether to compare the checksums of all files first, so that damage is found before training.
        damaged: What to do about files that are damaged: `"raise"` an error that names the file and the place, or
            `"skip"` and warn, with counts.

    Raises:
        ValueError: If an argument is not as described.
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
    ):
        self.split = split
        self.training = training
        self.seed = seed
        self.shard = shard
        self.cache = cache
        self.verify = verify
        self.damaged = damaged
        if not 0 <= shard[1] < shard[0]:
            raise ValueError(f"`shard` must be (number, index) with 0 <= index < number. Received: shard={shard}")

    def of_records(self, source, schema):
        """The records of one or several directories, decoded, in a fixed order if not in training."""
        options: dict[str, Any] = {"verify": self.verify, "damaged": self.damaged, "shard": self.shard}
        datasets = []
        for number, directory in enumerate(_directories(source, self.split)):
            seed = self.seed + number if self.training else None
            datasets.append(read_records(directory, self.split, schema, shuffle_seed=seed, **options))
        tf = import_tensorflow()
        if len(datasets) == 1:
            dataset = datasets[0]
        elif self.training:
            # Each in proportion to its size, so that none is at its end long before the others.
            sizes = np.array([float(one.cardinality()) for one in datasets])
            dataset = tf.data.Dataset.sample_from_datasets(datasets, sizes / sizes.sum(), seed=self.seed)
        else:
            dataset = functools.reduce(lambda first, second: first.concatenate(second), datasets)
        return self._cached(dataset)

    def of_arrays(self, *arrays):
        """The rows of arrays in memory."""
        if len({len(array) for array in arrays}) > 1:
            raise ValueError(f"`source` must be arrays of one length. Received: {[len(array) for array in arrays]}")
        if not len(arrays[0]):
            raise ValueError("`source` must not be empty. Received: length 0")
        dataset = import_tensorflow().data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0])
        return dataset.shard(*self.shard)

    def batches(self, dataset, batch_size, buffer, augmented=None):
        """Shuffle, repeat and augment in training; batch and prefetch."""
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
        tf = import_tensorflow()
        if self.training:
            dataset = dataset.shuffle(buffer, seed=self.seed).repeat()
            if augmented is not None:
                # Numbered, so that the changes depend on the seed alone, and differ from epoch to epoch.
                numbers = tf.data.Dataset.counter(dtype=tf.int64)
                dataset = tf.data.Dataset.zip(numbers, dataset).map(
                    lambda number, element: augmented(element, tf.stack([self.seed, number])),
                    num_parallel_calls=tf.data.AUTOTUNE,
                    deterministic=True,
                )
        dataset = dataset.batch(batch_size, drop_remainder=self.training)
        return dataset.prefetch(tf.data.AUTOTUNE)

    def _cached(self, dataset):
        if self.cache is False:
            return dataset
        return dataset.cache("" if self.cache is True else str(self.cache))


def _directories(source, split):
    """The directories that a source names: one, several, or those of a pattern that have the split."""
    sources = [source] if isinstance(source, str | os.PathLike) else list(source)
    found = []
    for one in [os.fspath(path) for path in sources]:
        if os.path.isdir(one) or not glob.has_magic(one):
            found.append(one)
            continue
        matching = [path for path in sorted(glob.glob(one)) if Manifest.path(path, split).exists()]
        if not matching:
            raise FileNotFoundError(f"`source` must match directories with a split {split!r}. Received: {one!r}")
        found += matching
    if not found:
        raise ValueError("`source` must name at least one directory. Received: an empty list")
    return found
