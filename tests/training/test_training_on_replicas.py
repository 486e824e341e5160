"""Several replicas of TensorFlow train like one device. In a process of its own: devices are set up at the start."""

import os
import pathlib
import subprocess
import sys

import keras
import pytest

TRAIN = """
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from objectives import data, opposed, values
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for schedule in ("together", "alternate"):
    single = opposed(schedule)
    with strategy.scope():
        mirrored = opposed(schedule)
    arguments = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0, "validation_data": data(16)}
    first, second = (model.fit(*data(16), **arguments).history for model in (single, mirrored))
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-5)
    for a, b in zip(values(single.weights), values(mirrored.weights), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for a, b in zip(values(single.optimizer.variables), values(mirrored.optimizer.variables), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
"""


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute")
def test_replicas_train_like_one_device():
    tests = pathlib.Path(__file__).parent
    path = os.pathsep.join([str(tests), str(tests.parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", TRAIN],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
