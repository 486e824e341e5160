"""The stand-in for TensorFlow Serving: clients get what the model gives, and the server's errors."""

import base64
import json
import re
import runpy
import urllib.error
import urllib.request

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from posealign_keras.export import LocalServer

rng = np.random.default_rng(0)
PICTURES = rng.integers(0, 256, (2, 32, 32, 3)).astype("uint8")


@pytest.fixture(scope="module")
def local(exported):
    with LocalServer(exported.parents[1]) as server:
        yield server


@pytest.fixture(scope="module")
def stub(local):
    with grpc.insecure_channel(local.grpc_address) as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


def post(local, path, content):
    """Status and answer of a request."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(local.rest_address + path, body), timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def predict(local, content):
    return post(local, "/v1/models/pose_estimator:predict", content)


def request_of(signature="", name="pose_estimator", version=None, **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    if version is not None:
        request.model_spec.version.value = version
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def test_rows_columns_and_grpc_give_what_the_model_gives(local, stub, estimator):
    wanted = {name: np.asarray(value) for name, value in estimator(PICTURES).items()}
    status, rows = predict(local, {"instances": PICTURES.tolist()})  # one input: plain values will do
    assert status == 200
    status, columns = predict(local, {"signature_name": "serving_default", "inputs": {"images": PICTURES.tolist()}})
    assert status == 200
    response = stub.Predict(request_of(images=PICTURES), 60)
    assert response.model_spec.version.value == 1
    for name, value in wanted.items():
        np.testing.assert_allclose([row[name] for row in rows["predictions"]], value, atol=1e-4)
        np.testing.assert_allclose(columns["outputs"][name], value, atol=1e-4)
        np.testing.assert_allclose(tf.make_ndarray(response.outputs[name]), value, atol=1e-4)


def test_the_clients_of_an_export_understand_it(local, exported, tmp_path, capsys):
    picture = tmp_path / "picture.png"
    picture.write_bytes(tf.io.encode_png(PICTURES[0]).numpy())
    printed = []
    for client, address in (("client_rest.py", local.rest_address), ("client_grpc.py", local.grpc_address)):
        runpy.run_path(str(exported.parents[1] / client))["main"]([str(picture), "--server", address])
        printed.append(json.loads(capsys.readouterr().out.removeprefix(f"{picture}: ")))
    assert np.shape(printed[0]) == (17, 3)
    np.testing.assert_allclose(*printed, atol=1e-3)


def test_grpc_clients_may_leave_a_default_out_and_rest_clients_may_not(local, stub):
    picture = tf.io.encode_png(PICTURES[0]).numpy()
    response = stub.Predict(request_of("serving_jpeg", images=[picture]), 60)
    assert tf.make_ndarray(response.outputs["valid"]).tolist() == [True]
    instance = {"images": {"b64": base64.b64encode(picture).decode()}}
    status, answer = predict(local, {"signature_name": "serving_jpeg", "instances": [instance]})
    assert status == 400
    assert "boxes" in answer["error"]
    whole = {**instance, "boxes": [0, 0, 0, 0]}
    status, answer = predict(local, {"signature_name": "serving_jpeg", "instances": [whole]})
    assert status == 200
    np.testing.assert_allclose(
        answer["predictions"][0]["pose_3d"], tf.make_ndarray(response.outputs["pose_3d"])[0], atol=1e-5
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no json", ""),
        ({}, "either 'instances' or 'inputs'"),
        ({"instances": []}, "at least one"),
        ({"instances": PICTURES.tolist(), "inputs": {}}, "either 'instances' or 'inputs'"),
        ({"signature_name": "other", "instances": [{"images": 1}]}, "`signature` must be one of"),
        ({"instances": [{"pictures": 1}]}, r"Missing: \['images'\]"),
        ({"instances": [[[[300, 0, 0]]]]}, "do not fit the signature"),
        ({"instances": [[[[0, 0]]]]}, "do not fit the signature"),
        ({"instances": [[[[0, 0, 0]]], [[[0, 0, 0], [0, 0, 0]]]]}, "do not fit the signature"),
        ({"signature_name": "serving_jpeg", "instances": [{"images": {"b64": "?"}, "boxes": [0] * 4}]}, ""),
    ],
)
def test_bad_requests_over_rest(local, content, message):
    status, answer = predict(local, content)
    assert status == 400
    assert list(answer) == ["error"]
    assert re.search(message, answer["error"])


@pytest.mark.parametrize("path", ["/", "/v1/models/other:predict", "/v1/models/pose_estimator/versions/2:predict"])
def test_what_is_not_there_is_not_found(local, path):
    assert post(local, path, {"instances": PICTURES.tolist()})[0] == 404


def test_status_of_a_model(local):
    with urllib.request.urlopen(f"{local.rest_address}/v1/models/pose_estimator", timeout=60) as response:
        (version,) = json.load(response)["model_version_status"]
    assert (version["version"], version["state"]) == ("1", "AVAILABLE")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (request_of(name="other", images=PICTURES), grpc.StatusCode.NOT_FOUND),
        (request_of(version=2, images=PICTURES), grpc.StatusCode.NOT_FOUND),
        (request_of("other", images=PICTURES), grpc.StatusCode.INVALID_ARGUMENT),
        (request_of(pictures=PICTURES), grpc.StatusCode.INVALID_ARGUMENT),
        (request_of(images=PICTURES[:0]), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_bad_requests_over_grpc(stub, request_, code):
    with pytest.raises(grpc.RpcError) as error:
        stub.Predict(request_, 60)
    assert error.value.code() == code


def test_it_stops_with_its_context(exported):
    server = LocalServer(exported.parents[1])
    with server:
        address = server.rest_address
    assert (server.rest_address, server.grpc_address) == ("", "")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{address}/v1/models/pose_estimator", timeout=10)


def test_the_latest_version_is_served(tmp_path):
    for version in ("9", "10", "unfinished"):
        (tmp_path / "model" / version).mkdir(parents=True)
        (tmp_path / "model" / version / "saved_model.pb").write_bytes(b"")
    assert LocalServer(tmp_path).versions == {"model": tmp_path / "model" / "10"}


def test_a_directory_without_models_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="`directory` must hold exported models"):
        LocalServer(tmp_path)
