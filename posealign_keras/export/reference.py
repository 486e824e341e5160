"""What an exported model has to give: the model's own outputs for a few pictures."""

import tempfile
from pathlib import Path

import keras
import numpy as np

from posealign_keras.export.other_process import call_in_other_process

POSE_TOLERANCE = 1e-4
"""Metres by which poses of an exported model may differ from those of the model."""

OTHER_TOLERANCE = 1e-3
"""By how much its latents, plausibilities and keypoints may differ."""


def reference_outputs(model) -> dict[str, np.ndarray]:
    """Pictures, and what the model makes of them on a CPU, with the backend it is in.

    Returns:
        `square` `(4, image_size, image_size, 3)` and `wide` `(2, height, width, 3)` uint8, and for each of them
        the outputs, as `square/pose_3d`.
    """
    if is_on_cpu(model):
        return _reference_outputs(model)
    with tempfile.TemporaryDirectory(prefix="posealign-export-") as scratch:
        path = Path(scratch) / "reference.npz"
        backend = keras.backend.backend()
        call_in_other_process(f"{__name__}:write_reference_outputs", model, backend, path=str(path))
        with np.load(path, allow_pickle=False) as content:
            return dict(content)


def write_reference_outputs(model, path: str) -> None:
    """Write them to an `.npz` file."""
    np.savez(path, **_reference_outputs(model))


def compare_outputs(found, expected, prefix: str, where: str) -> dict[str, float]:
    """Largest differences between the outputs of an exported model and those of `reference_outputs`.

    Args:
        found: Arrays by name of output.
        expected: What `reference_outputs` gave.
        prefix: `"square"` or `"wide"`.
        where: What gave the outputs, for the message.

    Returns:
        The difference for each output.

    Raises:
        RuntimeError: If one is larger than allowed, or an output is missing.
    """
    differences = {}
    for key, wanted in expected.items():
        name = key.removeprefix(f"{prefix}/")
        if name == key:
            continue
        if name not in found:
            raise RuntimeError(f"{where} does not give `{name}`. It gives: {sorted(found)}")
        value = np.asarray(found[name])
        difference = float(np.abs(value - wanted).max()) if value.shape == wanted.shape else np.inf
        tolerance = POSE_TOLERANCE if name == "pose_3d" else OTHER_TOLERANCE
        if not difference <= tolerance:
            raise RuntimeError(
                f"{where} does not give what the model gives: `{name}` differs by {difference:.2g}, "
                f"at most {tolerance} is allowed. Nothing was written."
            )
        differences[name] = difference
    return differences


def is_on_cpu(model) -> bool:
    """Whether the weights of a model are in the memory of the CPU, and it computes there."""
    return all("cpu" in str(weight.value.device).lower() for weight in model.weights)


def _reference_outputs(model):
    random = np.random.default_rng(0)
    size = model.image_size
    results = {}
    for name, count, height, width in (("square", 4, size, size), ("wide", 2, size + 9, 2 * size + 5)):
        # Smooth and rough ones, so that neither light nor details are left out.
        rough = random.integers(0, 256, (count, height, width, 3))
        smooth = np.linspace(random.integers(0, 256, (count, height, 3)), random.integers(0, 256, (count, 1, 3)), width)
        shares = np.linspace(0, 1, count)[:, None, None, None]
        pictures = np.round(shares * rough + (1 - shares) * np.moveaxis(smooth, 0, 2)).astype("uint8")
        results[name] = pictures
        for output, value in model(pictures, training=False).items():
            results[f"{name}/{output}"] = keras.ops.convert_to_numpy(value)
    return results
