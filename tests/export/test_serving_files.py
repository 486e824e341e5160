"""Files for the server: as TensorFlow Serving's own messages read them."""

import numpy as np
import pytest
import tensorflow as tf
import yaml
from google.protobuf import text_format
from tensorflow_serving.apis import prediction_log_pb2

from posealign_keras.export.serving_files import write_serving_files

# Warm-up.


def warmup_requests(exported):
    path = str(exported / "assets.extra" / "tf_serving_warmup_requests")
    for record in tf.data.TFRecordDataset(path):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        yield log.predict_log.request


def test_the_warmup_requests_run_and_reach_every_signature(exported, server):
    requests = list(warmup_requests(exported))
    assert {request.model_spec.signature_name for request in requests} == {
        "serving_default",
        "serving_jpeg",
        "serving_clip",
    }
    assert len(requests) <= 1000
    for request in requests:
        assert request.model_spec.name == "pose_estimator"
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        found = server.ask(request.model_spec.signature_name, **inputs)
        assert np.isfinite(found["pose_3d"]).all()
        assert found.get("valid", np.array(True)).all()


# Configurations.


def model_directory(directory, *versions):
    for version in versions:
        (directory / version).mkdir(parents=True)
        (directory / version / "saved_model.pb").write_bytes(b"")


def configured_models(directory):
    config = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2").ModelServerConfig()
    text_format.Parse((directory / "models.config").read_text(), config)
    return {one.name: (one.base_path, one.model_platform) for one in config.model_config_list.config}


def test_all_models_of_the_directory_are_configured(tmp_path):
    model_directory(tmp_path / "one", "1", "2")
    model_directory(tmp_path / ".two-unfinished", "1")
    model_directory(tmp_path / "three", "notes")
    write_serving_files(tmp_path)
    assert configured_models(tmp_path) == {"one": ("/models/one", "tensorflow")}
    model_directory(tmp_path / "two", "7")
    assert [path.name for path in write_serving_files(tmp_path)] == ["models.config"]
    assert set(configured_models(tmp_path)) == {"one", "two"}


def test_files_of_the_user_stay(tmp_path):
    model_directory(tmp_path / "one", "1")
    (tmp_path / "docker-compose.yml").write_text("services: {}\n")
    write_serving_files(tmp_path)
    assert (tmp_path / "docker-compose.yml").read_text() == "services: {}\n"
    own = "\n".join((tmp_path / "models.config").read_text().splitlines()[1:])
    (tmp_path / "models.config").write_text(own)
    model_directory(tmp_path / "two", "1")
    assert write_serving_files(tmp_path) == []
    assert set(configured_models(tmp_path)) == {"one"}


def test_the_batching_parameters_are_those_of_the_server(tmp_path):
    write_serving_files(tmp_path)
    parameters = batching_parameters()
    text_format.Parse((tmp_path / "batching.config").read_text(), parameters)
    assert parameters.max_batch_size.value >= 8  # as large as the requests that warm it up
    assert parameters.num_batch_threads.value >= 1
    assert not parameters.pad_variable_length_inputs  # it would put black beside the pictures


def batching_parameters():
    """tensorflow-serving-api does not hold the message: its fields are those of session_bundle_config.proto."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="batching.proto", package="serving", syntax="proto3", dependency=[wrappers_pb2.DESCRIPTOR.name]
    )
    message = file.message_type.add(name="BatchingParameters")
    integers = {"max_batch_size": 1, "batch_timeout_micros": 2, "max_enqueued_batches": 3, "num_batch_threads": 4}
    for name, number in integers.items():
        message.field.add(name=name, number=number, type=11, label=1, type_name=".google.protobuf.Int64Value")
    message.field.add(name="allowed_batch_sizes", number=6, type=3, label=3)
    message.field.add(name="pad_variable_length_inputs", number=7, type=8, label=1)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("serving.BatchingParameters"))()


def test_the_composition_serves_the_files_that_are_there(tmp_path):
    write_serving_files(tmp_path)
    (service,) = yaml.safe_load((tmp_path / "docker-compose.yml").read_text())["services"].values()
    assert service["image"].startswith("tensorflow/serving:")
    assert service["volumes"] == [".:/models:ro"]
    options = dict(option.removeprefix("--").split("=") for option in service["command"])
    for option in ("model_config_file", "batching_parameters_file"):
        assert (tmp_path / options[option].removeprefix("/models/")).is_file()
    assert {port.rsplit(":", 1)[1] for port in service["ports"]} == {"8500", "8501"}
