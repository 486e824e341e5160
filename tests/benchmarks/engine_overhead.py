"""What the training engine costs beside hand-written steps of the same mathematics.

Run it once per backend, on a machine that does nothing else:

    KERAS_BACKEND=tensorflow python tests/benchmarks/engine_overhead.py

It trains the pose auto-encoder (two objectives on every batch) and the adaptation (six energies in turn) of the
preset `small` on random data, with `fit` and with a loop of compiled hand-written steps, in turn, and prints for each
the ratio of the times per step: of the medians over the rounds, and its range over the rounds.
"""

import argparse
import functools
import itertools
import platform
import statistics
import time

import keras
import numpy as np

from posealign_keras.presets import SMALL
from posealign_keras.training import Adaptation, PoseAAE

RELATIONS = ("pose_flip", "flip_backward", "slow_backward")


def pose_aae():
    stage = PoseAAE(SMALL.pose_autoencoder(), SMALL.pose_discriminator(), seed=0)
    stage.compile(optimizer="adam")
    return stage, [np.random.default_rng(0).normal(size=(256, 17, 3)).astype("float32")]


def adaptation():
    stage = Adaptation(
        SMALL.image_encoder(),
        SMALL.pose_autoencoder(),
        SMALL.motion_autoencoder(),
        [SMALL.relation_network(name) for name in RELATIONS],
        mean_teacher=True,
        replay_weight=1.0,
        measured_on="poses",
        seed=0,
    )
    stage.compile(optimizer="adam")
    rng = np.random.default_rng(0)

    def images(*leading):
        return rng.integers(0, 256, (*leading, 64, 64, 3)).astype("uint8")

    poses = rng.normal(size=(32, 17, 3)).astype("float32")
    return stage, [{"clips": images(4, 60), "images": images(64), "source_images": images(32), "source_poses": poses}]


def hand_written(stage, batch):
    """A function of the number of the step: what someone who knows the backend would write for this stage alone."""
    names = stage.optimizer.objectives
    make = _STEPS[keras.backend.backend()]
    together = stage.schedule == "together"
    steps = [make(stage, names)] if together else [make(stage, [name]) for name in names]
    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, batch[0])
    return lambda number: steps[number % len(steps)](tensors)


def _loss(stage, name, x):
    result = stage.compute_objective(name, x)
    return result[0] if isinstance(result, tuple) else result


def _tensorflow_step(stage, names):
    import tensorflow as tf

    @tf.function(jit_compile=stage.jit_compile, autograph=False)
    def step(x):
        for name in names:
            variables = stage.optimizer.objective_variables[name]
            values = [variable.value for variable in variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                loss = _loss(stage, name, x)
            stage.optimizer[name].apply(tape.gradient(loss, values), variables)

    return step


def _jax_step(stage, names):
    import jax

    # What a step changes: weights, slots of the optimizers, random seeds, the teacher's average.
    averages = {id(variable) for variable in (stage.teacher.weights if hasattr(stage, "teacher") else ())}
    trained = {id(variable) for name in names for variable in stage.optimizer.objective_variables[name]}
    changing = [v for v in stage.variables if id(v) in trained | averages or "seed" in v.path]
    changing += [slot for name in names for slot in stage.optimizer[name].variables]
    constant = [v for v in stage.variables if not any(v is other for other in changing)]

    def one(name, state, constants, x):
        variables, optimizer = list(stage.optimizer.objective_variables[name]), stage.optimizer[name]

        def pure_loss(values):
            pairs = [*zip(changing, state, strict=True), *zip(constant, constants, strict=True)]
            with keras.StatelessScope([*pairs, *zip(variables, values, strict=True)]) as scope:
                loss = _loss(stage, name, x)
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

    def run(x):
        state = step([v.value for v in changing], [v.value for v in constant], x)
        for variable, value in zip(changing, state, strict=True):
            variable._value = value

    return run


def _torch_step(stage, names):
    import torch

    def step(x):
        for name in names:
            variables = stage.optimizer.objective_variables[name]
            values = [variable.value for variable in variables]
            gradients = torch.autograd.grad(_loss(stage, name, x), values)
            with torch.no_grad():
                stage.optimizer[name].apply(gradients, variables)

    return step


_STEPS = {"tensorflow": _tensorflow_step, "jax": _jax_step, "torch": _torch_step}


def endless(batch):
    """The batch over and over, as tensors of the backend, so that no time goes into data."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.data.Dataset.from_tensors((batch[0],)).cache().repeat()
    return ((tensors,) for tensors in itertools.repeat(keras.tree.map_structure(keras.ops.convert_to_tensor, batch[0])))


def measure(make, steps, rounds):
    fitted, batch = make()
    trained_by_hand, _ = make()
    by_hand = hand_written(trained_by_hand, batch)
    data = endless(batch)

    def fit():
        fitted.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False)

    def loop():
        for number in range(steps):
            by_hand(number)
        keras.ops.convert_to_numpy(trained_by_hand.trainable_variables[0])  # waits for the last step

    seconds = {fit: [], loop: []}
    for function in seconds:  # traces and compiles
        function()
    for _ in range(rounds):
        for function, times in seconds.items():
            start = time.perf_counter()
            function()
            times.append((time.perf_counter() - start) / steps)
    ratios = [one / other for one, other in zip(*seconds.values(), strict=True)]
    medians = [statistics.median(times) for times in seconds.values()]
    return {"engine": medians[0], "by_hand": medians[1], "ratio": medians[0] / medians[1], "ratios": ratios}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of both in turn (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=None, help="steps of a round (default: 100, 12 for adaptation)")
    options = parser.parse_args()
    print(f"{keras.backend.backend()}, Keras {keras.__version__}, {platform.machine()}, {options.rounds} rounds")
    for make, steps in ((pose_aae, 100), (adaptation, 12)):
        found = measure(make, options.steps or steps, options.rounds)
        engine, by_hand = (1000 * found[name] for name in ("engine", "by_hand"))
        print(
            f"{make.__name__}: engine {engine:.1f} ms, by hand {by_hand:.1f} ms a step, ratio {found['ratio']:.3f} "
            f"({min(found['ratios']):.3f} to {max(found['ratios']):.3f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
