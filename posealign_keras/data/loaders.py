"""`tf.data` pipelines for each stage of the method, from records or from arrays; all backends train from them."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from posealign_keras.data.image_augmentation import ImageAugmentation
from posealign_keras.data.motion_library import to_upright_camera_frame
from posealign_keras.data.pipeline import Pipeline
from posealign_keras.data.schema import LABELLED_IMAGE, LABELLED_PERSON, POSE_SEQUENCE, UNLABELLED_CLIP
from posealign_keras.data.tensorflow_import import import_tensorflow

# How many elements are shuffled among each other in memory.
_SHUFFLED_POSES = 65_536
_SHUFFLED_SEQUENCES = 8_192
_SHUFFLED_IMAGES = 2_048
_SHUFFLED_CLIPS = 256


def load_poses(source, batch_size: int, **options):
    """Single poses, for `PoseAAE`.

    Args:
        source: Directory of `POSE_SEQUENCE` records, a path or a URL as for `read_records`; or several, or a pattern
            such as `"records/*/pose_sequence"`, that are put together. Or an array `(N, joints, 3)`, root-relative, in
            the axes of a level camera.
        batch_size: Poses per batch.
        **options: See `Pipeline`.

    Returns:
        `tf.data.Dataset` of `(batch, joints, 3)` float32: metres, root-relative, x right, y down, z forward, in the
        axes of a level camera (those of the camera, for records in the camera frame).

    Raises:
        FileNotFoundError: If there are no records of the split.
        ValueError: If an argument is not as described, or the records are damaged or of another kind.

    Example:
        >>> poses = np.zeros((10, 17, 3), "float32")
        >>> [batch.shape[0] for batch in load_poses(poses, 4, training=False)]
        [4, 4, 2]
    """
    pipeline = Pipeline(**options)
    if _is_array(source):
        dataset = pipeline.of_arrays(_floats("source", source, 3), buffer=_SHUFFLED_POSES)
    else:
        dataset = pipeline.of_records(source, POSE_SEQUENCE, _root_relative, _SHUFFLED_POSES, unbatch=True)
    return pipeline.batches(dataset, batch_size)


def load_sequences(source, batch_size: int, frames: int = 30, step: int = 5, **options):
    """Windows of pose sequences, for the motion auto-encoder and the relations of higher order.

    Args:
        source: As for `load_poses`; or an array `(N, frames, joints, 3)`.
        batch_size: Windows per batch.
        frames: Frames of a window. Shorter sequences give none.
        step: Frames from the start of one window to the start of the next.
        **options: See `Pipeline`.

    Returns:
        `tf.data.Dataset` of `(batch, frames, joints, 3)` float32, as `load_poses`.

    Raises:
        FileNotFoundError: As `load_poses`.
        ValueError: As `load_poses`.

    Example:
        >>> windows = np.zeros((4, 30, 17, 3), "float32")
        >>> next(iter(load_sequences(windows, 3))).shape.as_list()
        [3, 30, 17, 3]
    """
    tf = import_tensorflow()
    pipeline = Pipeline(**options)
    if frames < 1 or step < 1:
        raise ValueError(f"`frames` and `step` must be at least 1. Received: frames={frames}, step={step}")
    if _is_array(source):
        dataset = pipeline.of_arrays(_floats("source", source, 4), buffer=_SHUFFLED_SEQUENCES)
    else:
        longest = pipeline.largest(source, "num_frames")
        if longest < frames:
            raise ValueError(f"`frames` must not exceed the longest sequence, {longest}. Received: frames={frames}")

        def windows(record):
            sequence = _root_relative(record)
            starts = tf.range(0, tf.maximum(tf.shape(sequence)[0] - frames + 1, 0), step)
            cut = tf.gather(sequence, starts[:, None] + tf.range(frames))
            return tf.ensure_shape(cut, (None, frames, *sequence.shape[1:]))

        dataset = pipeline.of_records(source, POSE_SEQUENCE, windows, _SHUFFLED_SEQUENCES, unbatch=True)
    return pipeline.batches(dataset, batch_size)


def load_labelled_images(
    source,
    batch_size: int,
    augmentation: ImageAugmentation | None = None,
    *,
    also: Sequence[Literal["keypoints", "masks"]] = (),
    **options,
):
    """Images with their poses, for `SourceTraining` and `evaluate`.

    Args:
        source: Directory of `LABELLED_IMAGE` or `LABELLED_PERSON` records, or several, as for `load_poses`. Or a tuple
            of arrays: images `(N, H, W, 3)` uint8, joints `(N, joints, 3)`, and perhaps their validity `(N, joints)`.
        batch_size: Images per batch.
        augmentation: Random crops and colours; only in training.
        also: What else to give of records: `"keypoints"`, where the joints are in the images, for an `ImageEncoder`
            that finds them; `"masks"`, which pixels the people cover, of `LABELLED_PERSON` records.
        **options: See `Pipeline`.

    Returns:
        `tf.data.Dataset` of images `(batch, H, W, 3)` uint8, poses `(batch, joints, 3)` float32 (metres, root-relative,
        camera frame) and weights `(batch, joints)` float32, 0 where a joint is not known: what `fit` takes as `x`, `y`
        and `sample_weight`. With `also` the poses are a dictionary of them, as `"joints"`, and `"keypoints"`
        `(batch, joints, 2)` float32, in image widths (and heights) from the middle, x right and y down, or `"masks"`
        `(batch, H, W)` uint8, from 0 for nobody to 255.

    Raises:
        FileNotFoundError: As `load_poses`.
        ValueError: As `load_poses`.

    Example:
        >>> images, joints = np.zeros((6, 32, 32, 3), "uint8"), np.zeros((6, 17, 3), "float32")
        >>> x, y, weights = next(iter(load_labelled_images((images, joints), 4)))
        >>> x.shape.as_list(), y.shape.as_list(), weights.shape.as_list()
        ([4, 32, 32, 3], [4, 17, 3], [4, 17])
    """
    tf = import_tensorflow()
    pipeline = Pipeline(**options)
    if _is_arrays(source):
        if also:
            raise ValueError(f"`also` must be empty for arrays. Received: also={also}")
        images, joints = _pixels("source[0]", source[0], 4), _floats("source[1]", source[1], 3)
        weights = np.ones(joints.shape[:2]) if len(source) == 2 else source[2]
        dataset = pipeline.of_arrays(images, joints, np.asarray(weights, "float32"), buffer=_SHUFFLED_IMAGES)
    else:
        known = known_beside_poses(source, pipeline.split)
        schema = LABELLED_PERSON if "masks" in known else LABELLED_IMAGE
        more = {"keypoints": _keypoints, "masks": lambda record: record["mask"][..., 0]}
        if not set(also) <= set(known):
            raise ValueError(f"`also` must be of {known} for records {schema.name!r}. Received: also={also}")

        def labelled(record):
            poses = record["joints"]
            if also:
                poses = {"joints": poses, **{name: more[name](record) for name in also}}
            return record["image"], poses, tf.cast(record["joint_validity"], tf.float32)

        dataset = pipeline.of_records(source, schema, labelled, _SHUFFLED_IMAGES)

    if augmentation is None:
        return pipeline.batches(dataset, batch_size)

    def augmented(element, seed):
        images, poses, weights = element
        moves = {"keypoints": augmentation.move_keypoints, "masks": augmentation.move_mask}
        if also:
            poses = {**poses, **{name: moves[name](poses[name], seed) for name in also}}
        return augmentation(images, seed), poses, weights

    return pipeline.batches(dataset, batch_size, augmented)


def known_beside_poses(source, split: str = "train") -> tuple[Literal["keypoints", "masks"], ...]:
    """What `also` of `load_labelled_images` may be for a source.

    Args:
        source: As for `load_labelled_images`.
        split: Name of the split.

    Returns:
        `"keypoints"` for records, `"masks"` for `LABELLED_PERSON` records; nothing for arrays.

    Raises:
        FileNotFoundError: As `load_poses`.
        ValueError: As `load_poses`.

    Example:
        >>> known_beside_poses((np.zeros((6, 32, 32, 3), "uint8"), np.zeros((6, 17, 3), "float32")))
        ()
    """
    if _is_arrays(source):
        return ()
    kind = Pipeline(split=split).kind(source)
    if kind == LABELLED_PERSON.name:
        return ("keypoints", "masks")
    if kind == LABELLED_IMAGE.name:
        return ("keypoints",)
    raise ValueError(
        f"`source` must hold records of {LABELLED_IMAGE.name} or {LABELLED_PERSON.name}. Received: {kind!r} in {source}"
    )


def load_clips(source, batch_size: int, augmentation: ImageAugmentation | None = None, **options):
    """Unlabelled clips, for `Adaptation`.

    Args:
        source: Directory of `UNLABELLED_CLIP` records, or several, as for `load_poses`. Or an array
            `(N, frames, H, W, 3)` uint8.
        batch_size: Clips per batch.
        augmentation: Random crops and colours, alike in all frames of a clip; only in training.
        **options: See `Pipeline`.

    Returns:
        `tf.data.Dataset` of `(batch, frames, H, W, 3)` uint8.

    Raises:
        FileNotFoundError: As `load_poses`.
        ValueError: As `load_poses`.

    Example:
        >>> clips = np.zeros((4, 6, 32, 32, 3), "uint8")
        >>> next(iter(load_clips(clips, 2))).shape.as_list()
        [2, 6, 32, 32, 3]
    """
    pipeline = Pipeline(**options)
    return pipeline.batches(_clips(pipeline, source), batch_size, augmentation)


def load_adaptation(
    clips,
    source=None,
    *,
    batch_size: int = 8,
    images_per_batch: int = 0,
    source_per_batch: int = 32,
    frame_step: int = 2,
    source_split: str | None = None,
    source_subjects: tuple[str, ...] | None = None,
    source_also: Sequence[Literal["keypoints", "masks"]] = (),
    augmentation: ImageAugmentation | None = None,
    **options,
):
    """Everything that `Adaptation` trains on: clips, single frames of many of them, and the source that is replayed.

    Args:
        clips: As `source` of `load_clips`: the unlabelled target.
        source: As `source` of `load_labelled_images`, for `replay_weight` above 0; `None` for none.
        batch_size: Clips per batch; 0 for none, if no energy is on clips.
        images_per_batch: Single frames per batch, of any of the clips; 0 for none, frames of the batch's clips then
            serve in their place.
        source_per_batch: Labelled images per batch.
        frame_step: Every so many frames of a clip are among the single frames.
        source_split: Split of the source, if it is another than that of the clips.
        source_subjects: The people whose images are replayed, such as `("S1",)` of the target for the semi-supervised
            variant; `None` for all.
        source_also: As `also` of `load_labelled_images`.
        augmentation: Random crops and colours of all of them.
        **options: See `Pipeline`; `training` must be true.

    Returns:
        `tf.data.Dataset` of `({"clips": …, "images": …, "source_images": …, "source_poses": …, "source_weights": …},)`;
        with `source_also` also `"source_keypoints"` and `"source_masks"`.

    Raises:
        FileNotFoundError: As `load_poses`.
        ValueError: As `load_poses`; or if there are neither clips nor images in a batch.

    Example:
        >>> clips = np.zeros((4, 6, 32, 32, 3), "uint8")
        >>> source = np.zeros((8, 32, 32, 3), "uint8"), np.zeros((8, 17, 3), "float32")
        >>> batches = load_adaptation(clips, source, batch_size=2, images_per_batch=5, source_per_batch=3)
        >>> (x,) = next(iter(batches))
        >>> {name: len(values) for name, values in sorted(x.items())}
        {'clips': 2, 'images': 5, 'source_images': 3, 'source_poses': 3, 'source_weights': 3}
    """
    tf = import_tensorflow()
    pipeline = Pipeline(**options)
    if not pipeline.training:
        raise ValueError("`training` must be true: there is nothing to evaluate. Received: training=False")
    parts = {}
    if batch_size:
        parts["clips"] = pipeline.batches(_clips(pipeline, clips), batch_size, augmentation)
    if images_per_batch:
        # Where there are clips, too, the checksums of these files are compared already.
        again = {"verify": False} if batch_size else {}
        frames = _frames(Pipeline(**{**options, **again}), clips, frame_step)
        parts["images"] = pipeline.batches(frames, images_per_batch, augmentation)
    if not parts:
        raise ValueError(
            "`batch_size` or `images_per_batch` must be above 0. "
            f"Received: batch_size={batch_size}, images_per_batch={images_per_batch}"
        )
    if source is not None:
        split = {} if source_split is None else {"split": source_split}
        replayed = {**options, **split, "subjects": source_subjects}
        parts["source"] = load_labelled_images(source, source_per_batch, augmentation, also=source_also, **replayed)

    def named(batch):
        if "source" not in batch:
            return (batch,)
        images, poses, weights = batch.pop("source")
        poses = dict(poses) if source_also else {"joints": poses}
        source = {"images": images, "poses": poses.pop("joints"), "weights": weights, **poses}
        return ({**batch, **{f"source_{name}": values for name, values in source.items()}},)

    return tf.data.Dataset.zip(parts).map(named).prefetch(2)


def _clips(pipeline, source):
    if _is_array(source):
        return pipeline.of_arrays(_pixels("source", source, 5), buffer=_SHUFFLED_CLIPS)
    return pipeline.of_records(source, UNLABELLED_CLIP, lambda record: record["frames"], _SHUFFLED_CLIPS)


def _frames(pipeline, source, step):
    """Every so many frames of clips, as single images."""
    if _is_array(source):
        clips = _pixels("source", source, 5)[:, ::step]
        return pipeline.of_arrays(clips.reshape(-1, *clips.shape[2:]), buffer=_SHUFFLED_IMAGES)
    return pipeline.of_records(
        source, UNLABELLED_CLIP, lambda record: record["frames"][::step], _SHUFFLED_IMAGES, unbatch=True
    )


def _root_relative(record):
    """Positions of a record, root-relative, in the axes of a level camera."""
    tf = import_tensorflow()
    positions = record["positions"]
    positions -= positions[:, :1]
    # The rotation as a matrix, made by the one function that knows it.
    upright = tf.constant(to_upright_camera_frame(np.eye(3)), tf.float32)
    is_world = tf.equal(record["coordinate_frame"], "world")
    return tf.cond(is_world, lambda: tf.einsum("tjc,cd->tjd", positions, upright), lambda: positions)


def _keypoints(record):
    """Where the joints of a `LABELLED_IMAGE` are in it, in image widths and heights from the middle."""
    tf = import_tensorflow()
    points = tf.einsum("ij,kj->ki", record["intrinsics"], record["joints"] + record["root_position"])
    size = tf.cast(tf.shape(record["image"])[1::-1], tf.float32)
    return (points[:, :2] / points[:, 2:] + 0.5) / size - 0.5


def _is_arrays(source):
    """Whether a source of labelled images is images, joints and perhaps their validity, and not records."""
    return isinstance(source, tuple) and len(source) in (2, 3) and _is_array(source[0])


def _is_array(source):
    return hasattr(source, "shape") and hasattr(source, "dtype")


def _floats(name, array, rank):
    array = np.asarray(array)
    if array.ndim != rank or array.shape[-1] != 3 or array.dtype.kind != "f":
        raise ValueError(
            f"`{name}` must be floats with {rank} axes, the last of length 3. Received: {array.dtype} {array.shape}"
        )
    return array.astype("float32", copy=False)


def _pixels(name, array, rank):
    array = np.asarray(array)
    if array.ndim != rank or array.shape[-1] != 3 or array.dtype != np.uint8:
        raise ValueError(
            f"`{name}` must be uint8 with {rank} axes, the last of length 3. Received: {array.dtype} {array.shape}"
        )
    return array
