"""Progress of long work: one line that is rewritten on a terminal, a line now and then elsewhere."""

import sys
import time

import keras


class Progress:
    """Shows how much of some work is done and how long the rest will take.

    Args:
        what: What is being done.
        every: Seconds between lines where the output is not a terminal.
    """

    def __init__(self, what: str, every: float = 15.0):
        self.what = what
        self._interactive = sys.stdout.isatty()
        self._every = 0.2 if self._interactive else every
        self._start = self._shown = time.monotonic()

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Show that `done` of `total` steps are done, with a few words on how it goes."""
        now = time.monotonic()
        if done < total and now - self._shown < self._every:
            return
        self._shown = now
        elapsed = now - self._start
        left = elapsed / max(done, 1) * (total - done)
        times = f"{clock(elapsed)}" if done >= total else f"{clock(elapsed)}, {clock(left)} left"
        line = f"   {self.what}: {done:,} of {total:,} ({times})  {note}".rstrip()
        if self._interactive:
            print(f"\r\033[K{line}", end="" if done < total else "\n", flush=True)
        else:
            print(line, flush=True)


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


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, such as `2:05`."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}"
