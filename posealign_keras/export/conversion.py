"""Single files that other runtimes read, made by TensorFlow from a model of any backend."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from posealign_keras.export.checks import check_estimator, check_installed
from posealign_keras.export.other_process import call_in_other_process
from posealign_keras.export.reference import compare_outputs, reference_outputs


def convert(
    model,
    path,
    suffix: str,
    packages: tuple[str, ...],
    extra: str,
    write: Callable,
    run: Callable[[Path, np.ndarray], dict] | None,
) -> Path:
    """Write a file, look whether its own runtime gives what the model gives, and only then give it its name.

    Args:
        model: The `PoseEstimator`.
        path: The file; one that exists is replaced.
        suffix: How its name ends.
        packages: Packages that are needed for it.
        extra: The extra of this package that brings them.
        write: A function of a module, called with the model under TensorFlow and `path=`, in another process if the
            model is in another backend.
        run: Gives the outputs by name for the path of a file and pictures `(batch, image_size, image_size, 3)` uint8;
            `None` leaves out the comparison.

    Returns:
        The path.

    Raises:
        ImportError: If a package is not installed.
        RuntimeError: If the file does not give what the model gives.
        ValueError: If `model` is no `PoseEstimator`, or `path` has another suffix or cannot be written.
    """
    check_estimator(model)
    path = Path(path)
    if path.suffix != suffix:
        raise ValueError(f"`path` must end with {suffix}. Received: path={str(path)!r}")
    for package in ("tensorflow", *packages):
        check_installed(package, extra)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent)
    except OSError as error:
        raise ValueError(
            f"`path` must be in a directory that can be written to ({error.strerror}). Received: path={str(path)!r}"
        ) from error
    with scratch as directory:
        written = Path(directory) / path.name
        if keras.backend.backend() == "tensorflow":
            write(model, path=str(written))
        else:
            function = f"{write.__module__}:{write.__name__}"
            call_in_other_process(function, model, "tensorflow", path=str(written))
        if run is not None:
            expected = reference_outputs(model)
            compare_outputs(run(written, expected["square"]), expected, "square", path.name)
            # Another size of the batch.
            one = {name: value[:1] for name, value in expected.items() if name.startswith("square/")}
            compare_outputs(run(written, expected["square"][:1]), one, "square", path.name)
        os.replace(written, path)
    return path


def input_signature(model) -> list[keras.InputSpec]:
    """What converted models take: `images (batch, image_size, image_size, 3)` uint8."""
    size = model.image_size
    return [keras.InputSpec(dtype="uint8", shape=(None, size, size, 3), name="images")]
