"""Two devices of JAX train like one. In processes of their own: devices are set up at the start."""

import os
import pathlib
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="keras.distribution is for JAX")

SETUP = """
import sys
import jax
import keras
import numpy as np
"""

CONNECT = """
jax.config.update("jax_cpu_collectives_implementation", "gloo")
keras.distribution.initialize(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
assert jax.process_count() == 2
"""

TRAIN = """
from objectives import data, opposed, values
assert len(jax.devices()) == 2
arguments = {"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0}
x, y = data(16)


def batches():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).batch(8)


def train(schedule):
    model = opposed(schedule)
    given = (batches(),) if jax.process_count() > 1 else (x, y)
    shared = {key: value for key, value in arguments.items() if key != "batch_size" or len(given) == 2}
    history = model.fit(*given, **shared).history
    return history, values([*model.weights, *model.optimizer.variables])


keras.distribution.set_distribution(keras.distribution.DataParallel())
parallel = {schedule: train(schedule) for schedule in ("together", "alternate")}
if len(sys.argv) > 1:
    np.savez(sys.argv[4], *[array for _, state in parallel.values() for array in state])
else:
    keras.distribution.set_distribution(None)
    for schedule, (history, state) in parallel.items():
        expected, single = train(schedule)
        assert history.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(history[name], expected[name], rtol=1e-5)
        for a, b in zip(state, single, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
"""


def start(program, *arguments, **environment):
    tests = pathlib.Path(__file__).parent
    path = os.pathsep.join([str(tests), str(tests.parents[1])])
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output


@pytest.mark.slow
def test_two_devices_of_one_process_train_like_one():
    finish(start(SETUP + TRAIN, XLA_FLAGS="--xla_force_host_platform_device_count=2"))


@pytest.mark.slow
def test_two_processes_train_like_one(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    files = [tmp_path / f"{index}.npz" for index in range(2)]
    program = SETUP + CONNECT + TRAIN
    processes = [start(program, address, 2, index, file, XLA_FLAGS="") for index, file in enumerate(files)]
    try:
        for process in processes:
            finish(process)
    finally:
        for process in processes:
            process.kill()

    from objectives import data, opposed, values

    expected = []
    for schedule in ("together", "alternate"):
        model = opposed(schedule)
        model.fit(*data(16), batch_size=8, epochs=3, shuffle=False, verbose=0)
        expected += values([*model.weights, *model.optimizer.variables])
    for file in files:
        with np.load(file) as arrays:
            for name, array in zip(arrays.files, expected, strict=True):
                np.testing.assert_allclose(arrays[name], array, rtol=1e-5, atol=1e-6)
