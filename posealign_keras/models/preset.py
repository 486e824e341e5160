"""Presets: directories that hold trained networks as plain data, and the classes that load themselves from one."""

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import ClassVar, Self

import keras
import numpy as np
from keras import ops

_SHIPPED = Path(__file__).parents[1] / "presets"
_INDEX = "preset.json"
_FORMAT = 1
_KERAS_ARGUMENTS = ("name", "trainable", "dtype")
# An array of weights that is larger than this is not one of the networks here.
_LARGEST_ARRAY = 2**28


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(path.parent.name for path in _SHIPPED.glob(f"*/{_INDEX}"))


class FromPreset:
    """A network that can be loaded from a preset, and saved to one.

    A preset is a directory with `preset.json` (the arguments of each network, and the checksums of its weights), one
    `.npz` of weights for each network, and `README.md`, the model card. All of it is data: nothing in it is executed.
    Matrices and kernels are stored as float16, everything else as float32.
    """

    preset_entry: ClassVar[str]
    """Under which name the network lies in a preset."""

    @classmethod
    def from_preset(cls, preset: str | os.PathLike, load_weights: bool = True, **arguments) -> Self:
        """Load the network of a preset.

        Args:
            preset: Name of a preset that comes with the package, one of `preset_names()`; or a directory.
            load_weights: Whether to load the weights of the preset, if it has any; otherwise the network is untrained.
            **arguments: Replace arguments of the network's constructor, such as `weights="imagenet"` of an
                `ImageEncoder` in the preset `"resnet50_paper"`.

        Returns:
            The network; it behaves alike on every backend.

        Raises:
            FileNotFoundError: If there is no such preset.
            ValueError: If it has no such network, or a file of it is damaged; the message names the file.
        """
        return cls._read(Preset(preset), cls.preset_entry, load_weights, **arguments)

    def save_to_preset(self, directory: str | os.PathLike, overwrite: bool = False) -> None:
        """Save the network to a directory that `from_preset` reads; other networks that it holds stay.

        Args:
            directory: The preset; it is made if it is missing.
            overwrite: Whether to replace a network of that name.

        Raises:
            FileExistsError: If the preset has such a network, and `overwrite` is false.
            OSError: If it cannot be written.
        """
        Preset.write(directory, *self.describe(), self, overwrite)

    def describe(self) -> tuple[str, dict]:
        """Name of the network in a preset, and the arguments of its constructor as JSON has them."""
        arguments = {name: value for name, value in self.get_config().items() if name not in _KERAS_ARGUMENTS}  # type: ignore[attr-defined]
        return self.preset_entry, arguments

    @classmethod
    def _read(cls, preset, entry, load_weights, **arguments):
        model = cls(**{**preset.arguments(entry), **arguments})
        if load_weights and preset.has_weights(entry):
            preset.load_weights(entry, model)
        return model


class Preset:
    """A directory with networks as plain data; see `FromPreset`.

    Args:
        preset: Name of a preset that comes with the package, or a directory.

    Raises:
        FileNotFoundError: If there is no such preset.
        ValueError: If `preset.json` is damaged.
    """

    def __init__(self, preset: str | os.PathLike):
        shipped = _SHIPPED / preset if str(preset) in preset_names() else None
        self.directory = shipped or Path(preset)
        path = self.directory / _INDEX
        try:
            content = json.loads(path.read_bytes())
            if content["format"] != _FORMAT:
                raise ValueError(f"its format is not {_FORMAT}")
            self.description = str(content["description"])
            self.networks: dict[str, dict] = dict(content["networks"])
            for network in self.networks.values():
                if not isinstance(network["arguments"], dict):
                    raise ValueError("`arguments` must be an object")
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"`preset` must be one of {preset_names()}, or a directory with a {_INDEX}. "
                f"Received: preset={str(preset)!r}"
            ) from error
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path} is not a readable preset: {error}") from error

    @property
    def card(self) -> str:
        """The model card: what the networks were trained on, how good they are, what they must not be used for."""
        path = self.directory / "README.md"
        return path.read_text() if path.exists() else self.description

    def arguments(self, entry: str) -> dict:
        """Arguments of the constructor of a network."""
        return self._network(entry)["arguments"]

    def has_weights(self, entry: str) -> bool:
        """Whether the preset holds weights of a network."""
        return self._network(entry).get("sha256") is not None

    def load_weights(self, entry: str, model: keras.Model) -> None:
        """Put the weights of the preset into a network.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If it is damaged, or holds the weights of another network.
        """
        path = self.directory / f"{entry}.npz"
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self._network(entry)["sha256"]:
            raise ValueError(f"{path} is damaged: its checksum is not that of {self.directory / _INDEX}")
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                values = [arrays[name] for name in _names(model)]
        except (ValueError, OSError, KeyError, EOFError) as error:
            raise ValueError(f"{path} does not hold the weights of {type(model).__name__}: {error}") from error
        for weight, value in zip(model.weights, values, strict=True):
            if value.shape != tuple(weight.shape) or value.dtype.kind != "f" or value.size > _LARGEST_ARRAY:
                raise ValueError(
                    f"{path} does not hold the weights of {type(model).__name__}: {weight.path} must be of shape "
                    f"{tuple(weight.shape)}. Received: {value.dtype} {value.shape}"
                )
            weight.assign(value.astype("float32"))

    def _network(self, entry):
        if entry not in self.networks:
            raise ValueError(f"{self.directory} must hold {entry!r}. Received: a preset with {sorted(self.networks)}")
        return self.networks[entry]

    @classmethod
    def write(cls, directory, entry: str, arguments: dict, model=None, overwrite: bool = False) -> None:
        """Write one network; see `FromPreset.save_to_preset`.

        Args:
            directory: The preset.
            entry: Name of the network in it.
            arguments: Those of its constructor, as JSON has them.
            model: The network whose weights are written; `None` for none.
            overwrite: Whether to replace a network of that name.

        Raises:
            FileExistsError: As `FromPreset.save_to_preset`.
        """
        directory = Path(directory)
        content: dict = {"format": _FORMAT, "description": "", "networks": {}}
        if (directory / _INDEX).exists():
            before = cls(directory)
            content |= {"description": before.description, "networks": before.networks}
        if entry in content["networks"] and not overwrite:
            raise FileExistsError(
                f"{directory} holds {entry!r} already; `overwrite=True` replaces it. Received: overwrite={overwrite}"
            )
        network: dict = {"arguments": arguments}
        content["networks"][entry] = network
        directory.mkdir(parents=True, exist_ok=True)
        if model is not None:
            weights = io.BytesIO()
            np.savez_compressed(weights, **dict(zip(_names(model), map(_stored, model.weights), strict=True)))
            network["sha256"] = hashlib.sha256(weights.getvalue()).hexdigest()
            _write(directory / f"{entry}.npz", weights.getvalue())
        _write_index(directory, content)

    @classmethod
    def describe_as(cls, directory, description: str) -> None:
        """Say what a preset is, in a sentence or two."""
        preset = cls(directory)
        content = {"format": _FORMAT, "description": description, "networks": preset.networks}
        _write_index(preset.directory, content)


def _write_index(directory, content):
    _write(directory / _INDEX, json.dumps(content, indent=1).encode() + b"\n")


def _names(model):
    """A name for each array: its place among the weights, which is the same on every backend."""
    return [f"{index:03d}" for index in range(len(model.weights))]


def _stored(weight):
    value = ops.convert_to_numpy(weight)
    # Numbers for each channel, statistics of normalisation among them, are few, and may be large or small.
    return value.astype("float16" if value.ndim > 1 else "float32")


def _write(path, data):
    """Write a file whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
