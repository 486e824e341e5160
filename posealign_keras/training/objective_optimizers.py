"""One optimizer per objective, behind the single `optimizer` slot of a Keras model."""

from collections.abc import Mapping, Sequence, ValuesView
from types import MappingProxyType

import keras


@keras.saving.register_keras_serializable(package="posealign_keras")
class ObjectiveOptimizers(keras.optimizers.Optimizer):
    """Holds one optimizer for each named objective of a `MultiObjectiveModel`.

    Keras trains, shards, saves and restores whatever `model.optimizer.variables` lists, so the optimizers of all
    objectives are presented as one. Its own `iterations` counts the steps of the model; each inner optimizer counts
    the steps of its own objective. Like `keras.optimizers.MultiOptimizer` it lists the inner optimizers as
    `optimizers`, which is what the callbacks `LearningRateScheduler`, `ReduceLROnPlateau` and `SwapEMAWeights`
    look for, and it has no learning rate of its own.

    Args:
        optimizers: Mapping from the name of each objective to its own `keras.optimizers.Optimizer`. Each one is
            renamed after its objective, so that logs and variable names tell them apart.
        name: String, the name of the composite.

    Raises:
        ValueError: If `optimizers` is empty, or if two objectives share one optimizer.

    Example:
        >>> adam, plain = keras.optimizers.Adam(1e-3), keras.optimizers.SGD(0.1)
        >>> optimizers = ObjectiveOptimizers({"reconstruction": adam, "discriminator": plain})
        >>> optimizers.objectives
        ['reconstruction', 'discriminator']
        >>> optimizers["discriminator"].learning_rate = 0.05
        >>> round(float(plain.learning_rate), 3)
        0.05
    """

    def __init__(self, optimizers: Mapping[str, keras.optimizers.Optimizer], name: str = "objective_optimizers"):
        super().__init__(learning_rate=0.0, name=name)
        if not optimizers:
            raise ValueError(f"`optimizers` must hold an optimizer for each objective. Received: {optimizers}")
        owners: dict[int, str] = {}
        for objective, optimizer in optimizers.items():
            owner = owners.setdefault(id(_innermost(optimizer)), objective)
            if owner != objective:
                raise ValueError(
                    f"`optimizer` must give each objective an optimizer of its own, but the objectives '{owner}' and "
                    f"'{objective}' share one. Received: optimizer={optimizer}"
                )
            _innermost(optimizer).name = objective
        # A read-only proxy is not a `dict`, so Keras does not take what is in it for state of this object.
        self._inner = MappingProxyType(dict(optimizers))
        self._objective_variables: Mapping[str, tuple] = MappingProxyType({})
        self._constant_variables: Mapping[str, tuple] = MappingProxyType({})

    def __getitem__(self, objective: str) -> keras.optimizers.Optimizer:
        """Returns the optimizer of an objective."""
        if objective not in self._inner:
            raise KeyError(f"No optimizer for the objective '{objective}'. Known objectives: {self.objectives}")
        return self._inner[objective]

    @property
    def objectives(self) -> list[str]:
        """Names of the objectives, in order of execution."""
        return list(self._inner)

    @property
    def objective_variables(self) -> Mapping[str, tuple]:
        """Read-only mapping from each objective to the variables that its optimizer was built for."""
        return self._objective_variables

    @property
    def constant_variables(self) -> Mapping[str, tuple]:
        """Read-only mapping from each objective to the variables of the other objectives that are not its own."""
        return self._constant_variables

    @property
    def optimizers(self) -> ValuesView:
        """The optimizers in order of execution, without the loss scaling that may be wrapped around them."""
        # A view, because Keras would save what is in a list once more.
        return {objective: _innermost(optimizer) for objective, optimizer in self._inner.items()}.values()

    def build(self, variables: Mapping[str, Sequence[keras.Variable]]) -> None:
        """Creates the state of every inner optimizer.

        Args:
            variables: Mapping from the name of each objective to its variables.

        Raises:
            ValueError: If an inner optimizer has been built before, for other variables.
        """
        for objective, optimizer in self._inner.items():
            if not optimizer.built:
                optimizer.build(list(variables[objective]))
            elif [id(v) for v in optimizer._trainable_variables] != [id(v) for v in variables[objective]]:
                raise ValueError(
                    f"`optimizer` must be new, or built for the same variables, but the optimizer of the objective "
                    f"'{objective}' was built for other variables. Received: optimizer={optimizer}"
                )
        every = {id(variable): variable for listed in variables.values() for variable in listed}
        constant = {
            name: tuple(every[key] for key in every if key not in {id(variable) for variable in listed})
            for name, listed in variables.items()
        }
        self._objective_variables = MappingProxyType({name: tuple(listed) for name, listed in variables.items()})
        self._constant_variables = MappingProxyType(constant)
        self.built = True

    @property
    def variables(self) -> list[keras.Variable]:
        """State of the composite and of every inner optimizer: what one training step may change."""
        return self._variables + [v for optimizer in self._inner.values() for v in optimizer.variables]

    @property
    def learning_rate(self):
        """Not defined: every objective has its own. Raises `AttributeError`."""
        raise AttributeError("Each objective has its own learning rate: use `optimizer[objective].learning_rate`.")

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError(
            f"Each objective has its own learning rate: set `optimizer[objective].learning_rate`. Received: {value}"
        )

    def apply(self, grads, trainable_variables=None) -> None:
        """Not defined, since gradients belong to one objective. Raises `NotImplementedError`."""
        raise NotImplementedError("Apply gradients with the optimizer of one objective: `optimizer[objective].apply`.")

    def finalize_variable_values(self, var_list) -> None:
        """Ends training: an optimizer with `use_ema` writes its averages into the variables of its objective."""
        for objective, optimizer in zip(self.objectives, self.optimizers, strict=True):
            variables = self._objective_variables[objective]
            optimizer.finalize_variable_values(list(variables))
            if optimizer.use_ema:
                # On JAX a variable and its average now share a buffer, which the next `fit` could not donate twice.
                for variable in variables:
                    variable.assign(keras.ops.copy(variable))

    def get_config(self) -> dict:
        """Returns the name and the serialized inner optimizers."""
        return {"name": self.name, "optimizers": {name: _serialize(inner) for name, inner in self._inner.items()}}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Creates the composite, without state, from its `get_config`."""
        deserialize = keras.saving.deserialize_keras_object
        optimizers = {name: deserialize(inner, custom_objects) for name, inner in config["optimizers"].items()}
        return cls(optimizers, name=config["name"])


def _serialize(optimizer):
    """Returns the serialized optimizer, readable on every backend.

    On PyTorch, Keras replaces its optimizers by private classes of the same names, and would write those into the file.
    """
    config = keras.saving.serialize_keras_object(optimizer)
    public = getattr(keras.optimizers, config["class_name"], None)
    if public is not None and isinstance(optimizer, public):
        config |= {"module": "keras.optimizers", "registered_name": None}
    if hasattr(optimizer, "inner_optimizer"):
        config["config"]["inner_optimizer"] = _serialize(optimizer.inner_optimizer)
    return config


def _innermost(optimizer):
    """Returns the optimizer without the loss scaling around it."""
    return getattr(optimizer, "inner_optimizer", optimizer)
