"""Draws many labelled pictures by several processes, into files of arrays, for training without TensorFlow."""

import contextlib
import itertools
import multiprocessing
import os
import pickle
import resource
import tempfile
import threading
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.synthetic.domain import Domain
from posealign_keras.data.synthetic.people import People, get_people
from posealign_keras.data.synthetic.recording import film_single_poses

_PICTURES_IN_FILE = 128
_GOLDEN = 0.5 * (1 + 5**0.5)
_OTHER_FILES = 256
# Each process has about a core. A second thread paints while the first waits for what is drawn by OpenGL; libraries
# that would use all cores only get in each other's way.
_THREADS = 2
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Drawing:
    """Pictures as `record_images` makes them, drawn by other processes; those that are there can be used already.

    What an earlier drawing of these arguments has left in the directory is not drawn again.

    Args:
        directory: Directory of the files, for pictures of these arguments alone.
        motion: Where the poses come from, and how many pictures of each.
        domain: What the pictures look like.
        size: Height and width of the pictures in pixels.
        seed: The same seed gives the same pictures, however many processes draw them.
        people: Who is in the pictures, as in `film`; the labels are the joints of these people.
        processes: How many processes draw; `None` for one on each core.
        progress: Called with the number of pictures drawn and of all.

    Raises:
        ImportError: If what draws the people is not installed.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library
        >>> motion = [(generate_motion_library(sequences=2, frames=60, seed=0), 3)]
        >>> with Drawing("pictures", motion, STUDIO, size=32, seed=0, processes=1) as drawing:
        ...     drawing.wait()
        >>> image, joints, keypoints = drawing.pictures[0]
        >>> len(drawing.pictures), image.shape, joints.shape, keypoints.shape
        (3, (32, 32, 3), (17, 3), (17, 2))
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        motion: Sequence[tuple[MotionLibrary, int]],
        domain: Domain,
        size: int,
        seed: int,
        people: str | People = "cones",
        processes: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ):
        self.pictures: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        """Those that are there: image, joints and keypoints of each; more are appended as they are drawn.

        `(size, size, 3)` uint8 images stay on disk until they are looked at. Joints, `(17, 3)` float32, are in metres,
        root-relative, in the camera frame; keypoints, `(17, 2)` float32, in image widths from the middle, x right and y
        down.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        get_people(people)  # what is missing is told before any process starts
        self._total, self._progress = sum(count for _, count in motion), progress
        self._read: dict[Path, list] = {}
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        tasks: list[tuple] = []
        for index, (_, count) in enumerate(motion):
            for first in range(0, count, _PICTURES_IN_FILE):
                path = directory / f"{len(tasks):05d}.npz"
                tasks.append((path, index, min(_PICTURES_IN_FILE, count - first), [seed, len(tasks)]))
        _allow_open_files(len(tasks))
        for partial in directory.glob(".*.partial"):
            partial.unlink(missing_ok=True)
        missing = []
        for task in tasks:
            if task[0].exists():
                self._add(task[0])
            else:
                missing.append(task)
        # Parts are drawn side by side: the first pictures are of all of them.
        missing.sort(key=lambda task: task[3][1] * _GOLDEN % 1)
        # What all processes need goes by a file: through a pipe, this one would wait for ever for one that died.
        self._given = tempfile.NamedTemporaryFile(prefix="drawing-")  # noqa: SIM115, it is closed with the pool
        pickle.dump(([library for library, _ in motion], domain, size, people), self._given)
        self._given.flush()
        with _one_thread_each():
            self._pool = ProcessPoolExecutor(
                max(1, min(processes or os.cpu_count() or 1, len(missing))),
                multiprocessing.get_context("spawn"),
                _prepare,
                (self._given.name,),
            )
            drawn = [self._pool.submit(_draw, *task) for task in missing]
        for future in drawn:
            future.add_done_callback(self._add_drawn)

    def wait(self, count: int | None = None) -> None:
        """Wait until so many pictures are there, or all; these are then in the same order each time.

        Raises:
            Exception: Whatever kept a process from drawing.
        """
        with self._changed:
            while len(self.pictures) < (self._total if count is None else min(count, self._total)):
                if self._error is not None:
                    raise self._error
                self._changed.wait()
            if len(self.pictures) == self._total:
                self.pictures[:] = itertools.chain(*(self._read[path] for path in sorted(self._read)))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """Draw no more; and tell of what went wrong since the last `wait`."""
        self._pool.shutdown(cancel_futures=True)
        self._given.close()
        if kind is None and self._error is not None:
            raise self._error

    def _add_drawn(self, future):
        if future.cancelled():
            return
        with self._changed:
            try:
                self._add(future.result())
            except BaseException as error:  # which nobody would hear of in this thread
                self._error = error
            finally:
                self._changed.notify_all()

    def _add(self, path):
        try:
            images = np.asarray(np.load(_images_of(path), mmap_mode="r", allow_pickle=False))
            with np.load(path, allow_pickle=False) as labels:
                self._read[path] = list(zip(images, labels["joints"], labels["keypoints"], strict=True))
        except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path}, or its images, cannot be read ({error}); delete it to draw it again") from error
        self.pictures.extend(self._read[path])
        if self._progress:
            self._progress(len(self.pictures), self._total)


def _allow_open_files(count):
    """Each file of images stays open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _images_of(path):
    return path.with_suffix(".images.npy")


_given: tuple = ()


def _prepare(given):
    """What a process draws, once and for all; it ends with the one that started it, even if that is killed."""
    threading.Thread(target=_end_with, args=[multiprocessing.parent_process()], daemon=True).start()
    global _given
    with open(given, "rb") as file:
        _given = pickle.load(file)


def _end_with(parent):
    parent.join()
    os._exit(1)


def _draw(path, index, count, seed):
    """Draw the pictures of one file; the file of labels comes last, and says that all is there."""
    libraries, domain, size, people = _given
    rng = np.random.default_rng(seed)
    films = [film for _, film in film_single_poses(libraries[index], domain, count, size, rng, people, _THREADS)]
    joints = np.concatenate([film.joints[:, 0] for film in films])
    intrinsics = np.concatenate([film.intrinsics for film in films])
    points = np.einsum("nij,nkj->nki", intrinsics, joints)
    labels = {
        "joints": joints - joints[:, :1],
        "keypoints": ((points[..., :2] / points[..., 2:] + 0.5) / size - 0.5).astype("float32"),
    }
    images = np.concatenate([film.images[:, 0] for film in films])
    _write(_images_of(path), lambda file: np.save(file, images))
    _write(path, lambda file: np.savez(file, **labels))
    return path


def _write(path, save):
    # Processes of a run that was killed may still be drawing the same.
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with open(partial, "wb") as file:
        save(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


@contextlib.contextmanager
def _one_thread_each():
    """Processes that are started here use one thread."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
