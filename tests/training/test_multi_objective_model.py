import keras
import numpy as np
import pytest
from keras import ops
from objectives import (
    LEARNING_RATES,
    MOMENTUM,
    NumpyOpposed,
    Opposed,
    data,
    dense,
    equal,
    opposed,
    optimizers,
    values,
)

from posealign_keras.training import MultiObjectiveModel

BACKEND = keras.backend.backend()
SCHEDULES = ("together", "alternate")


def modes():
    """Every way to run a step that the backend has."""
    yield pytest.param({}, id="default")
    yield pytest.param({"run_eagerly": True}, id="eager")
    if BACKEND == "tensorflow":
        yield pytest.param({"jit_compile": True}, id="xla")


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("mode", modes())
def test_steps_equal_those_written_in_numpy(schedule, mode):
    model = opposed(schedule, **mode)
    x, y = data()
    reference = NumpyOpposed(values(model.trainable_variables), schedule)
    for _ in range(5):
        logs = model.train_on_batch(x, y, return_dict=True)
        expected = reference.step(x, y)
        for name, value in expected.items():
            np.testing.assert_allclose(logs[name], value, rtol=1e-5)
        assert logs["loss"] == pytest.approx(np.mean([expected[k] for k in ("fit", "oppose") if k in expected]), 1e-5)
        assert all(np.isnan(logs[name]) for name in {"fit", "oppose"} & logs.keys() - expected.keys())
    for variable, weight in zip(values(model.trainable_variables), reference.weights, strict=True):
        np.testing.assert_allclose(variable, weight, rtol=2e-5, atol=1e-6)
    assert int(model.optimizer.iterations) == 5


@pytest.mark.skipif(BACKEND != "jax", reason="only JAX takes the turns on the host, and only on the CPU")
def test_the_device_takes_the_same_turns_as_the_host(monkeypatch):
    histories = []
    for device in ("cpu", "gpu"):
        monkeypatch.setattr("jax.default_backend", lambda device=device: device)
        model = opposed("alternate", steps_per_execution=2)
        histories.append(model.fit(*data(10), batch_size=2, epochs=2, shuffle=False, verbose=0).history)
        assert int(model.optimizer.iterations) == 10
    for name in histories[0].keys() | histories[1].keys():
        np.testing.assert_allclose(histories[0][name], histories[1][name], rtol=1e-5)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_logs_of_fit_are_means_over_the_steps_that_ran(schedule):
    model = opposed(schedule)
    x, y = data(10)  # batches of 4, 4 and 2
    reference = NumpyOpposed(values(model.trainable_variables), schedule)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=data(6)).history
    for epoch in range(2):
        total, count = {}, {}
        for start in (0, 4, 8):
            batch = x[start : start + 4], y[start : start + 4]
            for name, value in reference.step(*batch).items():
                total[name] = total.get(name, 0) + value * len(batch[0])
                count[name] = count.get(name, 0) + len(batch[0])
        for name in total:
            assert history[name][epoch] == pytest.approx(total[name] / count[name], rel=1e-5)
        for name, value in reference.losses(*data(6)).items():
            assert history[f"val_{name}"][epoch] == pytest.approx(value, rel=1e-5)
        overall = sum(total[k] for k in ("fit", "oppose")) / sum(count[k] for k in ("fit", "oppose"))
        assert history["loss"][epoch] == pytest.approx(overall, rel=1e-5)


def test_an_objective_that_has_not_run_reports_nan():
    model = opposed("alternate")
    history = model.fit(*data(4), epochs=3, verbose=0).history
    for name, ran in {"fit": [True, False, True], "oppose": [False, True, False]}.items():
        assert list(np.isfinite(history[name])) == ran
    assert np.all(np.isfinite(history["loss"]))


def test_a_step_updates_nothing_but_the_variables_of_its_objective():
    model = opposed("alternate")
    model.optimizer["oppose"].learning_rate = 0.5
    second, state = values(model.second.variables), values(model.optimizer["oppose"].variables)
    first = values(model.first.variables)
    model.train_on_batch(*data())
    assert equal(second, values(model.second.variables))
    assert equal(state, values(model.optimizer["oppose"].variables))
    assert not equal(first, values(model.first.variables))
    first, state = values(model.first.variables), values(model.optimizer["fit"].variables)
    model.train_on_batch(*data())
    assert equal(first, values(model.first.variables))
    assert equal(state, values(model.optimizer["fit"].variables))
    assert not equal(second, values(model.second.variables))


class Watching(Opposed):
    """Notes which variables the backend would differentiate."""

    def compute_objective(self, name, *args, **kwargs):
        self.calls.append(name)
        if BACKEND == "torch":
            self.differentiated.append([v.value.requires_grad for v in self.trainable_variables])
        return super().compute_objective(name, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls, self.differentiated = [], []


@pytest.mark.skipif(BACKEND != "torch", reason="TensorFlow and JAX are told which variables to differentiate")
def test_torch_records_no_graph_for_the_variables_of_other_objectives():
    model = opposed(model_class=Watching)
    model.train_on_batch(*data())
    assert list(model.differentiated) == [[True, True, False, False], [False, False, True, True]]
    assert all(variable.value.requires_grad for variable in model.trainable_variables)


@pytest.mark.skipif(BACKEND == "torch", reason="PyTorch runs eagerly")
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_nothing_is_traced_again_after_the_first_epoch(schedule):
    model = opposed(schedule, model_class=Watching)
    arguments = {"batch_size": 4, "verbose": 0, "validation_data": data(8), "validation_batch_size": 4}
    model.fit(*data(8), **arguments)
    calls = len(model.calls)
    model.fit(*data(8), epochs=2, **arguments)
    assert len(model.calls) == calls


@keras.saving.register_keras_serializable(package="tests")
class Stateful(Opposed):
    """With normalisation, dropout and random noise of its own."""

    def __init__(self, first, second, noise=0.1, schedule="together", name=None):
        super().__init__(first, second, schedule=schedule, name=name)
        self.noise = noise
        self.seed_generator = keras.random.SeedGenerator(7)

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        if training:
            x = x + self.noise * keras.random.normal(ops.shape(x), seed=self.seed_generator)
        return super().compute_objective(name, x, y, sample_weight, training)


def stateful(schedule):
    keras.utils.set_random_seed(0)
    first = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4),
            keras.layers.BatchNormalization(name="normalization"),
            keras.layers.Dropout(0.3, seed=5, name="dropout"),
        ],
        name="first",
    )
    model = Stateful(first, dense(4, 1, "second"), schedule=schedule)
    decay = keras.optimizers.schedules.ExponentialDecay(0.05, 2, 0.7)
    model.compile(
        optimizer={
            "fit": keras.optimizers.Adam(decay, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3),
            "oppose": keras.optimizers.SGD(0.1, momentum=0.9, clipnorm=0.1, gradient_accumulation_steps=2),
        }
    )
    return model


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_training_goes_on_bit_equal_after_saving_and_loading(schedule, tmp_path):
    model = stateful(schedule)
    model.fit(*data(12), batch_size=4, shuffle=False, verbose=0)  # three steps: in the middle of a turn
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, Stateful)
    assert (loaded.schedule, loaded.noise) == (schedule, 0.1)
    assert int(loaded.optimizer.iterations) == 3
    assert equal(values(model.variables), values(loaded.variables))
    assert equal(values(model.optimizer.variables), values(loaded.optimizer.variables))
    histories = [one.fit(*data(12), batch_size=4, shuffle=False, verbose=0).history for one in (model, loaded)]
    assert histories[0] == histories[1]
    assert equal(values(model.variables), values(loaded.variables))
    assert equal(values(model.optimizer.variables), values(loaded.optimizer.variables))


def test_a_model_saved_before_compiling_loads(tmp_path):
    model = Opposed(dense(3, 4, "first"), dense(4, 1, "second"))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    assert equal(values(model.weights), values(loaded.weights))
    model.save_weights(tmp_path / "model.weights.h5")
    trained = opposed()
    trained.load_weights(tmp_path / "model.weights.h5")
    assert equal(values(model.weights), values(trained.weights))


def test_state_that_a_loss_changes_is_kept():
    model = stateful("together")
    normalization, dropout = model.first.get_layer("normalization"), model.first.get_layer("dropout")
    seeds = [model.seed_generator.state, dropout.seed_generator.state]
    before = values(seeds)
    x, y = data(8)
    model.noise = 0.0
    # The first objective runs before, the second after the first update of the kernel.
    batch_mean_0 = np.mean(ops.convert_to_numpy(model.first.layers[0](x)), axis=0)
    model.optimizer["fit"].learning_rate = keras.optimizers.schedules.ExponentialDecay(0.0, 1, 0.5)
    model.train_on_batch(x, y)
    np.testing.assert_allclose(
        ops.convert_to_numpy(normalization.moving_mean), (0.01 + 0.99 * 0.01) * batch_mean_0, rtol=1e-4, atol=1e-7
    )
    assert not any(np.array_equal(a, b) for a, b in zip(before, values(seeds), strict=True))
    before = values([*seeds, normalization.moving_mean])
    model.evaluate(x, y, verbose=0)
    assert equal(before, values([*seeds, normalization.moving_mean]))


@pytest.mark.parametrize("schedule", ["together", "alternate"])
def test_norms_of_gradients(schedule, tmp_path):
    model = opposed(schedule)
    model.compile(optimizer=optimizers(), gradient_norms=True)
    before = values(model.weights)
    x, y = data(8)
    history = model.fit(x, y, batch_size=4, shuffle=False, verbose=0, steps_per_epoch=2).history
    assert "val_fit_gradient_norm" not in history
    # The same gradients, in NumPy.
    reference = NumpyOpposed(before, schedule)
    norms = {"fit": [], "oppose": []}
    for start in (0, 4):
        batch = x[start : start + 4].astype("float64"), y[start : start + 4].astype("float64")
        for name in norms if schedule == "together" else [("fit", "oppose")[start // 4]]:
            old = [weight.copy() for weight in reference.weights]
            velocity = [v.copy() for v in reference.velocity]
            reference._minimize(name, *batch)
            steps = [
                new - weight - MOMENTUM[name] * v
                for new, weight, v in zip(reference.weights, old, velocity, strict=True)
            ]
            own = steps[:2] if name == "fit" else steps[2:]
            norms[name].append(np.sqrt(sum((step**2).sum() for step in own)) / LEARNING_RATES[name])
    for name, expected in norms.items():
        np.testing.assert_allclose(history[f"{name}_gradient_norm"], np.mean(expected), rtol=1e-4)

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert "fit_gradient_norm" in loaded.fit(x, y, batch_size=4, verbose=0).history


def test_predict_calls_the_model():
    model = opposed()
    x, _ = data(5)
    kernel_1, bias_1, kernel_2, bias_2 = values(model.trainable_variables)
    expected = (x @ kernel_1 + bias_1) @ kernel_2 + bias_2
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


class Nested(Opposed):
    """Takes both arrays in `x`, of different batch sizes, and no `y`."""

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        assert y is None
        prediction = self(x["few"]["images"], training=training)
        if name == "fit":
            return ops.mean(prediction**2)
        return ops.mean(self(x["many"], training=training)) + ops.mean(prediction)


def test_nested_data_of_several_batch_sizes():
    def batches():
        random = np.random.default_rng(0)
        while True:
            yield ({"few": {"images": random.normal(size=(2, 3))}, "many": random.normal(size=(5, 3))},)

    model = opposed(model_class=Nested)
    logs = model.fit(batches(), steps_per_epoch=3, verbose=0).history
    assert np.isfinite([logs["fit"], logs["oppose"]]).all()
    assert np.isfinite(list(model.evaluate(batches(), steps=2, verbose=0, return_dict=True).values())).all()


class ValidationMetric(Opposed):
    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        loss = ops.mean((self(x) - y) ** 2)
        return (loss, {"root": ops.sqrt(loss)}) if name == "oppose" and not training else loss


def test_a_metric_may_be_computed_in_validation_only():
    model = opposed(model_class=ValidationMetric)
    history = model.fit(*data(), epochs=2, verbose=0, validation_data=data()).history
    assert history.keys() == {"loss", "fit", "oppose", "val_loss", "val_fit", "val_oppose", "val_oppose_root"}
    np.testing.assert_allclose(history["val_oppose_root"], np.sqrt(history["val_oppose"]), rtol=1e-5)


def test_regularisers_belong_to_the_objective_of_their_variables():
    class Plain(Opposed):
        def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
            return ops.mean(ops.zeros_like(x))

    first = dense(3, 4, "first", kernel_regularizer=keras.regularizers.L2(0.5))
    model = Plain(first, dense(4, 1, "second"))
    model.compile(keras.optimizers.SGD(0.1))
    kernel, _ = values(first.trainable_variables)
    logs = model.train_on_batch(data()[0], return_dict=True)
    assert logs["fit"] == pytest.approx(0.5 * np.sum(kernel**2), rel=1e-5)
    assert logs["oppose"] == 0
    np.testing.assert_allclose(values(first.trainable_variables)[0], 0.9 * kernel, rtol=1e-5)


def test_one_optimizer_is_copied_for_each_objective():
    model = opposed()
    model.compile(keras.optimizers.Adam(0.123))
    assert [float(one.learning_rate) for one in model.optimizer.optimizers] == [pytest.approx(0.123)] * 2
    assert model.optimizer["fit"] is not model.optimizer["oppose"]
    assert [one.name for one in model.optimizer.optimizers] == ["fit", "oppose"]


def test_compiling_again_with_the_same_optimizer_keeps_its_state():
    model = opposed()
    model.fit(*data(), verbose=0)
    state = values(model.optimizer.variables)
    model.compile(model.optimizer, run_eagerly=True)
    assert equal(state, values(model.optimizer.variables))
    model.fit(*data(), verbose=0)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras refuses `steps_per_execution` on PyTorch")
def test_several_steps_per_execution():
    one, several = opposed("alternate"), opposed("alternate", steps_per_execution=3)
    for model in (one, several):
        model.fit(*data(12), batch_size=4, shuffle=False, epochs=2, verbose=0)
    for a, b in zip(values(one.trainable_variables), values(several.trainable_variables), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_frozen_before_compiling_stays_as_it_is():
    model = Opposed(
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="low"), keras.layers.Dense(4)]),
        dense(4, 1, "second"),
    )
    model.first.get_layer("low").trainable = False
    model.compile(optimizers())
    low = values(model.first.get_layer("low").variables)
    model.fit(*data(), verbose=0)
    assert equal(low, values(model.first.get_layer("low").variables))


@pytest.mark.parametrize("trained", [False, True])
def test_freezing_after_compiling_is_an_error(trained):
    model = opposed()
    if trained:
        model.fit(*data(), verbose=0)
    model.first.layers[0].trainable = False
    with pytest.raises(ValueError, match="'fit'"):
        model.fit(*data(), verbose=0)


class TestErrors:
    def test_an_objective_without_optimizer(self):
        model = opposed()
        with pytest.raises(ValueError, match=r"`optimizer` must hold .* none for 'oppose'"):
            model.compile({"fit": "sgd"})

    def test_an_optimizer_without_objective(self):
        model = opposed()
        with pytest.raises(ValueError, match=r"`optimizer` .* for 'third'"):
            model.compile({"fit": "sgd", "oppose": "sgd", "third": "sgd"})

    def test_an_optimizer_shared_by_objectives(self):
        model, optimizer = opposed(), keras.optimizers.SGD()
        with pytest.raises(ValueError, match=r"`optimizer` .*'fit' and 'oppose' share"):
            model.compile({"fit": optimizer, "oppose": optimizer})

    def test_an_optimizer_built_for_other_variables(self):
        with pytest.raises(ValueError, match=r"`optimizer` .*'fit'"):
            opposed().compile({"fit": opposed().optimizer["fit"], "oppose": "sgd"})

    def test_composite_of_other_objectives(self):
        composite = opposed().optimizer
        model = _with_variables(lambda self: {"other": self.first.trainable_variables})
        with pytest.raises(ValueError, match="`optimizer` must be for the objectives"):
            model.compile(composite)

    def test_an_objective_without_variables(self):
        model = _with_variables(lambda self: {"fit": self.first.trainable_variables, "oppose": []})
        with pytest.raises(ValueError, match=r"`objective_variables` .*'oppose'"):
            model.compile("sgd")

    def test_no_objective(self):
        with pytest.raises(ValueError, match=r"`objective_variables` .* at least one"):
            _with_variables(lambda self: {}).compile("sgd")

    def test_variables_that_cannot_be_trained(self):
        model = _with_variables(lambda self: {"fit": self.first.variables})
        model.first.trainable = False
        with pytest.raises(ValueError, match=r"`objective_variables` .*'fit' some are frozen"):
            model.compile("sgd")

    def test_variables_of_another_model(self):
        foreign = dense(2, 2, "foreign")
        model = _with_variables(lambda self: {"fit": foreign.trainable_variables})
        with pytest.raises(ValueError, match=r"`objective_variables` .*'fit'.*foreign"):
            model.compile("sgd")

    def test_a_variable_listed_twice(self):
        model = _with_variables(lambda self: {"fit": self.first.trainable_variables * 2})
        with pytest.raises(ValueError, match="'fit' once"):
            model.compile("sgd")

    def test_unbuilt_networks(self):
        model = Opposed(keras.Sequential([keras.layers.Dense(4)], name="unbuilt"), dense(4, 1, "second"))
        with pytest.raises(ValueError, match=r"must be built.*unbuilt"):
            model.compile("sgd")

    def test_unknown_schedule(self):
        model = opposed()
        model.schedule = "random"
        with pytest.raises(ValueError, match=r"`schedule` must be one of .*'random'"):
            model.compile("sgd")

    @pytest.mark.parametrize("argument", ["loss", "metrics"])
    def test_losses_of_keras(self, argument):
        with pytest.raises(ValueError, match=f"`{argument}` must not be given"):
            opposed().compile("sgd", **{argument: ["mse"]})

    def test_a_loss_that_is_no_scalar(self):
        model = _with_objective(lambda self, name, x: x[:, 0])
        with pytest.raises(ValueError, match=r"`compute_objective` must return a scalar .*'fit'.*Received: shape="):
            model.train_on_batch(*data())

    def test_a_metric_that_is_no_scalar(self):
        model = _with_objective(lambda self, name, x: (ops.mean(x), {"wide": x}))
        with pytest.raises(ValueError, match=r"`compute_objective` .*metric 'wide' of the objective 'fit'"):
            model.train_on_batch(*data())

    def test_a_result_of_another_kind(self):
        model = _with_objective(lambda self, name, x: (ops.mean(x), ops.mean(x)))
        with pytest.raises(ValueError, match=r"`compute_objective` must return .*'fit'"):
            model.train_on_batch(*data())

    def test_a_metric_with_the_name_of_an_objective(self):
        model = _with_variables(
            lambda self: {"a": self.first.trainable_variables, "a_b": self.second.trainable_variables}
        )
        type(model).compute_objective = lambda self, name, x, *_, **__: (ops.mean(self(x)), {"b": 0.0})
        model.compile("sgd")
        with pytest.raises(ValueError, match="'a_b'"):
            model.train_on_batch(*data())

    def test_an_objective_called_loss(self):
        with pytest.raises(ValueError, match="'loss'"):
            _with_variables(lambda self: {"loss": self.first.trainable_variables}).compile("sgd")

    def test_a_parameter_that_is_not_kept(self):
        class Forgetful(Opposed):
            def __init__(self, first, second, forgotten=1):
                super().__init__(first, second)

        with pytest.raises(ValueError, match="'forgotten'"):
            Forgetful(dense(3, 4, "first"), dense(4, 1, "second")).get_config()

    def test_methods_left_out(self):
        with pytest.raises(NotImplementedError, match="objective_variables"):
            MultiObjectiveModel().compile("sgd")


def _with_variables(function):
    class Custom(Opposed):
        objective_variables = function

    return Custom(dense(3, 4, "first"), dense(4, 1, "second"))


def _with_objective(function):
    class Custom(Opposed):
        def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
            return function(self, name, x)

    model = Custom(dense(3, 4, "first"), dense(4, 1, "second"))
    model.compile("sgd")
    return model
