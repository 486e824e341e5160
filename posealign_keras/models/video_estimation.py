"""`estimate_video`: an estimator looks at the person in every frame of a video."""

from collections.abc import Callable

import numpy as np
from keras import ops

from posealign_keras.models.agreement import combine_both_ways
from posealign_keras.models.motion_smoothing import smooth_latents
from posealign_keras.models.video_poses import VideoPoses
from posealign_keras.relations import PoseFlip
from posealign_keras.video import PersonCrops, find_boxes, open_video


def estimate_video(
    estimator,
    video,
    boxes=None,
    *,
    track: str | None = None,
    fps: float | None = None,
    intrinsics=None,
    distortion: tuple[float, ...] = (),
    flip_average: bool = True,
    motion_autoencoder=None,
    batch_size: int = 32,
    progress: Callable[[str, int, int], None] | None = None,
) -> VideoPoses:
    """Estimate the pose of a person in every frame of a video.

    The video is read once (twice if a detector looks for the person), a batch at a time, and no frame is kept. Crops
    follow the person smoothly and change their scale slowly, as those do that clips for the adaptation are made of.

    Args:
        estimator: The `PoseEstimator`.
        video: As for `PoseEstimator.predict_video`.
        boxes: As for `PoseEstimator.predict_video`.
        track: Which person of a file of boxes that tells several apart.
        fps: Frames per second of frames or of a folder of pictures (30 if not given), or of a file that says it
            wrongly.
        intrinsics: `(3, 3)` camera matrix in pixels of the video, the centre of the first pixel at (0, 0). With it,
            crops are those of a camera that looks straight at the person, and poses are turned back into the axes of
            the video's. Without it, crops are pieces of the picture, and poses are turned back as if the focal length
            were the diagonal of the picture, which is about that of most lenses.
        distortion: `(k1, k2, p1, p2, k3)` of OpenCV's lens model; only with `intrinsics`.
        flip_average: Look at each crop and at its mirror image: better poses and their confidence, for twice the time.
        motion_autoencoder: A `MotionAutoencoder` of the same pose latents, which takes out jitter; see
            `models.motion_smoothing`.
        batch_size: Frames per step.
        progress: Called with what is being done, and the numbers of frames done and of all.

    Returns:
        The `VideoPoses`.

    Raises:
        ImportError: If what reads videos is not installed.
        FileNotFoundError: If `video`, or a file of boxes, does not exist.
        ValueError: If they cannot be read or do not fit, or an argument is not as described.
    """
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
    frames = open_video(video, fps)
    boxes = find_boxes(boxes, frames, track, progress)
    crops = PersonCrops(frames, boxes, estimator.image_size, intrinsics, distortion)
    count, joints = len(frames.times), estimator.skeleton.num_joints
    found = {
        "poses": _unknown(count, joints, 3),
        "latents": _unknown(count, estimator.image_encoder.latent_dim),
        "rotations": _unknown(count, 3, 3),
        "confidence": _unknown(count),
        "plausibility": _unknown(count),
        "boxes": _unknown(count, 4).astype("float64"),
        "keypoints": _unknown(count, joints, 2),
    }
    flip = PoseFlip(estimator.skeleton) if flip_average else None
    done = 0
    for indices, pictures, rotations, seen_boxes in crops.batches(batch_size):
        estimate = _estimate(estimator, flip, pictures, len(indices))
        # The pose in the axes of the video's camera: as rows, `pose @ rotation` turns back what `rotation` turned.
        found["poses"][indices] = estimate["pose_3d"] @ rotations
        found["latents"][indices] = estimate["latent"]
        found["rotations"][indices] = rotations
        found["plausibility"][indices] = estimate["plausibility"]
        found["confidence"][indices] = estimate.get("confidence", np.nan)
        found["boxes"][indices] = seen_boxes
        if "keypoints" in estimate:
            found["keypoints"][indices] = crops.in_video(indices, estimate["keypoints"])
        done += len(indices)
        if progress:
            progress("poses", done, crops.count)
    if motion_autoencoder is not None:
        latents = smooth_latents(motion_autoencoder, found["latents"], frames.times)
        known = np.flatnonzero(np.isfinite(latents[:, 0]))
        for piece in np.array_split(known, max(1, len(known) // 4096)):
            poses = ops.convert_to_numpy(estimator.pose_autoencoder.decode(latents[piece]))
            found["poses"][piece] = poses @ found["rotations"][piece]
        found["latents"] = latents
    return VideoPoses(
        **found,
        times=np.asarray(frames.times, float),
        fps=frames.fps,
        intrinsics=crops.intrinsics,
        distortion=tuple(distortion),
        camera_known=intrinsics is not None,
    )


def _unknown(*shape):
    return np.full(shape, np.nan, "float32")


def _estimate(estimator, flip, pictures, count):
    """What the estimator makes of pictures, the first `count` of which are asked for."""
    if flip is None:
        return {name: values[:count] for name, values in estimator.predict_on_batch(pictures).items()}
    both = estimator.predict_on_batch(np.concatenate([pictures, pictures[:, :, ::-1]]))
    straight = {name: values[:count] for name, values in both.items()}
    mirrored = {name: values[len(pictures) : len(pictures) + count] for name, values in both.items()}
    return combine_both_ways(estimator.pose_autoencoder, flip, straight, mirrored)
