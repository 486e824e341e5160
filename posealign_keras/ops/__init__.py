"""Geometry on tensors: bones, rotations, alignment, cameras, heat maps. `keras.ops` only, every function batched."""

from posealign_keras.ops.bones import (
    bone_directions,
    bone_lengths,
    joints_from_bones,
    mirror,
    retarget,
    retarget_labels,
    root_relative,
)
from posealign_keras.ops.camera import crop_intrinsics, project, unproject
from posealign_keras.ops.heat_maps import map_places, mean_of_map
from posealign_keras.ops.procrustes import scale_procrustes, similarity_procrustes, similarity_transform
from posealign_keras.ops.rotations import (
    axis_angle_from_rotation,
    quaternion_from_rotation,
    rotate,
    rotation_about,
    rotation_from_6d,
    rotation_from_axis_angle,
    rotation_from_quaternion,
    sixd_from_rotation,
)
from posealign_keras.ops.vectors import length, unit

__all__ = [
    "axis_angle_from_rotation",
    "bone_directions",
    "bone_lengths",
    "crop_intrinsics",
    "joints_from_bones",
    "length",
    "map_places",
    "mean_of_map",
    "mirror",
    "project",
    "quaternion_from_rotation",
    "retarget",
    "retarget_labels",
    "root_relative",
    "rotate",
    "rotation_about",
    "rotation_from_6d",
    "rotation_from_axis_angle",
    "rotation_from_quaternion",
    "scale_procrustes",
    "similarity_procrustes",
    "similarity_transform",
    "sixd_from_rotation",
    "unit",
    "unproject",
]
