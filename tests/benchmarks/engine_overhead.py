"""What the training engine costs beside hand-written steps of the same mathematics.

Run it once per backend, on a machine that does nothing else:

    KERAS_BACKEND=tensorflow python tests/benchmarks/engine_overhead.py

It trains the pose auto-encoder (two objectives on every batch) and the adaptation (five energies in turn, with teacher
and replay) of the preset `small` on random data, with `fit` and with a loop of compiled hand-written steps, in turn,
and prints for each the ratio of the times per step, of the best of all rounds: by the clock, and in processor time,
which other programs disturb less. What Keras itself does in `fit` is part of the engine's time; both keep the means of
the same numbers.
"""

import argparse
import itertools
import platform
import time

import keras
import numpy as np
from hand_written import hand_written

from posealign_keras.presets import SMALL
from posealign_keras.training import Adaptation, PoseAAE

RELATIONS = ("pose_flip", "flip_backward", "slow_backward")


def pose_aae():
    stage = PoseAAE(SMALL.pose_autoencoder(), SMALL.pose_discriminator(), seed=0)
    stage.compile(optimizer="adam")
    return stage, [np.random.default_rng(0).normal(size=(256, 17, 3)).astype("float32")]


def adaptation(teacher_weight=1.0, replay_weight=1.0):
    stage = Adaptation(
        SMALL.image_encoder(),
        SMALL.pose_autoencoder(),
        SMALL.motion_autoencoder(),
        [SMALL.relation_network(name) for name in RELATIONS],
        teacher_weight=teacher_weight,
        replay_weight=replay_weight,
        measured_on="poses",
        seed=0,
    )
    stage.compile(optimizer="adam")
    rng = np.random.default_rng(0)

    def images(*leading):
        return rng.integers(0, 256, (*leading, 64, 64, 3)).astype("uint8")

    poses = rng.normal(size=(32, 17, 3)).astype("float32")
    return stage, [{"clips": images(4, 60), "images": images(64), "source_images": images(32), "source_poses": poses}]


def endless(batch):
    """The batch over and over, as tensors of the backend, so that no time goes into data."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.data.Dataset.from_tensors((batch[0],)).cache().repeat()
    return ((tensors,) for tensors in itertools.repeat(keras.tree.map_structure(keras.ops.convert_to_tensor, batch[0])))


def measure(make, steps, rounds):
    fitted, batch = make()
    trained_by_hand, _ = make()
    by_hand = hand_written(trained_by_hand, batch[0])
    data = endless(batch)

    def fit():
        fitted.fit(data, steps_per_epoch=steps, verbose=0, shuffle=False)

    def loop():
        for number in range(steps):
            by_hand(number)
        keras.ops.convert_to_numpy(trained_by_hand.trainable_variables[0])  # waits for the last step

    wall, cpu = {fit: [], loop: []}, {fit: [], loop: []}
    for function in wall:  # traces and compiles
        function()
    for _ in range(rounds):
        for function in wall:
            start, cpu_start = time.perf_counter(), time.process_time()
            function()
            wall[function].append((time.perf_counter() - start) / steps)
            cpu[function].append((time.process_time() - cpu_start) / steps)
    return {name: [min(times[one]) for one in (fit, loop)] for name, times in (("wall", wall), ("cpu", cpu))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of both in turn (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=None, help="steps of a round (default: 300, 48 for adaptation)")
    options = parser.parse_args()
    print(f"{keras.backend.backend()}, Keras {keras.__version__}, {platform.machine()}, {options.rounds} rounds")
    for make, steps in ((pose_aae, 300), (adaptation, 48)):
        found = measure(make, options.steps or steps, options.rounds)
        for name, (engine, by_hand) in found.items():
            print(
                f"{make.__name__}: engine {1000 * engine:.1f} ms, by hand {1000 * by_hand:.1f} ms a step, "
                f"ratio {engine / by_hand:.3f} ({name})",
                flush=True,
            )


if __name__ == "__main__":
    main()
