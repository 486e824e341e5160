"""Backbone and head of `base_synthetic` in every format, each run by its own runtime and compared with the model."""

import keras
import numpy as np
import pytest
from tiny_models import TINY, tiny_estimator

from posealign_keras.info import info
from posealign_keras.models import ImageEncoder, PoseEstimator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the other backends export by TensorFlow"),
]


@pytest.fixture(scope="module")
def estimator():
    keras.utils.set_random_seed(0)
    sizes = {"head_filters": (8, 8, 8), "head_widths": (16,), "keypoints": 17, "finer_maps": 2}
    encoder = ImageEncoder("efficientnet_lite0", 32, TINY.pose_latent_dim, **sizes)
    return PoseEstimator(encoder, tiny_estimator().pose_autoencoder)


def test_saved_model(estimator, tmp_path):
    import tensorflow as tf

    from posealign_keras.export import export_saved_model

    directory = export_saved_model(estimator, tmp_path)
    assert (directory / "saved_model.pb").is_file()
    assert "longer side" in info(directory)["keypoints"]
    clips = np.random.default_rng(0).integers(0, 256, (1, 2, 20, 40, 3), np.uint8)
    found = tf.saved_model.load(directory).signatures["serving_clip"](clips=tf.constant(clips))["keypoints"]
    assert found.shape == (1, 2, 17, 2)
    np.testing.assert_allclose(found[0], estimator(clips[0])["keypoints"], atol=1e-3)


def test_onnx(estimator, tmp_path):
    pytest.importorskip("onnxruntime")
    from posealign_keras.export import export_onnx

    assert export_onnx(estimator, tmp_path / "model.onnx").is_file()


def test_litert(estimator, tmp_path):
    pytest.importorskip("ai_edge_litert")
    from posealign_keras.export import export_litert

    assert export_litert(estimator, tmp_path / "model.tflite").is_file()
