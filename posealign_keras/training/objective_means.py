"""Running means of what the objectives of a model report during an epoch."""

import keras
from keras import ops

_CAPACITY = 256


class ObjectiveMeans(keras.metrics.Metric):
    """Averages any number of named scalars, each over the steps in which it was reported.

    The mean of what has not been reported since the last reset is NaN: zero would look like a perfect result, and
    leaving it out would change the structure of the logs of a compiled step.

    All means share two vectors. So the state of a step is complete before the first step shows which names there are,
    and nothing has to be traced twice. The means of an epoch are no state of the model: they are not saved.

    Args:
        name: String, the name of this metric; it does not appear in logs.
    """

    def __init__(self, name="objective_means"):
        super().__init__(name=name, dtype="float32")
        self.total = self.add_variable((_CAPACITY,), "zeros", dtype="float32", name="total")
        self.count = self.add_variable((_CAPACITY,), "zeros", dtype="float32", name="count")
        self._slots: dict[str, int] = {}
        self._owners: dict[str, str] = {}

    def restart(self, owners):
        """Forgets all names but those of the owners, whose own means are reported from the start.

        Args:
            owners: Iterable of strings.

        Raises:
            ValueError: If an owner is called "loss", like the mean over all objectives.
        """
        self._slots.clear()
        self._owners.clear()
        for owner in owners:
            self._slot(owner, owner)
        self.reset_state()

    def update_state(self, owner, values, sample_weight=1):
        """Adds scalars to their means.

        Args:
            owner: String, who reports the values.
            values: Dictionary from name to scalar tensor.
            sample_weight: Scalar, the weight of these values.

        Raises:
            ValueError: If a name is used by another owner too, or if there are too many names.
        """
        slots = ops.convert_to_tensor([[self._slot(name, owner)] for name in values])
        weights = ops.ones(len(values)) * ops.cast(sample_weight, "float32")
        scalars = ops.stack([ops.cast(value, "float32") for value in values.values()])
        self.total.assign_add(ops.scatter(slots, scalars * weights, (_CAPACITY,)))
        self.count.assign_add(ops.scatter(slots, weights, (_CAPACITY,)))

    def result(self):
        """Returns the dictionary of means."""
        means = ops.where(self.count > 0, self.total / ops.maximum(self.count, 1e-30), float("nan"))
        return {name: means[slot] for name, slot in self._slots.items()}

    def _slot(self, name, owner):
        if self._owners.setdefault(name, owner) != owner or name == "loss":
            taken = "the mean over all objectives" if name == "loss" else f"the objective '{self._owners[name]}'"
            raise ValueError(
                f"The name '{name}', which the objective '{owner}' reports, is already that of {taken}. Rename it."
            )
        if len(self._slots) == _CAPACITY and name not in self._slots:
            raise ValueError(f"A model can report {_CAPACITY} names at most. Received: '{name}' beside them.")
        return self._slots.setdefault(name, len(self._slots))

    def save_own_variables(self, store):
        """Saves nothing."""

    def load_own_variables(self, store):
        """Loads nothing."""
