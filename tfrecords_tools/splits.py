"""Which recording goes into which split: by the data set's own rule, or drawn, but never one person into two."""

import re
from collections.abc import Mapping, Sequence

from posealign_keras.data.record_writer import SPLIT_NAME
from posealign_keras.data.splitting import draw_splits
from tfrecords_tools.recording import RecordingId

Splits = Mapping[str, float] | Sequence[str] | None


def divide(
    recordings: Mapping[str, Sequence[RecordingId]], splits: Splits, seed: int
) -> dict[str, dict[str, list[RecordingId]]]:
    """Divide recordings into splits, alike for all kinds of record.

    Args:
        recordings: All recordings of a data set, for each kind of record.
        splits: Names: these splits of the data set only. Names with shares: new splits, drawn by groups of
            recordings (`RecordingId.group`) that stay together. `None`: the splits of the data set; where it has
            none, everything is `"train"`.
        seed: Decides which groups go where.

    Returns:
        `{kind: {split: recordings}}` in the order of `recordings`; no split is empty.

    Raises:
        ValueError: If a split that was asked for would be empty, its name is odd, shares are not positive, or there are
            fewer groups than splits.
    """
    if isinstance(splits, str):
        raise ValueError(f"`splits` must be several names, or names with shares. Received: splits={splits!r}")
    everything = [one for listed in recordings.values() for one in listed]
    if isinstance(splits, Mapping):
        if not splits or any(not share > 0 for share in splits.values()):
            raise ValueError(f"`splits` must have positive shares. Received: splits={dict(splits)}")
        total = sum(splits.values())
        places = draw_splits(
            [one.group for one in everything],
            [one.length for one in everything],
            [one.stratum for one in everything],
            [share / total for share in splits.values()],
            seed,
        )
        names = list(splits)
        split_of = {one.group: names[place] for one, place in zip(everything, places, strict=True)}
        divided = {
            kind: {name: [one for one in listed if split_of[one.group] == name] for name in splits}
            for kind, listed in recordings.items()
        }
    else:
        wanted = splits or list(dict.fromkeys(one.split or "train" for one in everything))
        divided = {
            kind: {name: [one for one in listed if (one.split or "train") == name] for name in wanted}
            for kind, listed in recordings.items()
        }
        if splits is None:  # not every kind is in every split of the data set
            divided = {kind: {name: some for name, some in parts.items() if some} for kind, parts in divided.items()}
    for name in {name for parts in divided.values() for name in parts}:
        if not re.fullmatch(SPLIT_NAME, name):
            raise ValueError(f"`splits` must be names of letters, digits, '_' and '-'. Received: {name!r}")
    for kind, parts in divided.items():
        empty = [name for name, members in parts.items() if not members]
        if empty:
            own = ", ".join(sorted({one.split or "train" for one in recordings[kind]}))
            groups = len({one.group for one in recordings[kind]})
            raise ValueError(
                f"`splits` must name splits that have recordings; of kind {kind!r}, {', '.join(empty)} would have "
                f"none. The data set's own: {own}; it has {groups} groups that stay together"
            )
    return divided
