"""`info`: what a file or directory is: a model, a preset, a run, records, poses, boxes or a video."""

import os
from pathlib import Path

import numpy as np

from posealign_keras.data.manifest import Manifest
from posealign_keras.info.motion import of_arrays, of_boxes, of_bvh, of_json
from posealign_keras.info.networks import of_keras_file, of_preset, of_saved_model
from posealign_keras.info.readable import read_json, readable

_READERS = {".keras": of_keras_file, ".npz": of_arrays, ".json": of_json, ".csv": of_boxes, ".bvh": of_bvh}


def info(path: str | os.PathLike) -> dict:
    """Tell what a file or directory is, without running anything that it holds.

    Args:
        path: A `.keras` file; a preset, by name or directory; the directory of `demo` or `adapt`, of records (or one
            that has such directories in it), of `export` or of `predict`; poses or motion capture, `.npz`, `.json`
            or `.bvh`; boxes of persons, `.npz`, `.json` or `.csv`; or a video.

    Returns:
        Names and what they stand for, in words, numbers, lists and further such dictionaries. `kind` says what it is.

    Raises:
        FileNotFoundError: If there is no such file or directory.
        ValueError: If it is damaged, or none of these.
        ImportError: If it may be a video, boxes or a `.bvh` file, and what reads those is not installed.

    Example:
        >>> from posealign_keras.data.synthetic import generate_motion_library
        >>> generate_motion_library(sequences=4, frames=60, seed=0).save("motion.npz")
        >>> found = info("motion.npz")
        >>> found["kind"], found["frames"], found["sequences"]
        ('poses', 240, 4)
    """
    path = Path(path)
    if path.is_dir():
        return _directory(path)
    if not path.is_file():
        # What knows presets knows networks, and takes seconds to import.
        from posealign_keras.presets import preset_names

        if str(path) in preset_names():
            return of_preset(str(path))
        raise FileNotFoundError(f"`path` must be a file, a directory or the name of a preset. There is no {path}")
    return _READERS.get(path.suffix.lower(), _video)(path)


def _directory(path):
    # Presets hold records, and so do runs.
    if (path / "preset.json").is_file():
        return of_preset(path)
    if (path / "state.json").is_file():
        return _run(path)
    if (path / "saved_model.pb").is_file():
        return of_saved_model(path)
    exported = sorted(file.parent for file in path.glob("*/*/saved_model.pb"))
    if exported:
        return {"kind": "SavedModels", **{str(one.relative_to(path)): of_saved_model(one) for one in exported}}
    found = {
        folder.relative_to(path).as_posix(): {split: _split(Manifest.load(folder, split)) for split in splits}
        for folder in sorted({manifest.parent for manifest in path.rglob("*.manifest.json")})
        if (splits := Manifest.splits(folder))
    }
    if found:
        return {"kind": "records", **(found["."] if set(found) == {"."} else found)}
    if (path / "poses.npz").is_file():
        return of_arrays(path / "poses.npz")
    models = _models(path)
    if models:
        return {"kind": "models", "models": models}
    try:
        return _video(path)
    except (ValueError, FileNotFoundError) as error:
        raise ValueError(
            f"{path} holds no preset, run, SavedModel, records, poses, models or numbered pictures"
        ) from error


def _run(path):
    file, kind = path / "state.json", "the state of a run"
    state = read_json(file, kind)
    with readable(file, kind):
        finished = {name: f"{stage['seconds']:.0f} s" for name, stage in state["stages"].items()}
        return {"kind": "run", "models": _models(path), "finished": finished, "arguments": dict(state["arguments"])}


def _models(path):
    return sorted(file.name for file in path.glob("*.keras"))


def _split(manifest):
    return {
        "record": manifest.schema.get("name"),
        "records": manifest.num_records,
        "shards": len(manifest.shards),
        "bytes": manifest.num_bytes,
        "skeleton": manifest.skeleton,
        "joints": len(manifest.joint_names),
        "sizes": {axis: low if low == high else f"{low} to {high}" for axis, (low, high) in manifest.sizes.items()},
        **{name: values for name, values in manifest.values.items() if name != "split"},
        "creator": manifest.creator,
        "version": manifest.package_version,
        **({"dropped": manifest.metadata["dropped"]} if manifest.metadata.get("dropped") else {}),
    }


def _video(path):
    from posealign_keras.video import open_video

    frames = open_video(path)
    image = next(iter(frames.read([0])))
    steps = np.diff(frames.times)
    varies = len(steps) > 1 and steps.max() > 1.5 * np.median(steps)
    return {
        "kind": "folder of pictures" if path.is_dir() else "video",
        "frames": len(frames.times),
        "seconds": round(float(frames.times[-1]), 3),
        "fps": round(float(frames.fps), 3),
        "frame_rate": "variable" if varies else "constant",
        "width": image.shape[1],
        "height": image.shape[0],
    }
