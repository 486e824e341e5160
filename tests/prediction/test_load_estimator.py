"""Estimators out of the files that trainings leave."""

import keras
import numpy as np
import pytest

from posealign_keras.models import ImageEncoder, MotionAutoencoder, PoseAutoencoder, PoseEstimator
from posealign_keras.prediction import load_estimator
from posealign_keras.training import SourceTraining


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(0)
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(), head_widths=(12,))
    return encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2)


def test_all_that_holds_both_networks(networks, tmp_path):
    encoder, decoder = networks
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("uint8")
    expected = keras.ops.convert_to_numpy(PoseEstimator(encoder, decoder)(images)["pose_3d"])
    PoseEstimator(encoder, decoder).save(tmp_path / "estimator.keras")
    SourceTraining(encoder, decoder).save(tmp_path / "stage.keras")
    encoder.save(tmp_path / "encoder.keras")
    decoder.save(tmp_path / "decoder.keras")
    loaded = [
        load_estimator(tmp_path / "estimator.keras"),
        load_estimator(str(tmp_path / "stage.keras")),
        load_estimator(tmp_path / "encoder.keras", tmp_path / "decoder.keras"),
        load_estimator(encoder, decoder),
    ]
    for estimator in loaded:
        found = keras.ops.convert_to_numpy(estimator(images)["pose_3d"])
        np.testing.assert_allclose(found, expected, atol=1e-6)
    with pytest.raises(ValueError, match="`pose_autoencoder` must be given"):
        load_estimator(tmp_path / "encoder.keras")
    with pytest.raises(ValueError, match=r"must be a `PoseAutoencoder`\. Received: a `ImageEncoder`"):
        load_estimator(tmp_path / "encoder.keras", tmp_path / "encoder.keras")


def test_other_models(tmp_path):
    MotionAutoencoder(4, 5, 3, 2, 1).save(tmp_path / "motion.keras")
    with pytest.raises(ValueError, match=r"Received: a `MotionAutoencoder`, model='.*motion\.keras'"):
        load_estimator(tmp_path / "motion.keras")


def test_files_that_are_no_models(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.keras"):
        load_estimator(tmp_path / "nowhere.keras")
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(ValueError, match=r"text\.keras"):
        load_estimator(tmp_path / "text.keras")
    with pytest.raises(ValueError, match=r"`model` must be a \.keras file or a model"):
        load_estimator(3)


def test_a_damaged_file(networks, tmp_path):
    path = tmp_path / "estimator.keras"
    PoseEstimator(*networks).save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot be loaded: .*estimator\.keras"):
        load_estimator(path)


def test_presets(networks, tmp_path):
    estimator = PoseEstimator(*networks)
    estimator.save_to_preset(tmp_path / "preset")
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("uint8")
    expected, found = (
        keras.ops.convert_to_numpy(model(images)["pose_3d"])
        for model in (estimator, load_estimator(tmp_path / "preset"))
    )
    np.testing.assert_allclose(found, expected, atol=0.01)  # weights are stored with fewer digits
    keras.utils.set_random_seed(1)
    new = ImageEncoder.from_config(networks[0].get_config())
    PoseEstimator(new, networks[1]).save_to_preset(tmp_path / "preset", "other")
    other = keras.ops.convert_to_numpy(load_estimator(f"{tmp_path / 'preset'}:other")(images)["pose_3d"])
    assert abs(other - expected).max() > 0.02
    with pytest.raises(ValueError, match="must have 'image_encoder_none'"):
        load_estimator(f"{tmp_path / 'preset'}:none")
    with pytest.raises(ValueError, match="no weights of: image_encoder"):
        load_estimator("resnet50_paper")
