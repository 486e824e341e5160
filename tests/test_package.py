"""What importing the package costs and brings along."""

import os
import pathlib
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
    names = "data, evaluation, export, losses, metrics, models, ops, presets, relations, skeletons, training"
    names += ", visualization"
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


WITHOUT_TENSORFLOW = """
import sys


def without_tensorflow(finder):
    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return None if name.split(".")[0] == "tensorflow" else finder.find_spec(name, path, target)

    return Finder


sys.meta_path[:] = [without_tensorflow(finder) for finder in sys.meta_path]
import keras
import numpy as np
import tiny_networks as tiny
from posealign_keras.training import Adaptation

stage = Adaptation(
    tiny.image_encoder(), tiny.pose_autoencoder(), None, [tiny.relation_network("pose_flip")], teacher_weight=1.0,
    contrastive=(),
)
stage.compile(optimizer="adam")
stage.fit({"clips": tiny.clips(4)}, batch_size=2, verbose=0)
stage.save(sys.argv[1])
loaded = keras.saving.load_model(sys.argv[1])
images = tiny.images(2)
np.testing.assert_array_equal(loaded.predict(images, verbose=0), stage.predict(images, verbose=0))
assert "tensorflow" not in sys.modules
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_trains_saves_and_loads_without_tensorflow(backend, tmp_path):
    tests = pathlib.Path(__file__).parent
    path = os.pathsep.join([str(tests / "training"), str(tests.parent)])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, str(tmp_path / "stage.keras")],
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": path},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
