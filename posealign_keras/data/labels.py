"""Labels of records without their images, and images of some of them only: for evaluation, which leaves many out."""

import os
from collections.abc import Iterator

import numpy as np

from posealign_keras.data.manifest import Manifest
from posealign_keras.data.record_reader import read_records
from posealign_keras.data.record_schema import RecordSchema
from posealign_keras.data.tensorflow_import import import_tensorflow


def read_labels(directory: str | os.PathLike, split: str, schema: RecordSchema) -> list[dict]:
    """Read everything but the images.

    Args:
        directory: Where the records are: a path, or a URL as for `read_records`.
        split: Name of the split.
        schema: Kind that the records must be of.

    Returns:
        `{feature name: value}` of each record, in the order of writing: NumPy arrays and numbers, and `str`.

    Raises:
        FileNotFoundError: As `read_records`.
        ValueError: As `read_records`.
    """
    labels = [feature.name for feature in schema.features if feature.kind != "jpeg"]
    dataset = read_records(directory, split, schema, decode_images=False)
    dataset = dataset.map(lambda record: {name: record[name] for name in labels})
    return [
        {name: value.decode() if isinstance(value, bytes) else value for name, value in record.items()}
        for record in dataset.as_numpy_iterator()
    ]


def read_images(
    directory: str | os.PathLike, split: str, schema: RecordSchema, chosen: np.ndarray
) -> Iterator[np.ndarray]:
    """Read the images of some records, in the order of writing; no others are decompressed.

    Args:
        directory: Where the records are: a path, or a URL as for `read_records`.
        split: Name of the split.
        schema: Kind that the records must be of, with one `image` or clip (`frames`) in each.
        chosen: `(number of records,)` bool: the records whose images are wanted.

    Yields:
        The image `(H, W, 3)` or clip `(T, H, W, 3)` of each of them, uint8.

    Raises:
        FileNotFoundError: As `read_records`.
        ValueError: As `read_records`.
    """
    tf = import_tensorflow()
    (feature,) = (feature for feature in schema.features if feature.name in ("image", "frames"))
    shape = feature.static_shape(Manifest.load(directory, split).common_sizes)
    dataset = read_records(directory, split, schema, decode_images=False)
    dataset = tf.data.Dataset.zip(dataset, tf.data.Dataset.from_tensor_slices(np.asarray(chosen, bool)))
    dataset = dataset.filter(lambda _, is_chosen: is_chosen).map(
        lambda record, _: feature.decode(record[feature.name], shape),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    yield from dataset.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()
