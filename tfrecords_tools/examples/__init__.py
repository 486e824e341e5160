"""Turns a `Recording` into the examples of records: which frames, which crops, at which rate.

Everything that is the same for all data sets is here, once, with one class for each kind of record.
"""

import importlib

from tfrecords_tools.examples.examples import Examples

_CLASSES = {
    "pose_sequence": ("pose_sequences", "PoseSequences"),
    "labelled_image": ("labelled_images", "LabelledImages"),
    "image_with_keypoints": ("images_with_keypoints", "ImagesWithKeypoints"),
    "unlabelled_clip": ("unlabelled_clips", "UnlabelledClips"),
}


def examples_of_kind(kind: str) -> type[Examples]:
    """Return the class that makes the examples of a kind of record (the name of a schema).

    It is imported here and not before: poses do not need the libraries that pictures need.
    """
    file, name = _CLASSES[kind]
    return getattr(importlib.import_module(f"{__name__}.{file}"), name)
