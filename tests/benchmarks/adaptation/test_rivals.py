"""The usual alternatives: what they call far apart, and that they train."""

import keras
import numpy as np
import pytest
from keras import ops
from rivals import RIVALS, Supervised
from tiny_configuration import TINY


def stage(name):
    return RIVALS[name](TINY.image_encoder(), TINY.pose_autoencoder())


def distance(name, source, target):
    return float(stage(name).alignment(ops.convert_to_tensor(source), ops.convert_to_tensor(target)))


@pytest.mark.parametrize("name", ["coral", "mmd"])
def test_alignment_is_zero_for_one_domain_and_grows_with_the_distance(name):
    rng = np.random.default_rng(0)
    source = rng.normal(size=(64, TINY.pose_latent_dim)).astype("float32")
    targets = [source + np.float32(shift) for shift in (0.0, 0.2, 0.5)]
    distances = [distance(name, source, target) for target in targets]
    assert abs(distances[0]) < 1e-6
    assert distances[0] < distances[1] < distances[2]


def test_coral_sees_covariances():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(4000, TINY.pose_latent_dim)).astype("float32")
    assert distance("coral", source, 2 * source) == pytest.approx(
        np.sum(9 * np.cov(source, rowvar=False) ** 2) / (4 * TINY.pose_latent_dim), rel=0.02
    )


@pytest.mark.parametrize("name", [*RIVALS, "oracle"])
def test_they_train_the_adapted_layers_only(name):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    encoder = TINY.image_encoder()
    model = {**RIVALS, "oracle": Supervised}[name](encoder, TINY.pose_autoencoder(), in_target_colours=True)
    before = {weight.path: np.array(weight) for weight in encoder.weights}
    model.compile(optimizer="adam")
    size = TINY.image_size
    poses = rng.normal(size=(4, 17, 3)).astype("float32")
    images = rng.uniform(0, 255, (2, 4, size, size, 3)).astype("float32")
    x = {"images": images[0], "source_images": images[1], "source_poses": poses, "poses": poses}
    model.fit(x, batch_size=4, epochs=1, verbose=0)
    changed = {path for path in before if not np.array_equal(before[path], np.array(_weight(encoder, path)))}
    assert changed
    assert all("conv3_" in path for path in changed)


def _weight(encoder, path):
    return next(weight for weight in encoder.weights if weight.path == path)
