"""The REST interface of TensorFlow Serving: `predict`, and the status of models."""

import base64
import json
import re
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PATH = re.compile(r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+))?(?P<verb>:\w+)?")
_DEFAULT_SIGNATURE = "serving_default"


class RestServer:
    """Answers requests over HTTP in a thread.

    Args:
        host: Address to listen at; the port is any free one.
        models: `{name: ServedModel}`, or anything with its `signatures` and `predict`.
        versions: `{name: version}`.
    """

    def __init__(self, host: str, models: Mapping, versions: Mapping[str, int]):
        one_at_a_time = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with one_at_a_time:
                    self._answer(*answer_rest(models, versions, self.path, body))

            def do_GET(self):
                self._answer(*answer_rest(models, versions, self.path))

            def _answer(self, status, content):
                text = json.dumps(content, allow_nan=False).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format, *arguments):
                """Nothing: requests are not worth a line each."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens at."""
        return self._server.server_port

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def answer_rest(models: Mapping, versions: Mapping[str, int], path: str, body: bytes | None = None) -> tuple[int, dict]:
    """What the server says to a request.

    Args:
        models: As for `RestServer`.
        versions: As for `RestServer`.
        path: Path of the URL, such as `/v1/models/pose_estimator:predict`.
        body: What was posted; `None` for a GET.

    Returns:
        The HTTP status, and what JSON holds: `predictions` (a row for each of `instances`), `outputs` (columns, for
        `inputs`), `model_version_status`, or `error`.

    Reference:
        https://www.tensorflow.org/tfx/serving/api_rest
    """
    place = _PATH.fullmatch(path)
    if place is None or place["verb"] != (None if body is None else ":predict"):
        return HTTPStatus.NOT_FOUND, {"error": f"Malformed request: {path}"}
    name = place["name"]
    if name not in models or place["version"] not in (None, str(versions[name])):
        return HTTPStatus.NOT_FOUND, {"error": f"Servable not found for request: {path}"}
    if body is None:
        status = {"error_code": "OK", "error_message": ""}
        available = {"version": str(versions[name]), "state": "AVAILABLE", "status": status}
        return HTTPStatus.OK, {"model_version_status": [available]}
    try:
        return HTTPStatus.OK, _predict(models[name], json.loads(body))
    except (ValueError, TypeError) as error:
        return HTTPStatus.BAD_REQUEST, {"error": str(error)}


def _predict(model, request):
    if not isinstance(request, dict) or ("instances" in request) == ("inputs" in request):
        raise ValueError("The request must be a JSON object with either 'instances' or 'inputs'.")
    signature = request.get("signature_name", _DEFAULT_SIGNATURE)
    names = model.signatures.get(signature, ())
    in_rows = "instances" in request
    inputs = _columns(request["instances"], names) if in_rows else _named(request["inputs"], names)
    # Over gRPC inputs with a default may be left out, but not here.
    missing = sorted(set(names) - set(inputs))
    if missing:
        raise ValueError(f"Every input of the signature {signature!r} must be given. Missing: {missing}")
    inputs = {name: _decoded(value) for name, value in inputs.items()}
    outputs = {name: value.tolist() for name, value in model.predict(signature, inputs).items()}
    if not in_rows:
        return {"outputs": _alone(outputs)}
    rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
    return {"predictions": [_alone(row) for row in rows]}


def _columns(instances, names):
    """`{input: list of its values}` of rows, which are objects, or plain values where there is one input."""
    if not isinstance(instances, list) or not instances:
        raise ValueError("'instances' must be a list of at least one.")
    rows = [_named(instance, names) for instance in instances]
    if any(set(row) != set(rows[0]) for row in rows):
        raise ValueError("'instances' must all have the same inputs.")
    return {name: [row[name] for row in rows] for name in rows[0]}


def _named(value, names):
    is_object = isinstance(value, dict) and set(value) != {"b64"}
    if is_object or len(names) != 1:
        return dict(value)
    return {names[0]: value}


def _alone(outputs):
    """The only output without its name, as the server writes it."""
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs


def _decoded(value):
    """Nested lists whose `{"b64": text}` are bytes."""
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"], validate=True)
    return value.encode() if isinstance(value, str) else value
