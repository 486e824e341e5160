"""The `Task`: one objective on one batch, which a step of some backend minimises."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Task:
    """What `minimize` of a backend's step needs to know.

    Args:
        loss: Function without arguments, returns a scalar tensor.
        variables: To be updated.
        constants: Other trainable variables, which are to be left alone.
        optimizer: The `keras.optimizers.Optimizer` built for `variables`.
        groups: Function without arguments that returns a tuple of lists of `keras.Variable`: the state that the step
            may read and change, grouped as in the trainer of the JAX backend.
        report: Function of the list of gradients of the scaled loss, called before they are applied; or `None`.
    """

    loss: Callable[[], Any]
    variables: Sequence[keras.Variable]
    constants: Sequence[keras.Variable]
    optimizer: keras.optimizers.Optimizer
    groups: Callable[[], tuple[list[keras.Variable], ...]]
    report: Callable[[list], None] | None = None
