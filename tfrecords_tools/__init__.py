"""Data sets, and anybody's own videos, into the TFRecords that `posealign_keras.data` reads.

From the command line: `python -m tfrecords_tools --help`.
"""

from tfrecords_tools.check import inspect, verify
from tfrecords_tools.convert import convert
from tfrecords_tools.preview import preview
from tfrecords_tools.reader import Reader
from tfrecords_tools.readers import READERS, get_reader
from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.settings import Settings
from tfrecords_tools.split_conversion import NoRecordsError

__all__ = [
    "READERS",
    "NoRecordsError",
    "Reader",
    "Recording",
    "RecordingId",
    "Settings",
    "convert",
    "get_reader",
    "inspect",
    "preview",
    "verify",
]
