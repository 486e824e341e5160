import hashlib
import io
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from posealign_keras.data import (
    IMAGE_WITH_KEYPOINTS,
    LABELLED_CLIP,
    LABELLED_IMAGE,
    POSE_SEQUENCE,
    UNLABELLED_CLIP,
    ArrayFeature,
    RecordSchema,
    get_schema,
)
from posealign_keras.skeletons import BODY17, Skeleton

tf = pytest.importorskip("tensorflow")

SCHEMAS = [POSE_SEQUENCE, LABELLED_IMAGE, IMAGE_WITH_KEYPOINTS, UNLABELLED_CLIP, LABELLED_CLIP]


def smooth_image(height=16, width=24):
    row, column = np.mgrid[:height, :width]
    return np.stack([row * 8, column * 8, 128 + row - column], axis=-1).astype(np.uint8)


def make_example(schema, num_frames=4, seed=0):
    generator = np.random.default_rng(seed)

    def normal(*shape):
        return generator.normal(size=shape).astype(np.float32)

    joints = normal(num_frames, 17, 3)
    joints -= joints[:, :1]
    content = {
        "positions": normal(num_frames, 17, 3),
        "coordinate_frame": "world",
        "image": smooth_image(),
        "frames": np.stack([smooth_image() + 2 * i for i in range(num_frames)]).astype(np.uint8),
        "joints": joints,
        "keypoints": 100 * joints[0, :, :2],
        "root_position": normal(num_frames, 3),
        "joint_validity": generator.random((num_frames, 17)) < 0.5,
        "intrinsics": np.array([[500, 0, 12], [0, 501, 8], [0, 0, 1]], np.float32),
        "dataset": "fake",
        "subject": "S1",
        "sequence": "walk 1",
        "camera": "c0",
        "frame_index": 7,
        "fps": 29.97,
        "scale": 0.001,
        "split": "train",
    }
    if schema is LABELLED_IMAGE:
        content |= {name: content[name][0] for name in ("joints", "root_position", "joint_validity")}
    if schema in (POSE_SEQUENCE, IMAGE_WITH_KEYPOINTS):
        content["joint_validity"] = content["joint_validity"][0]
    return {name: content[name] for name in schema.feature_names}


def as_python(record):
    return {name: tensor.numpy() for name, tensor in record.items()}


def assert_same(record, example):
    assert set(record) == set(example)
    for name, expected in example.items():
        if name in ("image", "frames"):
            assert record[name].dtype == np.uint8
            assert record[name].shape == expected.shape
            assert np.abs(record[name].astype(int) - expected.astype(int)).max() <= 4
        elif isinstance(expected, str):
            assert record[name].decode() == expected
        elif isinstance(expected, np.ndarray):
            assert record[name].dtype == expected.dtype
            np.testing.assert_array_equal(record[name], expected)
        else:
            assert record[name] == record[name].dtype.type(expected)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_round_trip(schema):
    example = make_example(schema)
    assert_same(as_python(schema.parse(schema.encode(example))), example)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_round_trip_in_batches_within_map(schema):
    examples = [make_example(schema, seed=seed) for seed in range(5)]
    dataset = tf.data.Dataset.from_tensor_slices([schema.encode(example) for example in examples])
    records = [record for batch in dataset.batch(2).map(schema.parse) for record in unstack(as_python(batch))]
    for record, example in zip(records, examples, strict=True):
        assert_same(record, example)


def unstack(batch):
    return [{name: values[i] for name, values in batch.items()} for i in range(len(batch["dataset"]))]


@pytest.mark.parametrize("num_frames", [1, 2, 31])
def test_number_of_frames_needs_not_be_known(num_frames):
    for schema in (POSE_SEQUENCE, UNLABELLED_CLIP, LABELLED_CLIP):
        example = make_example(schema, num_frames)
        assert_same(as_python(schema.parse(schema.encode(example))), example)


def test_static_shapes_are_those_that_are_known():
    dataset = tf.data.Dataset.from_tensors(LABELLED_CLIP.encode(make_example(LABELLED_CLIP)))
    spec = dataset.map(LABELLED_CLIP.parse).element_spec
    assert spec["frames"].shape.as_list() == [None, None, None, 3]
    assert spec["joints"].shape.as_list() == [None, 17, 3]
    assert spec["intrinsics"].shape.as_list() == [3, 3]
    sizes = {"num_frames": 4, "height": 16, "width": 24}
    spec = dataset.map(lambda record: LABELLED_CLIP.parse(record, sizes)).element_spec
    assert spec["frames"].shape.as_list() == [4, 16, 24, 3]
    assert spec["joint_validity"].shape.as_list() == [4, 17]
    spec = dataset.batch(2).map(lambda record: LABELLED_CLIP.parse(record, sizes)).element_spec
    assert spec["frames"].shape.as_list() == [None, 4, 16, 24, 3]


@pytest.mark.parametrize("wrong", [{"num_frames": 3}, {"height": 17}, {"width": 16}])
def test_a_record_of_another_size_than_said_is_an_error(wrong):
    record = LABELLED_CLIP.encode(make_example(LABELLED_CLIP))
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        LABELLED_CLIP.parse(record, wrong)


@pytest.mark.parametrize("schema", [POSE_SEQUENCE, UNLABELLED_CLIP])
def test_records_of_different_length_do_not_form_a_batch_silently(schema):
    records = [schema.encode(make_example(schema, num_frames)) for num_frames in (4, 6)]
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be parsed as one batch"):
        schema.parse(records)
    # Neither when 4 and 6 frames could pass for two records of 5.
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be parsed as one batch"):
        list(tf.data.Dataset.from_tensor_slices(records).batch(2).map(schema.parse))


def test_records_of_another_schema_do_not_parse():
    with pytest.raises(tf.errors.InvalidArgumentError):
        LABELLED_IMAGE.parse(POSE_SEQUENCE.encode(make_example(POSE_SEQUENCE)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="positions"):
        POSE_SEQUENCE.parse(
            replace(POSE_SEQUENCE, features=POSE_SEQUENCE.features[1:]).encode(
                {name: value for name, value in make_example(POSE_SEQUENCE).items() if name != "positions"}
            )
        )


def test_images_can_stay_compressed():
    example = make_example(UNLABELLED_CLIP)
    record = UNLABELLED_CLIP.parse(UNLABELLED_CLIP.encode(example), decode_images=False)
    assert record["frames"].shape == (4,)
    assert record["frames"].dtype == tf.string


def test_jpeg_files_are_stored_as_they_are():
    files = [tf.io.encode_jpeg(smooth_image(), quality=30).numpy() for _ in range(3)]
    example = {**make_example(UNLABELLED_CLIP), "frames": files}
    record = UNLABELLED_CLIP.parse(UNLABELLED_CLIP.encode(example), decode_images=False)
    assert record["frames"].numpy().tolist() == files
    grey = tf.io.encode_jpeg(smooth_image()[..., :1], format="grayscale").numpy()
    record = LABELLED_IMAGE.parse(LABELLED_IMAGE.encode({**make_example(LABELLED_IMAGE), "image": grey}))
    assert record["image"].shape == (16, 24, 3)


def test_jpeg_quality_matters():
    example = make_example(LABELLED_IMAGE)
    example["image"] = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    errors = [
        np.abs(LABELLED_IMAGE.parse(LABELLED_IMAGE.encode(example, quality))["image"].numpy() - 1.0 * example["image"])
        for quality in (50, 95, 100)
    ]
    means = [error.mean() for error in errors]
    assert means[0] > 2 * means[1] > 4 * means[2]
    assert means[2] < 0.5


def test_images_decode_as_other_decoders_do():
    pillow = pytest.importorskip("PIL.Image")
    record = LABELLED_IMAGE.encode(make_example(LABELLED_IMAGE))
    (file,) = LABELLED_IMAGE.parse(tf.constant([record]), decode_images=False)["image"].numpy()
    expected = np.asarray(pillow.open(io.BytesIO(file)))
    np.testing.assert_array_equal(LABELLED_IMAGE.parse(record)["image"], expected)


def test_encoding_is_reproducible():
    for schema in SCHEMAS:
        example = make_example(schema)
        shuffled = dict(reversed(example.items()))
        assert schema.encode(example) == schema.encode(shuffled)


def test_defaults_fill_what_is_optional():
    example = make_example(POSE_SEQUENCE)
    for name in ("subject", "camera", "scale"):
        del example[name]
    record = as_python(POSE_SEQUENCE.parse(POSE_SEQUENCE.encode(example)))
    assert (record["subject"], record["camera"], record["scale"]) == (b"", b"", 1.0)


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text(), st.integers(0, 2**63 - 1), st.floats(0.125, 1000, width=32))
def test_any_text_and_number_survives(dataset, sequence, frame_index, fps):
    example = make_example(POSE_SEQUENCE, num_frames=1)
    example |= {"dataset": dataset, "sequence": sequence, "frame_index": frame_index, "fps": fps}
    assert_same(as_python(POSE_SEQUENCE.parse(POSE_SEQUENCE.encode(example))), example)


@settings(max_examples=30, deadline=None)
@given(
    hnp.arrays(
        np.float32, st.tuples(st.integers(1, 5), st.just(17), st.just(3)), elements=st.floats(-200, 200, width=32)
    )
)
def test_labels_are_bit_exact(positions):
    example = {**make_example(POSE_SEQUENCE), "positions": positions}
    parsed = POSE_SEQUENCE.parse(POSE_SEQUENCE.encode(example))["positions"].numpy()
    assert parsed.tobytes() == positions.tobytes()


def with_value(array, value, position):
    changed = array.copy()
    changed[position] = value
    return changed


CLIP = make_example(LABELLED_CLIP)
WRONG = {
    "dtype": ("joints", CLIP["joints"].astype(np.float64), "float32.*float64"),
    "list": ("joints", CLIP["joints"].tolist(), "NumPy array"),
    "joints": ("joints", CLIP["joints"][:, :16], r"shape \(.*17, 3\)"),
    "rank": ("joints", CLIP["joints"][0], r"shape \(4, 17, 3\)"),
    "frames differ": ("joint_validity", CLIP["joint_validity"][:3], r"shape \(4, 17\)"),
    "empty": ("root_position", CLIP["root_position"][:0], "no axis empty"),
    "nan": ("joints", with_value(CLIP["joints"], np.nan, (1, 2, 0)), r"finite.*nan at \(1, 2, 0\)"),
    "infinite": ("root_position", with_value(CLIP["root_position"], np.inf, (0, 0)), "finite"),
    "millimetres": ("joints", CLIP["joints"] * np.float32(1000), "at (most|least)"),
    "not root-relative": ("joints", CLIP["joints"] + np.float32(0.1), "relative to the root"),
    "mask dtype": ("joint_validity", CLIP["joint_validity"].astype(np.int64), "bool"),
    "image dtype": ("frames", CLIP["frames"].astype(np.float32), "uint8"),
    "image rank": ("frames", CLIP["frames"][0], "shape"),
    "grey pixels": ("frames", CLIP["frames"][..., :1], "shape"),
    "not a JPEG": ("frames", [b"PNG"] * 4, "JPEG"),
    "text": ("dataset", 3, "str"),
    "bytes": ("dataset", b"fake", "str"),
    "surrogate": ("sequence", "\ud800", "UTF-8"),
    "negative index": ("frame_index", -1, "at least 0"),
    "fraction": ("frame_index", 1.5, "int64"),
    "too large": ("frame_index", 2**63, "range"),
    "truth as number": ("frame_index", True, "int64"),
    "fps": ("fps", 0.0, "at least"),
    "fps nan": ("fps", float("nan"), "finite"),
    "fps text": ("fps", "30", "float32"),
    "none": ("fps", None, "float32"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_values_are_refused_by_name(case):
    name, value, message = WRONG[case]
    with pytest.raises(ValueError, match=f"^`{name}` must .*{message}") as caught:
        LABELLED_CLIP.encode({**CLIP, name: value})
    assert "Received: " in str(caught.value)


def test_frames_of_different_sizes_are_refused():
    files = [tf.io.encode_jpeg(smooth_image(16, width)).numpy() for width in (16, 24)]
    with pytest.raises(ValueError, match="`frames` must be of one size"):
        UNLABELLED_CLIP.encode({**make_example(UNLABELLED_CLIP), "frames": files})


def test_coordinate_frame_is_one_of_two():
    with pytest.raises(ValueError, match=r"`coordinate_frame` must be one of 'world', 'camera'. Received"):
        POSE_SEQUENCE.encode({**make_example(POSE_SEQUENCE), "coordinate_frame": "body"})


def test_missing_and_unknown_names_are_refused():
    example = make_example(POSE_SEQUENCE)
    with pytest.raises(ValueError, match=r"pose.*joints"):
        POSE_SEQUENCE.encode({**example, "joints": 0})
    del example["positions"], example["fps"]
    with pytest.raises(ValueError, match="positions, fps"):
        POSE_SEQUENCE.encode(example)


def test_another_skeleton_changes_the_number_of_joints():
    stick = Skeleton("stick", ("pelvis", "head"), (-1, 0), (0, 1), (0.0, 0.6))
    schema = replace(POSE_SEQUENCE, skeleton=stick)
    changed = {"positions": np.ones((4, 2, 3), np.float32), "joint_validity": np.ones(2, bool)}
    example = {**make_example(POSE_SEQUENCE), **changed}
    assert schema.parse(schema.encode(example))["positions"].shape == (4, 2, 3)
    with pytest.raises(ValueError, match=r"`positions` must have shape \(4, 2, 3\)"):
        schema.encode({**make_example(POSE_SEQUENCE), "joint_validity": np.ones(2, bool)})


def test_features_of_one_name_are_refused():
    feature = ArrayFeature(name="weight", dtype="float32", description="")
    with pytest.raises(ValueError, match="`features` must have different names"):
        RecordSchema("twice", 1, (feature, feature))
    with pytest.raises(ValueError, match="`dtype` must be"):
        ArrayFeature(name="weight", dtype="float64", description="")


def test_get_schema():
    for schema in SCHEMAS:
        assert get_schema(schema.name) is schema
        assert get_schema(schema) is schema
        assert schema.skeleton is BODY17
    with pytest.raises(ValueError, match="`name` must be one of"):
        get_schema("poses")


def test_a_change_of_a_schema_needs_a_new_version():
    # If this fails, records written before cannot be read any more: raise the version, then update the digest.
    digests = {
        schema.name: hashlib.sha256(json.dumps(schema.describe()).encode()).hexdigest()[:12] for schema in SCHEMAS
    }
    assert digests == {
        "pose_sequence": "cb36e02aea1d",
        "labelled_image": "7407f4c9499d",
        "image_with_keypoints": "c43ad39928ea",
        "unlabelled_clip": "897fdc62849b",
        "labelled_clip": "e48ae0866551",
    }


def test_records_are_plain_examples_that_others_can_read():
    example = make_example(LABELLED_CLIP)
    message = tf.train.Example.FromString(LABELLED_CLIP.encode(example))
    stored = message.features.feature
    np.testing.assert_array_equal(
        np.array(stored["joints"].float_list.value, np.float32).reshape(4, 17, 3), example["joints"]
    )
    assert [file[:2] for file in stored["frames"].bytes_list.value] == [b"\xff\xd8"] * 4


def test_import_does_not_import_tensorflow():
    code = "import sys, posealign_keras.data; sys.exit('tensorflow' in sys.modules)"
    environment = {"KERAS_BACKEND": "jax", "PYTHONPATH": ":".join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
