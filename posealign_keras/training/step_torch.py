"""How PyTorch runs one step of a `MultiObjectiveModel`."""

import contextlib

import torch


def taking_turns(train_function, train_step, count):
    """Returns the function as it is: `minimize_in_turn` takes the turns."""
    del train_step, count
    return train_function


def run(function, groups, data):
    """Calls `function` with the data: variables are updated in place."""
    del groups
    return function(data)


def minimize(task):
    """Lowers the loss of a `Task` by one step of its optimizer."""
    values = [variable.value for variable in task.variables]
    with _without_gradients(task.constants):
        scaled = task.optimizer.scale_loss(task.loss())
    if scaled.requires_grad:
        gradients = list(torch.autograd.grad(scaled, values, allow_unused=True, materialize_grads=True))
    else:  # The loss depends on no variable at all.
        gradients = [torch.zeros_like(value) for value in values]
    with torch.no_grad():
        if task.report is not None:
            task.report(gradients)
        task.optimizer.apply(gradients, task.variables)


def minimize_in_turn(tasks, turn):
    """Minimises the one of the tasks whose turn it is."""
    minimize(tasks[int(turn)])


@contextlib.contextmanager
def _without_gradients(variables):
    """Keeps the graph of the loss free of what its objective does not train."""
    for variable in variables:
        variable.value.requires_grad_(False)
    try:
        yield
    finally:
        for variable in variables:
            variable.value.requires_grad_(variable.trainable)
