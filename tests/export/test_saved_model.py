"""`export_saved_model`: what lies in the directory afterwards, and what does not."""

import re
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf

from posealign_keras.export import export_saved_model, saved_model
from posealign_keras.export.reference import reference_outputs
from posealign_keras.export.verification import verify_saved_model
from posealign_keras.models import PoseEstimator
from posealign_keras.models.pose_autoencoder import PoseAutoencoder


def files(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_version_holds_a_saved_model_and_requests_to_warm_it_up(exported):
    assert exported.parts[-2:] == ("pose_estimator", "1")
    assert files(exported) == ["assets", "assets.extra", "fingerprint.pb", "saved_model.pb", "variables"]
    assert files(exported / "assets.extra") == ["pose_estimator.json", "tf_serving_warmup_requests"]
    assert files(exported.parents[1]) == [
        "batching.config",
        "client_grpc.py",
        "client_rest.py",
        "docker-compose.yml",
        "models.config",
        "pose_estimator",
    ]


def test_a_server_of_another_user_may_read_it(exported):
    assert exported.stat().st_mode & 0o777 == exported.parent.stat().st_mode & 0o777


def test_loads_with_tensorflow_alone(exported, estimator):
    images = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3)).astype("uint8")
    signature = tf.saved_model.load(str(exported)).signatures["serving_default"]
    found = signature(images=tf.constant(images))["pose_3d"]
    np.testing.assert_allclose(found, estimator(images)["pose_3d"], atol=1e-4)


@pytest.fixture
def instant(monkeypatch):
    """Exports that write a file in place of a graph: what they do around it is what it is about."""

    def write(model, path, name, max_pixels):
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"graph")

    monkeypatch.setattr(saved_model, "_write", write)
    monkeypatch.setattr(saved_model, "verify_saved_model", lambda directory, expected: {})


def test_versions_count_up_and_are_never_overwritten(estimator, tmp_path, instant):
    def export(**arguments):
        return export_saved_model(estimator, tmp_path, **arguments).relative_to(tmp_path).as_posix()

    assert export() == "pose_estimator/1"
    assert export() == "pose_estimator/2"
    assert export(version=9) == "pose_estimator/9"
    (tmp_path / "pose_estimator" / "notes").mkdir()
    assert export() == "pose_estimator/10"
    assert export(name="other") == "other/1"
    with pytest.raises(ValueError, match=r"`version` must be one that does not exist.*Received: version=9"):
        export(version=9)
    (tmp_path / "pose_estimator" / "11").mkdir()  # empty, but a server may have it open
    with pytest.raises(ValueError, match="Received: version=11"):
        export(version=11)


def test_exports_at_the_same_time_get_versions_of_their_own(estimator, tmp_path, instant):
    threads = [threading.Thread(target=export_saved_model, args=(estimator, tmp_path)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, files(tmp_path / "pose_estimator"))) == list(range(1, 9))
    assert not [name for name in files(tmp_path) if name.startswith(".")]


def test_nothing_is_there_before_it_is_complete(estimator, tmp_path, instant, monkeypatch):
    seen = []

    def verify(directory, expected):
        seen.append([path for path in tmp_path.rglob("saved_model.pb")])
        # A server looks for directories whose names are numbers, in the directory of a model.
        assert not (tmp_path / "pose_estimator").exists()
        raise RuntimeError("it is wrong")

    monkeypatch.setattr(saved_model, "verify_saved_model", verify)
    with pytest.raises(RuntimeError, match="it is wrong"):
        export_saved_model(estimator, tmp_path)
    assert len(seen[0]) == 1
    assert files(tmp_path) == []


def test_a_saved_model_that_gives_something_else_is_found(exported, estimator):
    """The outputs of another model are expected: the files are right, the comparison has to fail."""
    other = keras.models.clone_model(estimator)
    other.set_weights([weight + 0.05 for weight in estimator.get_weights()])
    with pytest.raises(RuntimeError, match="The signature serving_default does not give what the model gives: `"):
        verify_saved_model(exported, reference_outputs(other))


class WithPythonInside(PoseEstimator):
    def call(self, images, training=False):
        outputs = super().call(images, training=training)
        return {**outputs, "pose_3d": tf.numpy_function(lambda pose: pose, [outputs["pose_3d"]], tf.float32)}


def test_operations_that_a_server_lacks_are_refused(estimator, tmp_path):
    model = WithPythonInside(estimator.image_encoder, estimator.pose_autoencoder)
    with pytest.raises(ValueError, match=r"holds operations .*PyFunc \(it calls back into the Python process"):
        export_saved_model(model, tmp_path, verify=False)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": keras.Sequential()}, "`model` must be a `PoseEstimator`. Received: model="),
        ({"model": PoseAutoencoder(4, 8, 1)}, "of type PoseAutoencoder"),
        ({"name": "a/b"}, "`name` must be letters, digits, `.`, `_` and `-`, and begin with a letter or digit. Rece"),
        ({"name": ".."}, "Received: name='..'"),
        ({"name": ""}, "Received: name=''"),
        ({"version": 0}, "`version` must be a positive integer, or None. Received: version=0"),
        ({"version": "2"}, "Received: version='2'"),
        ({"version": True}, "Received: version=True"),
        (
            {"max_pixels": 1000},
            "`max_pixels` must be at least the pixels of one image of the network, 1024. Received: ma",
        ),
    ],
)
def test_wrong_arguments(estimator, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        export_saved_model(**{"model": estimator, "directory": tmp_path, **arguments})
    assert files(tmp_path) == []


def test_a_directory_that_cannot_be_written_to(estimator, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ValueError, match=r"`directory` must be one that can be written to \(.*\)\. Received: directory="
    ):
        export_saved_model(estimator, tmp_path / "file" / "models")


@pytest.mark.parametrize("package", ["tensorflow", "tensorflow_serving"])
def test_a_missing_package_is_named_with_its_extra(estimator, tmp_path, monkeypatch, package):
    monkeypatch.setattr("posealign_keras.export.checks.find_spec", lambda name: None if name == package else sys)
    with pytest.raises(ImportError, match=rf"needs {package}, .*pip install 'posealign_keras\[serving\]'"):
        export_saved_model(estimator, tmp_path)
