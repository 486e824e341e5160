"""Batches of pictures that lie in memory or on disk as arrays, for training on any backend without TensorFlow."""

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

_MARGIN = 0.1
_THREADS = 4
_WAITING = 16


def drawn_size(size: int) -> int:
    """How large pictures have to be of which crops of that size are trained on."""
    return size + 2 * round(_MARGIN * size / 2)


def picture_batches(
    pictures: Sequence[tuple], batch_size: int, size: int, seed: int, keypoints: bool = True
) -> Iterator[tuple]:
    """Endless batches of random pictures, each cropped at random; several threads read ahead.

    Args:
        pictures: Image, joints and keypoints of each, as in `Drawing.pictures`. While these become more, so does what
            is drawn from; the same seed gives the same batches of the same pictures.
        batch_size: Pictures per batch.
        size: Height and width of the crops, at most that of the images.
        seed: Of what is random.
        keypoints: Whether to give keypoints, as `SourceTraining` takes them.

    Returns:
        An iterator of images `(batch, size, size, 3)` uint8; poses `(batch, joints, 3)`, or a dictionary of them and of
        the keypoints in the crops; weights `(batch, joints)` of 1: what `SourceTraining` takes.

    Raises:
        ValueError: If there are no pictures, the crops are larger than these, or a batch is to be empty.
    """
    if not pictures or batch_size < 1 or size > len(pictures[0][0]):
        raise ValueError(
            "`pictures` must be some, of `size` at least, for batches of at least 1. Received: "
            f"{len(pictures)} pictures, {f'{len(pictures[0][0])} pixels high, ' if pictures else ''}size={size}, "
            f"batch_size={batch_size}"
        )
    return _batches(pictures, batch_size, size, seed, keypoints)


def _batches(pictures, batch_size, size, seed, keypoints):
    def batch(index):
        rng = np.random.default_rng([seed, index])
        images, joints, places = zip(*(pictures[i] for i in rng.integers(len(pictures), size=batch_size)), strict=True)
        drawn = images[0].shape[0]
        corners = rng.integers(drawn - size + 1, size=(batch_size, 2))
        crops = np.empty((batch_size, size, size, 3), "uint8")
        for crop, image, (left, top) in zip(crops, images, corners, strict=True):
            crop[:] = image[top : top + size, left : left + size]
        poses = np.stack(joints)
        y: np.ndarray | dict = poses
        if keypoints:
            moved = (np.stack(places) + 0.5) * drawn - corners[:, None]
            y = {"joints": poses, "keypoints": (moved / size - 0.5).astype("float32")}
        return crops, y, np.ones((batch_size, len(joints[0])), "float32")

    with ThreadPoolExecutor(_THREADS) as pool:
        indices = itertools.count()
        waiting = deque(pool.submit(batch, index) for index in itertools.islice(indices, _WAITING))
        for index in indices:
            waiting.append(pool.submit(batch, index))
            yield waiting.popleft().result()
