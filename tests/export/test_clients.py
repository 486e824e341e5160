"""The clients, as an export writes them, against servers that speak TensorFlow Serving's protocols."""

import base64
import json
import runpy
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    image = np.random.default_rng(0).integers(0, 256, (60, 50, 3)).astype("uint8")
    path.write_bytes(tf.io.encode_png(image).numpy())
    return path


@pytest.fixture
def grpc_address(server):
    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            response = predict_pb2.PredictResponse()
            assert request.model_spec.name == "pose_estimator"
            for name, value in server.ask(request.model_spec.signature_name, **inputs).items():
                response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return response

    grpc_server = grpc.server(futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), grpc_server)
    port = grpc_server.add_insecure_port("127.0.0.1:0")
    grpc_server.start()
    yield f"127.0.0.1:{port}"
    grpc_server.stop(None)


@pytest.fixture
def rest_address(server):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.path == "/v1/models/pose_estimator:predict"
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            # The server wants every input in every instance.
            assert all(set(instance) == {"images", "boxes"} for instance in request["instances"])
            images = [base64.b64decode(instance["images"]["b64"]) for instance in request["instances"]]
            boxes = [instance["boxes"] for instance in request["instances"]]
            found = server.ask(request["signature_name"], images=images, boxes=boxes)
            rows = [{name: value[row].tolist() for name, value in found.items()} for row in range(len(images))]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"predictions": rows}, allow_nan=False).encode())

        def log_message(self, *arguments):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize("client", ["client_grpc.py", "client_rest.py"])
@pytest.mark.parametrize("box", [None, ["5", "8", "30", "45"]])
def test_clients_print_the_pose(exported, server, picture, client, box, request, capsys, tmp_path):
    address = request.getfixturevalue("grpc_address" if "grpc" in client else "rest_address")
    main = runpy.run_path(str(exported.parents[1] / client))["main"]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    main([str(picture), str(bad), "--server", address, *(["--box", *box] if box else [])])
    first, second = capsys.readouterr().out.splitlines()
    boxes = np.zeros((1, 4)) if box is None else [[float(edge) for edge in box]]
    wanted = server.ask("serving_jpeg", images=[picture.read_bytes()], boxes=boxes)["pose_3d"][0]
    np.testing.assert_allclose(json.loads(first.removeprefix(f"{picture}: ")), wanted, atol=1e-3)
    assert second == f"{bad}: no pose, status 1"
