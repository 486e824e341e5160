import pickle
import struct

import cv2
import numpy as np
import pytest

from tfrecords_tools.image_frames import ImageFrames, natural_order, read_image


@pytest.fixture
def image():
    picture = np.full((32, 48, 3), 90, np.uint8)
    picture[2:14, 2:20] = (250, 10, 10)
    picture[20:30, 30:46] = (10, 10, 250)
    return picture


def write(path, image):
    cv2.imwrite(str(path), image[..., ::-1])
    return path


def with_orientation(content, orientation):
    """A JPEG with the EXIF tag of its orientation."""
    tags = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\0\0" + tags
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[2:]


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".jpg", ".webp"])
def test_pictures_are_red_green_blue_and_have_times(tmp_path, image, suffix):
    paths = [write(tmp_path / f"{number}{suffix}", image) for number in range(3)]
    frames = ImageFrames(paths, fps=25)
    np.testing.assert_allclose(frames.times, [0, 0.04, 0.08])
    read = list(frames.read([0, 2, 2]))
    assert len(read) == 3
    for one in read:
        assert one.dtype == np.uint8
        assert np.abs(one.astype(int) - image).mean() < (1e-9 if suffix in (".png", ".bmp") else 8)


def test_grey_pictures_and_those_with_transparency_have_three_channels(tmp_path, image):
    cv2.imwrite(str(tmp_path / "grey.png"), image[..., 0])
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([image[..., ::-1], np.full(image.shape[:2], 7, np.uint8)]))
    assert read_image(tmp_path / "grey.png").shape == image.shape
    np.testing.assert_array_equal(read_image(tmp_path / "alpha.png"), image)


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda image: image),
        (2, lambda image: image[:, ::-1]),
        (3, lambda image: np.rot90(image, 2)),
        (6, lambda image: np.rot90(image, -1)),
        (8, lambda image: np.rot90(image, 1)),
    ],
)
def test_pictures_are_turned_upright_as_exif_says(tmp_path, image, orientation, turn):
    content = cv2.imencode(".jpg", image[..., ::-1])[1].tobytes()
    (tmp_path / "picture.jpg").write_bytes(with_orientation(content, orientation))
    read = read_image(tmp_path / "picture.jpg")
    assert read.shape == turn(image).shape
    assert np.abs(read.astype(int) - turn(image)).mean() < 8


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_a_truncated_or_empty_picture_is_an_error_that_names_it(tmp_path, image, suffix, share):
    noise = np.random.default_rng(0).integers(0, 255, image.shape, np.uint8)
    content = write(tmp_path / f"whole{suffix}", noise).read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=rf"cut\{suffix}"):
        read_image(path)


def test_a_missing_file_a_directory_and_text_are_errors_that_name_them(tmp_path):
    (tmp_path / "directory.png").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    for name in ("missing.png", "directory.png", "text.png"):
        with pytest.raises(ValueError, match=name):
            list(ImageFrames([tmp_path / name], 30).read([0]))


def test_no_pictures_and_no_rate_are_errors():
    for paths, fps in (([], 30), (["a.png"], 0), (["a.png"], float("nan"))):
        with pytest.raises(ValueError, match="paths"):
            ImageFrames(paths, fps)


def test_it_pickles(tmp_path, image):
    frames = pickle.loads(pickle.dumps(ImageFrames([write(tmp_path / "a.png", image)], 30)))
    np.testing.assert_array_equal(next(frames.read([0])), image)


def test_numbers_in_names_are_compared_as_numbers():
    names = ["img_10.png", "img_2.png", "img_1.png", "b/img_1.png", "a12/x.png", "a2/x.png", "²", "img_٣.png"]
    ordered = sorted(names, key=natural_order)
    assert [name for name in ordered if name.startswith("img_")] == [
        "img_1.png",
        "img_2.png",
        "img_٣.png",
        "img_10.png",
    ]
    assert ordered.index("a2/x.png") < ordered.index("a12/x.png") < ordered.index("b/img_1.png")
