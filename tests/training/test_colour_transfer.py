"""Images in the colours of others."""

import numpy as np

from posealign_keras.training.colour_transfer import in_colours_of


def moments(images):
    images = np.asarray(images, "float64")
    return images.mean(axis=(1, 2)), images.std(axis=(1, 2))


def test_moments_are_those_of_the_examples_in_turn():
    rng = np.random.default_rng(0)
    images = rng.uniform(90, 150, (5, 24, 20, 3))
    examples = rng.uniform(80, 160, (2, 8, 8, 3)) * [0.5, 0.7, 0.9]
    for result, wanted in zip(moments(in_colours_of(images, examples)), moments(examples), strict=True):
        np.testing.assert_allclose(result, wanted[[0, 1, 0, 1, 0]], atol=0.02)


def test_an_image_in_its_own_colours_stays_as_it_is():
    images = np.random.default_rng(1).integers(0, 256, (3, 10, 12, 3), "uint8")
    np.testing.assert_allclose(in_colours_of(images, images), images, atol=1e-3)


def test_even_pictures_do_not_become_noise_and_values_stay_in_range():
    rng = np.random.default_rng(2)
    even = 100 + rng.normal(0, 0.1, (1, 16, 16, 3))
    strong = rng.choice([0.0, 255.0], (1, 16, 16, 3))
    changed = np.asarray(in_colours_of(even, strong))
    assert changed.std(axis=(1, 2)).max() < 3
    assert np.asarray(in_colours_of(strong, strong[:, :, :8])).max() <= 255
