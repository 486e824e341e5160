"""`cached_by_file`: what was made of a file is kept for as long as the file stays as it is."""

import functools
import os
from collections.abc import Callable
from typing import Any

_ENTRIES = 2


def cached_by_file(function: Callable) -> Callable:
    """Make a function of a file keep its latest results, and call it again once the file has changed.

    The function is the same as before to its callers, except that what it returns is shared: they must not change it.

    Args:
        function: Takes the path of a file and returns what it made of it, or raises if there is no such file. It may
            take further arguments, which must be hashable; the path may be `None`.
    """

    @functools.lru_cache(maxsize=_ENTRIES)
    def keep(path, _absolute, _state, *arguments):
        return function(path, *arguments)

    @functools.wraps(function)
    def read(path, *arguments) -> Any:
        if path is None:
            return keep(None, None, None, *arguments)
        try:
            status = os.stat(path)
        except OSError:
            return function(path, *arguments)
        return keep(path, os.path.abspath(path), (status.st_mtime_ns, status.st_size), *arguments)

    return read
