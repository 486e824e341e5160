"""Training steps that someone who knows a backend would write by hand for one stage, for the benchmarks to compare."""

import functools

import keras


def hand_written(stage, x):
    """A function of the number of the step, which trains `stage` on the batch `x` with the same mathematics.

    As a `train_step` that shows in `fit` how it goes, it keeps the means of what the stage reports.

    On JAX it has an attribute `flops`: the operations of a step, by its number, as XLA counts them.
    """
    names = stage.optimizer.objectives
    make = _STEPS[keras.backend.backend()]
    together = stage.schedule == "together"
    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, x)
    groups = [names] if together else [[name] for name in names]
    steps = [make(stage, group, _Means(stage, group, tensors)) for group in groups]

    def step(number):
        steps[number % len(steps)](tensors)

    step.flops = lambda number: steps[number % len(steps)].flops(tensors)
    return step


class _Means(dict):
    """A `keras.metrics.Mean` for each of the numbers that the objectives of a stage report."""

    def __init__(self, stage, names, x):
        super().__init__()
        for name in names:
            result = stage.compute_objective(name, x)
            for key in (name, *(result[1] if isinstance(result, tuple) else ())):
                self[name, key] = keras.metrics.Mean()

    def loss(self, stage, name, x):
        """The loss of an objective, after it and its metrics are added to their means."""
        result = stage.compute_objective(name, x)
        loss, metrics = result if isinstance(result, tuple) else (result, {})
        for key, value in {name: loss, **metrics}.items():
            self[name, key].update_state(keras.ops.stop_gradient(value))
        return loss


def _tensorflow_step(stage, names, means):
    import tensorflow as tf

    @tf.function(jit_compile=stage.jit_compile, autograph=False)
    def step(x):
        for name in names:
            variables = stage.optimizer.objective_variables[name]
            values = [variable.value for variable in variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                loss = means.loss(stage, name, x)
            stage.optimizer[name].apply(tape.gradient(loss, values), variables)

    return step


def _jax_step(stage, names, means):
    import jax

    # What a step changes: weights, slots of the optimizers, random seeds, the teacher's average.
    averages = {id(variable) for variable in (stage.teacher.weights if hasattr(stage, "teacher") else ())}
    trained = {id(variable) for name in names for variable in stage.optimizer.objective_variables[name]}
    changing = [v for v in stage.variables if id(v) in trained | averages or "seed" in v.path]
    changing += [slot for name in names for slot in stage.optimizer[name].variables]
    changing += [variable for mean in means.values() for variable in mean.variables]
    constant = [v for v in stage.variables if not any(v is other for other in changing)]

    def one(name, state, constants, x):
        variables, optimizer = list(stage.optimizer.objective_variables[name]), stage.optimizer[name]

        def pure_loss(values):
            pairs = [*zip(changing, state, strict=True), *zip(constant, constants, strict=True)]
            with keras.StatelessScope([*pairs, *zip(variables, values, strict=True)]) as scope:
                loss = means.loss(stage, name, x)
            return loss, [scope.get_current_value(variable) for variable in changing]

        values = {id(variable): value for variable, value in zip(changing, state, strict=True)}
        own = [values[id(variable)] for variable in variables]
        slots = [values[id(slot)] for slot in optimizer.variables]
        (_, after), gradients = jax.value_and_grad(pure_loss, has_aux=True)(own)
        new, new_slots = optimizer.stateless_apply(slots, gradients, own)
        replaced = dict(zip(map(id, [*variables, *optimizer.variables]), [*new, *new_slots], strict=True))
        return [replaced.get(id(variable), value) for variable, value in zip(changing, after, strict=True)]

    @functools.partial(jax.jit, donate_argnums=0)
    def step(state, constants, x):
        for name in names:
            state = one(name, state, constants, x)
        return state

    def arguments(x):
        return [v.value for v in changing], [v.value for v in constant], x

    def run(x):
        state = step(*arguments(x))
        for variable, value in zip(changing, state, strict=True):
            variable._value = value

    run.flops = lambda x: step.lower(*arguments(x)).compile().cost_analysis()["flops"]
    return run


def _torch_step(stage, names, means):
    import torch

    def step(x):
        for name in names:
            variables = stage.optimizer.objective_variables[name]
            values = [variable.value for variable in variables]
            gradients = torch.autograd.grad(means.loss(stage, name, x), values)
            with torch.no_grad():
                stage.optimizer[name].apply(gradients, variables)

    return step


_STEPS = {"tensorflow": _tensorflow_step, "jax": _jax_step, "torch": _torch_step}
