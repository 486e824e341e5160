"""Named configurations of all networks of the method."""

from posealign_keras.presets.configuration import PAPER, SMALL, Configuration, get_configuration

__all__ = ["PAPER", "SMALL", "Configuration", "get_configuration"]
