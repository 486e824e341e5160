"""Makes pictures of painted people: a backdrop behind, occluders before them, and a sensor that sees it all."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Samples in one piece of work, at `_SAMPLES_PER_SIDE` squared per pixel: small enough for the processor's caches.
_SAMPLES_PER_PIECE = 2**17
_SAMPLES_PER_SIDE = 2


def compose(paint, scenes, size, rng=None, threads=None):
    """Make one picture per scene, in several threads.

    Args:
        paint: Function of a slice of the pictures that returns their people, as `Bodies.paint` does.
        scenes: `N` `Scene`s.
        size: Width and height of the pictures in pixels.
        rng: `numpy.random.Generator` of the sensor noise; `None` for no noise.
        threads: How many threads; `None` for one on each core.

    Returns:
        `(N, size, size, 3)` uint8 RGB and `(N, size, size)` float32 in [0, 1], how much of each pixel the body covers
        (before occluders and blur).

    Raises:
        ValueError: If `size` is not a positive integer.
    """
    size = _checked_size(size)
    length = max(1, _SAMPLES_PER_PIECE // (size * _SAMPLES_PER_SIDE) ** 2)
    pieces = [slice(start, min(start + length, len(scenes))) for start in range(0, len(scenes), length)]
    noises = rng.spawn(len(pieces)) if rng is not None else [None] * len(pieces)
    images = np.empty((len(scenes), size, size, 3), "uint8")
    mask = np.empty((len(scenes), size, size), "float32")

    def make(piece, noise):
        body, mask[piece] = paint(piece)
        images[piece] = _expose(body, mask[piece], scenes[piece], noise)

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(make, pieces, noises))
    return images, mask


def _expose(body, mask, scenes, rng):
    images = np.empty(body.shape, "uint8")
    size = body.shape[1]
    backdrop = None
    for i, scene in enumerate(scenes):
        if i == 0 or scene is not scenes[i - 1]:
            backdrop = scene.backdrop.paint(size)
        picture = body[i] + (1 - mask[i, ..., None]) * backdrop
        scene.occluders.paint_over(picture)
        images[i] = scene.sensor.expose(picture, rng)
    return images


def _checked_size(size):
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
        raise ValueError(f"`size` must be a positive integer. Received: size={size}")
    return int(size)
