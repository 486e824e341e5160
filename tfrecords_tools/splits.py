"""Which recording goes into which split: by the data set's own rule, or drawn, but never one person into two."""

from collections.abc import Iterable, Mapping, Sequence

from posealign_keras.data.splitting import draw_splits
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
        ValueError: If a split that was asked for would be empty, shares are not positive, or there are fewer groups
            than splits.
    """
    recordings = list(recordings)
    divided: dict[str, list[RecordingId]] = {}
    if isinstance(splits, Mapping):
        if not splits or any(not share > 0 for share in splits.values()):
            raise ValueError(f"`splits` must have positive shares. Received: splits={dict(splits)}")
        total = sum(splits.values())
        places = draw_splits(
            [one.group for one in recordings],
            [one.length for one in recordings],
            [one.stratum for one in recordings],
            [share / total for share in splits.values()],
            seed,
        )
        divided = {
            name: [one for one, place in zip(recordings, places, strict=True) if place == number]
            for number, name in enumerate(splits)
        }
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
