"""Asks TensorFlow Serving for the poses in pictures, over gRPC.

python -m pip install tensorflow-serving-api
python client_grpc.py picture.jpg another.png --box 100 50 300 420
"""

import argparse
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


def estimate_poses(stub, pictures, boxes=None, model="pose_estimator", timeout=30.0):
    """Poses in encoded pictures.

    Args:
        stub: A `PredictionServiceStub`.
        pictures: JPEG or PNG files, as `bytes`.
        boxes: `(N, 4)` left, top, right and bottom edges of the persons in pixels; `None` for whole pictures.
        model: Name of the model.
        timeout: Seconds to wait.

    Returns:
        The outputs by name: `pose_3d (N, joints, 3)` in metres, `valid (N,)`, `status (N,)`, and others.
    """
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = "serving_jpeg"
    request.inputs["images"].CopyFrom(tf.make_tensor_proto(list(pictures), tf.string))
    boxes = np.zeros((len(pictures), 4)) if boxes is None else boxes
    request.inputs["boxes"].CopyFrom(tf.make_tensor_proto(np.asarray(boxes, "float32")))
    response = stub.Predict(request, timeout)
    return {name: tf.make_ndarray(value) for name, value in response.outputs.items()}


def main(arguments=None):
    """Print the poses in the pictures that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="JPEG or PNG files")
    parser.add_argument("--box", nargs=4, type=float, help="left, top, right, bottom edge of the person in pixels")
    parser.add_argument("--server", default="localhost:8500")
    parser.add_argument("--model", default="pose_estimator")
    options = parser.parse_args(arguments)
    boxes = [options.box] * len(options.pictures) if options.box else None
    with grpc.insecure_channel(options.server) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        outputs = estimate_poses(stub, [path.read_bytes() for path in options.pictures], boxes, options.model)
    for path, valid, status, pose in zip(
        options.pictures, outputs["valid"], outputs["status"], outputs["pose_3d"], strict=True
    ):
        print(f"{path}:", np.round(pose, 3).tolist() if valid else f"no pose, status {status}")


if __name__ == "__main__":
    main()
