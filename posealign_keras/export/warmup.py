"""Requests that TensorFlow Serving sends to a model itself, before it gives it to clients."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

_BATCH_SIZES = (1, 8)
_FRAMES = 4


def write_warmup_requests(directory, name: str, image_size: int) -> Path:
    """Write `assets.extra/tf_serving_warmup_requests` of a SavedModel: one request for each signature and batch size.

    The first request that a graph ever runs takes many times as long as the next ones.

    Args:
        directory: The directory of the SavedModel.
        name: Name of the model.
        image_size: Height and width of the images that the network sees.

    Returns:
        The path of the file, TFRecords of `PredictionLog`.
    """
    path = Path(directory) / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in _requests(image_size):
            request = predict_pb2.PredictRequest()
            request.model_spec.name = name
            request.model_spec.signature_name = signature
            for input_name, value in inputs.items():
                request.inputs[input_name].CopyFrom(tf.make_tensor_proto(value))
            record = prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request))
            writer.write(record.SerializeToString())
    return path


def _requests(image_size):
    random = np.random.default_rng(0)
    for batch_size in _BATCH_SIZES:
        pictures = random.integers(0, 256, (batch_size, _FRAMES, 2 * image_size, 2 * image_size, 3)).astype("uint8")
        jpeg = [tf.io.encode_jpeg(picture).numpy() for picture in pictures[:, 0]]
        boxes = np.tile(np.array([[0, 0, image_size, image_size]], "float32"), (batch_size, 1))
        yield "serving_default", {"images": pictures[:, 0]}
        yield "serving_default", {"images": pictures[:, 0, :image_size, :image_size]}
        yield "serving_clip", {"clips": pictures[:, :, :image_size, :image_size]}
        yield "serving_jpeg", {"images": jpeg, "boxes": boxes}
