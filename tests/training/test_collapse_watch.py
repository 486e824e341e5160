"""A collapse of the latents is measured, warned of, and stopped."""

import warnings

import keras
import numpy as np
import pytest
import tiny_networks as tiny
from keras import ops

from posealign_keras.training import Adaptation, CollapseWatch, RelationRegression


class Shrinking(keras.callbacks.Callback):
    """Makes all latents alike by taking away the weights of the last layer, a half at a time."""

    def on_epoch_end(self, epoch, logs=None):
        kernel = self.model.image_encoder.head.layers[-1].kernel
        kernel.assign(0.5 * kernel)


def adaptation():
    keras.utils.set_random_seed(0)
    model = Adaptation(
        tiny.image_encoder(),
        tiny.pose_autoencoder(),
        None,
        [tiny.relation_network("pose_flip")],
        contrastive=(),
    )
    tiny.compile_quickly(model, keras.optimizers.SGD(0.0))
    return model


def fit(model, *callbacks, epochs=4):
    return model.fit({"clips": tiny.clips(2)}, batch_size=2, epochs=epochs, verbose=0, callbacks=list(callbacks))


def test_the_spread_is_logged_and_nothing_is_said_without_a_collapse():
    model, images = adaptation(), tiny.images(7)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        history = fit(model, CollapseWatch(images, batch_size=3), epochs=2).history
    expected = ops.convert_to_numpy(model.image_encoder(images)).std(axis=0).mean()
    np.testing.assert_allclose(history["latent_spread"], expected, rtol=1e-4)


def test_a_collapse_is_warned_of_once():
    watch = CollapseWatch(tiny.images(7))
    with pytest.warns(UserWarning, match=r"latents collapsed in epoch \d: their spread is") as caught:
        history = fit(adaptation(), Shrinking(), watch).history
    assert len([one for one in caught if "collapsed" in str(one.message)]) == 1
    assert watch.collapsed
    assert len(history["loss"]) == 4
    assert (np.diff(history["latent_spread"]) < 0).all()


def test_a_collapse_stops_training():
    with pytest.warns(UserWarning, match="Training stops"):
        history = fit(adaptation(), Shrinking(), CollapseWatch(tiny.images(7), stop=True)).history
    assert len(history["loss"]) < 4


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"`images` must be at least two. Received: 1 images"):
        CollapseWatch(tiny.images(1))
    with pytest.raises(ValueError, match=r"`smallest_share` must be between 0 and 1. Received: smallest_share=2"):
        CollapseWatch(tiny.images(2), smallest_share=2)
    model = RelationRegression(tiny.relation_network("pose_flip"))
    tiny.compile_quickly(model, "adam")
    with pytest.raises(ValueError, match=r"needs a model with an `image_encoder`.*Received: RelationRegression"):
        model.fit(*(np.zeros((4, tiny.POSE_LATENT)),) * 2, verbose=0, callbacks=[CollapseWatch(tiny.images(2))])
