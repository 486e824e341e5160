"""NaN and infinity in the arrays given to `fit`."""

import keras
import numpy as np
import pytest
from keras import ops
from objectives import Opposed, data, equal, opposed, values


@keras.saving.register_keras_serializable(package="tests")
class TwoInputs(Opposed):
    """`fit` reads `x["a"]` only, `oppose` both inputs."""

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        inputs = x["a"] if name == "fit" else x["a"] + x["b"]
        loss = ops.mean(self(inputs, training=training) ** 2)
        return (loss, {"error": loss}) if name == "fit" else loss


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_the_array_the_place_and_the_objectives_are_named_and_nothing_is_trained(number):
    model = opposed()
    before = values(model.variables)
    x, y = data()
    y[7, 0] = number
    with pytest.raises(ValueError, match=r"`y` must be finite.* 'fit', 'oppose'\..* at index \(7, 0\), 1 such"):
        model.fit(x, y, verbose=0)
    assert equal(values(model.variables), before)


def test_only_objectives_that_read_the_number_are_named():
    model = opposed(model_class=TwoInputs)
    x = {"a": data()[0], "b": data()[0]}
    model.fit(x, verbose=0)
    x["b"][3, 1:] = np.nan
    with pytest.raises(ValueError, match=r"`x\['b'\]` must be finite.*objectives: 'oppose'\..*\(3, 1\), 2 such"):
        model.fit(x, verbose=0)


def test_targets_with_weights_may_be_anything():
    model = opposed()
    x, y = data()
    y[7, 0] = np.nan
    model.fit(x, y, sample_weight=np.ones(10), verbose=0)


def test_large_numbers_are_numbers():
    x, y = data()
    opposed().fit(x + 1e30, y, verbose=0)
