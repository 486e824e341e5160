"""Asks TensorFlow Serving for the poses in pictures, over REST. It needs nothing but Python.

python client_rest.py picture.jpg another.png --box 100 50 300 420
"""

import argparse
import base64
import json
import urllib.request
from pathlib import Path


def estimate_poses(server, pictures, boxes=None, model="pose_estimator", timeout=30.0):
    """Poses in encoded pictures.

    Args:
        server: Address of the server, such as `http://localhost:8501`.
        pictures: JPEG or PNG files, as `bytes`.
        boxes: Left, top, right and bottom edge of the person in each, in pixels; `None` for whole pictures.
        model: Name of the model.
        timeout: Seconds to wait.

    Returns:
        One dictionary for each picture: `pose_3d` (joints of three numbers, in metres), `valid`, `status`, and others.
    """
    boxes = [[0.0, 0.0, 0.0, 0.0]] * len(pictures) if boxes is None else boxes
    instances = [
        {"images": {"b64": base64.b64encode(picture).decode()}, "boxes": list(box)}
        for picture, box in zip(pictures, boxes, strict=True)
    ]
    request = urllib.request.Request(
        f"{server}/v1/models/{model}:predict",
        json.dumps({"signature_name": "serving_jpeg", "instances": instances}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return json.load(response)["predictions"]


def main(arguments=None):
    """Print the poses in the pictures that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="JPEG or PNG files")
    parser.add_argument("--box", nargs=4, type=float, help="left, top, right, bottom edge of the person in pixels")
    parser.add_argument("--server", default="http://localhost:8501")
    parser.add_argument("--model", default="pose_estimator")
    options = parser.parse_args(arguments)
    boxes = [options.box] * len(options.pictures) if options.box else None
    predictions = estimate_poses(options.server, [path.read_bytes() for path in options.pictures], boxes, options.model)
    for path, prediction in zip(options.pictures, predictions, strict=True):
        print(f"{path}:", prediction["pose_3d"] if prediction["valid"] else f"no pose, status {prediction['status']}")


if __name__ == "__main__":
    main()
