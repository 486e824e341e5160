"""Whether a SavedModel gives what the model gives, where there is no Keras."""

import tempfile
from pathlib import Path

import numpy as np

from posealign_keras.export.other_process import run_python
from posealign_keras.export.picture_status import PictureStatus
from posealign_keras.export.reference import compare_outputs


def verify_saved_model(directory, expected) -> dict[str, float]:
    """Load a SavedModel in a new process without Keras, run every signature, and compare with the model.

    Args:
        directory: The directory of the version.
        expected: What `reference_outputs` gave for the model.

    Returns:
        The largest difference between poses for each kind of request, in metres.

    Raises:
        RuntimeError: If it does not load, or gives something else.
    """
    with tempfile.TemporaryDirectory(prefix="posealign-export-") as scratch:
        reference, results = Path(scratch) / "reference.npz", Path(scratch) / "results.npz"
        np.savez(reference, **expected)
        script = Path(__file__).with_name("without_keras.py")
        run_python([str(script), str(directory), str(reference), str(results)], "Serving the exported model")
        with np.load(results, allow_pickle=False) as content:
            found = dict(content)
    differences = {}
    for kind in ("serving_default", "serving_clip", "serving_jpeg", "serving_jpeg with boxes"):
        for prefix in ("square", "wide"):
            outputs = _outputs(found, f"{kind}/{prefix}")
            if outputs:
                if kind == "serving_clip":
                    outputs = {name: value.reshape(-1, *value.shape[2:]) for name, value in outputs.items()}
                compared = compare_outputs(outputs, expected, prefix, f"The signature {kind}")
                differences[f"{kind}/{prefix}"] = compared["pose_3d"]
    # JPEG loses details, so its pictures are compared with themselves, decoded.
    decoded = {f"decoded/{name}": value for name, value in _outputs(found, "decoded").items()}
    jpeg = _outputs(found, "jpeg")
    count = len(next(iter(decoded.values())))
    first = {name: value[:count] for name, value in jpeg.items()}
    differences["serving_jpeg/jpeg"] = compare_outputs(first, decoded, "decoded", "The signature serving_jpeg")[
        "pose_3d"
    ]
    wanted = [PictureStatus.OK] * count + [PictureStatus.DAMAGED, PictureStatus.NOT_A_PICTURE]
    if jpeg["status"].tolist() != wanted or jpeg["valid"].tolist() != [status == PictureStatus.OK for status in wanted]:
        raise RuntimeError(f"The signature serving_jpeg does not flag bad pictures: status {jpeg['status'].tolist()}")
    return differences


def _outputs(found, prefix):
    return {key.removeprefix(f"{prefix}/"): value for key, value in found.items() if key.startswith(f"{prefix}/")}
