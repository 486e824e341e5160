"""The paper's backbone: ResNet-50 cut after Res-4."""

import os
import pathlib
import socket

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.models import ImageEncoder
from posealign_keras.models.backbones import resnet50_to_res4


def encoder(**arguments):
    return ImageEncoder("resnet50", image_size=64, latent_dim=8, head_filters=(4,), head_widths=(8,), **arguments)


@pytest.fixture(scope="module")
def built():
    return encoder()


def test_cut_after_res4(built):
    assert built.backbone.output_shape == (None, 4, 4, 1024)
    names = {v.path.split("/")[-2] for v in built.backbone.weights}
    assert "conv4_block6_3_conv" in names
    assert not any(name.startswith("conv5") for name in names)
    # Counted by hand from the shapes of He et al.: Res-5 and the classifier are missing.
    assert built.backbone.count_params() == 8_589_184


def test_only_the_convolutions_of_res3_are_trained(built):
    built.train_only(("conv3_",))
    variables = built.trainable_variables
    # Four blocks of three convolutions and one shortcut, a kernel and a bias each.
    assert len(variables) == 26
    layers = {v.path.split("/")[-2] for v in variables}
    assert len(layers) == 13
    assert all(name.startswith("conv3_block") and name.endswith("_conv") for name in layers)


@pytest.mark.slow
def test_weights_file_and_preprocessing(tmp_path):
    """A file in the format of Keras is read, and images are prepared as its weights ask for."""
    keras.utils.set_random_seed(1)
    original = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(64, 64, 3))
    path = tmp_path / "resnet50.weights.h5"
    original.save_weights(path)
    keras.utils.set_random_seed(2)
    backbone = resnet50_to_res4(64, str(path))
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype("float32")
    trunk = keras.Model(original.input, original.get_layer("conv4_block6_out").output)
    expected = trunk(keras.applications.resnet50.preprocess_input(images.copy()))
    np.testing.assert_allclose(
        ops.convert_to_numpy(backbone(images)), ops.convert_to_numpy(expected), rtol=1e-4, atol=1e-4
    )
    saved = encoder(weights=str(path))
    saved.save(tmp_path / "encoder.keras")
    path.unlink()
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(ops.convert_to_numpy(loaded(images)), ops.convert_to_numpy(saved(images)))


def test_weights_that_are_not_there(monkeypatch):
    """Without a network: what was tried, and what to do instead."""

    def offline(*arguments, **options):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setattr(socket, "create_connection", offline)
    cache = pathlib.Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
    if (cache / "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5").exists():
        pytest.skip("the weights have been downloaded on this machine before")
    with pytest.raises(
        ConnectionError, match=r"could not be downloaded: .*notop\.h5.*weights='/path/to/.*Received: weights='imagenet'"
    ):
        encoder(weights="imagenet")


def test_weights_files_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`weights` must be None, 'imagenet' or.*Received: .*none\.h5"):
        encoder(weights=tmp_path / "none.h5")
    (tmp_path / "some.weights.h5").write_text("nothing")
    with pytest.raises(ValueError, match=r"`weights` must hold .* ResNet-50.*Received: .*some\.weights\.h5"):
        encoder(weights=str(tmp_path / "some.weights.h5"))
