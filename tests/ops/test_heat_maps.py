import numpy as np
import pytest
from keras import ops
from scipy.special import softmax

from posealign_keras.ops import map_places, mean_of_map


def test_means_are_those_of_the_softmax():
    rng = np.random.default_rng(0)
    heat, values = rng.normal(0, 3, (2, 2, 4, 6, 3)).astype("float32")
    likely = softmax(heat, axis=(1, 2))
    rows, columns = (np.arange(4) + 0.5) / 4 - 0.5, (np.arange(6) + 0.5) / 6 - 0.5
    expected = np.stack([np.einsum("bhwj,w->bj", likely, columns), np.einsum("bhwj,h->bj", likely, rows)], axis=-1)
    places, means = mean_of_map(heat, values)
    np.testing.assert_allclose(ops.convert_to_numpy(places), expected, atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(means), (likely * values).sum((1, 2)), atol=1e-5)


def test_a_mirrored_map_has_mirrored_places():
    heat = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32")
    places, mirrored = (ops.convert_to_numpy(mean_of_map(h, h)[0]) for h in (heat, heat[:, :, ::-1]))
    np.testing.assert_allclose(mirrored, places * [-1, 1], atol=1e-6)
    np.testing.assert_allclose(map_places(5, 6)[:, ::-1], map_places(5, 6) * [-1, 1], atol=1e-7)


@pytest.mark.parametrize(
    ("heat_maps", "values", "message"),
    [
        ((3, 8, 8, 5), (1, 8, 8, 5), "must have the same shape"),
        ((3, 8, 8, 5), (3, 4, 16, 5), "must have the same shape"),
        ((8, 8, 5), (8, 8, 5), "`heat_maps` must have shape"),
    ],
)
def test_maps_of_other_shapes_are_refused(heat_maps, values, message):
    with pytest.raises(ValueError, match=message):
        mean_of_map(np.zeros(heat_maps, "float32"), np.zeros(values, "float32"))
