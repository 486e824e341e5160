"""What is measured of an estimator: with labels, and without."""

import numpy as np

from posealign_keras.evaluation import pose_errors
from posealign_keras.relations import PoseFlip

# Frames with labels on which the unlabelled criteria are measured too: the target's training clips, one frame in six.
_FRAME_STEP = 6
# A pose counts as its own mirror image if its joints are as near to those of its mirror image on average, in metres.
_SYMMETRIC = 0.05


def with_labels(estimator, images, poses) -> dict[str, float]:
    """MPJPE and PA-MPJPE in millimetres, bone directions chained with the true bone lengths; PCK at 150 mm."""
    errors = pose_errors(poses, estimator.predict_poses(images), skeleton=estimator.skeleton)
    return {name: errors[name] for name in ("mpjpe", "pa_mpjpe", "pck150")}


def without_labels(estimator, clips) -> dict[str, float]:
    """What can be said of an estimator on unlabelled clips `(N, T, H, W, 3)`."""
    frames = clips[:, ::_FRAME_STEP].reshape(-1, *clips.shape[2:])
    estimate = estimator.estimate_both_ways(frames)
    straight = estimator.predict(frames, verbose=0)
    poses = straight["pose_3d"]
    mirrored = np.asarray(PoseFlip(estimator.skeleton).transform_poses(poses))
    return {
        "flip_disagreement": 1000 * float(np.mean(estimate["disagreement"])),
        "plausibility": float(np.mean(estimate["plausibility"])),
        "confidence": float(np.mean(estimate["confidence"])),
        "latent_spread": float(np.std(straight["latent"], axis=0).mean()),
        "flip_symmetric": float(np.mean(np.linalg.norm(poses - mirrored, axis=-1).mean(axis=1) < _SYMMETRIC)),
        "jitter": _jitter(estimator, clips),
    }


def _jitter(estimator, clips, frames=12):
    """Mean acceleration of joints in metres per frame squared, over the first clips: real people move smoothly."""
    chosen = clips[:frames]
    poses = estimator.predict_poses(chosen.reshape(-1, *chosen.shape[2:])).reshape(*chosen.shape[:2], -1, 3)
    return 1000 * float(np.linalg.norm(np.diff(poses, n=2, axis=1), axis=-1).mean())
