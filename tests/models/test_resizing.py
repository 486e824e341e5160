"""Pictures fitted into squares: against Keras' own resizing, and pictures whose result is known."""

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.models.resizing import resize_to_square

rng = np.random.default_rng(0)


def resized(images, size):
    return ops.convert_to_numpy(resize_to_square(images, size))


@pytest.mark.parametrize(("length", "size"), [(8, 32), (31, 32), (33, 32), (64, 32), (100, 32), (257, 16)])
def test_squares_are_resized_as_keras_does_it_with_antialiasing(length, size):
    images = rng.uniform(0, 255, (2, length, length, 3)).astype("float32")
    expected = ops.image.resize(images, (size, size), antialias=True, data_format="channels_last")
    np.testing.assert_allclose(resized(images, size), ops.convert_to_numpy(expected), atol=2e-2)


def test_pictures_that_fit_are_left_alone():
    images = rng.integers(0, 256, (2, 16, 16, 3)).astype("uint8")
    assert resize_to_square(images, 16) is images


@pytest.mark.parametrize(("height", "width"), [(40, 80), (80, 40), (45, 80), (7, 80)])
def test_a_picture_is_not_stretched_but_gets_black_edges(height, width):
    image = np.full((1, height, width, 3), 200, "uint8")
    square = resized(image, 32)[0, :, :, 0]
    np.testing.assert_allclose(square[np.abs(square) > 1], 200, atol=1e-2)
    filled = np.abs(square) > 1
    rows, columns = filled.any(axis=1).sum(), filled.any(axis=0).sum()
    assert rows == pytest.approx(32 * height / max(height, width), abs=1)
    assert columns == pytest.approx(32 * width / max(height, width), abs=1)
    # In the middle, to half a pixel.
    centre = [np.mean(np.flatnonzero(filled.any(axis=axis))) for axis in (0, 1)]
    np.testing.assert_allclose(centre, 15.5, atol=0.51)


def test_a_black_frame_around_the_picture_changes_nothing_inside():
    picture = rng.uniform(0, 255, (1, 32, 64, 3)).astype("float32")
    framed = np.zeros((1, 64, 64, 3), "float32")
    framed[:, 16:48] = picture
    inside = slice(9, 23)  # of 8 to 24: at the border, the frame's black comes in
    np.testing.assert_allclose(resized(picture, 32)[:, inside], resized(framed, 32)[:, inside], atol=1e-2)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow has graphs of unknown sizes")
def test_sizes_may_be_unknown_until_it_runs():
    import tensorflow as tf

    function = tf.function(lambda images: resize_to_square(images, 16))
    function = function.get_concrete_function(tf.TensorSpec((None, None, None, 3), tf.uint8))
    for shape in ((2, 40, 20, 3), (1, 16, 16, 3), (3, 9, 30, 3)):
        images = rng.integers(0, 256, shape).astype("uint8")
        np.testing.assert_allclose(function(images), resized(images, 16), atol=1e-3)
