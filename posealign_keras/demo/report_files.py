"""Reading the files that the report is made from, with errors that name the file."""

import json
import zipfile
from pathlib import Path

import numpy as np


def read_json(path: Path) -> dict:
    """The JSON object in the file `path`; a `ValueError` names the file if there is none."""
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"`directory` must hold a readable {path.name}. Received: {path}: {error}") from error
    if not isinstance(contents, dict):
        raise ValueError(
            f"`directory` must hold a {path.name} with a JSON object. Received: {path} with {type(contents).__name__}"
        )
    return contents


def check_metrics(metrics: dict, path: Path) -> dict:
    """Return `metrics` if it has the errors that a report cannot do without."""
    for network in ("source_only", "adapted"):
        for name in ("mpjpe", "pa_mpjpe"):
            try:
                value = metrics["target"][network][name]
            except (KeyError, TypeError):
                value = None
            if not isinstance(value, int | float):
                raise ValueError(
                    f"`directory` must hold a metrics.json with the number target.{network}.{name}. "
                    f"Received: {path} with {value!r} there"
                )
    return metrics


def read_samples(path: Path) -> dict[str, np.ndarray]:
    """The arrays in the file `path`; a `ValueError` names the file if one is missing."""
    try:
        with np.load(path, allow_pickle=False) as file:
            samples = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ValueError(f"`directory` must hold a readable samples.npz. Received: {path}: {error}") from error
    required = {"images", "true", "source_only", "adapted"}
    if any(name.startswith("clip_") for name in samples):
        required |= {f"clip_{name}" for name in required}
    missing = sorted(required - set(samples))
    if missing:
        raise ValueError(f"`directory` must hold a samples.npz with the arrays {missing}. Received: {path} without")
    return samples
