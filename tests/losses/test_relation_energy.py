import numpy as np
import pytest
from keras import ops

from posealign_keras.losses import relation_energy


def test_mean_distance_over_the_batch():
    predicted, counterpart = np.random.default_rng(0).normal(size=(2, 7, 32)).astype("float32")
    expected = np.linalg.norm(predicted - counterpart, axis=-1).mean()
    np.testing.assert_allclose(float(relation_energy(predicted, counterpart)), expected, rtol=1e-5)
    np.testing.assert_allclose(float(relation_energy(counterpart, predicted)), expected, rtol=1e-5)
    assert float(relation_energy(predicted, predicted)) == 0


def test_the_gradient_is_a_unit_vector_over_the_batch_size_and_zero_where_both_meet(gradient):
    counterpart = ops.zeros((2, 2))
    slope = gradient(lambda z: relation_energy(z, counterpart), [[3, 4], [0, 0]])
    np.testing.assert_allclose(slope, [[0.3, 0.4], [0, 0]], atol=1e-6)


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="`predicted` and `counterpart` must have the same shape"):
        relation_energy(np.zeros((4, 32)), np.zeros((1, 32)))
