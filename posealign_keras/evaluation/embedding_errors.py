"""How well the embeddings keep motion, and the relation networks know it."""

import numpy as np

from posealign_keras.data.motion_library import MotionLibrary, to_level_poses
from posealign_keras.evaluation.embeddings import embed, random_views
from posealign_keras.evaluation.relation_quality import relation_quality

_STRIDE = 15


def embedding_errors(pose_autoencoder, motion_autoencoder, relations, motion: MotionLibrary, seed: int) -> dict:
    """Measure both auto-encoders and the relation networks on motion that none of them has seen, from random views.

    Args:
        pose_autoencoder: The trained `PoseAutoencoder`.
        motion_autoencoder: The trained `MotionAutoencoder`.
        relations: The trained `RelationNetwork`s.
        motion: What they are measured by.
        seed: Seed of the views.

    Returns:
        `"pose_aae"` and `"motion_aae"`, each with the `"test_reconstruction"`, a mean joint distance in millimetres;
        `"relations"`, the `relation_quality` of each by its name.

    Raises:
        ValueError: If no sequence is as long as the motion auto-encoder, or a relation, wants it.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> from posealign_keras.models import MotionAutoencoder, PoseAutoencoder
        >>> motion = generate_motion_library(4, 30, seed=0)
        >>> networks = (network.from_preset("small_synthetic") for network in (PoseAutoencoder, MotionAutoencoder))
        >>> errors = embedding_errors(*networks, [], motion, seed=0)
        >>> errors["pose_aae"]["test_reconstruction"] < errors["motion_aae"]["test_reconstruction"]
        True
    """
    skeleton = pose_autoencoder.skeleton

    def windows(frames):
        return random_views(to_level_poses(motion.windows(frames, _STRIDE)[0]), seed, skeleton)

    poses = random_views(to_level_poses(motion.positions), seed, skeleton)
    sequences = windows(motion_autoencoder.frames)
    rebuilt = embed(lambda values: motion_autoencoder(pose_autoencoder.encode(values)), sequences)
    results: dict = {
        "pose_aae": {"test_reconstruction": _error(embed(pose_autoencoder, poses), poses)},
        "motion_aae": {"test_reconstruction": _error(embed(pose_autoencoder.decode, rebuilt), sequences)},
        "relations": {},
    }
    for network in relations:
        relation = network.relation
        seen = poses if relation.order == "lower" else windows(relation.window)
        results["relations"][relation.name] = relation_quality(network, seen, pose_autoencoder, motion_autoencoder)
    return results


def _error(estimated, poses):
    return 1000 * float(np.linalg.norm(estimated - poses, axis=-1).mean())
