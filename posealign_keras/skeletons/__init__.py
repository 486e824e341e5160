"""What a body is: joints, parents, mirror pairs, bone lengths. NumPy only."""

from posealign_keras.skeletons.registry import get_skeleton, register_skeleton
from posealign_keras.skeletons.skeleton import BODY17, Skeleton

__all__ = ["BODY17", "Skeleton", "get_skeleton", "register_skeleton"]
