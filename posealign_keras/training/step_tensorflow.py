"""How TensorFlow runs one step of a `MultiObjectiveModel`."""

import tensorflow as tf


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
    del constants, groups
    values = [variable.value for variable in variables]
    # Replicas see a part of the batch each, and their gradients are summed.
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        scaled = optimizer.scale_loss(loss() / replicas)
    optimizer.apply(tape.gradient(scaled, values, unconnected_gradients="zero"), variables)


def switch(index, branches, groups):
    """Runs the branch with the given index, of functions that update variables and return nothing."""
    del groups
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise NotImplementedError("The schedule 'alternate' cannot be trained on several replicas of TensorFlow yet.")

    def returning(branch):
        def run_branch():
            branch()
            return tf.constant(0)

        return run_branch

    tf.switch_case(tf.cast(index, "int32"), [returning(branch) for branch in branches])
