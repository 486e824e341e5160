"""InfoNCE: the contrastive loss."""

from keras import ops

from posealign_keras.ops.vectors import check_same_shape, to_float, unit


def info_nce(anchors, positives, temperature=0.1, symmetric=False):
    """Mean over the anchors of a batch of `-log( exp(s⁺/τ) / (exp(s⁺/τ) + Σ exp(s⁻/τ)) )`.

    s is the cosine similarity, τ the temperature. s⁺ compares an anchor with its own positive, s⁻ with each
    positive of the other anchors of the batch. Computed in at least float32.

    Args:
        anchors: `(batch, features)`.
        positives: `(batch, features)`; row i belongs to anchor i.
        temperature: τ, positive.
        symmetric: Also take the positives as anchors, and return the mean of both directions.

    Returns:
        Scalar tensor. It is 0 for a batch of one, which has no negatives, and log(batch) if nothing is told apart.

    Raises:
        ValueError: If the shapes differ or are not of rank 2, or `temperature` is not positive.

    Example:
        >>> apart = np.eye(4)
        >>> round(float(info_nce(apart, apart)), 4), round(float(info_nce(np.ones((4, 4)), np.ones((4, 4)))), 4)
        (0.0001, 1.3863)

    Reference:
        van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018.
    """
    if not temperature > 0:
        raise ValueError(f"`temperature` must be positive. Received: temperature={temperature}")
    anchors, positives = to_float(anchors), to_float(positives)
    check_same_shape("anchors", anchors, "positives", positives)
    if len(anchors.shape) != 2:
        raise ValueError(f"`anchors` must have shape (batch, features). Received: anchors.shape={anchors.shape}")
    anchors, positives = unit(anchors), unit(positives)
    own = ops.sum(anchors * positives, axis=-1) / temperature
    all_pairs = ops.matmul(anchors, ops.transpose(positives)) / temperature
    loss = ops.mean(ops.logsumexp(all_pairs, axis=1) - own)
    if symmetric:
        loss = (loss + ops.mean(ops.logsumexp(all_pairs, axis=0) - own)) / 2
    return loss
