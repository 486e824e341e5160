"""The `Reader`: what is special about one data set. Everything else is the same for all of them."""

import abc
import inspect
import os
import typing
from pathlib import Path
from typing import ClassVar

from tfrecords_tools.recording import Recording, RecordingId


class Reader(abc.ABC):
    """Reads one data set, from the files as they are distributed.

    A subclass lists the recordings of the data set without reading much, and reads one of them into the units, axes
    and joints of the package. Cutting, cropping, resampling and writing are done by `Examples` and `convert`.

    The parameters of its constructor after `root`, with their annotations (`str`, `float`, `int`, `bool`, `Literal`,
    or one of these `| None`) and what the docstring says about them, are the options of the command line. They must be
    kept as attributes of the same names. A reader must pickle: it is sent to other processes.

    Attributes:
        root: The absolute path of what was given as `root`.
        name: Name of the data set, as on the command line and in the records.
        kinds: The kinds of record (names of schemas) that it can yield, the usual ones first.
        reference: Where the data set is from.

    Args:
        root: Directory (or file) of the data set.
        **choices: The options whose annotation is a `Literal`, to be checked.

    Raises:
        FileNotFoundError: If `root` does not exist.
        ValueError: If an option is none of its choices.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion
        >>> from tfrecords_tools import Recording, RecordingId
        >>> class Walks(Reader):
        ...     name = "walks"
        ...     kinds = ("pose_sequence",)
        ...
        ...     def list(self, kind):
        ...         return [RecordingId(sequence="first walk", subject="me")]
        ...
        ...     def read(self, recording_id, kind):
        ...         walk = generate_motion("walk", 60, np.random.default_rng(0))
        ...         return Recording(fps=30.0, positions=walk, coordinate_frame="world")
        >>> reader = Walks(".")
        >>> reader.read(reader.list("pose_sequence")[0], "pose_sequence").positions.shape
        (60, 17, 3)
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    reference: ClassVar[str] = ""

    def __init__(self, root, **choices):
        self.root = Path(os.path.abspath(root))
        if not self.root.exists():
            raise FileNotFoundError(f"`root` must be where the data set {self.name!r} is. There is no {self.root}")
        parameters = inspect.signature(type(self)).parameters
        for option, value in choices.items():
            allowed = typing.get_args(parameters[option].annotation)
            if value not in allowed:
                raise ValueError(f"`{option}` must be one of {', '.join(allowed)}. Received: {option}={value!r}")

    @abc.abstractmethod
    def list(self, kind: str) -> list[RecordingId]:
        """List the recordings that can yield records of `kind`, in a fixed order.

        Raises:
            FileNotFoundError: If there are none in `root`; the message says what was looked for.
            ValueError: If an index file of the data set is damaged; the message names it.
        """

    @abc.abstractmethod
    def read(self, recording_id: RecordingId, kind: str) -> Recording:
        """Read one recording, its pictures excepted.

        Raises:
            ValueError: If a file is damaged or not as expected; the message names it and says what was expected.
            FileNotFoundError: If a file is missing.
        """
