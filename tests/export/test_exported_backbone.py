"""Backbone and head of `base_synthetic` in every format, each run by its own runtime and compared with the model."""

import keras
import pytest
from tiny_models import TINY, tiny_estimator

from posealign_keras.models import ImageEncoder, PoseEstimator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the other backends export by TensorFlow"),
]


@pytest.fixture(scope="module")
def estimator():
    keras.utils.set_random_seed(0)
    encoder = ImageEncoder("efficientnet_lite0", TINY.image_size, TINY.pose_latent_dim, (8,), (16,), keypoints=17)
    return PoseEstimator(encoder, tiny_estimator().pose_autoencoder)


def test_saved_model(estimator, tmp_path):
    from posealign_keras.export import export_saved_model

    assert (export_saved_model(estimator, tmp_path) / "saved_model.pb").is_file()


def test_onnx(estimator, tmp_path):
    pytest.importorskip("onnxruntime")
    from posealign_keras.export import export_onnx

    assert export_onnx(estimator, tmp_path / "model.onnx").is_file()


def test_litert(estimator, tmp_path):
    pytest.importorskip("ai_edge_litert")
    from posealign_keras.export import export_litert

    assert export_litert(estimator, tmp_path / "model.tflite").is_file()
