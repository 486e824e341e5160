"""Writes parts in several processes of this machine."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tfrecords_tools.part import Part

_SECONDS_BETWEEN_REPORTS = 0.5


def process_runner(workers: int) -> Callable[[Sequence[Part], Callable[[float], None]], list[dict]]:
    """Make a `runner` for `convert`, which writes parts in processes of this machine.

    Args:
        workers: Number of processes; with one, this process does it.

    Returns:
        Function of the parts and of the progress (called with the number of parts that are done, one of them perhaps
        in part) that returns the reports of the parts.

    Raises:
        ValueError: If there is not at least one.
    """
    if workers < 1:
        raise ValueError(f"`workers` must be at least 1. Received: workers={workers!r}")
    return _write_here if workers == 1 else lambda parts, progress: _write_in_pool(parts, progress, workers)


def _write_here(parts, progress):
    reports = []
    for number, part in enumerate(parts):
        reports.append(part.write(lambda share, number=number: progress(number + share)))
        progress(number + 1)
    return reports


def _write_in_pool(parts, progress, workers):
    # Threads and libraries of this process must not be copied into the others.
    context = multiprocessing.get_context("spawn")
    shares = context.Array("d", len(parts))
    others = multiprocessing.active_children()
    with ProcessPoolExecutor(min(workers, len(parts)), context, _set_shares, (shares,)) as pool:
        futures = [pool.submit(_write_and_tell, part, index) for index, part in enumerate(parts)]
        try:
            waiting = set(futures)
            while waiting:
                finished, waiting = wait(waiting, _SECONDS_BETWEEN_REPORTS, FIRST_COMPLETED)
                for future in finished:
                    future.result()
                progress(sum(shares[:]))
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                if process not in others:
                    process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise OSError(
                    "A process that read recordings was killed, most likely for lack of memory: try fewer `workers`. "
                    "A program that calls `convert` must do so under `if __name__ == '__main__':`"
                ) from error
            raise
    return [future.result() for future in futures]


_shares: list[Any] = []  # in a worker: the array, shared with the process that waits, of what is done of each part


def _set_shares(shares):
    _shares[:] = [shares]


def _write_and_tell(part, index):
    last = time.monotonic()

    def tell(share):
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_REPORTS:
            _shares[0][index], last = share, time.monotonic()

    report = part.write(tell)
    _shares[0][index] = 1.0
    return report
