"""`info`: what a file or directory is: a model, a preset, a run, records, poses, boxes or a video."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from posealign_keras.data.manifest import Manifest
from posealign_keras.video.needs_tools import needs_tools

# What Keras keeps in a configuration beside the arguments.
_NOT_SAID = ("trainable", "dtype", "name", "module", "registered_name", "build_config")


def info(path: str | os.PathLike) -> dict:
    """Tell what a file or directory is, without running anything that it holds.

    Args:
        path: A `.keras` file; a preset, by name or directory; the directory of `demo` or `adapt`, of records (or one
            that has such directories in it), of a SavedModel or of `predict`; poses or motion capture, `.npz`, `.json`
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
    if not path.exists():
        # What knows presets knows networks, and takes seconds to import.
        from posealign_keras.presets import preset_names

        if str(path) in preset_names():
            return _preset(str(path))
        raise FileNotFoundError(f"`path` must be a file, a directory or the name of a preset. There is no {path}")
    readers = {".keras": _model, ".npz": _arrays, ".json": _text, ".csv": _boxes, ".bvh": _motion}
    return readers.get(path.suffix.lower(), _video)(path)


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


def _preset(preset):
    from posealign_keras.presets import describe_preset

    found = describe_preset(preset)
    networks = {name: {"bytes": held["bytes"], **held["arguments"]} for name, held in found["networks"].items()}
    return {"kind": "preset", "name": found["name"], "description": found["description"], "networks": networks}


def _run(path, models):
    state = _json(path / "state.json")
    try:
        finished = {name: f"{stage['seconds']:.0f} s" for name, stage in state["stages"].items()}
        return {"kind": "run", "models": models, "finished": finished, "arguments": dict(state["arguments"])}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path / 'state.json'} cannot be read as the state of a run: {error}") from error


def _json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON: {error}") from error


def _directory(path):
    models = sorted(file.name for file in path.glob("*.keras"))
    # Presets hold records, and so do runs.
    if (path / "preset.json").is_file():
        return _preset(path)
    if (path / "state.json").is_file():
        return _run(path, models)
    if (path / "saved_model.pb").is_file():
        facts = path / "assets.extra" / "pose_estimator.json"
        return {"kind": "SavedModel", **(_json(facts) if facts.is_file() else {})}
    found = {
        folder.relative_to(path).as_posix(): {split: _split(Manifest.load(folder, split)) for split in splits}
        for folder in sorted({manifest.parent for manifest in path.rglob("*.manifest.json")})
        if (splits := Manifest.splits(folder))
    }
    if found:
        return {"kind": "records", **(found["."] if set(found) == {"."} else found)}
    if (path / "poses.npz").is_file():
        return _arrays(path / "poses.npz")
    if models:
        return {"kind": "models", "models": models}
    try:
        return _video(path)
    except (ValueError, FileNotFoundError) as error:
        raise ValueError(f"{path} holds no preset, run, records, poses, models or numbered pictures") from error


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
            if "positions" not in content.files and "boxes_xyxy_px" in content.files:
                return _boxes(path)
            positions = content["positions"]
            joints = [str(name) for name in content["joint_names"]] if "joint_names" in content.files else None
            sequences = len(content["offsets"]) - 1 if "offsets" in content.files else 1
            fps = float(content["fps"]) if "fps" in content.files else None
            frames = len(content["poses"]) if "poses" in content.files else len(positions)
            confidence = content["confidence"] if "confidence" in content.files else np.array([np.nan])
    except Exception as error:  # a damaged file can make anything go wrong
        raise ValueError(f"{path} cannot be read as an .npz file of poses or boxes: {error}") from error
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


def _text(path):
    content = _json(path)
    if not isinstance(content, dict) or "frames" not in content or "joint_names" not in content:
        return _boxes(path)
    try:
        return {
            "kind": "poses",
            "frames": len(content["frames"]),
            "poses": sum(frame["pose"] is not None for frame in content["frames"]),
            "joints": list(content["joint_names"]),
            "fps": content["fps"],
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read as a .json file of poses: {error!r}") from error


def _boxes(path):
    with needs_tools():
        from tfrecords_tools.boxes import read_boxes
    clips = {}
    for clip, persons in read_boxes(path).items():
        for track, given in persons.items():
            name = " ".join(part for part in (clip or path.stem, f"track {track}" if track else "") if part)
            seen = np.isfinite(given.boxes).all(axis=1)
            clips[name] = {"boxes": int(seen.sum()), "last_frame": int(given.frames[-1]) if len(seen) else None}
    return {"kind": "boxes", "clips": clips}


def _motion(path):
    with needs_tools():
        from tfrecords_tools.formats.bvh_file import BVHFile
    motion = BVHFile.read(path)
    return {
        "kind": "motion capture",
        "frames": len(motion.values),
        "fps": round(1 / motion.frame_time, 3) if motion.frame_time else None,
        "joints": list(motion.names),
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
