"""The adaptation at the size of the paper on one GPU, in bfloat16 and in float32: images per second, share of the peak.

    KERAS_BACKEND=jax python tests/benchmarks/paper_scale.py

ResNet-50 on 224×224 pixels, 8 clips of 30 frames, the energies of the paper that need no longer clips (both
contrastive ones, `pose_flip`, `flip_backward`). The data stay on the device, so this measures the training step. The
peak is that of a large matrix product in the same precision, measured in the same run; operations are those that XLA
counts for the step. `--preset small --clips 2` tries it out on a CPU.
"""

import argparse
import itertools
import statistics
import time

import jax
import jax.numpy as jnp
import keras
import numpy as np
from hand_written import hand_written

from posealign_keras.presets import get_configuration
from posealign_keras.training import Adaptation

RELATIONS = ("pose_flip", "flip_backward")


def build(configuration, clips, frames):
    stage = Adaptation(
        configuration.image_encoder(),
        configuration.pose_autoencoder(),
        configuration.motion_autoencoder(),
        [configuration.relation_network(name) for name in RELATIONS],
        images_per_clip=frames,
        seed=0,
    )
    stage.compile(optimizer={name: keras.optimizers.Adam(1e-5) for name in stage.energies})
    size = configuration.image_size
    shape = (clips, frames, size, size, 3)
    return stage, {"clips": np.random.default_rng(0).integers(0, 256, shape).astype("uint8")}


def seconds_of(function, rounds):
    """Median time of a function that returns an array of JAX."""
    jax.block_until_ready(function())
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        jax.block_until_ready(function())
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def matrix_rate(dtype, size, rounds):
    """Floating point operations per second of a product of square matrices."""
    matrix = jnp.ones((size, size), dtype)
    product = jax.jit(lambda a, b: a @ b)
    return 2 * size**3 / seconds_of(lambda: product(matrix, matrix), rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="paper", choices=("paper", "small"))
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=10, help="rounds, each of one step of every energy")
    parser.add_argument("--matrix", type=int, default=8192, help="size of the matrices for the peak")
    options = parser.parse_args()
    if keras.backend.backend() != "jax":
        raise SystemExit("set KERAS_BACKEND=jax")
    device = jax.devices()[0]
    images = options.clips * options.frames
    print(f"{device.device_kind}, Keras {keras.__version__}, JAX {jax.__version__}, preset {options.preset}")
    print(f"{options.clips} clips of {options.frames} frames, {options.rounds} rounds")
    rates = {}
    for policy, dtype in (("float32", "float32"), ("mixed_bfloat16", "bfloat16")):
        keras.config.set_dtype_policy(policy)
        keras.utils.set_random_seed(0)
        stage, x = build(get_configuration(options.preset), options.clips, options.frames)
        count = len(stage.energies)
        flops = sum(hand_written(stage, x).flops(number) for number in range(count))
        batches = itertools.repeat((jax.device_put(x),))

        def one_round(stage=stage, count=count, batches=batches):
            stage.fit((batch for batch in batches), steps_per_epoch=count, verbose=0, shuffle=False)
            return stage.image_encoder.trainable_variables[0].value

        seconds = seconds_of(one_round, options.rounds)
        peak = matrix_rate(dtype, options.matrix, options.rounds)
        rates[policy] = images * count / seconds
        print(
            f"{policy}: {1000 * seconds / count:.1f} ms a step, {rates[policy]:.0f} images/s, "
            f"{flops / count / 1e12:.3f} TFLOP a step, {flops / seconds / 1e12:.2f} TFLOP/s, "
            f"{flops / seconds / peak:.0%} of the measured matrix rate ({peak / 1e12:.1f} TFLOP/s)",
            flush=True,
        )
    print(f"bfloat16 is {rates['mixed_bfloat16'] / rates['float32']:.2f} times as fast as float32")


if __name__ == "__main__":
    main()
