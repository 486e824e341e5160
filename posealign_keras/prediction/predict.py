"""`predict`: 3D poses in a video, as files."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from posealign_keras.models import MotionAutoencoder
from posealign_keras.prediction.bvh_writer import write_bvh
from posealign_keras.prediction.load_estimator import find_preset, load_estimator, load_model
from posealign_keras.prediction.output_directory import output_directory
from posealign_keras.prediction.overlay import Overlay
from posealign_keras.prediction.placement import root_positions
from posealign_keras.prediction.pose_files import save_json, save_npz
from posealign_keras.prediction.report import frames_to_show, write_report
from posealign_keras.prediction.video_writer import VideoWriter
from posealign_keras.video import open_video
from posealign_keras.video.needs_tools import needs_tools
from posealign_keras.visualization.plotly_import import import_plotly

FILES = ("poses.npz", "poses.json", "poses.bvh", "overlay.mp4", "report.html")
"""What `predict` writes."""

_PLAYED_SIZE = 240
# Frames of a video are taken to be at a constant rate if none is further from it than this share of a frame.
_STEADY = 0.6
_BESIDE_MODEL = "motion_autoencoder.keras"


def predict(
    video,
    model,
    out: str | os.PathLike,
    *,
    boxes=None,
    track: str | None = None,
    smooth=False,
    pose_autoencoder=None,
    flip_average: bool = True,
    fps: float | None = None,
    intrinsics=None,
    distortion: tuple[float, ...] = (),
    batch_size: int = 32,
    overwrite: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Write the 3D poses of the person in a video, and pictures of them.

    Writes a directory, which appears whole or not at all: `poses.npz` (see `prediction.pose_files`, also for
    `poses.json`), `poses.bvh` (see `write_bvh`; one pose for each frame, or at the mean rate if the rate of the video
    varies), `overlay.mp4`, the video with the skeleton over the person, and `report.html`, a page that plays the poses
    in 3D and needs no network.

    Args:
        video: Path of a video, or of a folder of numbered pictures.
        model: The estimator: a preset, a `.keras` file or a model; see `load_estimator`.
        out: The directory to write.
        boxes: Where the person is: a `.csv`, `.json` or `.npz` file of boxes as `tfrecords_tools` takes them, an array
            `(T, 4)`, or the name of a detector, with `:WEIGHTS` or without; `None` takes an `.npz` of boxes of the
            video's name beside it, or else whole frames, which is right for videos that are cropped to the person
            already.
        track: Which person of a file of boxes that tells several apart.
        smooth: Take out jitter with a `MotionAutoencoder`: its `.keras` file, or the model; `True` takes that of the
            preset, or `motion_autoencoder.keras` beside the file `model`.
        pose_autoencoder: File or model of the decoder, if `model` is an image encoder alone.
        flip_average: Also look at the mirror image of each crop: better poses and their confidence, for twice the time.
        fps: Frames per second of a folder of pictures (30 if not given), or of a file that says it wrongly.
        intrinsics: `(3, 3)` camera matrix in pixels of the video, the centre of the first pixel at (0, 0).
        distortion: `(k1, k2, p1, p2, k3)` of OpenCV's lens model; only with `intrinsics`.
        batch_size: Frames per step.
        overwrite: Whether to replace what an earlier call wrote to `out`.
        progress: Called with what is being done, and the numbers of frames done and of all.

    Returns:
        Path of the directory.

    Raises:
        ImportError: If what reads videos, or plotly, is not installed.
        FileNotFoundError: If a file does not exist.
        ValueError: If a file cannot be read, or does not fit the others, if no person is seen in the video, or `out`
            holds something already.
        OSError: If `out` cannot be written.

    Example:
        >>> from posealign_keras.own_videos import write_example_video
        >>> path = write_example_video("walk.mp4", seconds=0.2, motion="walk", size=64)
        >>> directory = predict(path, "small_synthetic", "walk", boxes=path.with_suffix(".npz"))
        >>> sorted(file.name for file in directory.iterdir())
        ['overlay.mp4', 'poses.bvh', 'poses.json', 'poses.npz', 'report.html']
    """
    import_plotly("graph_objects")
    with output_directory(out, FILES, overwrite) as directory:
        frames = open_video(video, fps)
        name = Path(video).name if isinstance(video, str | os.PathLike) else "video"
        estimator = load_estimator(model, pose_autoencoder)
        found = estimator.estimate_video(
            frames,
            boxes,
            track=track,
            intrinsics=intrinsics,
            distortion=distortion,
            flip_average=flip_average,
            motion_autoencoder=_motion_autoencoder(smooth, model),
            batch_size=batch_size,
            progress=progress,
        )
        if not found.seen.any():
            raise ValueError(
                f"`boxes` must show a person: in {video} there is none in any of {len(found.times)} frames"
            )
        skeleton = estimator.skeleton
        with needs_tools():
            from tfrecords_tools.lens import without_lens
        keypoints = without_lens(found.keypoints, found.intrinsics, found.distortion)
        roots = root_positions(found.poses, found.boxes, found.intrinsics, found.times, keypoints)
        save_npz(directory / "poses.npz", found, roots, name, skeleton)
        save_json(directory / "poses.json", found, roots, name, skeleton)
        write_bvh(directory / "poses.bvh", _at_constant_rate(found), found.fps)
        shown = frames_to_show(found)
        pictures = _write_overlay(
            directory / "overlay.mp4", frames, Overlay(found, roots, skeleton), shown, found.boxes, progress
        )
        facts = {
            "network": f"{getattr(model, 'name', None) or Path(model).name}, {estimator.count_params():,} weights",
            "smoothed": "no" if smooth is False else "yes, by the motion auto-encoder",
        }
        write_report(directory / "report.html", found, name, pictures, shown, facts, skeleton)
    return Path(out)


def _motion_autoencoder(smooth, model):
    if smooth is False or smooth is None:
        return None
    if smooth is True:
        if not isinstance(model, str | os.PathLike):
            raise ValueError("`smooth` must be a motion auto-encoder where `model` is no file. Received: smooth=True")
        preset, _ = find_preset(model)
        if preset is not None:
            return MotionAutoencoder.from_preset(preset.directory)
        smooth = Path(model).parent / _BESIDE_MODEL
    loaded = load_model("smooth", smooth)
    if not isinstance(loaded, MotionAutoencoder):
        raise ValueError(f"`smooth` must be a `MotionAutoencoder`. Received: a `{type(loaded).__name__}`")
    return loaded


def _at_constant_rate(found):
    """`(T, joints, 3)` one pose for each tick of a clock of the video's mean rate: of the frame nearest in time."""
    ticks = np.arange(int(np.floor(found.times[-1] * found.fps + 0.5)) + 1) / found.fps
    if len(ticks) == len(found.times) and abs(found.times - ticks).max() <= _STEADY / found.fps:
        return found.poses
    nearest = np.searchsorted((found.times[1:] + found.times[:-1]) / 2, ticks)
    return found.poses[nearest]


def _write_overlay(path, frames, overlay, shown, boxes, progress):
    """Write the overlay, and return `(n, height, width, 3)` small pictures of it around the person for `shown`."""
    with needs_tools():
        import cv2
    wanted = set(shown.tolist())
    small: list[np.ndarray] = []
    count = len(frames.times)
    with VideoWriter(path, frames.fps) as writer:
        for index, image in enumerate(frames.read(range(count))):
            picture = overlay.draw(index, image)
            writer.write(picture, float(frames.times[index]))
            if index in wanted:
                left, top, right, bottom = _around(boxes[shown], image.shape, picture.shape)
                part = picture[top:bottom, left:right]
                if not small:
                    scale = min(1.0, _PLAYED_SIZE / max(part.shape[:2]))
                    size = [max(1, round(side * scale)) for side in part.shape[1::-1]]
                small.append(cv2.resize(part, size, interpolation=cv2.INTER_AREA))
            if progress:
                progress("overlay", index + 1, count)
    return np.stack(small)


def _around(boxes, shape, drawn_shape):
    """Left, top, right and bottom edge of what holds all boxes with some room, in pixels of the picture as drawn."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    room = 0.15 * (high - low).max()
    size, drawn = np.array(shape[1::-1]), np.array(drawn_shape[1::-1])
    edges = [np.clip((edge * drawn / size).round().astype(int), 0, drawn) for edge in (low - room, high + room)]
    # Boxes may be outside of the picture altogether.
    return (0, 0, *drawn.tolist()) if (edges[1] - edges[0] < 2).any() else (*edges[0].tolist(), *edges[1].tolist())
