"""`inspect` and `verify`: what is in the records of a conversion, and whether it is whole."""

import os
from collections.abc import Callable
from pathlib import Path

from posealign_keras.data import Manifest, verify_records


def inspect(out: str | os.PathLike) -> dict[str, dict[str, Manifest]]:
    """List the complete splits in a directory of records.

    Args:
        out: What was given to `convert`, or one of the directories in it.

    Returns:
        `{directory: {split: manifest}}`; the directory relative to `out`.

    Raises:
        FileNotFoundError: If there are none.
        ValueError: If a manifest is damaged; the message names it.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> from tfrecords_tools import convert
        >>> generate_motion_library(sequences=4, frames=60, seed=0).save("motion.npz")
        >>> _ = convert("arrays", "motion.npz", "records", splits={"train": 0.5, "test": 0.5})
        >>> {place: sorted(splits) for place, splits in inspect("records").items()}
        {'pose_sequence': ['test', 'train']}
    """
    root = Path(out)
    found = {
        str(directory.relative_to(root)): {split: Manifest.load(directory, split) for split in splits}
        for directory in (root, *sorted(path for path in root.rglob("*") if path.is_dir() and _is_visible(path, root)))
        if (splits := Manifest.splits(directory))
    }
    if not found:
        raise FileNotFoundError(f"There is no complete split of records in {root} or below")
    return found


def verify(out: str | os.PathLike, progress: Callable[[str], None] = lambda _: None) -> dict[str, dict[str, Manifest]]:
    """Check the records of a conversion: every byte of every shard, and that no group is in two splits.

    A group is what a conversion keeps together: a person, or a recording where people are not known.

    Args:
        out: See `inspect`.
        progress: Called with the split that is checked next.

    Returns:
        As `inspect`, if all is well.

    Raises:
        FileNotFoundError: As `inspect`, or if a shard is missing.
        ValueError: For the first fault, naming the file and the record, or the splits and what is in both.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> from tfrecords_tools import convert
        >>> generate_motion_library(sequences=4, frames=60, seed=0).save("motion.npz")
        >>> _ = convert("arrays", "motion.npz", "records", splits={"train": 0.5, "test": 0.5})
        >>> sorted(verify("records")["pose_sequence"])
        ['test', 'train']
    """
    found = inspect(out)
    seen: dict[tuple, tuple] = {}
    for directory, manifests in found.items():
        for split, manifest in manifests.items():
            progress(f"{directory}: {split}, {manifest.num_records:,} records")
            verify_records(Path(out) / directory, split)
            for group in manifest.metadata.get("groups", ()):
                key = manifest.metadata.get("arguments", {}).get("dataset"), group
                other_directory, other = seen.setdefault(key, (directory, split))
                if other != split:
                    raise ValueError(
                        f"{group!r} is in two splits: {other!r} of {other_directory} and {split!r} of {directory}"
                    )
    return found


def _is_visible(path, root):
    return not any(part.startswith(".") for part in path.relative_to(root).parts)
