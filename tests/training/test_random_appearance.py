"""Random light and colours that keep the pose."""

import keras
import numpy as np
import pytest
import tiny_networks as tiny
from keras import ops

from posealign_keras.training import RandomAppearance

NOTHING = {"brightness": 0.0, "contrast": 0.0, "colour": 0.0, "noise": 0.0}


def change(images, **arguments):
    return ops.convert_to_numpy(RandomAppearance(**{"seed": 0, **arguments})(images))


@pytest.mark.parametrize("leading", [(6,), (3, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_range_shape_and_type(leading, dtype):
    images = tiny.images(*leading).astype(dtype)
    changed = change(images, brightness=0.9, contrast=0.9, noise=0.5)
    assert changed.shape == images.shape
    assert changed.dtype == np.float32
    assert changed.min() == 0
    assert changed.max() == 255


def test_no_amount_is_the_identity():
    images = tiny.images(4)
    np.testing.assert_allclose(change(images, **NOTHING), images, atol=1e-3)


@pytest.mark.parametrize("amount", [{"brightness": 0.2}, {"contrast": 0.4}, {"colour": 0.3}, {"noise": 0.04}])
def test_each_amount_changes_the_image_but_not_much(amount):
    images = tiny.images(16)
    difference = abs(change(images, **{**NOTHING, **amount}) - images).mean(axis=(1, 2, 3))
    assert difference.max() > 2
    assert difference.max() < 64


def test_brightness_shifts_all_channels_alike():
    images = np.full((200, 4, 4, 3), 128, "uint8")
    shift = change(images, **{**NOTHING, "brightness": 0.2}) - 128
    np.testing.assert_allclose(shift, np.broadcast_to(shift[:, :1, :1, :1], shift.shape), atol=1e-3)
    assert abs(shift).max() <= 0.2 * 255 + 1e-3
    assert shift.min() < -45
    assert shift.max() > 45


def test_contrast_and_colours_keep_the_mean():
    images = 100 + tiny.images(20) / 255 * 50  # far from black and white
    changed = change(images, **{**NOTHING, "contrast": 0.4, "colour": 0.3})
    np.testing.assert_allclose(changed.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=0.05)
    grey = np.repeat(images[..., :1], 3, axis=-1)
    contrast = change(grey, **{**NOTHING, "contrast": 0.4}).std(axis=(1, 2, 3)) / grey.std(axis=(1, 2, 3))
    assert contrast.min() >= 0.6 - 1e-3
    assert contrast.max() <= 1.4 + 1e-3
    assert contrast.max() - contrast.min() > 0.5


def test_noise_has_the_largest_deviation_at_most():
    noise = change(np.full((60, 32, 32, 3), 128.0), **{**NOTHING, "noise": 0.04}) - 128
    deviation = noise.std(axis=(1, 2, 3)) / 255
    assert 0.035 < deviation.max() < 0.042
    assert deviation.min() < 0.01


def test_a_clip_is_changed_alike():
    clip = np.repeat(tiny.images(5)[:, None], 4, axis=1)
    changed = change(clip, noise=0.0)
    np.testing.assert_allclose(changed, np.repeat(changed[:, :1], 4, axis=1), atol=1e-3)
    difference = (changed - clip).mean(axis=(1, 2, 3))
    assert abs(difference - difference[0]).max() > 1  # but each clip in its own way


def test_seeds():
    images = tiny.images(4)
    np.testing.assert_array_equal(change(images, seed=3), change(images, seed=3))
    assert abs(change(images, seed=3) - change(images, seed=4)).max() > 5
    layer = RandomAppearance(seed=3)
    assert abs(ops.convert_to_numpy(layer(images)) - ops.convert_to_numpy(layer(images))).max() > 5


def test_it_can_be_compiled(compiled):
    layer = RandomAppearance(**NOTHING)
    images = tiny.images(2, 3).astype("float32")
    if keras.backend.backend() == "jax":
        state = [v.value for v in layer.non_trainable_variables]
        changed = compiled(lambda values: layer.stateless_call([], state, values)[0])(images)
    else:
        changed = compiled(layer)(ops.convert_to_tensor(images))
    np.testing.assert_allclose(ops.convert_to_numpy(changed), images, atol=1e-3)


def test_serialization_round_trip():
    layer = RandomAppearance(0.1, 0.2, 0.3, 0.05, seed=5)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()
    images = tiny.images(3)
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(images)), ops.convert_to_numpy(layer(images)))
