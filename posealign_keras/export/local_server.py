"""The `LocalServer`: exported models behind the protocols of TensorFlow Serving, in this process."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from posealign_keras.export.checks import check_installed
from posealign_keras.export.rest_protocol import RestServer
from posealign_keras.export.serving_files import model_versions

_HOST = "127.0.0.1"
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class LocalServer:
    """Exported models behind the protocols of TensorFlow Serving, for clients of this machine; a context.

    It stands in for the server where there is none, so that clients can be written, tried and tested without it. It
    answers `predict` over REST, in rows and in columns, and over gRPC, and tells the status of models over REST. It
    serves the latest version of each model that is there when it starts, one request at a time, without batching: a
    tool, and no server for production. It runs from `start` to `stop`, or as long as its `with` block.

    Args:
        directory: What `export_saved_model` was given, which holds `<name>/<version>/`.

    Raises:
        ImportError: In `start`, if TensorFlow or tensorflow-serving-api is not installed.
        FileNotFoundError: If the directory holds no model.

    Example:
        >>> from posealign_keras.export import export_saved_model
        >>> from posealign_keras.models import PoseEstimator
        >>> estimator = PoseEstimator.from_preset("small_synthetic")
        >>> _ = export_saved_model(estimator, "models")  # doctest: +SKIP
        >>> with LocalServer("models") as server:  # doctest: +SKIP
        ...     print(server.rest_address)  # for client_rest.py
        ...     print(server.grpc_address)  # for client_grpc.py
    """

    def __init__(self, directory: str | os.PathLike):
        self._latest = {
            name: max(versions, key=lambda version: int(version.name))
            for name, versions in model_versions(directory).items()
        }
        if not self._latest:
            raise FileNotFoundError(
                f"`directory` must hold exported models, <name>/<version>/. There are none in {directory}"
            )
        self._models: dict[str, Any] = {}
        self.rest_address = ""
        """Where it answers REST, such as `http://127.0.0.1:40001`; empty when it is not running."""
        self.grpc_address = ""
        """Where it answers gRPC, such as `127.0.0.1:40002`; empty when it is not running."""

    @property
    def versions(self) -> dict[str, Path]:
        """`{name of a model: directory of the version that is served}`."""
        return dict(self._latest)

    def start(self) -> Self:
        """Load the models and begin to answer."""
        check_installed("tensorflow", "serving")
        check_installed("tensorflow_serving", "serving")
        import grpc

        from posealign_keras.export.graph.grpc_protocol import add_prediction_service
        from posealign_keras.export.graph.served_model import ServedModel

        self._models = {name: ServedModel(version) for name, version in self._latest.items()}
        versions = {name: int(version.name) for name, version in self._latest.items()}
        self._rest = RestServer(_HOST, self._models, versions)
        self._grpc = grpc.server(ThreadPoolExecutor(1), options=_UNLIMITED)
        add_prediction_service(self._grpc, self._models, versions)
        port = self._grpc.add_insecure_port(f"{_HOST}:0")
        self._grpc.start()
        self._rest.start()
        self.rest_address, self.grpc_address = f"http://{_HOST}:{self._rest.port}", f"{_HOST}:{port}"
        return self

    def stop(self) -> None:
        """Answer no more; once stopped, nothing happens."""
        if not self._models:
            return
        self._rest.stop()
        self._grpc.stop(None).wait()
        for model in self._models.values():
            model.close()
        self._models = {}
        self.rest_address = self.grpc_address = ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, exception_type, error, traceback):
        self.stop()
