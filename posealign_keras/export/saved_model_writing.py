"""A SavedModel with all that belongs to it, written by a process that runs TensorFlow. Importing this imports that."""

import json
from pathlib import Path

import keras

from posealign_keras.export.allowed_operations import check_operations
from posealign_keras.export.graph.person_windows import CROP_MARGIN
from posealign_keras.export.graph.signatures import add_signatures
from posealign_keras.export.picture_status import PictureStatus
from posealign_keras.export.warmup import write_warmup_requests


def write_saved_model(model, path: str, name: str, max_pixels: int) -> None:
    """Write the SavedModel of a model that runs under TensorFlow.

    Args:
        model: The `PoseEstimator`.
        path: The directory, which does not exist.
        name: Name of the model, for the requests of the warm-up.
        max_pixels: See `export_saved_model`.

    Raises:
        ValueError: If the model has operations that TensorFlow Serving may not have.
    """
    archive = keras.export.ExportArchive()
    archive.track(model)
    add_signatures(archive, model, max_pixels)
    archive.write_out(path, verbose=False)
    check_operations(path)
    write_warmup_requests(path, name, model.image_size)
    (Path(path) / "assets.extra" / "pose_estimator.json").write_text(json.dumps(_facts(model, max_pixels), indent=2))


_KEYPOINTS = "lengths of the longer side of the picture, or of the crop, from its middle: x right, y down"


def _facts(model, max_pixels):
    """What a client has to know about inputs and outputs, for people and programs without this package."""
    skeleton = model.skeleton
    return {
        "joint_names": list(skeleton.joint_names),
        "parents": [int(parent) for parent in skeleton.parents],
        "unit": "metre",
        "coordinate_frame": "camera: x right, y down, z forward; relative to the first joint",
        **({"keypoints": _KEYPOINTS} if model.image_encoder.keypoints else {}),
        "image_size": model.image_size,
        "max_pixels": max_pixels,
        "crop_margin": CROP_MARGIN,
        "status": {status.name: int(status) for status in PictureStatus},
    }
