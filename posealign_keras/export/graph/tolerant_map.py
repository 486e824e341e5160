"""A function applied to each row of a batch, inside a TensorFlow graph, where some rows may raise an error."""

from collections.abc import Callable

import tensorflow as tf


def tolerant_map(function: Callable, rows: tuple, instead, at_the_same_time: int | None = None):
    """`function` of each row, and `instead` where it raises an error.

    An error of one picture would fail the whole request, and with it those of other clients that the server put into
    the same batch. `tf.data` is the only part of TensorFlow that can go on after an error, so the rows are a dataset,
    of which those that raise one are left out. `function` should have few operations, and no branches, which take long
    in datasets.

    Args:
        function: Takes one row of each tensor, and gives a tensor of the shape and type of `instead`.
        rows: Tensors of the same first dimension, which may be 0.
        instead: The result for a row that raises an error.
        at_the_same_time: How many rows may be worked on at the same time, which bounds the memory; `None` for one after
            the other, which is faster where little is done with each.

    Returns:
        Whether there was none, `(batch,)` bool; and the results, `(batch, ...)`.
    """
    count = tf.shape(rows[0], out_type=tf.int64)[0]
    dataset = tf.data.Dataset.from_tensor_slices((tf.range(count), *rows))
    dataset = dataset.map(
        lambda index, *row: (index, tf.ensure_shape(function(*row), instead.shape)),
        num_parallel_calls=at_the_same_time,
        deterministic=None if at_the_same_time is None else False,
    ).ignore_errors()
    # One element more than there are rows, so that there always is one.
    dataset = dataset.concatenate(tf.data.Dataset.from_tensors((count, instead))).batch(count + 1)
    options = tf.data.Options()
    options.autotune.enabled = False  # it would start threads for each request
    options.experimental_optimization.apply_default_optimizations = False
    indices, results = dataset.with_options(options).get_single_element()
    # Where the result of each row is; the last one is for those that have none.
    last = tf.size(indices, out_type=tf.int64) - 1
    places = tf.tensor_scatter_nd_update(tf.fill(count[None] + 1, last), indices[:, None], tf.range(last + 1))[:count]
    return places < last, tf.gather(results, places)
