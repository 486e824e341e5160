"""Relations: what happens to a pose, a clip and a latent when the image is mirrored, reversed, slowed or turned."""

from posealign_keras.relations.backward import Backward
from posealign_keras.relations.flip_backward import FlipBackward
from posealign_keras.relations.flip_slow_backward import FlipSlowBackward
from posealign_keras.relations.in_plane_rotation import InPlaneRotation
from posealign_keras.relations.locality import latent_distance
from posealign_keras.relations.motion_flip import MotionFlip
from posealign_keras.relations.motion_rotation import MotionRotation
from posealign_keras.relations.pose_flip import PoseFlip
from posealign_keras.relations.registry import get_relation, list_relations, register_relation
from posealign_keras.relations.relation import Relation
from posealign_keras.relations.slow import Slow
from posealign_keras.relations.slow_backward import SlowBackward

__all__ = [
    "Backward",
    "FlipBackward",
    "FlipSlowBackward",
    "InPlaneRotation",
    "MotionFlip",
    "MotionRotation",
    "PoseFlip",
    "Relation",
    "Slow",
    "SlowBackward",
    "get_relation",
    "latent_distance",
    "list_relations",
    "register_relation",
]
