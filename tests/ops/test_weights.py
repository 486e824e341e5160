import numpy as np
import pytest
from keras import ops

from posealign_keras.ops.weights import joint_weights, weighted_sum

JOINTS = ops.zeros((2, 5, 17, 3))


@pytest.mark.parametrize("shape", [(), (2,), (2, 5), (2, 5, 17), (2, 1), (2, 1, 17), (1, 1, 17)])
def test_weights_spread_over_the_trailing_dimensions(shape):
    weights = np.random.default_rng(0).uniform(size=shape).astype("float32")
    expected = np.broadcast_to(weights.reshape(*shape, *[1] * (3 - len(shape))), (2, 5, 17))
    np.testing.assert_array_equal(ops.convert_to_numpy(joint_weights(weights, JOINTS)), expected)


def test_no_weights_are_ones():
    np.testing.assert_array_equal(ops.convert_to_numpy(joint_weights(None, JOINTS)), np.ones((2, 5, 17)))


@pytest.mark.parametrize("shape", [(17,), (5,), (2, 17), (2, 5, 17, 1)])
def test_weights_that_do_not_fit_are_refused(shape):
    with pytest.raises(ValueError, match=r"`weights` must fit .*Received: weights\.shape="):
        joint_weights(np.ones(shape), JOINTS)


def test_a_weighted_sum_leaves_out_what_has_no_weight():
    values, weights = ops.convert_to_tensor([1.0, float("nan"), 3.0]), ops.convert_to_tensor([2.0, 0.0, 1.0])
    assert float(weighted_sum(values, weights)) == 5
