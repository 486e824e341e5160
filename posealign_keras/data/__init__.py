"""Records on disk: their schemas, writer, manifest and readers. Importing it does not import TensorFlow."""

from posealign_keras.data.array_feature import ArrayFeature
from posealign_keras.data.feature import Feature
from posealign_keras.data.hdf5 import read_hdf5
from posealign_keras.data.image_augmentation import ImageAugmentation
from posealign_keras.data.image_feature import ImageFeature
from posealign_keras.data.loaders import (
    known_beside_poses,
    load_adaptation,
    load_clips,
    load_labelled_images,
    load_poses,
    load_sequences,
)
from posealign_keras.data.manifest import Manifest
from posealign_keras.data.motion_library import MotionLibrary, to_upright_camera_frame
from posealign_keras.data.pipeline import Pipeline
from posealign_keras.data.record_reader import (
    describe,
    labelled_clips,
    labelled_images,
    load_arrays,
    pose_sequences,
    read_records,
    unlabelled_clips,
    verify_records,
)
from posealign_keras.data.record_schema import RecordSchema
from posealign_keras.data.record_writer import RecordWriter
from posealign_keras.data.schema import (
    IMAGE_WITH_KEYPOINTS,
    LABELLED_CLIP,
    LABELLED_IMAGE,
    LABELLED_PERSON,
    POSE_SEQUENCE,
    UNLABELLED_CLIP,
    get_schema,
)
from posealign_keras.data.text_feature import TextFeature

__all__ = [
    "IMAGE_WITH_KEYPOINTS",
    "LABELLED_CLIP",
    "LABELLED_IMAGE",
    "LABELLED_PERSON",
    "POSE_SEQUENCE",
    "UNLABELLED_CLIP",
    "ArrayFeature",
    "Feature",
    "ImageAugmentation",
    "ImageFeature",
    "Manifest",
    "MotionLibrary",
    "Pipeline",
    "RecordSchema",
    "RecordWriter",
    "TextFeature",
    "describe",
    "get_schema",
    "known_beside_poses",
    "labelled_clips",
    "labelled_images",
    "load_adaptation",
    "load_arrays",
    "load_clips",
    "load_labelled_images",
    "load_poses",
    "load_sequences",
    "pose_sequences",
    "read_hdf5",
    "read_records",
    "to_upright_camera_frame",
    "unlabelled_clips",
    "verify_records",
]
