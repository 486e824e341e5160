"""An untrained estimator, and a file of it."""

import keras
import pytest

from posealign_keras.models import ImageEncoder, MotionAutoencoder, PoseAutoencoder, PoseEstimator
from posealign_keras.prediction import load_estimator


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    keras.utils.set_random_seed(0)
    directory = tmp_path_factory.mktemp("models")
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(), head_widths=(12,))
    model = PoseEstimator(encoder, PoseAutoencoder(latent_dim=6, width=16, depth=2))
    for variable in model.weights:  # untrained networks answer almost alike to all images
        variable.assign(2 * variable)
    model.save(directory / "estimator.keras")
    MotionAutoencoder(6, 6, 5, 2, 1).save(directory / "motion_autoencoder.keras")
    return directory / "estimator.keras"


@pytest.fixture(scope="session")
def estimator(model_file):
    return load_estimator(model_file)
