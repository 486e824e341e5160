"""An estimator of a few units, for the tests of exports."""

import keras
import numpy as np

from posealign_keras.models import PoseEstimator
from posealign_keras.presets import Configuration

SIZE = 32
TINY = Configuration(
    name="tiny",
    image_size=SIZE,
    backbone="small_resnet",
    head_filters=(),
    head_widths=(16,),
    pose_latent_dim=4,
    pose_width=16,
    pose_depth=1,
)


def tiny_estimator():
    """An estimator that gives another pose for another picture, as one that was trained does."""
    keras.utils.set_random_seed(0)
    model = PoseEstimator(TINY.image_encoder(), TINY.pose_autoencoder())
    random = np.random.default_rng(0)
    for variable in model.weights:  # biases too, which are all alike at first
        noise = random.normal(0, 0.1, variable.shape)
        variable.assign_add(abs(noise) if "variance" in variable.path else noise)
    coarse = random.integers(0, 256, (16, SIZE // 4, SIZE // 4, 3))
    model.image_encoder.adapt_normalization(coarse.repeat(4, 1).repeat(4, 2).astype("uint8"), batch_size=16)
    kernel = model.image_encoder.head.layers[-1].kernel
    kernel.assign(0.3 * kernel)  # so that latents are not all -1 or 1
    return model
