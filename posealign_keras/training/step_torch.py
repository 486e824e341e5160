"""How PyTorch runs one step of a `MultiObjectiveModel`."""

import contextlib

import torch


def taking_turns(train_function, train_step, count):
    """Returns the function as it is: `switch` takes the turns."""
    del train_step, count
    return train_function


def run(function, groups, data):
    """Calls `function` with the data: variables are updated in place."""
    del groups
    return function(data)


def minimize(loss, variables, constants, optimizer, groups):
    """Lowers a loss by one step of its optimizer.

    Args:
        loss: Function without arguments, returns a scalar tensor.
        variables: Sequence of `keras.Variable`, to be updated.
        constants: Sequence of `keras.Variable`, other trainable variables, which are to be left alone.
        optimizer: The `keras.optimizers.Optimizer` built for `variables`.
        groups: Not used: variables are updated in place.
    """
    del groups
    values = [variable.value for variable in variables]
    with _without_gradients(constants):
        scaled = optimizer.scale_loss(loss())
    if scaled.requires_grad:
        gradients = list(torch.autograd.grad(scaled, values, allow_unused=True, materialize_grads=True))
    else:  # The loss depends on no variable at all.
        gradients = [torch.zeros_like(value) for value in values]
    with torch.no_grad():
        optimizer.apply(gradients, variables)


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


def switch(index, branches, groups):
    """Runs the branch with the given index, of functions that update variables and return nothing."""
    del groups
    branches[int(index)]()
