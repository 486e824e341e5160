"""Adaptation to anybody's own videos, from the videos and a preset alone."""

from posealign_keras.own_videos.adapt import adapt

__all__ = ["adapt"]
