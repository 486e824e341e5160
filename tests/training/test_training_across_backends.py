"""A model trained half-way on one backend goes on equally on another."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from objectives import data, opposed, values

NEXT = {"tensorflow": "jax", "jax": "torch", "torch": "tensorflow"}
CONTINUE = """
import sys
import keras, numpy as np
from objectives import data, values
model = keras.saving.load_model(sys.argv[1])
logs = [model.train_on_batch(*data(), return_dict=True) for _ in range(3)]
losses = [[log[name] for name in ("loss", "fit", "oppose")] for log in logs]
np.savez(sys.argv[2], losses=losses, iterations=int(model.optimizer.iterations), jit=model.jit_compile,
         **{f"v{i}": value for i, value in enumerate(values(model.weights + model.optimizer.variables))})
"""


def test_training_goes_on_equally_on_another_backend(tmp_path):
    other = NEXT[keras.backend.backend()]
    pytest.importorskip(other)
    model = opposed("alternate")
    model.compile({"fit": keras.optimizers.Adam(0.02), "oppose": keras.optimizers.SGD(0.02, momentum=0.9)})
    for _ in range(3):
        model.train_on_batch(*data())
    model.save(tmp_path / "model.keras")
    tests = pathlib.Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", CONTINUE, tmp_path / "model.keras", tmp_path / "result.npz"],
        env={**os.environ, "KERAS_BACKEND": other, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parents[1])])},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    logs = [model.train_on_batch(*data(), return_dict=True) for _ in range(3)]
    losses = [[log[name] for name in ("loss", "fit", "oppose")] for log in logs]
    result = np.load(tmp_path / "result.npz")
    np.testing.assert_allclose(result["losses"], losses, rtol=2e-5)
    assert result["iterations"] == 6
    assert bool(result["jit"]) == (other == "jax")  # each backend decides anew
    for index, value in enumerate(values(model.weights + model.optimizer.variables)):
        np.testing.assert_allclose(result[f"v{index}"], value, rtol=1e-4, atol=1e-6)
