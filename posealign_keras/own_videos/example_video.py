"""`write_example_video`: a video of a generated person, to try everything where there is no video of one's own."""

import os
from pathlib import Path

import numpy as np

from posealign_keras.data.synthetic import Domain, film, generate_motion, get_domain
from posealign_keras.prediction.video_writer import VideoWriter

_FPS = 30.0
# Share of a pixel that the person must cover to be seen there.
_COVERED = 0.25


def write_example_video(
    path: str | os.PathLike,
    seconds: float = 10.0,
    motion: str = "dance",
    domain: str | Domain = "wild",
    size: int = 192,
    seed: int = 0,
) -> Path:
    """Write a video of one generated person before a camera that stands still.

    Beside it lies an `.npz` of the same name with what somebody's own video does not have: `boxes_xyxy_px (T, 4)`, the
    left, top, right and bottom edge of the person in pixels of the video (the corner of the first pixel at (0, 0)),
    which `adapt` and `tfrecords_tools` find by themselves; and the truth, for measuring: `joints3d_camera_m
    (T, 17, 3)`, metres, absolute, camera frame (x right, y down, z forward), `BODY17` order, with the `intrinsics
    (3, 3)` of the camera in pixels, the centre of the first pixel at (0, 0).

    Args:
        path: The file, `.mp4`; one that exists is replaced.
        seconds: Length of the video, at 30 frames per second.
        motion: One of `data.synthetic.MOTION_FAMILIES`.
        domain: What the pictures look like: a `Domain`, or its name.
        size: Width and height of the pictures in pixels, even.
        seed: The same seed gives the same pictures.

    Returns:
        The path of the video.

    Raises:
        ImportError: If what writes videos is not installed.
        ValueError: If an argument is not as described.
        OSError: If the file cannot be written.

    Example:
        >>> path = write_example_video("person.mp4", seconds=0.2, motion="walk", size=64)
        >>> np.load(path.with_suffix(".npz"))["boxes_xyxy_px"].shape
        (6, 4)
    """
    path = Path(path)
    if path.suffix != ".mp4":
        raise ValueError(f"`path` must end with .mp4. Received: path={str(path)!r}")
    if not 1 / _FPS <= seconds < np.inf:
        raise ValueError(f"`seconds` must be a positive number. Received: seconds={seconds!r}")
    if size < 2 or size % 2:
        raise ValueError(f"`size` must be even, as the colours of videos have half of it. Received: size={size!r}")
    rng = np.random.default_rng(seed)
    poses = generate_motion(motion, round(seconds * _FPS), rng)
    scene = get_domain(domain).sample_scene(rng)
    filmed = film(poses, scene, size, rng, _FPS, tracking=False)
    with VideoWriter(path, _FPS) as writer:
        for index, image in enumerate(filmed.images):
            writer.write(image, index / _FPS)
    np.savez(
        path.with_suffix(".npz"),
        boxes_xyxy_px=np.stack([_box(mask) for mask in filmed.masks]),
        joints3d_camera_m=filmed.joints,
        intrinsics=filmed.intrinsics,
    )
    return path


def _box(mask):
    """Left, top, right and bottom edge of what the person covers."""
    rows, columns = (np.flatnonzero((mask > _COVERED).any(axis=axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)
