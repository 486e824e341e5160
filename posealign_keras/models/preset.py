"""The `Preset`: a directory that holds networks as plain data."""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras

from posealign_keras.models.preset_weights import weights_from_bytes, weights_to_bytes

INDEX = "preset.json"
"""The file that makes a directory a preset."""
CARD = "README.md"
"""The model card."""
FIGURES = "metrics.json"
"""What was measured."""

REPLAY = "replay"
"""Folder of records of labelled images like those that the networks were trained on."""

_SHIPPED = Path(__file__).parents[1] / "presets"
_FORMAT = 1
_SHA256 = re.compile("[0-9a-f]{64}")
_ENTRY = re.compile("[A-Za-z0-9_]+")


def preset_names() -> list[str]:
    """Names of the presets that come with the package.

    Example:
        >>> {"resnet50_paper", "small_synthetic"} <= set(preset_names())
        True
    """
    return sorted(path.parent.name for path in _SHIPPED.glob(f"*/{INDEX}"))


class Preset:
    """A directory with networks as plain data: nothing in it is ever executed.

    `preset.json` holds the arguments of each network's constructor, and the SHA-256 of its weights, which are in an
    `.npz` file of their own, see `preset_weights`. `README.md` is the model card, `metrics.json` what was measured,
    `replay/` holds some of the labelled images that the image encoder was trained on, as records.
    The names of the files of weights contain their checksums, so that a preset changes in the one moment in which
    `preset.json` is replaced: who reads it, and who is interrupted while writing, finds the old one or the new one.

    Args:
        preset: Name of a preset that comes with the package, one of `preset_names()`; or a directory.

    Raises:
        FileNotFoundError: If there is no such preset.
        ValueError: If `preset.json` is damaged.

    Example:
        >>> preset = Preset("small_synthetic")
        >>> preset.arguments("pose_autoencoder")["latent_dim"], preset.has_weights("pose_autoencoder")
        (32, True)
    """

    def __init__(self, preset: str | os.PathLike):
        self.directory = _SHIPPED / preset if str(preset) in preset_names() else Path(preset)
        self._index = self.directory / INDEX
        try:
            content = json.loads(self._index.read_bytes())
            if content["format"] != _FORMAT:
                raise ValueError(f"its format is {content['format']!r}, and not {_FORMAT}")
            self.description = str(content["description"])
            self.networks: dict[str, dict] = dict(content["networks"])
            for network in self.networks.values():
                if not isinstance(network["arguments"], dict):
                    raise ValueError("`arguments` must be an object")
                if "sha256" in network and not _SHA256.fullmatch(network["sha256"]):
                    raise ValueError("`sha256` must be 64 hexadecimal digits")
        except (FileNotFoundError, NotADirectoryError) as error:
            saved = " A .keras file is loaded by `keras.saving.load_model`." if str(preset).endswith(".keras") else ""
            raise FileNotFoundError(
                f"`preset` must be one of {preset_names()}, or a directory with a {INDEX}.{saved} "
                f"Received: preset={str(preset)!r}"
            ) from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"{self._index} is not a readable preset: {error}") from error

    @property
    def card(self) -> str:
        """The model card: what the networks were trained on, how good they are, what they must not be used for."""
        path = self.directory / CARD
        return path.read_text(encoding="utf-8") if path.exists() else self.description

    @property
    def figures(self) -> dict:
        """What was measured, the `metrics.json` of `make_preset` or `train_image_encoder`; empty if nothing was."""
        path = self.directory / FIGURES
        if not path.exists():
            return {}
        try:
            return dict(json.loads(path.read_bytes()))
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"{path} is damaged: {error}") from error

    @property
    def replay(self) -> Path | None:
        """Records of labelled images (split `train`) to be replayed in an adaptation; `None` if there are none."""
        path = self.directory / REPLAY
        return path if path.is_dir() else None

    def arguments(self, entry: str) -> dict:
        """Arguments of the constructor of a network, as JSON has them."""
        return self._network(entry)["arguments"]

    def has_weights(self, entry: str) -> bool:
        """Whether the preset holds weights of a network."""
        return "sha256" in self._network(entry)

    def weights_file(self, entry: str) -> Path:
        """Where the weights of a network are.

        Raises:
            ValueError: If the preset has none.
        """
        if not self.has_weights(entry):
            raise ValueError(
                f"{self._index} has no weights of {entry!r}; `load_weights=False` builds the untrained network. "
                "Received: load_weights=True"
            )
        return self.directory / _file_name(entry, self.networks[entry]["sha256"])

    def load_weights(self, entry: str, model: keras.Model) -> None:
        """Put the weights of the preset into a network.

        Raises:
            FileNotFoundError: If their file is missing.
            ValueError: If the preset has none, or the file is damaged, or holds the weights of another network.
        """
        path = self.weights_file(entry)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{path} is missing, but {self._index} has weights of {entry!r}") from error
        if hashlib.sha256(data).hexdigest() != self.networks[entry]["sha256"]:
            raise ValueError(f"{path} is damaged: its checksum is not the one in {self._index}")
        try:
            weights_from_bytes(data, model)
        except ValueError as error:
            raise ValueError(f"{path} does not hold the weights of this {type(model).__name__}: {error}") from error

    def _network(self, entry):
        if entry not in self.networks:
            raise ValueError(f"{self._index} must have {entry!r}. Received: a preset with {sorted(self.networks)}")
        return self.networks[entry]

    @classmethod
    def write(
        cls,
        directory: str | os.PathLike,
        networks: Mapping[str, tuple[dict, keras.Model | None]],
        description: str | None = None,
        overwrite: bool = False,
    ) -> "Preset":
        """Write networks to a preset, all of them or none; others that it holds stay.

        Args:
            directory: The preset; it is made if it is missing.
            networks: `{name in the preset: (arguments of the constructor as JSON has them, network)}`; `None` instead
                of a network writes no weights.
            description: What the preset is, in a sentence or two; `None` leaves it as it is.
            overwrite: Whether to replace networks of these names. One that is there already, the same in every
                number, is no obstacle.

        Returns:
            The preset.

        Raises:
            FileExistsError: If the preset has such a network, another one, and `overwrite` is false.
            ValueError: If a name has other characters than letters, digits and `_`, or weights are not finite.
            OSError: If it cannot be written.
        """
        directory = Path(directory)
        before = cls(directory) if (directory / INDEX).exists() else None
        held = dict(before.networks) if before else {}
        written, files = dict(held), {}
        for entry, (arguments, model) in networks.items():
            if not _ENTRY.fullmatch(entry):
                raise ValueError(f"Names in a preset must be of letters, digits and '_'. Received: {entry!r}")
            written[entry] = network = {"arguments": json.loads(json.dumps(arguments))}
            if model is not None:
                try:
                    data = weights_to_bytes(model)
                except ValueError as error:
                    raise ValueError(f"{entry!r} cannot be saved: {error}") from error
                network["sha256"] = hashlib.sha256(data).hexdigest()
                files[_file_name(entry, network["sha256"])] = data
            if entry in held and held[entry] != network and not overwrite:
                raise FileExistsError(
                    f"{directory} holds {entry!r} already; `overwrite=True` replaces it. Received: overwrite=False"
                )
        directory.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            _write(directory / name, data)
        if description is None:
            description = before.description if before else ""
        content = {"format": _FORMAT, "description": description, "networks": dict(sorted(written.items()))}
        _write(directory / INDEX, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
        for entry, network in held.items():
            if "sha256" in network and network["sha256"] != written[entry].get("sha256"):
                (directory / _file_name(entry, network["sha256"])).unlink(missing_ok=True)
        return cls(directory)


def _file_name(entry, sha256):
    return f"{entry}-{sha256[:8]}.npz"


def _write(path, data):
    """Write a file whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
