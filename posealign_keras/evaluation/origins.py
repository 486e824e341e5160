"""Where frames come from: person, recording, camera and place in the recording, and which of them a protocol counts."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

ORIGIN_TEXTS = ("dataset", "subject", "sequence", "camera")
"""The features of records that name the recording of a frame."""


def complete_origins(count: int, given: Mapping, protocol) -> dict[str, np.ndarray]:
    """Spread what is given over all frames, and fill in what the protocol does not ask for.

    Args:
        count: Number of frames.
        given: `{"dataset", "subject", "sequence", "camera": text or (N,) texts, "frame_index": (N,) integers}`, any of
            them missing or `None`. Without `frame_index`, the frames of a recording are taken to follow each other
            from 0 on.
        protocol: The `Protocol`.

    Returns:
        All five of them, `(N,)` each.

    Raises:
        ValueError: If one is missing that the protocol chooses frames or forms groups by, or is of another length.
    """
    needed = {"subject": bool(protocol.subjects), "camera": bool(protocol.cameras)}
    named = {"action": "sequence"}.get(protocol.group_by, protocol.group_by)
    needed[named] = needed.get(named, False) or protocol.group_by == "action" or bool(protocol.groups)
    origins = {}
    for name in ORIGIN_TEXTS:
        value = given.get(name)
        if value is None and needed.get(name):
            raise ValueError(
                f"`{name}` must be given: the protocol {protocol.name!r} chooses frames or forms groups by it. "
                f"Received: {sorted(key for key, one in given.items() if one is not None)}"
            )
        origins[name] = _spread(name, "" if value is None else value, count)
    index = given.get("frame_index")
    origins["frame_index"] = _running(origins) if index is None else np.asarray(index)
    if origins["frame_index"].shape != (count,) or origins["frame_index"].dtype.kind not in "iu":
        raise ValueError(
            f"`frame_index` must be {count} integers, one for each frame. "
            f"Received: {origins['frame_index'].dtype} {origins['frame_index'].shape}"
        )
    return origins


def choose_frames(origins: Mapping[str, np.ndarray], protocol) -> tuple[np.ndarray, Counter]:
    """Choose the frames that a protocol counts.

    Args:
        origins: What `complete_origins` returns.
        protocol: The `Protocol`.

    Returns:
        `(N,)` bool, and how many frames were left out for which reason.

    Raises:
        ValueError: If frames are of another data set than the protocol is for.
    """
    others = set(origins["dataset"]) - {protocol.dataset, ""}
    if protocol.dataset is not None and others:
        raise ValueError(
            f"`dataset` must be {protocol.dataset!r} for the protocol {protocol.name!r}. Received: {sorted(others)}"
        )
    index = origins["frame_index"]
    chosen, left_out = np.ones(len(index), bool), Counter[str]()

    def leave_out(unwanted, reason):
        count = int((chosen & unwanted).sum())
        if count:
            left_out[reason] = count
        chosen[unwanted] = False

    for key, wanted in (("subject", protocol.subjects), ("camera", protocol.cameras)):
        if wanted:
            leave_out(~np.isin(origins[key], wanted), f"of another {key}")
    if protocol.frames is not None:
        outside = (index < protocol.frames[0]) | (index >= protocol.frames[1])
        leave_out(outside, f"not from {protocol.frames[0]} to {protocol.frames[1] - 1}")
    if protocol.frame_step > 1:
        first = np.zeros(len(index), bool)
        first[_first_of_each_step(origins, chosen, protocol.frame_step)] = True
        leave_out(~first, f"not the one of every {protocol.frame_step}")
    return chosen, left_out


def groups_of(origins: Mapping[str, np.ndarray], group_by: str) -> np.ndarray:
    """The group that each frame belongs to; see `Protocol`."""
    if group_by == "action":
        return np.array([name.partition(" ")[0] for name in origins["sequence"]], object)
    return np.array([name or "all" for name in origins[group_by]], object)


def _spread(name, value, count):
    if isinstance(value, str):
        return np.full(count, value, object)
    texts = np.array([one.decode() if isinstance(one, bytes) else str(one) for one in value], object)
    if texts.shape != (count,):
        raise ValueError(f"`{name}` must be one text, or one for each of {count} frames. Received: {len(texts)}")
    return texts


def _recordings(origins):
    """`(N,)` number of the recording of each frame."""
    numbers: dict[tuple, int] = {}
    names = zip(*(origins[name] for name in ORIGIN_TEXTS), strict=True)
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], int)


def _running(origins):
    recordings = _recordings(origins)
    seen: Counter = Counter()
    running = np.zeros(len(recordings), int)
    for row, recording in enumerate(recordings):
        running[row] = seen[recording]
        seen[recording] += 1
    return running


def _first_of_each_step(origins, chosen, step):
    """Rows of the first chosen frame in each stretch of `step` frames of each recording."""
    rows = np.flatnonzero(chosen)
    recordings, index = _recordings(origins)[rows], origins["frame_index"][rows]
    order = np.lexsort((index, recordings))
    places = np.stack([recordings[order], index[order] // step])
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (np.diff(places, axis=1) != 0).any(axis=0)
    return rows[order[is_first]]
