"""What a confidence is worth: how well it tells poses with small errors from those with large ones."""

import numpy as np


def calibration(confidence, errors, bins: int = 10) -> dict:
    """Compare a confidence with the true errors.

    Args:
        confidence: `(N,)` any numbers, higher where the estimator is surer, such as `confidence` and `plausibility`
            of a `PoseEstimator`.
        errors: `(N,)` true error of each pose, such as its mean joint error in millimetres.
        bins: Groups of equally many poses, by confidence.

    Returns:
        - `spearman`: rank correlation of confidence and error: −1 for a perfect one, 0 for one that says nothing.
        - `bins`: from the least to the most confident group `{"confidence", "error", "error_10", "error_90", "count"}`:
          means, and the 10th and 90th percentile of the errors.
        - `kept`: `{"share", "error", "best"}` for shares of the poses from a tenth to all: the mean error of that share
          of the most confident ones, and of that share of those with the smallest errors.
        - `gain`: how much of what could be gained by leaving poses out is gained, on average over all shares: 1 for a
          perfect order, 0 for one by chance, negative for one that is worse.

    Raises:
        ValueError: If the shapes differ, a value is not finite, or there are fewer poses than groups.

    Example:
        >>> errors = np.linspace(20, 200, 100)
        >>> found = calibration(confidence=-errors, errors=errors)
        >>> round(found["spearman"], 3), round(found["gain"], 3), len(found["bins"])
        (-1.0, 1.0, 10)
    """
    confidence, errors = np.asarray(confidence, float), np.asarray(errors, float)
    if confidence.ndim != 1 or confidence.shape != errors.shape:
        raise ValueError(
            "`confidence` and `errors` must be of one shape (N,). "
            f"Received: confidence of shape {confidence.shape}, errors of shape {errors.shape}"
        )
    if not (np.isfinite(confidence).all() and np.isfinite(errors).all()):
        raise ValueError("`confidence` and `errors` must be finite. Received: other values among them")
    if not 2 <= bins <= len(errors):
        raise ValueError(f"`bins` must be from 2 to the number of poses, {len(errors)}. Received: bins={bins}")
    order = np.argsort(confidence, kind="stable")
    groups = np.array_split(order, bins)
    ranked = _mean_of_ties(confidence, errors)[order[::-1]]
    count = np.arange(1, len(errors) + 1)
    kept, best = np.cumsum(ranked) / count, np.cumsum(np.sort(errors)) / count
    shares = np.arange(1, 11) / 10
    last = np.maximum(1, np.round(shares * len(errors)).astype(int)) - 1
    possible = float(np.mean(errors.mean() - best))
    return {
        "spearman": _spearman(confidence, errors),
        "bins": [
            {
                "confidence": float(confidence[group].mean()),
                "error": float(errors[group].mean()),
                "error_10": float(np.percentile(errors[group], 10)),
                "error_90": float(np.percentile(errors[group], 90)),
                "count": len(group),
            }
            for group in groups
        ],
        "kept": [
            {"share": float(share), "error": float(kept[index]), "best": float(best[index])}
            for share, index in zip(shares, last, strict=True)
        ],
        "gain": float(np.mean(errors.mean() - kept)) / possible if possible > 0 else 0.0,
    }


def _spearman(first, second) -> float:
    """Pearson's correlation of the ranks; 0 where all values of one are alike."""
    ranks = np.stack([_ranks(first), _ranks(second)])
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.sqrt((deviations**2).sum(axis=1))
    return float(deviations[0] @ deviations[1] / norms.prod()) if norms.all() else 0.0


def _ranks(values):
    """Ranks, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[inverse]


def _mean_of_ties(confidence, errors):
    """Errors of which those of equal confidence are replaced by their mean: their order says nothing."""
    _, inverse, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    return (np.bincount(inverse, errors) / counts)[inverse]
