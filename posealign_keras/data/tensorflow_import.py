"""TensorFlow and its extension of file systems on demand: records need them, importing this package must not."""

import importlib.metadata
import warnings
from typing import Any


def import_tensorflow() -> Any:
    """Import TensorFlow and return it, whichever backend Keras runs on.

    Raises:
        ImportError: If TensorFlow is not installed, with the command that installs it.
    """
    try:
        import tensorflow
    except ImportError as error:
        raise ImportError(
            "Reading and writing records needs TensorFlow, whichever backend Keras runs on: "
            "pip install 'posealign_keras[tensorflow]'"
        ) from error
    return tensorflow


def import_tensorflow_io(purpose: str) -> Any:
    """Import `tensorflow_io` and return it; importing it adds its file systems to TensorFlow.

    Args:
        purpose: What it is needed for, the beginning of the message of the error.

    Raises:
        ImportError: If it is not installed, or its native libraries do not load with this TensorFlow. The message says
            which versions do, and which are installed.
    """
    import_tensorflow()
    try:
        # Where its libraries do not load, it warns of it and goes on without them.
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="unable to load|file system plugins are not loaded")
            import tensorflow_io
    except (ImportError, UserWarning) as error:
        installed = ", ".join(f"{name} {_version(name)}" for name in ("tensorflow", "tensorflow-io"))
        raise ImportError(
            f"{purpose} needs tensorflow-io, whose native libraries load with one version of TensorFlow only: "
            "tensorflow 2.16 with tensorflow-io 0.37. In an environment of its own: pip install 'posealign_keras[io]'. "
            f"Received: {installed}"
        ) from error
    return tensorflow_io


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
