"""`describe_preset`: what is in a preset, before anything of it is loaded."""

import os
from typing import Any

from posealign_keras.models.preset import Preset


def describe_preset(preset: str | os.PathLike) -> dict[str, Any]:
    """What a preset is, what it holds, and how good it is.

    Args:
        preset: Name of a preset that comes with the package, one of `preset_names()`; or a directory.

    Returns:
        `name`; `description`, a sentence or two; `card`, the model card as Markdown: data, figures, limits and licence;
        `figures`, what was measured, errors in millimetres; `networks`, `{name: {"arguments": those of the
        constructor, "bytes": size of the weights, or None without them}}`. A name is that of the network's class
        (`image_encoder`, `pose_autoencoder`, `motion_autoencoder`, `relation`), followed by `_` and the variant, if it
        is not the usual one.

    Raises:
        FileNotFoundError: If there is no such preset.
        ValueError: If a file of it is damaged.

    Example:
        >>> sorted(describe_preset("resnet50_paper")["networks"])[:3]
        ['image_encoder', 'motion_autoencoder', 'pose_autoencoder']
    """
    found = Preset(preset)
    networks = {
        entry: {
            "arguments": network["arguments"],
            "bytes": found.weights_file(entry).stat().st_size if found.has_weights(entry) else None,
        }
        for entry, network in found.networks.items()
    }
    return {
        "name": found.directory.name,
        "description": found.description,
        "card": found.card,
        "figures": found.figures,
        "networks": networks,
    }
