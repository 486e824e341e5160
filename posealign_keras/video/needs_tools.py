"""`needs_tools`: what is said where the libraries that read videos are missing."""

from contextlib import contextmanager


@contextmanager
def needs_tools():
    """Context of an import from `tfrecords_tools`.

    Raises:
        ImportError: If a library is missing; the message says how to install it.
    """
    try:
        yield
    except ImportError as error:
        raise ImportError(
            f"Reading videos needs {error.name}, which is not installed. "
            "Install it with: pip install 'posealign_keras[video]'",
            name=error.name,
        ) from error
