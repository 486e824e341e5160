import keras
import numpy as np
import pytest
from objectives import dense, equal, values

from posealign_keras.training import ObjectiveOptimizers


def variables():
    return {name: dense(2, 3, name).trainable_variables for name in ("a", "b")}


def built():
    optimizers = ObjectiveOptimizers({"a": keras.optimizers.Adam(0.1), "b": keras.optimizers.SGD(0.2, momentum=0.5)})
    optimizers.build(variables())
    return optimizers


def test_lists_the_state_of_all_optimizers():
    optimizers = built()
    listed = {id(variable) for variable in optimizers.variables}
    assert len(listed) == len(optimizers.variables)
    assert listed > {id(variable) for name in "ab" for variable in optimizers[name].variables}
    assert listed > {id(optimizers.iterations)}


def test_knows_objectives_and_their_variables():
    optimizers = built()
    assert optimizers.objectives == ["a", "b"]
    assert [one.name for one in optimizers.optimizers] == ["a", "b"]
    own, other = optimizers.objective_variables["a"], optimizers.constant_variables["b"]
    assert [id(variable) for variable in own] == [id(variable) for variable in other]
    with pytest.raises(KeyError, match="'c'"):
        optimizers["c"]


def test_shared_variables_are_constant_for_nobody():
    optimizers = ObjectiveOptimizers({"a": keras.optimizers.SGD(), "b": keras.optimizers.SGD()})
    shared, own = variables().values()
    optimizers.build({"a": shared, "b": shared + own})
    assert [id(v) for v in optimizers.constant_variables["a"]] == [id(v) for v in own]
    assert optimizers.constant_variables["b"] == ()


@pytest.mark.parametrize("scaled", [False, True])
def test_configuration_round_trip(scaled):
    inner = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.3, 10), clipnorm=1.5)
    wrapped = keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0) if scaled else inner
    optimizers = ObjectiveOptimizers({"a": wrapped, "b": keras.optimizers.SGD(0.2)}, name="mine")
    config = keras.saving.serialize_keras_object(optimizers)
    again = keras.saving.deserialize_keras_object(config)
    assert isinstance(again, ObjectiveOptimizers)
    assert again.get_config() == optimizers.get_config()
    assert isinstance(again["a"], keras.optimizers.LossScaleOptimizer) == scaled


def test_the_configuration_names_no_backend():
    assert "keras.src" not in str(keras.saving.serialize_keras_object(built()))


def test_building_again_for_the_same_variables_changes_nothing():
    optimizers = built()
    before = values(optimizers.variables)
    optimizers.build(optimizers.objective_variables)
    assert equal(before, values(optimizers.variables))
    with pytest.raises(ValueError, match=r"`optimizer` .*'a' was built for other"):
        optimizers.build(variables())


def test_has_no_learning_rate_of_its_own():
    optimizers = built()
    with pytest.raises(AttributeError, match="its own learning rate"):
        _ = optimizers.learning_rate
    with pytest.raises(AttributeError, match="its own learning rate"):
        optimizers.learning_rate = 1.0
    with pytest.raises(NotImplementedError, match="one objective"):
        optimizers.apply([np.zeros(1)])


def test_needs_an_optimizer_for_each():
    with pytest.raises(ValueError, match="`optimizers` must hold"):
        ObjectiveOptimizers({})
    shared = keras.optimizers.SGD()
    with pytest.raises(ValueError, match="'a' and 'b' share one"):
        ObjectiveOptimizers({"a": shared, "b": keras.optimizers.LossScaleOptimizer(shared)})
