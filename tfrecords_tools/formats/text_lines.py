"""Lines of a text file that nobody vouches for."""

from collections.abc import Iterator
from pathlib import Path

# A frame of a thousand joints is a tenth of it; what is longer is no text.
_LONGEST_LINE = 1_000_000


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number (from 1) and text of each line. Any line ends will do, and what is not UTF-8 is replaced.

    Raises:
        ValueError: If the file cannot be read, or a line is so long that this is no text; the message names the file.
        FileNotFoundError: If there is no such file.
    """
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    raise ValueError(
                        f"{path}, line {number}: longer than {_LONGEST_LINE:,} characters; this is no text"
                    )
                yield number, line
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
