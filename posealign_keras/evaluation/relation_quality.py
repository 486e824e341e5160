"""How non-local a relation is, and how well its network knows it."""

import numpy as np
from keras import ops

from posealign_keras.evaluation.embeddings import embed
from posealign_keras.evaluation.relation_pairs import embed_pair
from posealign_keras.relations import latent_distance


def relation_quality(network, poses, pose_autoencoder, motion_autoencoder=None) -> dict[str, float]:
    """Measure a relation and its network on poses that neither of them has seen.

    Args:
        network: The trained `RelationNetwork`.
        poses: `(N, joints, 3)` for a relation of lower order, `(N, T, joints, 3)` with T of at least the relation's
            window for one of higher order; root-relative, metres, camera frame, canonical bone lengths.
        pose_autoencoder: The trained `PoseAutoencoder`.
        motion_autoencoder: The trained `MotionAutoencoder`; needed for relations of higher order.

    Returns:
        `latent_distance`: the non-localness, mean distance between the latents of anchors and counterparts.
        `latent_error`: mean distance between predicted and true latents of the counterparts.
        `decoded_error`: mean joint distance in millimetres between the decoded prediction and the true counterpart,
        which bounds what the energy can teach. `identity_error`: the same for the decoded anchor, that is, for a
        network that does nothing.

    Raises:
        ValueError: If `motion_autoencoder` is missing, or the poses are too short for the relation.

    Example:
        >>> from posealign_keras.data import to_upright_camera_frame
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> from posealign_keras.evaluation import random_views
        >>> from posealign_keras.models import PoseAutoencoder, RelationNetwork
        >>> motion = to_upright_camera_frame(generate_motion_library(4, 10, seed=0).positions)
        >>> network = RelationNetwork.from_preset("small_synthetic", "pose_flip")
        >>> autoencoder = PoseAutoencoder.from_preset("small_synthetic")
        >>> quality = relation_quality(network, random_views(motion, seed=0), autoencoder)
        >>> quality["decoded_error"] < quality["identity_error"]
        True
    """
    relation = network.relation
    latents = embed_pair(relation, poses, pose_autoencoder, motion_autoencoder)
    truth = ops.convert_to_numpy(relation.pose_pair(poses)[1])

    def decode(values):
        pose_latents = values if relation.order == "lower" else motion_autoencoder.decode(values)
        return pose_autoencoder.decode(pose_latents)

    predicted = embed(network, latents[0])

    def decoded_error(values):
        return 1000 * float(np.linalg.norm(embed(decode, values) - truth, axis=-1).mean())

    return {
        "latent_distance": float(latent_distance(latents[0], latents[1])),
        "latent_error": float(latent_distance(predicted, latents[1])),
        "decoded_error": decoded_error(predicted),
        "identity_error": decoded_error(latents[0]),
    }
