"""Keeps the exit status of a process that has read from S3."""

import ctypes
import functools


@functools.cache
def skip_native_destructors() -> None:
    """Have this process end without the destructors of its native libraries, with the exit status that it has.

    The destructors of the S3 file system of tensorflow-io 0.37 abort the process (its issue 2039): whatever was
    computed, its exit status would be 134. What Python does at exit, and `atexit`, comes before and is not touched.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "on_exit"):
        # The last one runs first: what is buffered is written, then the process ends, before the destructors that
        # were there already. Called with the exit status.
        library.on_exit(library._exit, None)
        library.on_exit(library.fcloseall, None)
