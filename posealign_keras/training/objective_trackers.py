"""Running means of what the objectives of a model report during an epoch."""

import contextlib
from collections.abc import Callable, Iterable

import keras
from keras import ops


class ObjectiveTrackers:
    """Averages the loss, and the named metrics, of each objective over the steps in which it ran.

    The mean of an objective that has not run since the last reset is NaN: reporting zero would look like a perfect
    result, and leaving it out would change the structure of the logs of a compiled step.

    This is deliberately a plain object, neither a layer nor a container: Keras must not take the metrics for saved
    state of the model, and new ones may appear after the model is built.

    Args:
        objectives: Names of the objectives. Each of them gets a mean of its loss under the same name.
        creation_scope: Returns a context manager in which variables can be created while a step is being traced.

    Raises:
        ValueError: If an objective is named like the mean over all objectives, "loss".
    """

    def __init__(
        self,
        objectives: Iterable[str],
        creation_scope: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext,
    ):
        self._creation_scope = creation_scope
        self._means: dict[str, keras.metrics.Mean] = {}
        self._objective_of: dict[str, str] = {"loss": ""}
        # A metric may be computed in validation only. The logs of a kind of step hold what that kind computes.
        self._logged: dict[bool, dict[str, None]] = {True: {}, False: {}}
        for objective in objectives:
            for training in (True, False):
                self.add(objective, objective, training)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Every mean, in order of first appearance."""
        return list(self._means.values())

    def add(self, name: str, objective: str, training: bool) -> None:
        """Makes room for a mean called `name`, if there is none yet.

        Raises:
            ValueError: If the name is taken by another objective.
        """
        owner = self._objective_of.setdefault(name, objective)
        if owner != objective:
            raise ValueError(
                f"The name '{name}', reported by the objective '{objective}', is already taken by "
                f"{f'the objective {owner!r}' if owner else 'the mean over all objectives'}. Rename one of them."
            )
        if name not in self._means:
            with self._creation_scope():
                self._means[name] = _MeanOrNaN(name=name)
        self._logged[training][name] = None

    def update(self, objective: str, values: dict, weight, training: bool) -> None:
        """Adds the values of one step of an objective.

        Args:
            objective: Name of the objective.
            values: Mapping from metric name (the loss under the name of the objective) to scalar tensor.
            weight: Scalar, the weight of this step in the means.
            training: Whether the step trains.
        """
        for name, value in values.items():
            self.add(name, objective, training)
            self._means[name].update_state(value, sample_weight=weight)

    def logs(self, training: bool) -> dict:
        """Returns the current means of what steps of this kind report."""
        return {name: self._means[name].result() for name in self._logged[training]}


class _MeanOrNaN(keras.metrics.Mean):
    """A mean that is NaN, not zero, where nothing has been averaged."""

    def result(self):
        return ops.where(self.count > 0, super().result(), float("nan"))
