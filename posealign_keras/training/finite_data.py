"""Looks for numbers that are none (NaN, infinity) in the arrays given to `fit`, before they spoil every weight."""

import keras
import numpy as np

from posealign_keras.training.tensors import to_tensors

_ROWS = 8


def check_finite(model, x, y=None, sample_weight=None) -> None:
    """Check the arrays that are given to `fit` of a `MultiObjectiveModel`.

    Datasets and generators are not looked into: `keras.callbacks.TerminateOnNaN` watches the loss. Targets that come
    with weights are not either: where a weight is 0 they may be anything.

    Args:
        model: The model.
        x: As given to `fit`.
        y: The same.
        sample_weight: The same.

    Raises:
        ValueError: If a number is not finite; the message names the argument, the place, and the objectives whose
            loss would not be a number.
    """
    for argument, value in (("x", x), ("y", None if sample_weight is not None else y)):
        for path, leaf in keras.tree.flatten_with_path(value):
            # The sum is not finite if an element is not, and takes no memory.
            if not _is_float_array(leaf) or np.isfinite(np.sum(leaf, dtype="float64")):
                continue
            wrong = np.argwhere(~np.isfinite(leaf))
            if len(wrong):
                place = tuple(int(index) for index in wrong[0])
                where = argument + "".join(f"[{key!r}]" for key in path)
                spoilt = ", ".join(f"'{name}'" for name in _spoilt(model, x, y, place[0])) or "none right there"
                raise ValueError(
                    f"`{where}` must be finite: the loss would not be a number for the objectives: {spoilt}. "
                    f"Received: {leaf[place]} at index {place}, {len(wrong)} such numbers in all"
                )


def _spoilt(model, x, y, row):
    """Objectives whose loss is not finite on the rows from `row` on."""
    rows = keras.tree.map_structure(lambda leaf: None if leaf is None else leaf[row : row + _ROWS], (x, y))
    x, y = to_tensors(rows)
    for name in model.objective_variables():
        loss = model.compute_objective(name, x, y, training=False)
        loss = loss[0] if isinstance(loss, tuple) else loss
        if not np.isfinite(keras.ops.convert_to_numpy(keras.ops.stop_gradient(loss))).all():
            yield name


def _is_float_array(leaf):
    return isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" and leaf.size > 0
