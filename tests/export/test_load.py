"""Thousands of requests, good and bad, from eight threads: every answer is right, and memory stays."""

import ctypes
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

THREADS, REQUESTS = 8, 300


class RandomClient:
    """Sends good and bad requests, and checks every answer.

    Args:
        server: The server.
        known: Poses of whole pictures, by their code.
        seed: Seed of all chance.
    """

    def __init__(self, server, known, seed):
        self.server = server
        self.known = known
        self.random = np.random.default_rng(seed)

    def send(self, requests):
        for _ in range(requests):
            if self.random.integers(4) == 0:
                self.send_pixels()
            else:
                self.send_codes()

    def send_pixels(self):
        random = self.random
        shape = (*random.integers(0, 40, random.integers(2, 5)), random.choice([1, 3, 3, 3, 3, 4]))
        is_good = len(shape) == 4 and all(shape) and shape[-1] == 3
        try:
            found = self.server.ask("serving_default", images=np.zeros(shape))
        except tf.errors.InvalidArgumentError:
            assert not is_good
            return
        assert is_good
        assert found["pose_3d"].shape == (shape[0], 17, 3)

    def send_codes(self):
        random = self.random
        images = np.empty(random.integers(0, 9), object)
        images[:] = [self.code() for _ in images]
        boxes = np.zeros((len(images), 4), "float32")
        has_boxes = random.integers(3) == 0
        if has_boxes:
            rows = random.choice([len(images), 1])
            boxes = random.choice([0.0, np.nan, np.inf, 5.0, -7.0, 1e9, 60.0], (rows, 4))
        try:
            found = self.server.ask("serving_jpeg", images=images, boxes=boxes)
        except tf.errors.InvalidArgumentError:
            assert not len(images)
            return
        assert len(images)
        assert np.isfinite(found["pose_3d"]).all()
        assert (found["valid"] == (found["status"] == 0)).all()
        assert not found["pose_3d"][~found["valid"]].any()
        for code, valid, pose in zip(images, found["valid"], found["pose_3d"], strict=True):
            if code in self.known and not has_boxes:
                assert valid
                np.testing.assert_allclose(pose, self.known[code], atol=1e-4)

    def code(self):
        """A picture that is whole, cut off, changed in some bytes, or none at all."""
        random = self.random
        code = random.choice(list(self.known))
        kind = random.integers(6)
        if kind == 0:
            return code[: random.integers(len(code))]
        if kind == 1:
            changed = bytearray(code)
            for place in random.integers(0, len(code), 1 + random.integers(8)):
                changed[place] = random.integers(256)
            return bytes(changed)
        if kind == 2:
            return random.bytes(random.integers(200))
        return code


class Mallinfo2(ctypes.Structure):
    """What `mallinfo2` of the GNU C library tells."""

    _before, _between = (f"unused{number}" for number in range(4)), ("usmblks", "fsmblks")
    _fields_ = [(name, ctypes.c_size_t) for name in (*_before, "hblkhd", *_between, "uordblks", "fordblks", "keepcost")]


def megabytes_in_use():
    """Memory of this process that was allocated and not given back.

    Its resident memory is no measure: the C library keeps a heap for each thread, and what is free between two things
    of one heap goes back to nobody.
    """
    gc.collect()
    mallinfo2 = ctypes.CDLL("libc.so.6").mallinfo2
    mallinfo2.restype = Mallinfo2
    info = mallinfo2()
    return (info.uordblks + info.hblkhd) / 2**20


def known_poses(estimator):
    images = np.random.default_rng(0).integers(0, 256, (6, 40, 56, 3)).astype("uint8")
    codes = [encoder(image).numpy() for image in images for encoder in (tf.io.encode_png, tf.io.encode_jpeg)]
    decoded = [tf.io.decode_jpeg(code, dct_method="INTEGER_ACCURATE") for code in codes]
    return dict(zip(codes, estimator(tf.stack(decoded))["pose_3d"].numpy(), strict=True))


@pytest.mark.slow
def test_thousands_of_requests_from_eight_threads(server, estimator):
    known = known_poses(estimator)

    def run(requests, seed):
        clients = [RandomClient(server, known, seed + number) for number in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(client.send, requests) for client in clients]:
                done.result()

    # Caches fill up for a while, how long depends on the processor; a leak would go on.
    grown: list[float] = []
    while not grown or (grown[-1] > 1 and len(grown) < 6):
        before = megabytes_in_use()
        run(REQUESTS, 100 * len(grown))
        grown.append(megabytes_in_use() - before)
    assert grown[-1] <= 1, f"{grown} MB more, each time after {THREADS * REQUESTS} requests"
    assert threading.active_count() < 2 * THREADS
