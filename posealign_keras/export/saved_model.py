"""`export_saved_model`: a directory that TensorFlow Serving serves as it is."""

import re
import shutil
import tempfile
from pathlib import Path

import keras

from posealign_keras.export.checks import check_estimator, check_installed
from posealign_keras.export.other_process import call_in_other_process
from posealign_keras.export.reference import reference_outputs
from posealign_keras.export.serving_files import write_serving_files
from posealign_keras.export.verification import verify_saved_model

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def export_saved_model(
    model,
    directory,
    name: str = "pose_estimator",
    version: int | None = None,
    verify: bool = True,
    max_pixels: int = 2**24,
) -> Path:
    """Write a SavedModel for TensorFlow Serving to `directory/name/version/`, whichever backend the model is in.

    It has the signatures `serving_default`, `serving_jpeg` and `serving_clip`; see `graph.signatures`. With it
    come requests that the server warms it up with, and in `directory` what `serving_files.write_serving_files` writes.

    A server may be watching the directory: the version appears there when it is complete, or not at all. Under JAX and
    PyTorch, a process under TensorFlow does the work, from a `.keras` file.

    Args:
        model: The `PoseEstimator`.
        directory: Where models are kept. It is made if it does not exist.
        name: Name of the model: letters, digits, `.`, `_` and `-`.
        version: A positive integer that does not exist; `None` takes the one after the largest that does.
        verify: Whether a new process without Keras runs every signature, and the outputs are compared with those of
            the model: poses within 0.1 mm. It takes some seconds.
        max_pixels: Largest number of pixels of a picture. Larger ones are refused before they are decoded.

    Returns:
        The directory of the version.

    Raises:
        ImportError: If TensorFlow or tensorflow-serving-api is not installed.
        RuntimeError: If the SavedModel does not give what the model gives.
        ValueError: If `model` is no `PoseEstimator`, `name` is no such name, the version exists, the directory cannot
            be written to, or the model has operations that TensorFlow Serving may not have.

    Example:
        >>> from posealign_keras.models import PoseEstimator
        >>> estimator = PoseEstimator.from_preset("small_synthetic")
        >>> print(export_saved_model(estimator, "models", verify=False))
        models/pose_estimator/1
    """
    check_estimator(model)
    check_installed("tensorflow", "serving")
    check_installed("tensorflow_serving", "serving")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            "`name` must be letters, digits, `.`, `_` and `-`, and begin with a letter or digit. "
            f"Received: name={name!r}"
        )
    if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version < 1):
        raise ValueError(f"`version` must be a positive integer, or None. Received: version={version!r}")
    if not isinstance(max_pixels, int) or max_pixels < model.image_size**2:
        raise ValueError(
            f"`max_pixels` must be at least the pixels of one image of the network, {model.image_size**2}. "
            f"Received: max_pixels={max_pixels!r}"
        )
    models = Path(directory) / name
    if version is not None:
        _check_is_new(models / str(version))
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        # On the same file system, and where no server looks.
        scratch = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory))
    except OSError as error:
        raise ValueError(
            f"`directory` must be one that can be written to ({error.strerror}). Received: directory={str(directory)!r}"
        ) from error
    try:
        written = scratch / "saved_model"
        _write(model, written, name, max_pixels)
        if verify:
            verify_saved_model(written, reference_outputs(model))
        place = _move(written, models, version)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write_serving_files(directory)
    return place


def _write(model, path, name, max_pixels):
    arguments = {"path": str(path), "name": name, "max_pixels": max_pixels}
    if keras.backend.backend() == "tensorflow":
        from posealign_keras.export.saved_model_writing import write_saved_model

        write_saved_model(model, **arguments)
    else:
        function = "posealign_keras.export.saved_model_writing:write_saved_model"
        call_in_other_process(function, model, "tensorflow", **arguments)


def _move(written, models, version):
    """Give the directory its final name, in one step."""
    models.mkdir(exist_ok=True)
    while True:
        versions = [int(path.name) for path in models.iterdir() if path.name.isdecimal()]
        place = models / str(max(versions, default=0) + 1 if version is None else version)
        if version is not None:
            _check_is_new(place)
        try:
            return written.rename(place)
        except OSError:
            # Another export was faster.
            if version is not None or not place.exists():
                raise


def _check_is_new(place):
    if place.exists():
        raise ValueError(
            f"`version` must be one that does not exist, and {place} does: a server may be using it. "
            f"Received: version={place.name}"
        )
