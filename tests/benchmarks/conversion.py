"""Converts many frames of video into records and reads them back; compares with decoding and JPEG coding alone.

    python tests/benchmarks/conversion.py --frames 100000

It makes videos of a square that moves over noise, with boxes, converts them to clips with one process for each core,
reads all records back and counts the frames. In the same run it measures what the video decoder, the resizing and the
JPEG coder alone take for the same frames on the same number of processes. It prints frames per second of both, their
ratio, and the peak memory of a process of the conversion beside that of its imports.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av
import cv2
import numpy as np

from posealign_keras import data
from posealign_keras.progress import Progress
from tfrecords_tools import convert, verify

FRAMES_OF_A_VIDEO, WIDTH, HEIGHT, CLIP = 1200, 640, 480, 60


def make_video(path, frames, seed):
    """A filmed square that moves like a pendulum; returns its boxes."""
    rng = np.random.default_rng(seed)
    background = cv2.resize(rng.integers(0, 256, (HEIGHT // 16, WIDTH // 16, 3)).astype("uint8"), (WIDTH, HEIGHT))
    boxes = []
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            left = WIDTH / 2 - 60 + 180 * np.sin(number / 40)
            boxes.append([left, 120, left + 120, 360])
            image = background.copy()
            cv2.rectangle(image, (int(left), 120), (int(left) + 120, 360), (220, 40 + number % 160, 90), -1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return boxes


def bare(path, size):
    """Decode a video, resize the pictures and compress them: what no conversion can do without."""
    import tensorflow as tf

    written = 0
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            image = cv2.resize(frame.to_ndarray(format="rgb24")[:, 80:560], (size, size), interpolation=cv2.INTER_AREA)
            code = tf.io.encode_jpeg(image, format="rgb", quality=95, chroma_downsampling=False).numpy()
            written += len(code)
    return written


def import_only(_):
    import tensorflow  # noqa: F401

    import tfrecords_tools.part  # noqa: F401

    return peak_memory(os.getpid())


def peak_memory(process):
    """Megabytes, of Linux's record of a process; that of `resource` counts what the process was forked from, too."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=12_000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp())
    try:
        run(directory, options)
    finally:
        shutil.rmtree(directory)


def run(directory, options):
    root = directory / "videos"
    root.mkdir()
    count = -(-options.frames // FRAMES_OF_A_VIDEO)
    progress, boxes = Progress("videos"), {}
    for index in range(count):
        boxes[f"v{index:04d}"] = make_video(root / f"v{index:04d}.mp4", FRAMES_OF_A_VIDEO, index)
        progress(index + 1, count)
    (directory / "boxes.json").write_text(json.dumps(boxes))
    paths = sorted(root.glob("*.mp4"))
    frames = count * FRAMES_OF_A_VIDEO

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, context) as pool:
        list(pool.map(import_only, range(options.workers)))  # neither side pays for imports
        start = time.perf_counter()
        list(pool.map(bare, paths, [options.size] * count))
        alone = time.perf_counter() - start
    with ProcessPoolExecutor(1, context) as pool:
        imports = pool.submit(import_only, 0).result()

    shown, peaks = Progress("records"), [0.0]

    def watch(what, done, total):
        shown(done, total)
        for process in multiprocessing.active_children():
            with contextlib.suppress(OSError, StopIteration):  # it may have ended
                peaks.append(peak_memory(process.pid))

    start = time.perf_counter()
    convert(
        "videos",
        root,
        directory / "records",
        boxes=str(directory / "boxes.json"),
        size=options.size,
        clip_length=CLIP,
        workers=options.workers,
        progress=watch,
    )
    whole = time.perf_counter() - start
    verify(directory / "records")
    read = sum(
        len(clip) for clip in data.load_clips(directory / "records" / "unlabelled_clip", 1, training=False).unbatch()
    )
    if read != frames:
        raise SystemExit(f"{read} frames were read back, {frames} were filmed")
    print(
        f"{frames:,} frames of {WIDTH}x{HEIGHT} in {count} videos to {options.size} pixels, {options.workers} processes"
    )
    print(f"decoder, resizing and JPEG coder alone: {frames / alone:.0f} frames/s")
    print(f"conversion, with start and checksums: {frames / whole:.0f} frames/s, ratio {alone / whole:.2f}")
    print(f"peak memory of a process: {max(peaks):.0f} MB, of which imports {imports:.0f} MB")
    print(f"read back and verified: {read:,} frames")


if __name__ == "__main__":
    main()
