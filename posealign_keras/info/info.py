"""`info`: what a file or directory is: a model, records, poses or a video."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from posealign_keras.data.manifest import Manifest

# What Keras keeps in a configuration beside the arguments.
_NOT_SAID = ("trainable", "dtype", "name", "module", "registered_name", "build_config")


def info(path: str | os.PathLike) -> dict:
    """Tell what a file or directory is, without running anything that it holds.

    Args:
        path: A `.keras` file, a directory of records (or one that has such directories in it), the output of `predict`
            or its `poses.npz`, or a video.

    Returns:
        Names and what they stand for, in words, numbers, lists and further such dictionaries. `kind` says what it is.

    Raises:
        FileNotFoundError: If there is no such file or directory.
        ValueError: If it is damaged, or none of these.
        ImportError: If it may be a video, and what reads videos is not installed.

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
        raise FileNotFoundError(f"`path` must be a file or directory. There is no {path}")
    if path.suffix == ".keras":
        return _model(path)
    if path.suffix == ".npz":
        return _arrays(path)
    return _video(path)


def _model(path):
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            metadata = json.loads(archive.read("metadata.json"))
            weights = _count_weights(archive.read("model.weights.h5"))
    except Exception as error:  # a damaged file can make anything go wrong
        raise ValueError(f"{path} cannot be read as a .keras file: {error}") from error
    return {
        "kind": "model",
        "class": config["class_name"],
        "weights": weights,
        **_settings(config.get("config", {})),
        **({"compiled": _settings(config["compile_config"])} if config.get("compile_config") else {}),
        "keras": metadata.get("keras_version"),
        "saved": metadata.get("date_saved"),
        "bytes": path.stat().st_size,
    }


def _count_weights(content):
    """Numbers of a file of weights, those of optimizers left out."""
    import h5py

    count = 0
    with h5py.File(io.BytesIO(content), "r") as file:

        def add(name, item):
            nonlocal count
            if isinstance(item, h5py.Dataset) and "optimizer" not in name:
                count += item.size

        file.visititems(add)
    return count


def _settings(config):
    """Arguments that say something, those of networks inside as dictionaries of their own."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        if name in _NOT_SAID or value is None:
            continue
        if isinstance(value, dict) and "class_name" in value:
            inner = value.get("config") or {}
            found[name] = {
                "class": value["class_name"],
                **_settings(inner if isinstance(inner, dict) else {"is": inner}),
            }
        elif (
            isinstance(value, list) and value and all(isinstance(item, dict) and "class_name" in item for item in value)
        ):
            found[name] = [{"class": item["class_name"], **_settings(item.get("config") or {})} for item in value]
        else:
            found[name] = value
    return found


def _directory(path):
    found = {
        folder.relative_to(path).as_posix(): {split: _split(Manifest.load(folder, split)) for split in splits}
        for folder in sorted({manifest.parent for manifest in path.rglob("*.manifest.json")})
        if (splits := Manifest.splits(folder))
    }
    if found:
        return {"kind": "records", **(found["."] if set(found) == {"."} else found)}
    if (path / "poses.npz").is_file():
        return _arrays(path / "poses.npz")
    if any((path / name).is_file() for name in ("metrics.json", "state.json")):
        return {"kind": "run", "models": sorted(file.name for file in path.glob("*.keras"))}
    models = sorted(file.name for file in path.glob("*.keras"))
    if models:
        return {"kind": "models", "models": models}
    try:
        return _video(path)
    except (ValueError, FileNotFoundError) as error:
        raise ValueError(f"{path} holds no records, poses, models or numbered pictures") from error


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


def _arrays(path):
    try:
        with np.load(path, allow_pickle=False) as content:
            positions = content["positions"]
            joints = [str(name) for name in content["joint_names"]] if "joint_names" in content.files else None
            sequences = len(content["offsets"]) - 1 if "offsets" in content.files else 1
            fps = float(content["fps"]) if "fps" in content.files else None
            frames = len(content["poses"]) if "poses" in content.files else len(positions)
            confidence = content["confidence"] if "confidence" in content.files else np.array([np.nan])
    except Exception as error:  # a damaged file can make anything go wrong
        raise ValueError(f"{path} cannot be read as an .npz file of poses: {error}") from error
    known = confidence[np.isfinite(confidence)]
    return {
        "kind": "poses",
        "frames": frames,
        "poses": len(positions),
        "sequences": sequences,
        "joints": joints if joints is not None else positions.shape[1],
        **({"fps": fps} if fps else {}),
        **({"median_confidence": round(float(np.median(known)), 3)} if len(known) else {}),
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
