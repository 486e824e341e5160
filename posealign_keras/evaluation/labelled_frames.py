"""Images with their poses, from records or arrays, for `evaluate`: labels first, images only of frames that count."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from posealign_keras import data
from posealign_keras.data.labels import read_images, read_labels
from posealign_keras.evaluation.origins import ORIGIN_TEXTS


@dataclass(frozen=True)
class LabelledFrames:
    """Labels of N frames, and a way to their images.

    Args:
        joints: `(N, joints, 3)` metres.
        validity: `(N, joints)` bool.
        origins: `dataset`, `subject`, `sequence`, `camera` and `frame_index`, as far as they are known.
        images: Function of `(N,)` bool that yields the images of those frames, `(H, W, 3)` uint8, in order.
    """

    joints: np.ndarray
    validity: np.ndarray
    origins: dict
    images: Callable[[np.ndarray], Iterator[np.ndarray]]


def frames_of(dataset, split: str, protocol) -> LabelledFrames:
    """The frames of what `evaluate` takes as its `dataset`.

    Raises:
        FileNotFoundError: If there are no records of the split.
        ValueError: If the records or arrays are not as `evaluate` describes them.
    """
    if isinstance(dataset, Mapping):
        return _of_arrays(dataset)
    if isinstance(dataset, tuple) and dataset and hasattr(dataset[0], "shape"):
        names = ("image", "joints", "joint_validity")
        if len(dataset) not in (2, 3):
            raise ValueError(f"`dataset` must be images, joints and perhaps validity. Received: {len(dataset)} arrays")
        return _of_arrays(dict(zip(names, dataset, strict=False)))
    directories = [dataset] if isinstance(dataset, str | os.PathLike) else list(dataset)
    if not directories:
        raise ValueError("`dataset` must name at least one directory. Received: an empty list")
    parts = [_of_records(directory, split, protocol) for directory in directories]
    if len(parts) == 1:
        return parts[0]
    ends = np.cumsum([len(part.joints) for part in parts])[:-1]

    def images(chosen):
        for part, rows in zip(parts, np.split(chosen, ends), strict=True):
            yield from part.images(rows)

    return LabelledFrames(
        np.concatenate([part.joints for part in parts]),
        np.concatenate([part.validity for part in parts]),
        {name: np.concatenate([part.origins[name] for part in parts]) for name in parts[0].origins},
        images,
    )


def _of_arrays(arrays):
    images = arrays.get("image", arrays.get("frames"))
    if images is None or "joints" not in arrays:
        raise ValueError(f"`dataset` must hold 'image' (or 'frames') and 'joints'. Received: {sorted(arrays)}")
    images, joints = np.asarray(images), np.asarray(arrays["joints"])
    rank = 4 if "image" in arrays else 5
    if images.ndim != rank or joints.ndim != rank - 1 or images.shape[: rank - 3] != joints.shape[: rank - 3]:
        raise ValueError(
            "`dataset` must hold images (N, H, W, 3) with joints (N, joints, 3), or frames (N, T, H, W, 3) with joints "
            f"(N, T, joints, 3). Received: {images.shape} with {joints.shape}"
        )
    validity = np.asarray(arrays.get("joint_validity", np.isfinite(joints).all(axis=-1))).astype(bool)
    if validity.shape != joints.shape[:-1]:
        raise ValueError(
            f"`dataset` must hold 'joint_validity' of shape {joints.shape[:-1]}. Received: {validity.shape}"
        )
    origins = {name: arrays[name] for name in (*ORIGIN_TEXTS, "frame_index") if name in arrays}
    if rank == 5:
        count, length = images.shape[:2]
        origins = {
            name: value if isinstance(value, str) else _of_each_frame(name, value, [length] * count)
            for name, value in origins.items()
        }
        images, joints, validity = (
            array.reshape(count * length, *array.shape[2:]) for array in (images, joints, validity)
        )
    return LabelledFrames(joints, validity, origins, lambda chosen: iter(images[chosen]))


def _of_records(directory, split, protocol):
    manifest = data.Manifest.load(directory, split)
    kind = manifest.schema.get("name")
    if kind not in (data.LABELLED_IMAGE.name, data.LABELLED_PERSON.name, data.LABELLED_CLIP.name):
        raise ValueError(
            f"`dataset` must hold records of labelled images or clips. Received: {kind!r} in {os.fspath(directory)!r}"
        )
    _check_annotation(manifest, directory, protocol)
    schema = data.get_schema(kind)
    labels = read_labels(directory, split, schema)
    is_clip = kind == data.LABELLED_CLIP.name
    # An image is a clip of one frame.
    lengths = [len(record["joints"]) if is_clip else 1 for record in labels]
    origins = {
        name: _of_each_frame(name, [record[name] for record in labels], lengths)
        for name in (*ORIGIN_TEXTS, "frame_index")
    }
    joints, validity = (
        np.concatenate([record[name] if is_clip else record[name][None] for record in labels])
        for name in ("joints", "joint_validity")
    )
    ends = np.cumsum(lengths)[:-1]

    def images(chosen):
        rows = np.split(chosen, ends)
        wanted = np.array([row.any() for row in rows])
        pictures = read_images(directory, split, schema, wanted)
        for row, picture in zip((row for row in rows if row.any()), pictures, strict=True):
            yield from picture[row] if is_clip else (picture,)

    return LabelledFrames(joints, validity, origins, images)


def _of_each_frame(name, values, lengths):
    """What is known of a clip, for each of its frames; they are taken to follow each other in the recording."""
    values = np.array(values) if name == "frame_index" else np.array(values, object)
    repeated = np.repeat(values, lengths)
    if name == "frame_index":
        repeated = repeated + np.concatenate([np.arange(length) for length in lengths])
    return repeated


def _check_annotation(manifest, directory, protocol):
    options = manifest.metadata.get("arguments", {}).get("options", {})
    for option, value in protocol.refused_options:
        if options.get(option) == value:
            raise ValueError(
                f"`dataset` must hold the annotation of the protocol {protocol.name!r}: {protocol.annotation}. "
                f"Received: {os.fspath(directory)!r}, converted with {option}={value}"
            )
