"""Adaptation to anybody's own videos, from the videos and a preset alone."""

from posealign_keras.own_videos.adapt import PLAN, adapt, starting_estimator
from posealign_keras.own_videos.example_video import write_example_video

__all__ = ["PLAN", "adapt", "starting_estimator", "write_example_video"]
