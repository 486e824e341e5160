"""The callbacks of Keras with several objectives."""

import keras
import numpy as np
import pytest
from objectives import Opposed, data, equal, opposed, values


class Interrupt(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_training_goes_on_bit_equal_after_an_interruption(tmp_path):
    arguments = {"epochs": 4, "batch_size": 4, "shuffle": False, "verbose": 0}
    straight = opposed("alternate")
    straight.fit(*data(12), **arguments)
    backup = [keras.callbacks.BackupAndRestore(tmp_path / "backup")]
    with pytest.raises(KeyboardInterrupt):
        opposed("alternate").fit(*data(12), callbacks=[*backup, Interrupt(3)], **arguments)
    resumed = opposed("alternate")
    history = resumed.fit(*data(12), callbacks=backup, **arguments).history
    assert len(history["loss"]) == 1
    assert equal(values(straight.variables), values(resumed.variables))
    assert equal(values(straight.optimizer.variables), values(resumed.optimizer.variables))


def test_checkpoint_of_the_best_epoch_and_early_stopping_by_an_objective(tmp_path):
    model = opposed()
    model.optimizer["fit"].learning_rate = -0.05  # so that the first epoch is the best
    checkpoint = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", monitor="val_fit", mode="min", save_best_only=True
    )
    stopping = keras.callbacks.EarlyStopping(monitor="val_fit", mode="min", patience=1, restore_best_weights=True)
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(
        *data(), epochs=5, verbose=0, validation_data=data(), callbacks=[checkpoint, stopping, logger]
    ).history
    assert len(history["val_fit"]) == 2
    assert history["val_fit"][1] > history["val_fit"][0]
    best = keras.saving.load_model(tmp_path / "best.keras")
    assert equal(values(best.weights), values(model.weights))
    assert best.evaluate(*data(), verbose=0, return_dict=True)["fit"] == pytest.approx(history["val_fit"][0], rel=1e-5)


def test_learning_rates_follow_a_schedule_each():
    model = opposed()
    callback = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    history = model.fit(*data(), epochs=2, verbose=0, callbacks=[callback]).history
    np.testing.assert_allclose(history["learning_rate_fit"], [0.025, 0.0125], rtol=1e-5)
    np.testing.assert_allclose(history["learning_rate_oppose"], [0.01, 0.005], rtol=1e-5)


def test_terminates_on_nan():
    model = opposed()
    model.compile(optimizer=keras.optimizers.SGD(1e30))
    history = model.fit(*data(), epochs=20, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()]).history
    assert len(history["loss"]) < 10


def test_tensorboard_shows_every_objective(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    model, callback = opposed(), keras.callbacks.TensorBoard(tmp_path)
    history = model.fit(*data(), epochs=2, verbose=0, validation_data=data(), callbacks=[callback]).history
    for part, prefix in (("train", ""), ("validation", "val_")):
        events = EventAccumulator(str(tmp_path / part), size_guidance={"tensors": 0}).Reload()
        for name in ("fit", "fit_error", "oppose"):
            shown = [make_ndarray(event.tensor_proto) for event in events.Tensors(f"epoch_{name}")]
            np.testing.assert_allclose(shown, history[prefix + name], rtol=1e-6)


def test_averaged_weights_end_training_and_are_swapped_in_for_validation():
    def train(**kwargs):
        model = opposed()
        model.compile(
            {
                "fit": keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5),
                "oppose": keras.optimizers.SGD(0.02),
            }
        )
        return model, model.fit(*data(), epochs=3, verbose=0, **kwargs)

    weights = []
    recorder = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: weights.append(None))
    model, _ = train(callbacks=[recorder])
    assert len(weights) == 3
    average = values(model.optimizer["fit"]._model_variables_moving_average)
    assert equal(values(model.first.trainable_variables), average)
    _, history = train(validation_data=data(), callbacks=[keras.callbacks.SwapEMAWeights()])
    assert history.history["val_fit"][-1] == pytest.approx(
        model.evaluate(*data(), verbose=0, return_dict=True)["fit"], rel=1e-5
    )


class Averaging(Opposed):
    pass


def test_averages_equal_those_written_in_numpy():
    model = opposed(model_class=Averaging)
    model.compile({"fit": keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5), "oppose": "sgd"})
    average = None
    for _ in range(3):
        model.train_on_batch(*data())
        kernel = values(model.first.trainable_variables)[0]
        average = kernel if average is None else 0.5 * average + 0.5 * kernel
    np.testing.assert_allclose(
        values(model.optimizer["fit"]._model_variables_moving_average)[0], average, rtol=1e-5, atol=1e-7
    )
