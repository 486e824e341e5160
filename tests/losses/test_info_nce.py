import numpy as np
import pytest
from keras import ops
from scipy.special import log_softmax

from posealign_keras.losses import info_nce


def embeddings(seed, batch=6, features=8):
    return np.random.default_rng(seed).normal(size=(2, batch, features)).astype("float32")


def by_definition(anchors, positives, temperature):
    """The formula, pair by pair, in float64."""
    losses = []
    for i, anchor in enumerate(anchors.astype("float64")):
        similarity = [
            anchor @ other / np.linalg.norm(anchor) / np.linalg.norm(other) for other in positives.astype("float64")
        ]
        exponentials = np.exp(np.array(similarity) / temperature)
        losses.append(-np.log(exponentials[i] / (exponentials[i] + np.delete(exponentials, i).sum())))
    return np.mean(losses)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
def test_agrees_with_the_definition(temperature):
    anchors, positives = embeddings(0)
    forward = by_definition(anchors, positives, temperature)
    backward = by_definition(positives, anchors, temperature)
    np.testing.assert_allclose(float(info_nce(anchors, positives, temperature)), forward, rtol=1e-5)
    both = float(info_nce(anchors, positives, temperature, symmetric=True))
    np.testing.assert_allclose(both, (forward + backward) / 2, rtol=1e-5)


def test_closed_forms():
    same = np.ones((5, 3))
    np.testing.assert_allclose(float(info_nce(same, same)), np.log(5), rtol=1e-6)
    np.testing.assert_allclose(float(info_nce(same[:1], same[:1])), 0, atol=1e-6)
    basis = np.eye(4)
    expected = -log_softmax([1 / 0.5, 0, 0, 0])[0]
    np.testing.assert_allclose(float(info_nce(basis, 7 * basis, temperature=0.5)), expected, rtol=1e-5)


def test_small_temperatures_do_not_overflow():
    anchors, positives = embeddings(1)
    assert np.isfinite(float(info_nce(anchors, positives, 1e-3)))
    assert np.isfinite(float(info_nce(anchors.astype("float16"), positives.astype("float16"), 1e-3)))


def test_lengths_do_not_matter_and_the_order_of_the_batch_does_not():
    anchors, positives = embeddings(2)
    expected = float(info_nce(anchors, positives))
    lengths = np.random.default_rng(3).uniform(0.1, 10, (6, 1)).astype("float32")
    np.testing.assert_allclose(float(info_nce(anchors * lengths, positives / lengths)), expected, rtol=1e-5)
    order = np.random.default_rng(4).permutation(6)
    np.testing.assert_allclose(float(info_nce(anchors[order], positives[order])), expected, rtol=1e-5)
    assert float(info_nce(anchors, anchors)) < expected


def test_the_gradient_pulls_towards_the_own_positive(gradient):
    anchors, positives = embeddings(5)
    constant = ops.convert_to_tensor(positives)
    slope = gradient(lambda a: info_nce(a, constant), anchors)
    stepped = anchors - 0.1 * slope
    assert float(info_nce(stepped, positives)) < float(info_nce(anchors, positives))
    assert np.isfinite(gradient(lambda a: info_nce(a, constant), np.zeros_like(anchors))).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"`temperature` must be positive\. Received: temperature=0"):
        info_nce(np.eye(3), np.eye(3), 0)
    with pytest.raises(ValueError, match="`anchors` and `positives` must have the same shape"):
        info_nce(np.eye(3), np.eye(3)[:1])
    with pytest.raises(ValueError, match=r"`anchors` must have shape \(batch, features\)"):
        info_nce(np.ones(3), np.ones(3))
