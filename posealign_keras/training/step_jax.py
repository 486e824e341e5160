"""How JAX runs one step of a `MultiObjectiveModel`: as a pure function of the state of the model.

A step is written as if it updated variables in place. Here it runs in a `keras.StatelessScope`, in which assignments
only change the values that the scope holds for the variables; the new values are the result. What JAX transforms
(`value_and_grad`, `switch`) runs in a scope of its own, so that no traced value leaks out of the transformation.
"""

import dataclasses
import functools
import itertools

import jax
import keras


@functools.partial(jax.tree_util.register_dataclass, data_fields=["data"], meta_fields=["turn"])
@dataclasses.dataclass(frozen=True)
class _Turn:
    """A batch for one branch of the switch: JAX compiles a program for each turn, since it is no array."""

    turn: int
    data: object


def taking_turns(train_function, train_step, count):
    """Lets the host take the turns of `minimize_in_turn` where the device is slow at it: on the CPU.

    There, XLA computes the gradients of convolutions inside of a conditional more than ten times slower than outside
    of it (https://github.com/jax-ml/jax/issues/12868). Reading the turn off the state costs nothing on the CPU; on
    other devices it would make each step wait for the one before.

    Args:
        train_function: Function of state and iterator, as Keras makes it.
        train_step: Function of state and batch that `train_function` compiles.
        count: Number of branches.

    Returns:
        A function like `train_function`.
    """
    if jax.default_backend() != "cpu":
        return train_function
    traced = False

    def function(state, iterator):
        nonlocal traced
        if not traced:
            # Traces all branches, so that the program of each knows the names which the others report.
            batch = next(iterator)
            jax.eval_shape(train_step, state, batch)
            iterator, traced = itertools.chain([batch], iterator), True
        optimizer_variables = state[2]
        turns = itertools.count(int(optimizer_variables[0].addressable_data(0)))
        return train_function(state, (_Turn(turn % count, data) for turn, data in zip(turns, iterator, strict=False)))

    return function


def run(function, groups, state, data):
    """Calls `function` with the data as a pure function of the state.

    Args:
        function: Function of the data that updates variables and returns logs.
        groups: Function without arguments that returns a tuple of lists of `keras.Variable`, the state that the step
            may read and change.
        state: Tuple of lists of arrays, the values of those variables.
        data: The batch, or a batch with its turn.

    Returns:
        The logs, and the new state in the same structure.
    """
    grouped = groups()
    pairs = [pair for group, values in zip(grouped, state, strict=True) for pair in zip(group, values, strict=True)]
    with keras.StatelessScope(pairs) as scope:
        logs = function(data.data, data.turn) if isinstance(data, _Turn) else function(data)
    return logs, tuple([scope.get_current_value(variable) for variable in group] for group in grouped)


def minimize(task):
    """Lowers the loss of a `Task` by one step of its optimizer."""
    variables, optimizer = list(task.variables), task.optimizer
    trained = {id(variable) for variable in variables}
    others = [variable for variable in _flatten(task.groups) if id(variable) not in trained]
    constant_values = [variable.value for variable in others]

    def pure_loss(values):
        with keras.StatelessScope(
            [*zip(others, constant_values, strict=True), *zip(variables, values, strict=True)]
        ) as scope:
            scaled = optimizer.scale_loss(task.loss())
        return scaled, [scope.get_current_value(variable) for variable in others]

    values = [variable.value for variable in variables]
    (_, updated), gradients = jax.value_and_grad(pure_loss, has_aux=True)(values)
    _assign(others, updated)  # statistics of normalisation, seeds, metrics
    if task.report is not None:
        task.report(gradients)
    slots = optimizer.variables
    # Not `apply`: loss scaling decides with a condition whose branches must return what they change.
    new_values, new_slots = optimizer.stateless_apply([slot.value for slot in slots], gradients, values)
    _assign([*variables, *slots], [*new_values, *new_slots])


def minimize_in_turn(tasks, turn):
    """Minimises the one of the tasks whose turn it is."""
    if not isinstance(turn, jax.core.Tracer):  # run eagerly, or taken by the host
        minimize(tasks[int(turn)])
        return
    variables = _flatten(tasks[0].groups)

    def branch(task, values):
        with keras.StatelessScope(zip(variables, values, strict=True)) as scope:
            minimize(task)
        return [scope.get_current_value(variable) for variable in variables]

    # What no branch changes is passed around the switch by JAX, not copied through it.
    values = [variable.value for variable in variables]
    _assign(variables, jax.lax.switch(turn, [functools.partial(branch, task) for task in tasks], values))


def _flatten(groups):
    return [variable for group in groups() for variable in group]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
