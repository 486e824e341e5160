"""Half precision: one loss scale for each objective."""

import keras
import numpy as np
import pytest
from keras import ops
from objectives import Opposed, data, dense, equal, values


class Exploding(Opposed):
    """The gradient of `fit` is too large for float16 at the initial loss scale."""

    factor = 1000.0

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        prediction = ops.cast(self(x, training=training), "float32")
        return ops.mean(prediction) * self.factor if name == "fit" else ops.mean(prediction**2)


def exploding(policy, schedule="together", **kwargs):
    keras.utils.set_random_seed(0)
    networks = dense(3, 4, "first", dtype=policy), dense(4, 1, "second", dtype=policy)
    model = Exploding(*networks, schedule=schedule)
    model.compile(keras.optimizers.SGD(1e-4, momentum=0.9), **kwargs)
    return model


@pytest.mark.parametrize("schedule", ["together", "alternate"])
def test_a_step_that_overflows_is_skipped_for_its_objective_only(schedule):
    model = exploding("mixed_float16", schedule)
    first, second = values(model.first.variables), values(model.second.variables)
    for _ in range(1 if schedule == "together" else 2):
        model.train_on_batch(*data(4))
    assert equal(first, values(model.first.variables))
    assert not equal(second, values(model.second.variables))
    assert float(model.optimizer["fit"].dynamic_scale) == 2.0**14
    assert float(model.optimizer["oppose"].dynamic_scale) == 2.0**15
    assert [int(one.iterations) for one in model.optimizer.optimizers] == [0, 1]
    for _ in range(20):
        model.train_on_batch(*data(4))
    assert not equal(first, values(model.first.variables))
    assert all(np.isfinite(value).all() for value in values(model.variables))


def test_loss_scales_are_saved(tmp_path):
    model = exploding("mixed_float16")
    model.train_on_batch(*data(4))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects={"Exploding": Exploding})
    assert float(loaded.optimizer["fit"].dynamic_scale) == 2.0**14
    assert equal(values(model.optimizer.variables), values(loaded.optimizer.variables))


def test_losses_are_not_scaled_where_it_is_not_wanted():
    for model in (exploding("mixed_bfloat16"), exploding("mixed_float16", auto_scale_loss=False)):
        assert not any(isinstance(model.optimizer[name], keras.optimizers.LossScaleOptimizer) for name in ("fit",))


def test_an_optimizer_that_scales_already_is_not_wrapped_again():
    model = exploding("mixed_float16")
    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), initial_scale=4.0)
    model.compile({"fit": scaling, "oppose": "sgd"})
    assert model.optimizer["fit"] is scaling


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision_follows_single_precision(policy):
    losses = []
    for one in ("float32", policy):
        model = exploding(one)
        model.factor = 1.0
        losses.append([model.train_on_batch(*data(4), return_dict=True)["oppose"] for _ in range(3)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.1)
