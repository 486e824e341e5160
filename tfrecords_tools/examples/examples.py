"""`Examples`: what one recording gives for one kind of record."""

import abc
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.settings import Settings


class Examples(abc.ABC):
    """The examples that one recording gives for one kind of record, one after the other, by iteration.

    Args:
        recording_id: Names the recording.
        recording: Its content.
        dataset: Name of the data set.
        settings: What the records look like.
        on_frame: Called with the share of the recording that is done.

    Attributes:
        dropped: How many frames, clips or sequences were left out, by the reason. Complete after iteration.
        origin: The features that say where a record comes from, as far as they are the same for all examples.
    """

    def __init__(
        self,
        recording_id: RecordingId,
        recording: Recording,
        dataset: str,
        settings: Settings,
        on_frame: Callable[[float], None] = lambda _: None,
    ):
        self.recording = recording
        self.settings = settings
        self.on_frame = on_frame
        self.dropped: Counter[str] = Counter()
        self.origin = {
            "dataset": recording_id.dataset or dataset,
            "subject": recording_id.subject,
            "sequence": recording_id.sequence,
            "camera": recording_id.camera,
            "scale": recording.scale,
        }

    @abc.abstractmethod
    def __iter__(self) -> Iterator[dict]:
        """Yield the examples, as `RecordSchema.encode` takes them."""

    def drop(self, chosen: np.ndarray, unusable: np.ndarray, reason: str) -> None:
        """Take the unusable frames out of those that were chosen, and count them."""
        count = int((chosen & unusable).sum())
        if count:
            self.dropped[reason] += count
        chosen &= ~unusable


def runs(usable: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop of every stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(usable, int), [0]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
