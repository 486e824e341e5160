"""What is said of networks: saved by Keras, in presets, exported."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from posealign_keras.info.readable import read_json, readable

# What Keras keeps in a configuration beside the arguments.
_NOT_SAID = ("trainable", "dtype", "name", "module", "registered_name", "build_config")


def of_keras_file(path: Path) -> dict[str, Any]:
    """A `.keras` file, of which nothing is executed."""
    with readable(path, "a .keras file"):
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            metadata = json.loads(archive.read("metadata.json"))
            weights = _count_weights(archive.read("model.weights.h5"))
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


def of_preset(preset) -> dict[str, Any]:
    """A preset, by name or directory."""
    # It knows networks, and takes seconds to import.
    from posealign_keras.presets import describe_preset

    found = describe_preset(preset)
    networks = {name: {"bytes": held["bytes"], **held["arguments"]} for name, held in found["networks"].items()}
    return {"kind": "preset", "name": found["name"], "description": found["description"], "networks": networks}


def of_saved_model(path: Path) -> dict[str, Any]:
    """A version of a SavedModel: what its clients have to know."""
    facts = path / "assets.extra" / "pose_estimator.json"
    return {**(read_json(facts, "facts of a SavedModel") if facts.is_file() else {}), "kind": "SavedModel"}


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
