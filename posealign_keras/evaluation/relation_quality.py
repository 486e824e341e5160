"""How non-local a relation is, and how well its network knows it."""

import numpy as np
from keras import ops

from posealign_keras.evaluation.embeddings import embed
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
    """
    relation = network.relation
    if relation.order == "higher" and motion_autoencoder is None:
        raise ValueError(f"`motion_autoencoder` must be given for the relation {relation.name!r}. Received: None")
    anchor, counterpart = relation.pose_pair(poses)
    ends = np.stack([ops.convert_to_numpy(anchor), ops.convert_to_numpy(counterpart)])
    encode, decode = pose_autoencoder.encode, pose_autoencoder.decode
    if relation.order == "higher":

        def encode(values):
            return motion_autoencoder.encode(pose_autoencoder.encode(values))

        def decode(latents):
            return pose_autoencoder.decode(motion_autoencoder.decode(latents))

    latents = [embed(encode, end) for end in ends]
    predicted = embed(network, latents[0])

    def decoded_error(values):
        return 1000 * float(np.linalg.norm(embed(decode, values) - ends[1], axis=-1).mean())

    return {
        "latent_distance": float(latent_distance(latents[0], latents[1])),
        "latent_error": float(latent_distance(predicted, latents[1])),
        "decoded_error": decoded_error(predicted),
        "identity_error": decoded_error(latents[0]),
    }
