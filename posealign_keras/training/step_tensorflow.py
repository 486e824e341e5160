"""How TensorFlow runs one step of a `MultiObjectiveModel`."""

import tensorflow as tf


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
    gradients = _gradients(task, task.variables)
    if task.report is not None and _replicas() == 1:  # a replica's own gradients are only a part
        task.report(gradients)
    task.optimizer.apply(gradients, task.variables)


def minimize_in_turn(tasks, turn):
    """Minimises the one of the tasks whose turn it is."""
    if _replicas() > 1:
        _minimize_in_turn_on_replicas(tasks, turn)
        return

    def branch(task):
        minimize(task)
        return tf.constant(0)

    tf.switch_case(tf.cast(turn, "int32"), [lambda task=task: branch(task) for task in tasks])


def _minimize_in_turn_on_replicas(tasks, turn):
    """The same where replicas have to meet: they cannot do so inside of a conditional of each of them.

    Each replica computes gradients in a conditional of its own, all of the same structure; then one conditional
    outside of the replicas lets all of them apply the gradients together.
    """
    variables = list({id(variable): variable for task in tasks for variable in task.variables}.values())
    places = {id(variable): place for place, variable in enumerate(variables)}
    turn = tf.cast(turn, "int32")
    gradients = tf.switch_case(turn, [lambda task=task: _gradients(task, variables) for task in tasks])

    def apply_together(strategy, turn, gradients):
        def branch(task):
            def apply(gradients):
                own = [gradients[places[id(variable)]] for variable in task.variables]
                task.optimizer.apply(own, task.variables)

            strategy.extended.call_for_each_replica(apply, args=(gradients,))
            return tf.constant(0)

        # The replicas are in step, so the turn of the first one is that of all.
        turn = strategy.experimental_local_results(turn)[0]
        tf.switch_case(turn, [lambda task=task: branch(task) for task in tasks])

    tf.distribute.get_replica_context().merge_call(apply_together, args=(turn, gradients))


def _gradients(task, variables):
    """Gradients of the scaled loss of a task; zeros for variables that it does not train."""
    trained = {id(variable) for variable in task.variables}
    values = [variable.value for variable in variables if id(variable) in trained]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        # Replicas see a part of the batch each, and their gradients are summed.
        scaled = task.optimizer.scale_loss(task.loss() / _replicas())
    gradients = iter(tape.gradient(scaled, values, unconnected_gradients="zero"))
    return [next(gradients) if id(v) in trained else tf.zeros(v.shape, v.dtype) for v in variables]


def _replicas():
    return tf.distribute.get_strategy().num_replicas_in_sync
