"""The gRPC interface of TensorFlow Serving: `PredictionService.Predict`."""

from collections.abc import Mapping

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

_DEFAULT_SIGNATURE = "serving_default"


def add_prediction_service(server, models: Mapping, versions: Mapping[str, int]) -> None:
    """Have a gRPC server answer `Predict`.

    Args:
        server: What `grpc.server` returned.
        models: `{name: ServedModel}`.
        versions: `{name: version}`.
    """

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            return _predict(models, versions, request, context)

    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)


def _predict(models, versions, request, context):
    name, signature = request.model_spec.name, request.model_spec.signature_name or _DEFAULT_SIGNATURE
    version = request.model_spec.version.value if request.model_spec.HasField("version") else None
    if name not in models or version not in (None, versions[name]):
        context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {name} version {version}")
    try:
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        outputs = models[name].predict(signature, inputs)
    except (ValueError, TypeError) as error:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    response = predict_pb2.PredictResponse()
    response.model_spec.name, response.model_spec.signature_name = name, signature
    response.model_spec.version.value = versions[name]
    for key, value in outputs.items():
        response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
    return response
