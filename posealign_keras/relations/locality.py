"""Non-localness: how far apart a relation's two ends lie in the latent space."""

from keras import ops


def latent_distance(anchor_latents, counterpart_latents):
    """Mean latent distance between the two ends of a relation's pairs: its non-localness.

    The larger it is, the more a relation can teach, since a network that ignores it pays more; the paper chooses its
    relations by it.

    Args:
        anchor_latents: `(pairs, latent_dim)`, embeddings of the anchors.
        counterpart_latents: `(pairs, latent_dim)`, embeddings of the counterparts, in the same order.

    Returns:
        Scalar: the mean Euclidean distance, in units of the latent space.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> anchors, counterparts = np.zeros((2, 3)), np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 1.0]])
        >>> float(latent_distance(anchors, counterparts))
        3.0

    Reference:
        Kundu et al., NeurIPS 2021, section 3.2.
    """
    if tuple(anchor_latents.shape) != tuple(counterpart_latents.shape):
        raise ValueError(
            "`anchor_latents` and `counterpart_latents` must have the same shape. "
            f"Received: shapes {tuple(anchor_latents.shape)} and {tuple(counterpart_latents.shape)}"
        )
    return ops.mean(ops.norm(ops.subtract(anchor_latents, counterpart_latents), axis=-1))
