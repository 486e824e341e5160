"""`readable`: what is said of a damaged file."""

import json
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def readable(path: Path, kind: str):
    """Context of reading a file that may be anything.

    Raises:
        ValueError: If anything goes wrong; the message names the file, and what it was taken for.
    """
    try:
        yield
    except (FileNotFoundError, PermissionError, ImportError):
        raise
    except Exception as error:  # a damaged file can make anything go wrong
        raise ValueError(f"{path} cannot be read as {kind}: {error}") from error


def read_json(path: Path, kind: str) -> dict:
    """The object in a JSON file.

    Raises:
        ValueError: If it holds none; the message names the file, and what it was taken for.
    """
    with readable(path, kind):
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(content, dict):
            raise ValueError(f"it holds no object, but a {type(content).__name__}")
        return content
