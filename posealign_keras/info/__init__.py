"""What a file or directory is."""

from posealign_keras.info.info import info

__all__ = ["info"]
