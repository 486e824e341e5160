"""An image encoder with a backbone of the user's own: the same abilities, and clear words where it does not fit."""

import keras
import numpy as np
import pytest
from keras import layers

from posealign_keras.models import ImageEncoder, PoseAutoencoder
from posealign_keras.training import Adaptation

SIZE = 16


def backbone(size=SIZE, flat=False):
    images = keras.Input((size, size, 3))
    features = layers.Rescaling(1 / 255)(images)
    for name, filters in (("low", 4), ("high", 6)):
        features = layers.Conv2D(filters, 3, 2, padding="same", name=f"{name}_conv")(features)
        features = layers.BatchNormalization(name=f"{name}_bn")(features)
    return keras.Model(images, layers.Flatten()(features) if flat else features)


def encoder():
    return ImageEncoder(backbone(), SIZE, latent_dim=4, head_filters=(), head_widths=(8,))


def images(count=4):
    return np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), "uint8")


def test_latents_are_in_the_cube():
    latents = encoder().predict(images(), verbose=0)
    assert latents.shape == (4, 4)
    assert np.abs(latents).max() <= 1


def test_saved_and_loaded(tmp_path):
    model = encoder()
    model.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(loaded.predict(images(), verbose=0), model.predict(images(), verbose=0))


def test_only_the_named_layers_train():
    model = encoder()
    model.train_only(("high_",))
    assert {variable.path.split("/")[-2] for variable in model.trainable_variables} == {"high_conv"}


def test_statistics_of_normalisation_change_what_it_sees():
    model = encoder()
    before = model.predict(images(), verbose=0)
    model.adapt_normalization(images(8), batch_size=4)
    assert np.abs(model.predict(images(), verbose=0) - before).max() > 1e-4


def test_the_mean_teacher_is_a_copy():
    model = encoder()
    stage = Adaptation(
        model, PoseAutoencoder(4, 8, 1), None, [], contrastive=(), teacher_weight=1.0, adapted_layers=("low_",)
    )
    teacher = stage.teacher.image_encoder
    assert teacher.backbone is not model.backbone
    np.testing.assert_array_equal(teacher.predict(images(), verbose=0), model.predict(images(), verbose=0))


@pytest.mark.parametrize("wrong", [backbone(2 * SIZE), backbone(flat=True)], ids=["size", "no map"])
def test_a_backbone_that_does_not_fit(wrong):
    with pytest.raises(ValueError, match=r"`backbone` must take images of shape .* Received: a model from"):
        ImageEncoder(wrong, SIZE)


def test_it_has_no_initial_weights_to_load():
    with pytest.raises(ValueError, match="`weights` must be None for a backbone of your own"):
        ImageEncoder(backbone(), SIZE, weights="imagenet")


def test_presets_hold_no_model_of_the_users_own(tmp_path):
    with pytest.raises(ValueError, match="in a preset, which is plain data"):
        encoder().save_to_preset(tmp_path / "preset")
    assert not (tmp_path / "preset").exists()
