"""How far the poses in an image and in its mirror image agree, and what they say together."""

import numpy as np
from keras import ops

from posealign_keras.ops import retarget

USUAL_DISAGREEMENT = 0.1
"""Metres between the joints of both poses at which the confidence is 1/e of the plausibility."""


def combine_both_ways(pose_autoencoder, flip, straight, mirrored) -> dict[str, np.ndarray]:
    """Put together what an estimator makes of images and of their mirror images.

    Args:
        pose_autoencoder: The `PoseAutoencoder` of the estimator.
        flip: The relation `PoseFlip`.
        straight: What the estimator makes of N images.
        mirrored: What it makes of the mirror images.

    Returns:
        See `PoseEstimator.estimate_both_ways`.
    """
    one = np.asarray(straight["pose_3d"])
    other = ops.convert_to_numpy(flip.transform_poses(mirrored["pose_3d"]))
    # The mean of two poses has shorter bones than both. They are brought to their length, rather than the mean to what
    # the pose auto-encoder knows.
    means = ops.convert_to_numpy(retarget((one + other) / 2, skeleton=pose_autoencoder.skeleton))
    # Of two who face contrary ways there is no mean: hips and shoulders would be anywhere.
    trusts_one = (straight["plausibility"] >= mirrored["plausibility"])[:, None, None]
    surer = np.where(trusts_one, one, other)
    alike = _face_alike(one, other, pose_autoencoder.skeleton)[:, None, None]
    poses = np.where(alike, means, surer)
    disagreement = np.linalg.norm(one - other, axis=-1).mean(axis=-1)
    plausibility = np.minimum(straight["plausibility"], mirrored["plausibility"])
    found = {}
    if "keypoints" in straight:
        here, there = straight["keypoints"], ops.convert_to_numpy(flip.transform_keypoints(mirrored["keypoints"]))
        found["keypoints"] = np.where(alike, (here + there) / 2, np.where(trusts_one, here, there))
    return {
        "pose_3d": poses,
        "latent": ops.convert_to_numpy(pose_autoencoder.encode(poses)),
        "plausibility": plausibility,
        "disagreement": disagreement,
        "confidence": plausibility * np.exp(-disagreement / USUAL_DISAGREEMENT),
        **found,
    }


def _face_alike(one, other, skeleton):
    """Whether what is right in one pose is, all in all, right in the other; `(N,)`."""
    pairs = [(joint, mirrored) for joint, mirrored in enumerate(skeleton.mirror) if joint < mirrored]
    joints, mirrored = np.array(pairs).T
    return np.sum((one[:, joints] - one[:, mirrored]) * (other[:, joints] - other[:, mirrored]), axis=(1, 2)) >= 0
