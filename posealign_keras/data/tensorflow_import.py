"""TensorFlow on demand: records need it, importing this package must not."""

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
