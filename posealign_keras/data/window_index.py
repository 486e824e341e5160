"""The `WindowIndex`: which sequences come close to others in at least one window, found in bounded memory."""

import numpy as np

WINDOW = 30
"""Frames of a window."""
_QUERY_STRIDE = 15
# Frames compared within a window; whoever wants the whole of two sequences compared does that with the pairs found.
_SAMPLED = np.array([0, 10, 20, 29])
# Leading principal directions in which distances are bounded from below, before they are computed.
_DIRECTIONS = 16
# Windows that share a bounding box; queries that are looked up together. Small, so that products of their matrices are
# done by one thread: on a machine with other work, several threads spend most of their time on waiting.
_LEAF, _QUERIES = 128, 64
# Boxes, and windows, that are looked at together.
_BOXES, _BLOCK = 64, 8192
# Windows that the principal directions are measured on.
_SAMPLE = 4096
# What rounding in single precision may add to a bound of a squared distance.
_ROUNDING = 1e-3


class WindowIndex:
    """Finds the sequences that come close to given ones in at least one window.

    A window of 30 frames stands for its frames 0, 10, 20 and 29. Every 15th window of a sequence is compared with
    every window of the others. Most of these comparisons are decided without computing the distance: by the boxes
    around windows that lie together, then by the distance in the leading principal directions alone, neither of
    which is larger than the distance itself. So the result is that of comparing all with all.

    Args:
        frames: `(F, D)` float32, a description of every frame, sequence after sequence.
        offsets: `(S + 1,)` integers: sequence `i` is `frames[offsets[i]:offsets[i + 1]]`. Sequences of fewer than 30
            frames have no window and are never found.
        threshold: Windows are close if the root mean square difference of their frames is below this.
    """

    def __init__(self, frames: np.ndarray, offsets: np.ndarray, threshold: float):
        counts = np.maximum(np.diff(offsets) - WINDOW + 1, 0)
        place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        self._frames = frames
        self._sequence = np.repeat(np.arange(len(counts)), counts)
        self._start = offsets[self._sequence] + place
        self._is_query = place % _QUERY_STRIDE == 0
        self._limit = threshold**2
        self._bound = self._limit * len(_SAMPLED) * frames.shape[1] + _ROUNDING
        self._points = self._projected()
        leaves = _together(self._points, np.arange(len(place)), _LEAF)
        self._lowest = np.array([self._points[leaf].min(axis=0) for leaf in leaves])
        self._highest = np.array([self._points[leaf].max(axis=0) for leaf in leaves])
        # One product of matrices gives squared distances, |a|^2 + |b|^2 - 2ab. All boxes have as many rows; in those
        # of no window |b|^2 is far above any bound.
        self._leaves = np.zeros((len(leaves), _LEAF), int)
        self._factors = np.full((len(leaves), _LEAF, self._points.shape[1] + 2), 1e9, np.float32)
        for number, leaf in enumerate(leaves):
            points = self._points[leaf]
            self._leaves[number, : len(leaf)] = leaf
            self._factors[number, : len(leaf)] = np.column_stack([points, np.ones(len(leaf)), (points**2).sum(axis=1)])
        self._factors[..., -2] = 1

    def close_to(self, sequences: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Pairs of one of `sequences` and any other that are close where the first has a query.

        Args:
            sequences: `(N,)` numbers of sequences.
            known: `(N, S)` bool: pairs that need no look, such as of a sequence with itself.

        Returns:
            `(N, S)` bool: the other pairs that are close.
        """
        settled = known.copy()
        row_of = np.full(known.shape[1], -1)
        row_of[sequences] = np.arange(len(sequences))
        rows = row_of[self._sequence]
        for queries in _together(self._points, np.flatnonzero(self._is_query & (rows >= 0)), _QUERIES):
            if settled[rows[queries]].all():
                continue
            near = self._leaves_near(queries)
            for start in range(0, len(near), _BOXES):
                self._settle(queries, near[start : start + _BOXES], rows, settled)
        return settled & ~known

    def _leaves_near(self, queries):
        """The boxes of windows that are not too far from the box of the queries."""
        points = self._points[queries]
        gaps = np.maximum(self._lowest - points.max(axis=0), points.min(axis=0) - self._highest)
        return np.flatnonzero((np.maximum(gaps, 0) ** 2).sum(axis=1) < self._bound)

    def _settle(self, queries, leaves, rows, settled):
        """Mark the pairs of sequences that have close windows among these."""
        points = self._points[queries]
        factors = np.column_stack([-2 * points, (points**2).sum(axis=1), np.ones(len(points), np.float32)])
        bounds = (self._factors[leaves] @ factors.T).ravel()
        hits = np.flatnonzero(bounds < self._bound)
        windows, queries = self._leaves[leaves].ravel()[hits // len(queries)], queries[hits % len(queries)]
        row, other = rows[queries], self._sequence[windows]
        unknown = ~settled[row, other]
        row, other, queries, windows = row[unknown], other[unknown], queries[unknown], windows[unknown]
        # The closest first: they settle their pairs, so that nothing else of these need be compared.
        order = np.argsort(bounds[hits[unknown]])
        for start in range(0, len(order), _BLOCK):
            chosen = order[start : start + _BLOCK]
            chosen = chosen[~settled[row[chosen], other[chosen]]]
            differences = self._described(queries[chosen]) - self._described(windows[chosen])
            close = chosen[(differences**2).mean(axis=1) < self._limit]
            settled[row[close], other[close]] = True

    def _described(self, windows):
        sampled = self._frames[self._start[windows][:, None] + _SAMPLED]
        return sampled.reshape(len(windows), len(_SAMPLED) * self._frames.shape[1])

    def _projected(self):
        """`(windows, directions)` coordinates along the leading principal directions of all windows."""
        count = len(self._start)
        sample = self._described(np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(int)))
        middle = sample.mean(axis=0) if count else np.zeros(sample.shape[1], sample.dtype)
        _, directions = np.linalg.eigh((sample - middle).T @ (sample - middle))
        directions = directions[:, ::-1][:, :_DIRECTIONS]
        points = np.empty((count, directions.shape[1]), np.float32)
        for start in range(0, count, _QUERIES):
            block = np.arange(start, min(start + _QUERIES, count))
            points[block] = (self._described(block) - middle) @ directions
        return points


def _together(points, members, size):
    """Divide members into lists of at most `size` that lie together: halved along the widest direction."""
    lists, pending = [], [members] if len(members) else []
    while pending:
        members = pending.pop()
        if len(members) <= size:
            lists.append(members)
            continue
        cloud = points[members]
        widest = np.ptp(cloud, axis=0).argmax()
        half = -(-len(members) // size) // 2 * size  # so that all lists but one are full
        order = members[np.argpartition(cloud[:, widest], half)]
        pending += [order[:half], order[half:]]
    return lists
