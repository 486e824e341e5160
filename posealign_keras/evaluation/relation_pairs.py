"""The pairs of a relation as latents: what relation networks learn from, and are measured on."""

import numpy as np
from keras import ops

from posealign_keras.evaluation.embeddings import embed
from posealign_keras.relations import get_relation


def embed_pair(relation, poses, pose_autoencoder, motion_autoencoder=None) -> tuple[np.ndarray, np.ndarray]:
    """Cut the pairs of a relation from poses, and embed both ends of each.

    Args:
        relation: The `Relation`, or its name.
        poses: `(N, joints, 3)` for a relation of lower order, `(N, T, joints, 3)` with T of at least the relation's
            window for one of higher order; root-relative, metres, camera frame.
        pose_autoencoder: The trained `PoseAutoencoder`.
        motion_autoencoder: The trained `MotionAutoencoder`; needed for relations of higher order.

    Returns:
        `(N, latent_dim)` latents of the anchors, and the same of their counterparts: pose latents for a relation of
        lower order, motion latents for one of higher order. They are `x` and `y` of `training.RelationRegression`.

    Raises:
        ValueError: If there is no such relation, `motion_autoencoder` is missing, or the poses are too short for the
            relation.

    Example:
        >>> from posealign_keras.models import PoseAutoencoder
        >>> autoencoder = PoseAutoencoder(latent_dim=4, width=16, depth=1)
        >>> anchors, counterparts = embed_pair("pose_flip", np.ones((5, 17, 3), "float32"), autoencoder)
        >>> anchors.shape, counterparts.shape
        ((5, 4), (5, 4))
    """
    relation = get_relation(relation)
    if relation.order == "higher" and motion_autoencoder is None:
        raise ValueError(f"`motion_autoencoder` must be given for the relation {relation.name!r}. Received: None")
    anchor, counterpart = (
        embed(pose_autoencoder.encode, ops.convert_to_numpy(end)) for end in relation.pose_pair(poses)
    )
    if relation.order == "lower":
        return anchor, counterpart
    return embed(motion_autoencoder.encode, anchor), embed(motion_autoencoder.encode, counterpart)
