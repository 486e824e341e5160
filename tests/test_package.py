"""What importing the package costs and brings along."""

import os
import subprocess
import sys

import pytest

BACKENDS = ("tensorflow", "jax", "torch")


def python(code, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_other_backend_is_imported(backend):
    """Compared with `import keras`, which itself brings TensorFlow along on JAX where TensorFlow is installed."""
    modules = "print(sorted({'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    alone = python(f"import sys, keras; {modules}", backend).stdout
    names = "data, evaluation, losses, metrics, models, ops, presets, relations, skeletons, training, visualization"
    ours = python(f"import sys; from posealign_keras import {names}; {modules}", backend).stdout
    assert ours == alone


def test_importing_the_package_is_free():
    code = (
        "import time, keras\nstart = time.perf_counter(); import posealign_keras; print(time.perf_counter() - start)\n"
    )
    whole = "import time; start = time.perf_counter(); import keras; print(time.perf_counter() - start)"
    assert float(python(code, "torch").stdout) < 0.1 * float(python(whole, "torch").stdout)


def test_an_unknown_part():
    import posealign_keras

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = posealign_keras.nothing
