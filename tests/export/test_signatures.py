"""What a served model answers: the model's outputs, flags for bad pictures, errors for bad requests."""

import struct
import zlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from posealign_keras.export import PictureStatus
from posealign_keras.export.graph.person_windows import CROP_MARGIN, person_windows
from posealign_keras.export.graph.picture_reading import read_pictures
from posealign_keras.skeletons import BODY17

SIZE = 32
rng = np.random.default_rng(0)


def pictures(count, height=SIZE, width=SIZE):
    coarse = rng.integers(0, 256, (count, height // 4 + 2, width // 4 + 2, 3))
    return tf.cast(tf.image.resize(coarse, (height, width)), tf.uint8).numpy()


def png(picture, **options):
    return tf.io.encode_png(picture, **options).numpy()


def jpeg(picture, quality=90):
    return tf.io.encode_jpeg(picture, quality=quality).numpy()


def huge_png(height, width):
    """A PNG file of one colour, with one bit for each pixel, that is as large as it says."""
    compressor = zlib.compressobj(1)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg_that_says(height, width):
    """A JPEG file whose header has another size than its data."""
    code = bytearray(jpeg(pictures(1)[0]))
    place = code.index(b"\xff\xc0") + 5
    code[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(code)


def assert_same(found, expected):
    for name, value in expected.items():
        tolerance = 1e-4 if name == "pose_3d" else 1e-3
        np.testing.assert_allclose(found[name], keras.ops.convert_to_numpy(value), atol=tolerance, err_msg=name)


def test_the_estimator_of_these_tests_looks_at_pictures(estimator):
    poses = estimator(pictures(8))["pose_3d"].numpy()
    assert poses.std(axis=0).max() > 0.1


# What a client sees.


def test_inputs_and_outputs_have_names_types_and_dynamic_sizes(server):
    def described(tensors):
        return {
            name: (tf.dtypes.as_dtype(tensor.dtype).name, [dim.size for dim in tensor.tensor_shape.dim])
            for name, tensor in tensors.items()
        }

    assert set(server.signatures) == {"serving_default", "serving_jpeg", "serving_clip"}
    inputs = {name: described(server.signatures[name].inputs) for name in ("serving_default", "serving_jpeg")}
    assert inputs["serving_default"] == {"images": ("uint8", [-1, -1, -1, 3])}
    assert inputs["serving_jpeg"] == {"images": ("string", [-1]), "boxes": ("float32", [-1, 4])}
    assert described(server.signatures["serving_clip"].inputs) == {"clips": ("uint8", [-1, -1, -1, -1, 3])}
    outputs = described(server.signatures["serving_jpeg"].outputs)
    assert outputs["pose_3d"] == ("float32", [-1, 17, 3])
    assert outputs["valid"] == ("bool", [-1])
    assert outputs["status"] == ("int32", [-1])
    assert all(shape[0] == -1 for _, shape in outputs.values())


def test_facts_tell_joints_unit_and_frame(facts):
    assert facts["joint_names"] == list(BODY17.joint_names)
    assert facts["parents"] == list(BODY17.parents)
    assert facts["unit"] == "metre"
    assert facts["status"]["TOO_LARGE"] == PictureStatus.TOO_LARGE


def test_the_margin_is_that_of_the_records():
    settings_module = pytest.importorskip("tfrecords_tools.settings")
    assert settings_module.Settings().margin == CROP_MARGIN


@pytest.mark.parametrize("count", [1, 3, 40])
@pytest.mark.parametrize(("height", "width"), [(SIZE, SIZE), (SIZE, 90), (77, 20), (1, 1), (200, 201)])
def test_images_of_any_size_and_number(server, estimator, count, height, width):
    images = pictures(count, height, width)
    assert_same(server.ask("serving_default", images=images), estimator(images))


def test_clips_are_their_frames(server, estimator):
    clips = pictures(6, 40, 50).reshape(2, 3, 40, 50, 3)
    found = server.ask("serving_clip", clips=clips)
    assert found["pose_3d"].shape == (2, 3, 17, 3)
    expected = {
        name: value.numpy().reshape(2, 3, *value.shape[1:])
        for name, value in estimator(clips.reshape(6, 40, 50, 3)).items()
    }
    assert_same(found, expected)


# Encoded pictures.


def test_pictures_of_one_request_may_differ_in_size_and_format(server, estimator):
    images = [pictures(1, *size)[0] for size in [(SIZE, SIZE), (50, 70), (300, 40), (64, 64)]]
    found = server.ask("serving_jpeg", images=[png(image) for image in images[:3]] + [jpeg(images[3])])
    images[3] = tf.io.decode_jpeg(jpeg(images[3]), dct_method="INTEGER_ACCURATE").numpy()
    expected = [estimator(image[None]) for image in images]
    assert_same(found, {name: np.concatenate([one[name] for one in expected]) for name in expected[0]})
    assert found["valid"].all()
    assert (found["status"] == PictureStatus.OK).all()


def test_every_kind_of_png_and_jpeg_becomes_rgb(server, estimator):
    grey = pictures(1)[0][..., :1]
    alpha = np.concatenate([pictures(1)[0], np.full((SIZE, SIZE, 1), 77, "uint8")], axis=-1)
    deep = pictures(1)[0].astype("uint16") * 257
    progressive = tf.io.encode_jpeg(pictures(1)[0], progressive=True).numpy()
    found = server.ask("serving_jpeg", images=[png(grey), png(alpha), png(deep), progressive, jpeg(grey)])
    assert found["valid"].all()
    wanted = np.stack([np.repeat(grey, 3, axis=-1), alpha[..., :3], (deep // 257).astype("uint8")])
    expected = estimator(wanted)
    assert_same({name: found[name][:3] for name in expected}, expected)


def crop_of(picture, box):
    """The crop of the records: NumPy and OpenCV."""
    crop = pytest.importorskip("tfrecords_tools.crop")
    left, top, right, bottom = box
    side = CROP_MARGIN * max(right - left, bottom - top)
    return crop.Crop(((left + right) / 2, (top + bottom) / 2), side, SIZE).apply(picture)


BOXES = [[40, 30, 80, 110], [0, 0, 30, 29.1], [100, 60, 160, 119], [-20.5, -30, 25, 15], [60.2, 50.7, 70, 62.5]]


@pytest.mark.parametrize("box", BOXES)
def test_boxes_cut_out_what_the_records_hold(server, estimator, box):
    """Crops differ by how pixels are averaged, and by less than if they were moved by half a pixel of the crop."""
    coarse = rng.integers(0, 256, (14, 17, 3))
    picture = tf.cast(tf.image.resize(coarse, (120, 150), "bicubic"), tf.uint8).numpy()
    crops, _ = read_pictures(tf.constant([png(picture)]), tf.constant([box], tf.float32), SIZE, 2**20)
    crop = crops[0].numpy()
    expected = crop_of(picture, box)
    pixel = CROP_MARGIN * max(box[2] - box[0], box[3] - box[1]) / SIZE
    moved = crop_of(picture, np.array(box) + max(1, pixel / 2))
    assert abs(crop - expected).mean() < 0.35 * abs(moved.astype(float) - expected).mean()
    found = server.ask("serving_jpeg", images=[png(picture)], boxes=[box])
    assert_same(found, estimator(crop[None]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-300, 600, width=32, allow_subnormal=False), min_size=4, max_size=4),
    st.integers(1, 300),
    st.integers(1, 300),
)
def test_windows_are_those_of_the_records(box, height, width):
    crop = pytest.importorskip("tfrecords_tools.crop")
    left, top, right, bottom = box
    windows, (valid,) = person_windows(tf.constant([box]), tf.constant([[height, width]]))
    if not any(box):
        assert valid
        return
    if right <= left or bottom <= top:
        assert not valid
        return
    side = CROP_MARGIN * max(right - left, bottom - top)
    wanted = crop.Crop(((left + right) / 2, (top + bottom) / 2), side, SIZE)._window
    inside = wanted[0] < width and wanted[1] < height and wanted[0] + wanted[2] > 0 and wanted[1] + wanted[2] > 0
    assert bool(valid) == inside
    if inside:
        assert (*windows.corners[0].numpy()[::-1], float(windows.sides[0])) == wanted


def test_crops_are_black_beyond_the_picture(server, estimator):
    white = np.full((SIZE, SIZE, 3), 255, "uint8")
    wanted = np.zeros((SIZE, SIZE, 3), "uint8")
    wanted[SIZE // 2 :, SIZE // 2 :] = 255
    half = SIZE / CROP_MARGIN / 2
    found = server.ask("serving_jpeg", images=[png(white)], boxes=[[-half, -half, half, half]])
    assert_same(found, estimator(wanted[None]))


def test_boxes_may_be_left_out(server, estimator):
    images = pictures(3, 50, 60)
    code = [png(image) for image in images]
    nothing = [np.full((3, 4), np.nan), np.zeros((3, 4)), np.full((1, 4), np.nan)]
    for found in [server.ask("serving_jpeg", images=code)] + [
        server.ask("serving_jpeg", images=code, boxes=boxes) for boxes in nothing
    ]:
        assert found["valid"].all()
        assert_same(found, estimator(images))
    one_for_all = server.ask("serving_jpeg", images=code, boxes=[[5, 5, 40, 45]])
    each = server.ask("serving_jpeg", images=code, boxes=[[5, 5, 40, 45]] * 3)
    assert_same(one_for_all, each)
    assert abs(each["pose_3d"] - estimator(images)["pose_3d"].numpy()).max() > 1e-2


# Bad pictures are flagged, and harm no other.

GOOD = png(pictures(1, 40, 40)[0])
BAD = {
    PictureStatus.NOT_A_PICTURE: [b"", b"\xff", b"hello", b"GIF89a" + bytes(50), b"BM" + bytes(60), bytes(100)],
    PictureStatus.TOO_LARGE: [
        jpeg_that_says(20_000, 20_000),
        jpeg_that_says(1, 65_500 * 16 // 16),
        huge_png(20_000, 20_000),
    ],
    PictureStatus.DAMAGED: [
        jpeg(pictures(1, 64, 64)[0])[:-300],
        jpeg(pictures(1)[0])[:20],
        GOOD[:-30],
        GOOD[:20],
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        jpeg_that_says(0, 0),
        GOOD[:40] + bytes([GOOD[40] ^ 255]) + GOOD[41:],
    ],
}
BAD[PictureStatus.TOO_LARGE].pop(1)  # 65,500 pixels are few


@pytest.mark.parametrize("status", BAD, ids=lambda status: status.name)
def test_bad_pictures_are_flagged_and_harm_no_other(server, estimator, status):
    images = [GOOD, *BAD[status], GOOD]
    found = server.ask("serving_jpeg", images=images)
    assert found["status"].tolist() == [0] + [int(status)] * len(BAD[status]) + [0]
    assert found["valid"].tolist() == [True] + [False] * len(BAD[status]) + [True]
    alone = server.ask("serving_jpeg", images=[GOOD])
    for name in ("pose_3d", "latent", "plausibility"):
        assert not found[name][1:-1].any()
        np.testing.assert_allclose(found[name][[0, -1]], np.repeat(alone[name], 2, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    "box",
    [
        [10, 10, 10, 20],
        [20, 10, 10, 30],
        [np.nan, 1, 5, 8],
        [0, 0, np.inf, 8],
        [-np.inf] * 4,
        [1e30, 1e30, 2e30, 2e30],
        [50, 50, 60, 60],
        [-30, -30, -10, -10],
        [0, 0, 0, 9],
    ],
)
def test_bad_boxes_are_flagged(server, box):
    found = server.ask("serving_jpeg", images=[GOOD, GOOD], boxes=[box, [5, 5, 30, 30]])
    assert found["status"].tolist() == [PictureStatus.INVALID_BOX, PictureStatus.OK]
    assert not found["pose_3d"][0].any()
    assert found["pose_3d"][1].any()


def test_a_huge_box_is_a_small_picture_of_a_person_far_away(server):
    found = server.ask("serving_jpeg", images=[GOOD], boxes=[[-9e4, -9e4, 9e4, 9e4]])
    assert found["valid"].all()
    assert np.isfinite(found["pose_3d"]).all()


# Bad requests are errors, of the kind that a server tells its client.


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        ("serving_default", {"images": np.zeros((0, SIZE, SIZE, 3))}),
        ("serving_default", {"images": np.zeros((2, 0, SIZE, 3))}),
        ("serving_default", {"images": np.zeros((2, SIZE, SIZE, 4))}),
        ("serving_default", {"images": np.zeros((SIZE, SIZE, 3))}),
        ("serving_default", {"images": np.zeros(7)}),
        ("serving_default", {"images": np.zeros((1, 1025, 1025, 3))}),
        ("serving_clip", {"clips": np.zeros((2, 0, SIZE, SIZE, 3))}),
        ("serving_clip", {"clips": np.zeros((0, 2, SIZE, SIZE, 3))}),
        ("serving_clip", {"clips": np.zeros((2, SIZE, SIZE, 3))}),
        ("serving_jpeg", {"images": np.zeros(0, object)}),
        ("serving_jpeg", {"images": np.array([[GOOD]], object)}),
        ("serving_jpeg", {"images": np.array(GOOD, object)}),
        ("serving_jpeg", {"images": [GOOD] * 3, "boxes": np.zeros((2, 4))}),
        ("serving_jpeg", {"images": [GOOD] * 3, "boxes": np.zeros((0, 4))}),
        ("serving_jpeg", {"images": [GOOD], "boxes": np.zeros((1, 5))}),
        ("serving_jpeg", {"images": [GOOD], "boxes": np.zeros(4)}),
    ],
)
def test_bad_requests_are_invalid_arguments(server, signature, inputs):
    with pytest.raises(tf.errors.InvalidArgumentError):
        server.ask(signature, **inputs)
    assert server.ask("serving_jpeg", images=[GOOD])["valid"].all()


def test_the_message_of_an_error_says_what_was_expected(server):
    with pytest.raises(tf.errors.InvalidArgumentError, match="`images` must hold at least one picture, and each at"):
        server.ask("serving_default", images=np.zeros((0, SIZE, SIZE, 3)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`boxes` must have one row for each"):
        server.ask("serving_jpeg", images=[GOOD] * 3, boxes=np.zeros((2, 4)))
