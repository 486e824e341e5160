"""What the adaptation saves by computing only what the energy whose turn it is needs, for the layers that it adapts.

Run it once per backend, on a machine that does nothing else:

    KERAS_BACKEND=jax python tests/benchmarks/adaptation_cost.py

It compares steps that take the energies in turn, hand-written like the engine's own (whose overhead is measured by
`engine_overhead.py`), with a naive one of the preset `small`: all energies computed in every step, and
gradients for the whole image encoder, though Res-3 alone is updated by one of the energies. It prints the times per
step, their ratio, and on JAX the floating point operations as XLA counts them.
"""

import platform
import statistics
import time

import keras
from engine_overhead import adaptation
from hand_written import hand_written

ROUNDS, STEPS = 5, 12


class Naive:
    """The stage as a naive step sees it: one objective, the sum of all energies, over all weights of the encoder."""

    schedule = "together"

    def __init__(self, stage):
        stage.image_encoder.trainable = True
        variables = list(stage.image_encoder.trainable_variables)
        for projection in stage.projections.values():
            variables += projection.trainable_variables
        self.stage = stage
        self.jit_compile = stage.jit_compile
        self.variables = stage.variables
        self.optimizer = _Optimizers(keras.optimizers.Adam(), variables)

    def compute_objective(self, name, x):
        results = [self.stage.compute_objective(energy, x) for energy in self.stage.energies]
        return sum(result[0] if isinstance(result, tuple) else result for result in results)


class _Optimizers:
    """One optimizer, in the form in which a stage keeps its own."""

    objectives = ("all",)

    def __init__(self, optimizer, variables):
        optimizer.build(variables)
        self.objective_variables = {"all": variables}
        self._optimizer = optimizer

    def __getitem__(self, name):
        return self._optimizer


def main():
    # A teacher and replay would be the same work for each energy.
    stage, batch = adaptation(teacher_weight=0.0, replay_weight=0.0)
    naive_stage, _ = adaptation(teacher_weight=0.0, replay_weight=0.0)
    steps = {"in turn": hand_written(stage, batch[0]), "naive": hand_written(Naive(naive_stage), batch[0])}
    weights = {"in turn": stage, "naive": naive_stage}
    energies = stage.energies
    seconds = {name: [] for name in steps}

    def run(name):
        for number in range(STEPS):
            steps[name](number)
        keras.ops.convert_to_numpy(weights[name].image_encoder.trainable_variables[0])  # waits for the last step

    for name in steps:  # traces and compiles
        run(name)
    for _ in range(ROUNDS):
        for name, times in seconds.items():
            start = time.perf_counter()
            run(name)
            times.append((time.perf_counter() - start) / STEPS)
    print(
        f"{keras.backend.backend()}, Keras {keras.__version__}, {platform.machine()}, {ROUNDS} rounds of {STEPS} steps"
    )
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(f"{name}: {1000 * median:.1f} ms a step")
    print(f"time saved: {1 - medians['in turn'] / medians['naive']:.0%}")
    if keras.backend.backend() == "jax":
        naive = steps["naive"].flops(0)
        each = {energy: steps["in turn"].flops(number) for number, energy in enumerate(energies)}
        for energy, flops in each.items():
            print(f"{energy}: {flops / 1e9:.2f} GFLOP")
        print(f"mean {sum(each.values()) / len(each) / 1e9:.2f} GFLOP a step, naive {naive / 1e9:.2f} GFLOP")
        print(f"operations saved: {1 - sum(each.values()) / len(each) / naive:.0%}")


if __name__ == "__main__":
    main()
