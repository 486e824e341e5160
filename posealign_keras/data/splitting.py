"""Draws splits: groups of recordings stay together, and every kind of recording is spread over the splits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def draw_splits(
    groups: ArrayLike, sizes: ArrayLike, strata: Sequence[str], fractions: Sequence[float], seed: int
) -> np.ndarray:
    """Share out items, groups kept whole.

    Args:
        groups: Group of each item, any values that can be compared: items of one group go to the same split.
        sizes: Size of each item, such as its number of frames.
        strata: Kind of each item; the kind of a group is that of its first item. Groups of one kind are spread over
            the splits in the proportion of the fractions.
        fractions: Share of the total size that each split should get; positive, summing to 1. The result differs by at
            most about the size of the largest group.
        seed: Decides which groups go where.

    Returns:
        `(items,)` integers, the split of each item. No split is empty.

    Raises:
        ValueError: If the fractions are not positive shares of 1, or there are fewer groups than splits.
    """
    shares = np.asarray(fractions, dtype=float)
    if shares.ndim != 1 or len(shares) == 0 or not np.all(shares > 0) or not np.isclose(shares.sum(), 1):
        raise ValueError(f"`fractions` must be positive and sum to 1. Received: fractions={fractions}")
    _, first, group_of = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    if len(first) < len(shares):
        raise ValueError(
            f"`fractions` asks for {len(shares)} parts, but there are only {len(first)} groups that must stay "
            f"together. Received: fractions={fractions}"
        )
    group_sizes = np.bincount(group_of, weights=np.asarray(sizes, float))
    _, stratum = np.unique([strata[index] for index in first], return_inverse=True)
    rng = np.random.default_rng(seed)
    # Random, except that the groups of one stratum follow each other.
    order = np.lexsort((rng.permutation(len(first)), rng.permutation(stratum.max() + 1)[stratum]))
    return _hand_out(order, group_sizes, shares)[group_of]


def _hand_out(order, sizes, shares):
    """Give each group, in `order`, to the split that lacks most; `(groups,)` split of each.

    The error is carried along from group to group, so every stretch of the order, hence every stratum, is shared
    out in about the right proportions, and so is the whole.
    """
    split_of = np.empty(len(order), int)
    lack = np.zeros(len(shares))
    for group in order:
        lack += shares * sizes[group]
        split_of[group] = lack.argmax()
        lack[split_of[group]] -= sizes[group]
    for split in range(len(shares)):
        # A very small share of very few groups: better one small group too many than none at all.
        counts = np.bincount(split_of, minlength=len(shares))
        if counts[split] == 0:
            candidates = np.flatnonzero(counts[split_of] > 1)
            split_of[candidates[sizes[candidates].argmin()]] = split
    return split_of
