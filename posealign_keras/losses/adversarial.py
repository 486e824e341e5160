"""The two players' losses of adversarial training."""

from keras import ops

from posealign_keras.ops.vectors import to_float


def _check_kind(kind):
    if kind not in ("logistic", "least_squares"):
        raise ValueError(f'`kind` must be "logistic" or "least_squares". Received: kind={kind!r}')
    return kind


def discriminator_loss(real_logits, fake_logits, kind="logistic"):
    """How badly a discriminator tells real from fake samples.

    Args:
        real_logits: `(..., 1)` or `(...)` outputs for real samples, before any sigmoid.
        fake_logits: Outputs for fake samples; the batch may have another size.
        kind: `"logistic"`: the binary cross-entropies of the two halves, added; 2 log 2 by chance.
            `"least_squares"`: half the squared distances from 1 (real) and 0 (fake), added; 1/4 at best by chance.

    Returns:
        Scalar tensor, at least float32.

    Raises:
        ValueError: If `kind` is unknown.

    Example:
        >>> nothing_known = np.zeros((4, 1))
        >>> round(float(discriminator_loss(nothing_known, nothing_known)), 4)  # 2 log 2
        1.3863

    Reference:
        Goodfellow et al., "Generative Adversarial Networks", 2014; Mao et al., "Least Squares Generative
        Adversarial Networks", ICCV 2017.
    """
    real_logits, fake_logits = to_float(real_logits), to_float(fake_logits)
    if _check_kind(kind) == "logistic":
        return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))
    return (ops.mean(ops.square(real_logits - 1)) + ops.mean(ops.square(fake_logits))) / 2


def generator_loss(fake_logits, kind="logistic"):
    """How badly a generator deceives the discriminator: low when its samples are taken for real.

    Args:
        fake_logits: `(..., 1)` or `(...)` outputs of the discriminator for the generator's samples, before any
            sigmoid.
        kind: `"logistic"`: the non-saturating loss, -log of the probability of being real, whose gradient does
            not vanish for samples that are seen through. `"least_squares"`: half the squared distance from 1.

    Returns:
        Scalar tensor, at least float32.

    Raises:
        ValueError: If `kind` is unknown.

    Example:
        >>> taken_for_real, seen_through = np.full((4, 1), 5.0), np.full((4, 1), -5.0)
        >>> round(float(generator_loss(taken_for_real)), 3), round(float(generator_loss(seen_through)), 3)
        (0.007, 5.007)

    Reference:
        As for `discriminator_loss`.
    """
    fake_logits = to_float(fake_logits)
    if _check_kind(kind) == "logistic":
        return ops.mean(ops.softplus(-fake_logits))
    return ops.mean(ops.square(fake_logits - 1)) / 2
