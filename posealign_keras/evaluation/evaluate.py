"""`evaluate`: the figures of a protocol for a model and a data set."""

import itertools

import numpy as np
from keras import ops

from posealign_keras.evaluation.evaluate_poses import evaluate_poses
from posealign_keras.evaluation.evaluation_result import EvaluationResult
from posealign_keras.evaluation.labelled_frames import frames_of
from posealign_keras.evaluation.origins import choose_frames, complete_origins
from posealign_keras.evaluation.protocol import Protocol
from posealign_keras.evaluation.protocols import get_protocol

# Batches whose images are held in memory together: one call of `predict` has a cost of its own.
_BATCHES = 8


def evaluate(model, dataset, protocol: str | Protocol, batch_size: int = 128, split: str = "test") -> EvaluationResult:
    """Measure a model by a protocol.

    Args:
        model: A `PoseEstimator`, or a function of images `(N, H, W, 3)`, uint8, that gives poses `(N, joints, 3)`,
            metres, camera frame, such as `lambda images: estimator.estimate_both_ways(images)["pose_3d"]`.
        dataset: Directory of `LABELLED_IMAGE` or `LABELLED_CLIP` records, or several. Or arrays: images
            `(N, H, W, 3)`, joints `(N, joints, 3)` and perhaps their validity `(N, joints)`, or a dictionary as
            `data.load_arrays` gives, with what the protocol chooses frames by. Only images of frames that count are
            decoded.
        protocol: The `Protocol`, or its name.
        batch_size: Images per step.
        split: Split of the records.

    Returns:
        The `EvaluationResult`.

    Raises:
        FileNotFoundError: If there are no records of the split.
        ValueError: If the records are of another kind, data set or annotation than the protocol is for, no frame
            counts, or the model gives poses of another shape, or that are not finite.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO, generate_motion_library, record_images
        >>> from posealign_keras.evaluation import Measure, Protocol
        >>> from posealign_keras.models import PoseEstimator
        >>> record_images(generate_motion_library(2, 60, seed=0), STUDIO, "records", "test", count=8)
        >>> mine = Protocol(name="mine", title="Mine", measures=(Measure("pa_mpjpe"),), group_by="subject")
        >>> result = evaluate(PoseEstimator.from_preset("small_synthetic"), "records", mine, batch_size=8)
        >>> result.num_frames, sorted(result.overall)
        (8, ['pa_mpjpe'])
    """
    protocol = get_protocol(protocol)
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be at least 1. Received: batch_size={batch_size}")
    frames = frames_of(dataset, split, protocol)
    origins = complete_origins(len(frames.joints), frames.origins, protocol)
    chosen, _ = choose_frames(origins, protocol)
    poses = np.zeros(frames.joints.shape, "float32")
    if chosen.any():
        poses[chosen] = _estimated(model, frames.images(chosen), batch_size, frames.joints.shape[1:])
    return evaluate_poses(poses, frames.joints, protocol, frames.validity, **origins)


def _estimated(model, images, batch_size, shape):
    """Poses of all images, in pieces of images of one size."""
    poses = []
    for _, alike in itertools.groupby(images, key=np.shape):
        while piece := list(itertools.islice(alike, _BATCHES * batch_size)):
            found = _poses_of(model, np.stack(piece), batch_size)
            if found.shape != (len(piece), *shape):
                raise ValueError(
                    f"`model` must give poses of shape {(len(piece), *shape)} for {len(piece)} images. "
                    f"Received: {found.shape}"
                )
            poses.append(found)
    return np.concatenate(poses)


def _poses_of(model, images, batch_size):
    if hasattr(model, "predict_poses"):
        return np.asarray(model.predict_poses(images, batch_size=batch_size))
    pieces = [
        ops.convert_to_numpy(model(images[start : start + batch_size])) for start in range(0, len(images), batch_size)
    ]
    return np.concatenate(pieces)
