"""Progress of long work: one line that is rewritten on a terminal, a line now and then elsewhere."""

import sys
import time


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
        self._complete = False
        self._before: float | None = None

    def __call__(self, done: float, total: int, note: str = "") -> None:
        """Show that `done` of `total` steps are done, one of them perhaps in part, with a few words on how it goes."""
        now = time.monotonic()
        # What was done before the first call, by an earlier run perhaps, took none of this time.
        self._before = done if self._before is None else self._before
        if self._complete or (done < total and now - self._shown < self._every):
            return
        self._shown, self._complete = now, done >= total
        elapsed = now - self._start
        times = clock(elapsed)
        if self._before < done < total:
            times += f", {clock(elapsed / (done - self._before) * (total - done))} left"
        line = f"   {self.what}: {int(done):,} of {total:,} ({times})  {note}".rstrip()
        if self._interactive:
            print(f"\r\033[K{line}", end="" if done < total else "\n", flush=True)
        else:
            print(line, flush=True)


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, such as `2:05`."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}"
