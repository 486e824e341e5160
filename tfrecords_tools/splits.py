"""Which recording goes into which split: by the data set's own rule, or drawn, but never one person into two."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from tfrecords_tools.recording import RecordingId

Splits = Mapping[str, float] | Sequence[str] | None


def divide(recordings: Iterable[RecordingId], splits: Splits, seed: int) -> dict[str, list[RecordingId]]:
    """Divide recordings into splits.

    Args:
        recordings: All recordings of a data set.
        splits: Names: these splits of the data set only. Names with shares: new splits, drawn by groups of
            recordings (`RecordingId.group`) that stay together. `None`: the splits of the data set; where it has
            none, everything is `"train"`.
        seed: Decides which groups go where.

    Returns:
        `{split: recordings}` in the order of `recordings`; no split is empty.

    Raises:
        ValueError: If a split that was asked for would be empty, or shares are not positive.
    """
    recordings = list(recordings)
    divided: dict[str, list[RecordingId]] = {}
    if isinstance(splits, Mapping):
        if not splits or any(not share > 0 for share in splits.values()):
            raise ValueError(f"`splits` must have positive shares. Received: splits={dict(splits)}")
        place = _draw(recordings, splits, seed)
        divided = {name: [one for one in recordings if place[one.group] == name] for name in splits}
    else:
        for one in recordings:
            divided.setdefault(one.split or "train", []).append(one)
        if splits is not None:
            divided = {name: divided.get(name, []) for name in splits}
    empty = [name for name, members in divided.items() if not members]
    if empty:
        available = sorted({one.split or "train" for one in recordings})
        raise ValueError(
            f"`splits` must name splits that have recordings; {', '.join(empty)} would have none. The data set's own: "
            f"{', '.join(available)}; it has {len({one.group for one in recordings})} groups that stay together"
        )
    return divided


def _draw(recordings, splits, seed):
    """Hand the groups, in an order that the seed alone decides, to the split that lacks most."""
    groups: dict[str, int] = {}
    for one in recordings:
        groups[one.group] = groups.get(one.group, 0) + 1
    order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())
    total = sum(splits.values())
    lack, place = dict.fromkeys(splits, 0.0), {}
    for group in order:
        for name, share in splits.items():
            lack[name] += share / total * groups[group]
        place[group] = max(lack, key=lambda name: lack[name])
        lack[place[group]] -= groups[group]
    for name in splits:
        counts = {other: sum(1 for at in place.values() if at == other) for other in splits}
        if not counts[name] and max(counts.values()) > 1:
            richest = max(counts, key=lambda other: counts[other])
            place[next(group for group in order if place[group] == richest)] = name
    return place
