"""Named configurations of all networks of the method, and presets: networks that come with the package."""

from posealign_keras.models.preset import Preset, preset_names
from posealign_keras.presets.configuration import BASE, PAPER, SMALL, Configuration, get_configuration
from posealign_keras.presets.describe_preset import describe_preset

__all__ = [
    "BASE",
    "PAPER",
    "SMALL",
    "Configuration",
    "Preset",
    "describe_preset",
    "get_configuration",
    "preset_names",
]
