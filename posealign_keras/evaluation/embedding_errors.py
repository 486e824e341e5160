"""How well the embeddings keep motion, and the relation networks know it."""

from collections.abc import Sequence

import numpy as np

from posealign_keras.evaluation.embeddings import embed, random_views
from posealign_keras.evaluation.relation_quality import relation_quality

_STRIDE = 15


def embedding_errors(pose_autoencoder, motion_autoencoder, relations, motion, seed: int) -> dict:
    """Measure both auto-encoders and the relation networks on motion that none of them has seen, from random views.

    Args:
        pose_autoencoder: The trained `PoseAutoencoder`.
        motion_autoencoder: The trained `MotionAutoencoder`.
        relations: The trained `RelationNetwork`s.
        motion: Sequences `(T, joints, 3)`, root-relative metres, in the axes of a level camera.
        seed: Seed of the views.

    Returns:
        `"pose_aae"` and `"motion_aae"`, each with the `"test_reconstruction"`, a mean joint distance in millimetres;
        `"relations"`, the `relation_quality` of each by its name.

    Raises:
        ValueError: If no sequence is as long as the motion auto-encoder, or a relation, wants it.

    Example:
        >>> from posealign_keras.data import to_upright_camera_frame
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> from posealign_keras.models import MotionAutoencoder, PoseAutoencoder
        >>> motion = [to_upright_camera_frame(s - s[:, :1]) for s in generate_motion_library(4, 30, seed=0).sequences]
        >>> networks = (network.from_preset("small_synthetic") for network in (PoseAutoencoder, MotionAutoencoder))
        >>> errors = embedding_errors(*networks, [], motion, seed=0)
        >>> errors["pose_aae"]["test_reconstruction"] < errors["motion_aae"]["test_reconstruction"]
        True
    """
    skeleton = pose_autoencoder.skeleton
    poses = random_views(np.concatenate(motion), seed, skeleton)
    sequences = random_views(windows(motion, motion_autoencoder.frames, _STRIDE), seed, skeleton)
    rebuilt = embed(lambda values: motion_autoencoder(pose_autoencoder.encode(values)), sequences)
    results: dict = {
        "pose_aae": {"test_reconstruction": _error(embed(pose_autoencoder, poses), poses)},
        "motion_aae": {"test_reconstruction": _error(embed(pose_autoencoder.decode, rebuilt), sequences)},
        "relations": {},
    }
    for network in relations:
        relation = network.relation
        seen = poses
        if relation.order == "higher":
            seen = random_views(windows(motion, relation.window, _STRIDE), seed, skeleton)
        results["relations"][relation.name] = relation_quality(network, seen, pose_autoencoder, motion_autoencoder)
    return results


def windows(motion: Sequence[np.ndarray], frames: int, stride: int) -> np.ndarray:
    """All windows of the sequences, `(N, frames, joints, 3)`.

    Raises:
        ValueError: If no sequence is that long.
    """
    long_enough = [sequence for sequence in motion if len(sequence) >= frames]
    if not long_enough:
        longest = max(map(len, motion), default=0)
        raise ValueError(f"`motion` must have a sequence of {frames} frames. Received: the longest of {longest}")
    return np.concatenate(
        [
            np.stack([sequence[start : start + frames] for start in range(0, len(sequence) - frames + 1, stride)])
            for sequence in long_enough
        ]
    )


def _error(estimated, poses):
    return 1000 * float(np.linalg.norm(estimated - poses, axis=-1).mean())
