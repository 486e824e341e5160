"""`VideoFrames`: the pictures of a video file, decoded with PyAV."""

import itertools
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType

from tfrecords_tools.frames import Frames


class VideoFrames(Frames):
    """The pictures of the first video stream of a file: any codec, any frame rate, constant or not.

    Pictures are in the order in which they are shown, and turned upright as the file says. Those at the start of a
    stream that was cut, which need pictures that were cut off, are no pictures of it. Pickles as its path.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: Here or later, if it is no video or damaged; the message names the file.
    """

    def __init__(self, path):
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"There is no video {self.path}")

    def __getstate__(self):
        return {"path": self.path}

    @cached_property
    def times(self) -> np.ndarray:
        """`(T,)` seconds; from the packets of the file, without decoding it."""
        return (self._packets.stamps - self._packets.stamps[0]) * self._packets.unit

    @property
    def fps(self) -> float:
        """Pictures per second, on average."""
        with self._opened() as (_, stream):
            if stream.average_rate:
                return float(stream.average_rate)
        if not self.times[-1] > 0:
            raise ValueError(f"{self.path} does not say its frame rate, and all its pictures are of one time")
        return (len(self.times) - 1) / float(self.times[-1])

    def read(self, indices):
        """Decode from the start to the last of `indices`; see `Frames.read`."""
        wanted = iter(np.asarray(indices).tolist())
        index = next(wanted, None)
        if index is None:
            return
        number, turn = -1, None
        with self._opened() as (container, stream):
            stream.thread_type = "AUTO"
            for number, frame in self._numbered(container, stream):
                if number > index:
                    raise ValueError(f"picture {index} cannot be decoded")
                if number < index:
                    continue
                # Of the first picture, for all: a frame whose side data were looked at is in a cycle with them, and
                # such frames pile up in memory until Python looks for cycles.
                turn = turn or _turn(frame)
                image = turn(frame.to_ndarray(format="rgb24"))
                while index == number:
                    yield image
                    index = next(wanted, None)
                if index is None:
                    return
        raise ValueError(f"{self.path} ends after picture {number}; picture {index} was asked for")

    @cached_property
    def _packets(self) -> "_Packets":
        with self._opened() as (container, stream):
            packets = [
                (packet.pts, packet.is_keyframe, packet.is_discard) for packet in container.demux(stream) if packet.size
            ]
            key = next((place for place, (_, is_key, _) in enumerate(packets) if is_key), 0)
            # A file may hold pictures before its first one, which it tells not to show.
            stamps = [pts for pts, _, is_discard in packets[key:] if pts is not None and not is_discard]
            if not stamps:
                raise ValueError("it holds no pictures")
            # Other formats find their own end, or do not say the number. Some writers count one too many.
            if container.format.name == "avi" and len(stamps) < stream.frames - 1:
                raise ValueError(f"it holds {len(stamps)} of {stream.frames} pictures: it was cut off")
            found = _Packets(np.unique(stamps), float(stream.time_base), key)
        if stamps[0] > found.stamps[0]:
            # Pictures that are shown before the first key frame but come after it may need others that are not there.
            with self._opened() as (container, stream):
                first = next((frame.pts for frame in _decoded(container, stream, key)), None)
            start = stamps[0] if first is None else min(first, stamps[0])
            found = found._replace(stamps=found.stamps[found.stamps >= start])
        return found

    def _numbered(self, container, stream):
        """The pictures from the first to the last, and the number of each; some may be missing."""
        stamps = self._packets.stamps
        for count, frame in enumerate(_decoded(container, stream, self._packets.before_key)):
            if container.format.name == "avi":
                # It keeps no times; those that its packets get are in the order of decoding.
                yield count, frame
            elif frame.pts is not None:
                number = int(np.searchsorted(stamps, frame.pts))
                if number < len(stamps) and stamps[number] == frame.pts:
                    yield number, frame

    def _opened(self):
        return _Opened(self.path)


class _Packets(NamedTuple):
    """What the packets of a file tell of its pictures.

    Args:
        stamps: `(T,)` when each is shown, increasing.
        unit: Seconds of one unit of `stamps`.
        before_key: How many packets come before the first picture that can be decoded by itself.
    """

    stamps: np.ndarray
    unit: float
    before_key: int


def _decoded(container, stream, skipped):
    """Decode the packets that are not empty, but for the first ones."""
    packets = (packet for packet in container.demux(stream) if packet.size)
    for packet in itertools.islice(packets, skipped, None):
        yield from packet.decode()
    yield from stream.decode()


class _Opened:
    """Opens a file and its first video stream, and turns the errors of PyAV into such as name the file."""

    def __init__(self, path):
        self._path = path

    def __enter__(self):
        self._container = None
        try:
            # A colon in a name is no protocol, and a file must not make others be read over a network.
            options = {"protocol_whitelist": "file"}
            self._container = container = av.open(str(self._path.absolute()), options=options)
            if container.streams.video:
                return container, container.streams.video[0]
            raise ValueError("it holds no video stream")
        except (av.error.FFmpegError, ValueError, OSError) as error:
            self.__exit__(type(error), error, None)
            raise

    def __exit__(self, exception_type, error, traceback):
        if self._container is not None:
            self._container.close()
        if isinstance(error, (av.error.FFmpegError, ValueError, OSError)):
            raise ValueError(f"{self._path} cannot be read as a video: {error}") from error


def _turn(frame) -> Callable[[np.ndarray], np.ndarray]:
    """What makes the pictures of a video upright, as its frames say."""
    matrices = [
        np.frombuffer(side_data, np.int32).reshape(3, 3)[:2, :2].astype(float)
        for side_data in frame.side_data
        if side_data.type == SideDataType.DISPLAYMATRIX
    ]

    def upright(image):
        # The picture's x and y axes, and where they point on the screen; the sign tells which way.
        for right, down in matrices:
            if abs(right[1]) > abs(right[0]):
                image, right, down = image.swapaxes(0, 1), down, right
            image = image[:: -1 if down[1] < 0 else 1, :: -1 if right[0] < 0 else 1]
        return np.ascontiguousarray(image)

    return upright
