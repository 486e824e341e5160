import numpy as np
import pytest
from keras import ops

from posealign_keras.ops.vectors import SHORTEST, check_same_shape, length, to_float, unit


def array(tensor):
    return ops.convert_to_numpy(tensor)


def test_unit_and_length_are_exact_from_the_shortest_on():
    vectors = np.random.default_rng(0).normal(size=(50, 3)) * np.logspace(-3.5, 4, 50)[:, None]
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    np.testing.assert_allclose(array(length(vectors)), norms[:, 0], rtol=1e-5)
    np.testing.assert_allclose(array(unit(vectors)), vectors / norms, rtol=1e-5, atol=1e-7)


def test_length_is_a_parabola_below_the_shortest():
    short = np.array([[0.5 * SHORTEST, 0], [0, 0]], "float32")
    np.testing.assert_allclose(array(length(short)), [0.25 * SHORTEST, 0], rtol=1e-5)
    np.testing.assert_allclose(array(unit(short)), [[0.5, 0], [0, 0]], rtol=1e-5)


def test_the_gradient_of_length_is_zero_at_zero_and_a_unit_vector_elsewhere(gradient):
    slope = gradient(lambda v: ops.sum(length(v)), [[0, 0, 0], [3, 0, 4]])
    np.testing.assert_allclose(slope, [[0, 0, 0], [0.6, 0, 0.8]], atol=1e-6)


@pytest.mark.parametrize("given", ["int32", "float16", "bfloat16", "float32"])
def test_to_float_gives_at_least_float32(given):
    assert "float32" in str(to_float(ops.ones((2, 3), given)).dtype)


def test_different_shapes_are_refused():
    check_same_shape("first", ops.zeros((2, 3)), "second", ops.zeros((2, 3)))
    with pytest.raises(
        ValueError, match=r"`first` and `second` must have the same shape\. Received: first\.shape=\(2, 3\)"
    ):
        check_same_shape("first", ops.zeros((2, 3)), "second", ops.zeros((1, 3)))
