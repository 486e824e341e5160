"""A Keras model that is trained on several objectives, each with its own variables and its own optimizer."""

import importlib
import inspect
from collections.abc import Callable

import keras
from keras import ops

from posealign_keras.training.finite_data import check_finite
from posealign_keras.training.objective_means import ObjectiveMeans
from posealign_keras.training.objective_optimizers import ObjectiveOptimizers
from posealign_keras.training.task import Task
from posealign_keras.training.tensors import to_tensors

_BACKENDS = ("tensorflow", "jax", "torch")
if keras.backend.backend() not in _BACKENDS:
    raise ValueError(f"The backend of Keras must be one of {_BACKENDS}. Received: {keras.backend.backend()!r}")
_step = importlib.import_module(f"posealign_keras.training.step_{keras.backend.backend()}")

_SCHEDULES = ("together", "alternate")
_SEED = "seed_"


@keras.saving.register_keras_serializable(package="posealign_keras")
class MultiObjectiveModel(keras.Model):
    """Trains several objectives inside `fit`; a subclass says what they are, and nothing about any backend.

    A subclass takes its networks, already built, in its constructor, keeps them as attributes, and defines
    `objective_variables` and `compute_objective` (and `call`, for `predict`). Everything else is that of a Keras
    model: `fit`, `evaluate`, callbacks, mixed precision, `save`.

    The `schedule` attribute (of the class or the instance) is `"together"`: every objective on every batch, in order,
    each one seeing the variables as the one before has left them; or `"alternate"`: one objective a batch, in turn.
    Validation computes every objective on every batch under both.

    The gradient of an objective is taken with respect to its own variables only. Other state that a loss changes
    (statistics of normalisation layers, random seeds) keeps the change. Weight regularisers of an objective's
    variables are part of its loss; activity regularisers (`add_loss`) are not.

    The logs hold, for each objective, its mean loss under its name and its named metrics under
    `"{objective}_{metric}"`, averaged over the steps in which it ran (NaN if there was none, weighted by the batch
    size of the first array of `x`), and under `"loss"` the mean over all objectives.

    Saving: every parameter of the constructor must be kept as an attribute of the same name; from those the
    configuration is made, networks included. A `.keras` file holds the networks, the state of every optimizer and
    the turn, so training continues where it stopped, on any backend.

    Args:
        name: String, the name of the model.
        **kwargs: Passed to `keras.Model`.

    Example:
        >>> class TwoTargets(MultiObjectiveModel):
        ...     def __init__(self, first, second, name=None):
        ...         super().__init__(name=name)
        ...         self.first = first
        ...         self.second = second
        ...
        ...     def objective_variables(self):
        ...         return {"first": self.first.trainable_variables, "second": self.second.trainable_variables}
        ...
        ...     def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        ...         network = self.first if name == "first" else self.second
        ...         return keras.ops.mean(keras.ops.square(network(x) - y))
        >>> networks = [keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]) for _ in range(2)]
        >>> model = TwoTargets(*networks)
        >>> model.compile(optimizer={"first": "adam", "second": keras.optimizers.SGD(0.01)})
        >>> history = model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=2, verbose=0).history
        >>> sorted(history), history["second"][1] < history["second"][0]
        (['first', 'loss', 'second'], True)
    """

    schedule = "together"
    train_function: Callable | None  # set by the trainer of Keras

    def __init__(self, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self._means = ObjectiveMeans()

    # What a subclass defines.

    def objective_variables(self) -> dict[str, list[keras.Variable]]:
        """Returns the trainable variables of each objective, by its name, in order of execution."""
        raise NotImplementedError(f"{type(self).__name__} must define `objective_variables`.")

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        """Computes one objective on a batch.

        Args:
            name: Name of the objective, a key of `objective_variables`.
            x: Array, or nested structure of arrays, as given to `fit`.
            y: The same for targets, or `None`.
            sample_weight: The same for weights, or `None`.
            training: Whether the networks run in training mode.

        Returns:
            The loss, a scalar; or a tuple of the loss and a dictionary of named scalars to be averaged and logged.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `compute_objective`.")

    # Compiling.

    def compile(self, optimizer="adam", auto_scale_loss=True, jit_compile="auto", gradient_norms=False, **kwargs):
        """Prepares the model for training.

        The variables of each objective are fixed here: freeze layers first, compile then.

        Args:
            optimizer: Dictionary with an optimizer (or its name) for each objective; or one optimizer (or its name),
                of which each objective gets a copy.
            auto_scale_loss: Whether to scale losses dynamically, with a scale for each objective, if a layer computes
                in float16. A step whose gradient is not finite is then skipped for its own objective only.
            jit_compile: As in `keras.Model.compile`.
            gradient_norms: Whether training logs the L2 norm of the gradient of each objective, before any clipping,
                as `"{objective}_gradient_norm"`. Not on several replicas of TensorFlow.
            **kwargs: Passed to `keras.Model.compile`: `run_eagerly`, `steps_per_execution`.

        Raises:
            ValueError: If the optimizers and the objectives do not correspond, if an objective has no variables or
                one that cannot be trained, if `schedule` is unknown, or if `loss` or `metrics` are given.
        """
        for argument in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if kwargs.get(argument) is not None:
                raise ValueError(
                    f"`{argument}` must not be given: the losses and metrics of {type(self).__name__} are those that "
                    f"`compute_objective` returns. Received: {argument}={kwargs[argument]}"
                )
        if self.schedule not in _SCHEDULES:
            raise ValueError(f"`schedule` must be one of {_SCHEDULES}. Received: schedule={self.schedule!r}")
        variables = self._checked_objective_variables()
        if not isinstance(optimizer, ObjectiveOptimizers):
            optimizer = ObjectiveOptimizers(
                _optimizer_of_each(optimizer, list(variables), auto_scale_loss and self._computes_in_float16())
            )
        elif optimizer.objectives != list(variables):
            raise ValueError(
                f"`optimizer` must be for the objectives {list(variables)}. Received: {optimizer.objectives}"
            )
        self._means.restart(variables)
        optimizer.build(variables)
        # Keras would scale one loss for all of `optimizer`; here each objective's optimizer scales its own.
        super().compile(optimizer=optimizer, auto_scale_loss=False, jit_compile=jit_compile, **kwargs)
        self._logged = {training: dict.fromkeys(variables) for training in (True, False)}  # names, in order
        self._jit_compile_argument = jit_compile
        self._gradient_norms = gradient_norms

    def get_compile_config(self):
        """Returns the serialized arguments of `compile`; `jit_compile` as given, for another backend to resolve."""
        config = super().get_compile_config()
        if not config:
            return config
        return {**config, "jit_compile": self._jit_compile_argument, "gradient_norms": self._gradient_norms}

    def compile_from_config(self, config):
        """Compiles with the arguments that `get_compile_config` returned."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def fit(self, x=None, y=None, *args, **kwargs):
        """Trains as `keras.Model.fit`, after checking that the numbers of arrays are finite.

        Raises:
            ValueError: If an array of `x`, or of `y` without weights, holds NaN or infinity; the message names it and
                the objectives whose loss would not be a number.
        """
        check_finite(self, x, y, kwargs.get("sample_weight"))
        return super().fit(x, y, *args, **kwargs)

    def make_train_function(self, force=False):
        """Makes the function of Keras that trains, after checking that the variables are still those of `compile`."""
        compiled = self.optimizer.objective_variables
        for name, variables in self._checked_objective_variables().items():
            if [id(variable) for variable in variables] != [id(variable) for variable in compiled.get(name, ())]:
                raise ValueError(
                    f"The variables of the objective '{name}' have changed since `compile`: a layer was frozen or "
                    "made trainable. Call `compile` again. "
                    f"Received: objective_variables={[variable.path for variable in variables]}"
                )
        made = self.train_function is not None and not force
        super().make_train_function(force)
        if self.schedule == "alternate" and not made:
            count = len(self.optimizer.objectives)
            self.train_function = _step.taking_turns(self.train_function, self.train_step, count)
        return self.train_function

    def _checked_objective_variables(self):
        """Returns `objective_variables()`, or raises a `ValueError` that says what is wrong with it."""
        unbuilt = [layer.name for layer in self._flatten_layers(include_self=False) if not layer.built]
        if not self.built:
            raise ValueError(f"The networks of a {type(self).__name__} must be built. Received unbuilt: {unbuilt}")
        variables = {name: list(listed) for name, listed in self.objective_variables().items()}
        if not variables:
            raise ValueError("`objective_variables` must return at least one objective. Received: {}")
        trainable = {id(variable) for variable in self.trainable_variables}
        for name, listed in variables.items():
            if not listed:
                raise ValueError(
                    f"`objective_variables` must list variables for the objective '{name}': are its networks built, "
                    f"and is a layer of them trainable? Received: {listed}"
                )
            wrong = [variable.path for variable in listed if id(variable) not in trainable]
            if wrong:
                raise ValueError(
                    f"`objective_variables` must list trainable variables of networks that are attributes of the "
                    f"model, but for the objective '{name}' some are frozen or foreign. Received: {wrong}"
                )
            if len({id(variable) for variable in listed}) < len(listed):
                raise ValueError(
                    f"`objective_variables` must list each variable of the objective '{name}' once. "
                    f"Received: {[variable.path for variable in listed]}"
                )
        return variables

    def _computes_in_float16(self):
        return any(layer.compute_dtype == "float16" for layer in self._flatten_layers())

    # One step.

    def train_step(self, *arguments):
        """Trains on one batch; the arguments and results are those of the backend's own `train_step`."""
        return _step.run(self._train, self._training_state, *arguments)

    def test_step(self, *arguments):
        """Computes every objective on one batch, without training; arguments as those of the backend's own."""
        return _step.run(self._test, self._test_state, *arguments)

    def _train(self, data, turn=None):
        data = to_tensors(data)
        tasks = [self._task(name, data) for name in self.optimizer.objectives]
        if self.schedule == "alternate":
            _step.minimize_in_turn(tasks, self.optimizer.iterations % len(tasks) if turn is None else turn)
        else:
            for task in tasks:
                _step.minimize(task)
        self.optimizer.iterations.assign_add(1)
        return self._logs(training=True)

    def _task(self, name, data):
        return Task(
            lambda: self._reported_loss(name, data, training=True),
            self.optimizer.objective_variables[name],
            self.optimizer.constant_variables[name],
            self.optimizer[name],
            self._training_state,
            (lambda gradients: self._report_gradients(name, gradients, data)) if self._gradient_norms else None,
        )

    def _test(self, data):
        data = to_tensors(data)
        for name in self.optimizer.objectives:
            self._reported_loss(name, data, training=False)
        return self._logs(training=False)

    def _reported_loss(self, name, data, training):
        """Computes the loss of an objective, and adds it and the objective's metrics to the means."""
        loss, metrics = self._loss_and_metrics(name, data, training)
        reported = {key: ops.stop_gradient(value) for key, value in {name: loss, **metrics}.items()}
        weight = _batch_size(data)
        self._means.update_state(name, reported, sample_weight=weight)
        self._loss_tracker.update_state(reported[name], sample_weight=weight)  # what TerminateOnNaN watches
        self._logged[training].update(dict.fromkeys(reported))
        return loss

    def _report_gradients(self, name, gradients, data):
        squares = [ops.sum(ops.square(ops.cast(gradient, "float32"))) for gradient in gradients]
        scale = self.optimizer[name].scale_loss(ops.ones((), "float32"))
        norm = {f"{name}_gradient_norm": ops.sqrt(sum(squares)) / scale}
        self._means.update_state(name, norm, sample_weight=_batch_size(data))
        self._logged[True].update(dict.fromkeys(norm))

    def _loss_and_metrics(self, name, data, training):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        result = self.compute_objective(name, x, y, sample_weight, training=training)
        loss, metrics = result if isinstance(result, tuple) and len(result) == 2 else (result, {})
        if isinstance(loss, (tuple, list, dict)) or not isinstance(metrics, dict):
            raise ValueError(
                "`compute_objective` must return a scalar, or a tuple of a scalar and a dictionary of scalars, for the "
                f"objective '{name}'. Received: {result}"
            )
        loss = _scalar(loss, f"the loss of the objective '{name}'")
        for variable in self.optimizer.objective_variables[name]:
            if variable.regularizer is not None:
                loss = loss + ops.cast(variable.regularizer(variable), "float32")
        return loss, {
            f"{name}_{key}": _scalar(value, f"the metric '{key}' of the objective '{name}'")
            for key, value in metrics.items()
        }

    def _logs(self, training):
        # Validation may report other metrics than training: the logs of each hold what it reports itself.
        means = self._means.result()
        return {"loss": self._loss_tracker.result(), **{name: means[name] for name in self._logged[training]}}

    def _training_state(self):
        """Returns what a training step may read or change, grouped as in the trainer of the JAX backend."""
        trainable, non_trainable, metrics = self._test_state()
        return trainable, non_trainable, self.optimizer.variables, metrics

    def _test_state(self):
        """Returns what a validation step may read or change, grouped in the same way."""
        return self.trainable_variables, self.non_trainable_variables, self.metrics_variables

    # Building.

    @property
    def built(self):
        """Whether all networks are built."""
        return all(layer.built for layer in self._flatten_layers(include_self=False, recursive=False))

    @built.setter
    def built(self, value):
        """Does nothing: the networks know."""

    # Saving.

    def save_own_variables(self, store):
        """Saves the state of the random seeds too, which Keras leaves out: dropout must continue where it stopped."""
        super().save_own_variables(store)
        for index, seed in enumerate(self._seeds()):
            # 32 bits without sign, in the one type that holds them and that every backend converts from.
            store[f"{_SEED}{index}"] = ops.convert_to_numpy(seed).astype("int64") & 0xFFFFFFFF

    def load_own_variables(self, store):
        """Restores what `save_own_variables` saved."""
        names = store.keys()  # the stores of Keras have keys, but do not iterate over them
        super().load_own_variables({name: store[name] for name in names if not name.startswith(_SEED)})
        for index, seed in enumerate(self._seeds()):
            seed.assign(store[f"{_SEED}{index}"][()])

    def _seeds(self):
        """Returns the variables of the model that are neither weights nor metrics."""
        known = {id(variable) for variable in (*self.weights, *self.metrics_variables)}
        return [variable for variable in self.variables if id(variable) not in known]

    def get_config(self):
        """Returns the arguments of the constructor, read from the attributes of the same names, serialized."""
        config = {}
        for parameter in inspect.signature(type(self).__init__).parameters.values():
            if parameter.name == "self" or parameter.kind is parameter.VAR_KEYWORD:
                continue
            if not hasattr(self, parameter.name):
                raise ValueError(
                    f"Each parameter of `{type(self).__name__}` must be kept as an attribute of the same name, for "
                    f"the model to be saved, but there is no attribute '{parameter.name}'."
                )
            config[parameter.name] = keras.saving.serialize_keras_object(getattr(self, parameter.name))
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Creates the model from its `get_config`."""
        deserialize = keras.saving.deserialize_keras_object
        return cls(**{name: deserialize(value, custom_objects) for name, value in config.items()})


def _optimizer_of_each(optimizer, objectives, scale_losses):
    """Returns the optimizer of each objective, in their order."""
    if isinstance(optimizer, dict):
        for name in objectives:
            if name not in optimizer:
                raise ValueError(
                    f"`optimizer` must hold an optimizer for each objective, but there is none for '{name}'. "
                    f"Received: optimizer={optimizer}"
                )
        for name in optimizer:
            if name not in objectives:
                raise ValueError(
                    f"`optimizer` must hold optimizers for the objectives {objectives} only. "
                    f"Received an optimizer for '{name}': optimizer={optimizer}"
                )
        found = {name: keras.optimizers.get(optimizer[name]) for name in objectives}
    else:
        pattern = keras.optimizers.serialize(keras.optimizers.get(optimizer))
        found = {name: keras.optimizers.deserialize(pattern) for name in objectives}
    if scale_losses:
        scaled = keras.optimizers.LossScaleOptimizer
        return {name: one if isinstance(one, scaled) else scaled(one) for name, one in found.items()}
    return found


def _batch_size(data):
    x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
    first = next((leaf for leaf in keras.tree.flatten(x) if leaf is not None), None)
    return ops.shape(first)[0] if first is not None and len(first.shape) else 1


def _scalar(value, what):
    value = ops.cast(ops.convert_to_tensor(value), "float32")
    if len(value.shape):
        raise ValueError(f"`compute_objective` must return a scalar as {what}. Received: shape={tuple(value.shape)}")
    return value
