import numpy as np
import pytest
from keras import ops
from scipy.special import expit

from posealign_keras.losses import discriminator_loss, generator_loss

REAL, FAKE = np.random.default_rng(0).normal(size=(2, 9, 1)).astype("float32")


def test_logistic_losses_are_cross_entropies():
    expected = -np.log(expit(REAL)).mean() - np.log(1 - expit(FAKE)).mean()
    np.testing.assert_allclose(float(discriminator_loss(REAL, FAKE)), expected, rtol=1e-5)
    np.testing.assert_allclose(float(generator_loss(FAKE)), -np.log(expit(FAKE)).mean(), rtol=1e-5)
    np.testing.assert_allclose(float(discriminator_loss(np.zeros(3), np.zeros(5))), 2 * np.log(2), rtol=1e-6)


def test_least_squares_losses():
    expected = ((REAL - 1) ** 2).mean() / 2 + (FAKE**2).mean() / 2
    np.testing.assert_allclose(float(discriminator_loss(REAL, FAKE, "least_squares")), expected, rtol=1e-5)
    np.testing.assert_allclose(float(generator_loss(FAKE, "least_squares")), ((FAKE - 1) ** 2).mean() / 2, rtol=1e-5)
    half = np.full(4, 0.5)
    assert float(discriminator_loss(half, half, "least_squares")) == 0.25


def test_the_generator_keeps_its_gradient_when_it_is_seen_through(gradient):
    np.testing.assert_allclose(gradient(generator_loss, [-50.0]), [-1], atol=1e-5)
    np.testing.assert_allclose(gradient(lambda x: discriminator_loss(ops.zeros((1,)), x), [-50.0]), [0], atol=1e-5)


def test_extreme_logits_do_not_overflow():
    assert np.isfinite(float(discriminator_loss([-1e4], [1e4])))
    assert np.isfinite(float(generator_loss(np.array([-6e4], "float16"))))


@pytest.mark.parametrize(
    "call", [lambda: discriminator_loss(REAL, FAKE, "hinge"), lambda: generator_loss(FAKE, "hinge")]
)
def test_an_unknown_kind_is_refused(call):
    with pytest.raises(ValueError, match=r"`kind` must be .*Received: kind='hinge'"):
        call()
