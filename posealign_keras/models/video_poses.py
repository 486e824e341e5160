"""`VideoPoses`: what an estimator says about a video."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class VideoPoses:
    """What an estimator says about the person in a video of T frames; NaN where the person is not seen.

    Args:
        poses: `(T, joints, 3)` float32: metres, root-relative, in the axes of the camera that filmed the video (x
            right, y down, z forward), canonical bone lengths.
        latents: `(T, latent_dim)` float32: those of the poses as seen by a camera that looks straight at the person.
        rotations: `(T, 3, 3)` float32: take the axes of the camera to those of the camera that looks at the person.
        confidence: `(T,)` float32, 0 to 1; see `PoseEstimator.estimate_both_ways`. NaN everywhere without
            `flip_average`.
        plausibility: `(T,)` float32, 0 to 1; see `PoseEstimator`.
        times: `(T,)` seconds from the first frame to each.
        fps: Frames per second of the video, on average.
        boxes: `(T, 4)` left, top, right and bottom edge of the person, or of the whole frame if that was looked at,
            in pixels; the corner of the first pixel is (0, 0).
        intrinsics: `(3, 3)` camera matrix in pixels, the centre of the first pixel at (0, 0).
        distortion: `(k1, k2, p1, p2, k3)` of OpenCV's lens model, or empty.
        keypoints: `(T, joints, 2)` float32: where the network sees the joints in the video, in pixels, the centre of
            the first pixel at (0, 0). NaN everywhere if it finds none, as those without `ImageEncoder.keypoints`.
        camera_known: Whether `intrinsics` were given; otherwise they are those of a usual lens.

    Example:
        >>> from posealign_keras.models import PoseEstimator
        >>> estimator = PoseEstimator.from_preset("small_synthetic")
        >>> frames = np.zeros((3, 64, 64, 3), "uint8")
        >>> boxes = [[0, 0, 64, 64], [np.nan] * 4, [0, 0, 64, 64]]
        >>> found = estimator.estimate_video(frames, boxes, flip_average=False)
        >>> found.seen.tolist(), found.stretches, found.fps
        ([True, False, True], [(0, 1), (2, 3)], 30.0)
    """

    poses: np.ndarray
    latents: np.ndarray
    rotations: np.ndarray
    confidence: np.ndarray
    plausibility: np.ndarray
    times: np.ndarray
    fps: float
    boxes: np.ndarray
    intrinsics: np.ndarray
    keypoints: np.ndarray
    distortion: tuple[float, ...] = ()
    camera_known: bool = False

    @property
    def seen(self) -> np.ndarray:
        """`(T,)` bool: whether there is a pose."""
        return np.isfinite(self.latents[:, 0])

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """Start and stop of every unbroken run of frames with a pose."""
        return runs(self.seen)


def runs(flags) -> list[tuple[int, int]]:
    """Start and stop of every unbroken run of true values in a one-dimensional array."""
    padded = np.concatenate([[False], np.asarray(flags, bool), [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return [(start, stop) for start, stop in list(pairwise(edges))[::2]]
