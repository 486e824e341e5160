"""Small videos that tests write, of a bright person-like shape that walks over a dark floor."""

from fractions import Fraction

import av
import numpy as np

HEIGHT, WIDTH = 96, 128


def picture(number, height=HEIGHT, width=WIDTH):
    """A bright upright rectangle, further to the right with every number."""
    image = np.full((height, width, 3), 40, np.uint8)
    left, top, right, bottom = box(number, height, width).astype(int)
    image[top:bottom, left:right] = (200, 180, 160)
    image[top : (2 * top + bottom) // 3, left:right] = (60, 80, 220)
    return image


def box(number, height=HEIGHT, width=WIDTH):
    """Where the rectangle is: left, top, right and bottom edge."""
    left = width // 8 + number % (width // 2)
    return np.array([left, height // 6, left + width // 5, height - height // 8], float)


def boxes(count, height=HEIGHT, width=WIDTH):
    return np.array([box(number, height, width) for number in range(count)])


def write_video(path, count=12, rate=30, height=HEIGHT, width=WIDTH, milliseconds=None, display_matrix=None):
    """Write a video, at times that may be given, and return its path."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "12", "preset": "ultrafast"})
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        if milliseconds is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if display_matrix is not None:
            stream.set_display_matrix(display_matrix)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number, height, width), format="rgb24")
            if milliseconds is not None:
                frame.pts, frame.time_base = int(milliseconds[number]), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_sound(path):
    """Write a file that holds sound alone, and return its path."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), "float32"), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
