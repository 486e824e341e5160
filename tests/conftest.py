"""Fixtures shared by the tests of several parts of the package."""

import os

import keras
import numpy as np
import pytest


def _gradient(function, value):
    """Gradient of a scalar function of one array, in NumPy, whatever the backend."""
    value = np.asarray(value, "float32")
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        value = tf.constant(value)
        with tf.GradientTape() as tape:
            tape.watch(value)
            result = function(value)
        return tape.gradient(result, value).numpy()
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.jit(jax.grad(function))(value))
    import torch

    value = torch.tensor(value, requires_grad=True)
    return torch.autograd.grad(function(value), value)[0].numpy()


def _compiled(function):
    """The function as the backend compiles it for training (`torch` runs it as it is)."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


@pytest.fixture
def gradient():
    """`gradient(function, value)`: gradient of a scalar function of one array."""
    return _gradient


@pytest.fixture
def compiled():
    """`compiled(function)`: the function compiled by the backend."""
    return _compiled


@pytest.fixture(autouse=True, scope="session")
def _compiled_functions_are_stored(tmp_path_factory):
    """JAX compiles a function once for all files and processes of a run."""
    if keras.backend.backend() == "jax":
        import jax

        directory = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            directory = directory.parent  # that of the run; each of its processes has one of its own
        jax.config.update("jax_compilation_cache_dir", str(directory / "compiled"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@pytest.fixture(autouse=True, scope="module")
def _compiled_functions_are_forgotten():
    """JAX keeps every compiled function in memory for ever: gigabytes, over all files."""
    yield
    if keras.backend.backend() == "jax":
        import jax

        jax.clear_caches()


# These know no backend, or only put together what is tested on each: once is enough.
collect_ignore = (
    []
    if keras.backend.backend() == "tensorflow"
    else [
        "data",
        "demo",
        "experiments/test_run_setting.py",
        "own_videos",
        "presets/test_train_image_encoder.py",
        "tutorials",
        "video",
        "visualization",
        "info",
        "test_package.py",
        "test_progress.py",
    ]
)
