"""`VideoWriter`: pictures as a video."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from posealign_keras.video.needs_tools import needs_tools

# Fine enough for any rate, and as fine as MPEG-4 can have it.
_TIME_UNIT = Fraction(1, 60_000)


class VideoWriter:
    """Writes pictures as an `.mp4`, each at its own time; a context.

    Args:
        path: The file.
        fps: Pictures per second, on average.
    """

    def __init__(self, path: Path, fps: float):
        self._path, self._fps = path, fps
        self._stream: Any = None

    def __enter__(self):
        with needs_tools():
            import av
        self._av = av
        self._container = av.open(str(self._path), "w")
        return self

    def write(self, image: np.ndarray, seconds: float) -> None:
        """Append a picture `(height, width, 3)` uint8; later ones are made as large as the first."""
        if self._stream is None:
            self._stream = self._begun(*image.shape[:2])
        frame = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame = frame.reformat(width=self._stream.width, height=self._stream.height)
        frame.pts, frame.time_base = round(seconds / _TIME_UNIT), _TIME_UNIT
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, exception_type, error, traceback):
        try:
            if self._stream is not None and exception_type is None:
                self._container.mux(self._stream.encode())
        finally:
            self._container.close()

    def _begun(self, height, width):
        has_h264 = "libx264" in self._av.codecs_available
        options = {"crf": "20", "preset": "veryfast"} if has_h264 else {"qscale": "4"}
        rate = Fraction(min(max(self._fps, 1.0), 1000.0)).limit_denominator(1001)
        stream = self._container.add_stream("libx264" if has_h264 else "mpeg4", rate=rate, options=options)
        # The colours of these formats have half the size.
        stream.height, stream.width = max(2, height - height % 2), max(2, width - width % 2)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _TIME_UNIT
        return stream
