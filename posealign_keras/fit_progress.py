"""`FitProgress`: shows how far a `fit` is, and how long the rest will take."""

import keras

from posealign_keras.progress import Progress


class FitProgress(keras.callbacks.Callback):
    """Shows the progress of `fit` in steps.

    Args:
        what: What is being trained.
        total: Steps of the whole training.
        watch: Name of the logged value to show.
    """

    def __init__(self, what: str, total: int, watch: str):
        super().__init__()
        self._progress = Progress(what)
        self._total = total
        self._watch = watch
        self._done = 0

    def on_train_batch_end(self, batch, logs=None):
        """Count the step."""
        self._done += 1
        self._progress(self._done, self._total, f"{self._watch} {float((logs or {}).get(self._watch, 0)):.4f}")
