"""The `ResumeTraining` callback: training that was stopped at any moment goes on as if nothing had happened."""

import json
import os
import shutil
import time
import warnings
from pathlib import Path

import keras

_WEIGHTS, _HISTORY, _PREFIX = "state.weights.h5", "history.json", "epoch_"


class ResumeTraining(keras.callbacks.Callback):
    """Saves the whole state of training after epochs, and goes on from it when `fit` is called again.

    Unlike `keras.callbacks.BackupAndRestore` a saved state is whole or absent, even if the process is killed while it
    is written: weights, optimizers, the turn, random seeds, the number of the epoch and the history belong to one
    directory, which appears in one step. The `History` that `fit` returns covers the earlier epochs too.

    Put it last in the list of callbacks, so that it keeps what the others log. Their own state is not kept: after an
    early stop, for instance, training would go on. The batches must be the same again: use `shuffle=False`, or a
    dataset whose order depends on its seed alone and not on how many epochs were drawn from it in this process.

    Args:
        directory: Where the states are; only the last one is kept. Delete it to start over. Where several processes
            train together, each needs a directory of its own.
        least_seconds: Save only after epochs by whose end so many seconds have passed since the last time. What an
            interruption costs then is that much training at most, and epochs may be short.

    Raises:
        ValueError: In training, if the model is not built, or if the directory holds the state of another model or of
            other optimizers.
        OSError: In training, if the state cannot be written or read.

    Example:
        >>> from posealign_keras.models import RelationNetwork
        >>> from posealign_keras.training import RelationRegression
        >>> def train(epochs):
        ...     stage = RelationRegression(RelationNetwork("pose_flip", latent_dim=4, widths=(8,)))
        ...     stage.compile(optimizer="adam")
        ...     callbacks = [ResumeTraining("training")]
        ...     x = np.ones((4, 4), "float32")
        ...     return stage.fit(x, -x, epochs=epochs, shuffle=False, callbacks=callbacks, verbose=0).epoch
        >>> train(epochs=2)
        [0, 1]
        >>> train(epochs=3)  # a new process would go on in the same way
        [0, 1, 2]
    """

    def __init__(self, directory, least_seconds: float = 0.0):
        super().__init__()
        self.directory = Path(directory)
        self.least_seconds = least_seconds
        self._last_time = 0.0
        self._history: dict[str, list[float]] = {}
        self._restored = 0

    def on_train_begin(self, logs=None):
        """Go on from the last whole state, if there is one."""
        if not self.model.built:
            raise ValueError(f"`ResumeTraining` needs a model that is built. Received: {self.model}")
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self._history, self._restored, self._last_time = {}, 0, time.monotonic()
        self.model._initial_epoch = None  # Keras keeps what an earlier `fit` was given
        state = max(self._states(), default=None)
        if state is None:
            return
        try:
            with warnings.catch_warnings():
                # Keras only warns of an optimizer that is another one, and would train on with a new one.
                warnings.filterwarnings("error", message="Skipping variable loading for optimizer")
                self.model.load_weights(state / _WEIGHTS)
        except (ValueError, UserWarning) as error:
            raise ValueError(
                f"`directory` must hold the state of this model, or be empty. Received: {state}: {error}"
            ) from error
        self._history = json.loads((state / _HISTORY).read_text())
        self._restored = int(state.name.removeprefix(_PREFIX))
        self.model._initial_epoch = self._restored  # where `fit` begins, as for BackupAndRestore

    def on_epoch_begin(self, epoch, logs=None):
        """Put the earlier epochs into the history, which Keras has just emptied."""
        self._restore_history()

    def on_train_end(self, logs=None):
        """The same where all epochs were trained before; the next `fit` begins where it is told."""
        self._restore_history()
        self.model._initial_epoch = None

    def _restore_history(self):
        history = getattr(self.model, "history", None)
        if history is not None and not history.epoch:
            history.epoch = list(range(self._restored))
            history.history = {name: list(values) for name, values in self._history.items()}

    def on_epoch_end(self, epoch, logs=None):
        """Save the state, unless that was done a moment ago, and forget the one before."""
        for name, value in (logs or {}).items():
            self._history.setdefault(name, []).append(float(value))
        if time.monotonic() - self._last_time < self.least_seconds:
            return
        earlier = self._states()
        final = self.directory / f"{_PREFIX}{epoch + 1:09d}"
        partial = self.directory / f".{final.name}.{os.getpid()}"
        partial.mkdir(parents=True)
        try:
            self.model.save_weights(partial / _WEIGHTS)
            (partial / _HISTORY).write_text(json.dumps(self._history))
            for file in partial.iterdir():
                with open(file, "rb") as opened:
                    os.fsync(opened.fileno())
            partial.rename(final)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        for state in earlier:
            shutil.rmtree(state)
        self._last_time = time.monotonic()

    def _states(self):
        """The whole states. What a killed process has left half written is removed."""
        if not self.directory.is_dir():
            return []
        for partial in self.directory.glob(f".{_PREFIX}*"):
            shutil.rmtree(partial, ignore_errors=True)
        return list(self.directory.glob(f"{_PREFIX}*"))
