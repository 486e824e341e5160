"""The energy of a relation: how far a network is from obeying it."""

from keras import ops

from posealign_keras.ops.vectors import check_same_shape, length, to_float


def relation_energy(predicted, counterpart):
    """Mean over a batch of the distance `‖predicted - counterpart‖` in the latent space.

    The distance is the L2 norm, not its square, so that pairs far apart do not rule the gradient. Below 1e-4 it is
    a parabola, so that the gradient is 0, and finite, where the two meet.

    Args:
        predicted: `(..., latent)`: the relation network's counterpart of the anchor's embedding, H(z).
        counterpart: `(..., latent)`: the embedding of the counterpart, z⁺. Gradients flow into both.

    Returns:
        Scalar tensor, at least float32.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> round(float(relation_energy(np.zeros((2, 32)), np.full((2, 32), 0.5))), 4)
        2.8284

    Reference:
        Kundu et al., "Non-Local Latent Relation Distillation for Self-Adaptive 3D Human Pose Estimation",
        NeurIPS 2021.
    """
    predicted, counterpart = to_float(predicted), to_float(counterpart)
    check_same_shape("predicted", predicted, "counterpart", counterpart)
    return ops.mean(length(predicted - counterpart))
