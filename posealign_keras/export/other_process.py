"""Work with a model in a process of its own: on another backend, and without an accelerator.

python -P -m posealign_keras.export.other_process TASK.json
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

_LINES_OF_AN_ERROR = 12


def call_in_other_process(function: str, model, backend: str, **arguments) -> None:
    """Call `function(model, **arguments)` in a new process, in which the model is loaded from a `.keras` file.

    Args:
        function: `"module:name"` of a function of this package.
        model: A model that Keras can save; classes that are not of this package cannot be loaded there.
        backend: The Keras backend of the process.
        **arguments: Arguments that JSON can hold.

    Raises:
        RuntimeError: If it failed there, with the end of what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="posealign-export-") as scratch:
        saved, task = Path(scratch) / "model.keras", Path(scratch) / "task.json"
        model.save(saved)
        task.write_text(json.dumps({"model": str(saved), "function": function, "arguments": arguments}))
        run_python(["-m", __name__, str(task)], f"Work with the model under the Keras backend {backend!r}", backend)


def run_python(words: list[str], purpose: str, backend: str = "tensorflow") -> str:
    """Run Python on the CPU, in a new process that can import this package.

    Args:
        words: Arguments of the interpreter.
        purpose: Beginning of the message of an error.
        backend: The Keras backend of the process.

    Returns:
        What it printed.

    Raises:
        RuntimeError: If it failed, with the end of what it printed.
    """
    root = str(Path(__file__).parents[2])
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
        # Accelerators compute with fewer digits than the comparison has, and may be in use by this process.
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
    }
    # -P: the folder of a script must not hide packages of the same name as its neighbours.
    done = subprocess.run(
        [sys.executable, "-P", *words], env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        end = "\n".join(done.stderr.strip().splitlines()[-_LINES_OF_AN_ERROR:])
        raise RuntimeError(f"{purpose} failed in a process of its own, which ended with code {done.returncode}:\n{end}")
    return done.stdout


def _main(task):
    import keras

    import posealign_keras.models  # noqa: F401  (registers the classes of the file)

    content = json.loads(Path(task).read_text())
    module, _, name = content["function"].partition(":")
    model = keras.saving.load_model(content["model"], compile=False)
    getattr(import_module(module), name)(model, **content["arguments"])


if __name__ == "__main__":
    _main(sys.argv[1])
