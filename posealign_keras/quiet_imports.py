"""`quiet_imports`: imports without what native libraries write while they load."""

import os
import tempfile
from contextlib import contextmanager


@contextmanager
def quiet_imports():
    """Context of imports whose native libraries tell of themselves, as TensorFlow's do whatever the level of its log.

    What is written to standard error meanwhile shows only where an import fails.

    Example:
        >>> with quiet_imports():
        ...     import keras
    """
    with tempfile.TemporaryFile() as told:
        kept = os.dup(2)
        os.dup2(told.fileno(), 2)
        try:
            yield
        except ImportError:
            told.seek(0)
            os.write(kept, told.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
