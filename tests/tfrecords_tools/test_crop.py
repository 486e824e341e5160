"""Crops against what they must show: a drawn dot must land where the crop's own camera projects its point."""

import tracemalloc

import cv2
import numpy as np
import pytest

from tfrecords_tools.crop import Crop

WIDTH, HEIGHT = 640, 480
INTRINSICS = np.array([[520.0, 0.0, 331.0], [0.0, 524.0, 236.5], [0.0, 0.0, 1.0]])
DISTORTION = (-0.21, 0.08, 0.0012, -0.0009, -0.01)


def project(points, camera, distortion=()):
    lens = np.array(distortion or (0.0,) * 5)
    return cv2.projectPoints(np.reshape(points, (-1, 1, 3)), np.zeros(3), np.zeros(3), camera, lens)[0][:, 0]


def dot(image, place):
    """Draw a soft white dot around `place`, the centre of the first pixel at (0, 0)."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    spot = np.exp(-((columns - place[0]) ** 2 + (rows - place[1]) ** 2) / (2 * 2.0**2))
    return np.maximum(image, (255 * spot).round().astype(np.uint8)[..., None])


def middle(image):
    """Where the only dot of a picture is."""
    weights = image[..., 0].astype(float)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


def test_a_plain_crop_of_its_own_size_is_a_slice(noise):
    crop = Crop((300.0, 200.0), 100.0, 100)
    np.testing.assert_array_equal(crop.apply(noise), noise[150:250, 250:350])
    np.testing.assert_array_equal(crop.rotation, np.eye(3))
    assert crop.camera is None


def test_a_plain_crop_is_a_resized_slice(noise):
    smaller = Crop((300.0, 200.0), 200.0, 50).apply(noise)
    np.testing.assert_array_equal(smaller, cv2.resize(noise[100:300, 200:400], (50, 50), interpolation=cv2.INTER_AREA))
    assert Crop((300.0, 200.0), 40.0, 96).apply(noise).shape == (96, 96, 3)


def test_beyond_the_edges_it_is_black(noise):
    noise = np.maximum(noise, 1)
    crop = Crop((10.0, 470.0), 100.0, 100).apply(noise)
    np.testing.assert_array_equal(crop[:60, 40:], noise[420:480, 0:60])
    assert not crop[60:].any()
    assert not crop[:, :40].any()


@pytest.mark.parametrize("virtual", [False, True])
def test_wholly_beyond_the_edges_it_is_black(noise, virtual):
    crop = Crop((-500.0, 2000.0), 100.0, 64, INTRINSICS, (), virtual).apply(noise)
    assert crop.shape == (64, 64, 3)
    assert not crop.any()


@pytest.mark.parametrize("distortion", [(), DISTORTION, DISTORTION[:4]])
@pytest.mark.parametrize(("side", "size"), [(150.0, 224), (200.0, 128), (333.3, 64)])
def test_a_dot_lands_where_the_virtual_camera_projects_its_point(distortion, side, size):
    random = np.random.default_rng(1)
    for _ in range(6):
        centre = random.uniform((120, 90), (WIDTH - 120, HEIGHT - 90))
        crop = Crop(tuple(centre), side, size, INTRINSICS, distortion)
        pixel = centre - 0.5 + random.uniform(-0.3, 0.3, 2) * side
        pixel = np.clip(pixel, 10, (WIDTH - 10, HEIGHT - 10))
        ray = cv2.undistortPoints(pixel[None, None], INTRINSICS, np.array(distortion or (0.0,) * 5))[0, 0]
        point = np.append(ray, 1.0) * random.uniform(2, 6)
        np.testing.assert_allclose(project(point, INTRINSICS, distortion)[0], pixel, atol=0.01)
        picture = dot(np.zeros((HEIGHT, WIDTH, 3), np.uint8), pixel)
        expected = project(crop.rotation @ point, crop.camera)[0]
        assert np.abs(middle(crop.apply(picture)) - expected).max() < 0.3


@pytest.mark.parametrize("distortion", [(), DISTORTION])
@pytest.mark.parametrize(("side", "size"), [(150.0, 224), (201.0, 128), (333.3, 64)])
def test_a_dot_lands_where_the_camera_and_the_keypoints_of_a_plain_crop_say(distortion, side, size):
    random = np.random.default_rng(2)
    for _ in range(6):
        centre = random.uniform((120, 90), (WIDTH - 120, HEIGHT - 90))
        crop = Crop(tuple(centre), side, size, INTRINSICS, distortion, virtual=False)
        pixel = np.clip(centre + random.uniform(-0.3, 0.3, 2) * side, 10, (WIDTH - 10, HEIGHT - 10))
        found = middle(crop.apply(dot(np.zeros((HEIGHT, WIDTH, 3), np.uint8), pixel)))
        ray = cv2.undistortPoints(pixel[None, None], INTRINSICS, np.array(distortion or (0.0,) * 5))[0, 0]
        point = np.append(ray, 1.0) * 3
        assert np.abs(found - crop.keypoints(pixel)).max() < 0.3
        np.testing.assert_allclose(project(point, crop.camera)[0], crop.keypoints(pixel), atol=1e-3)


@pytest.mark.parametrize("distortion", [(), DISTORTION])
@pytest.mark.parametrize("virtual", [False, True])
def test_places_in_a_crop_are_where_its_camera_sees_what_is_there_in_the_picture(distortion, virtual):
    crop = Crop((420.0, 150.0), 200.0, 128, INTRINSICS, distortion, virtual)
    points = np.random.default_rng(4).uniform((0.2, -0.6, 3), (0.9, 0.1, 4), (2, 5, 3))
    in_crop = project(points @ crop.rotation.T, crop.camera).reshape(2, 5, 2)
    in_picture = project(points, INTRINSICS, distortion).reshape(2, 5, 2)
    np.testing.assert_allclose(crop.in_picture(in_crop), in_picture, atol=1e-6)


def test_what_is_behind_the_camera_is_nowhere_in_its_picture():
    wide = np.array([[500.0, 0, 960], [0, 500, 540], [0, 0, 1]])
    found = Crop((1900.0, 540.0), 1200.0, 128, wide).in_picture(np.array([[63.5, 63.5], [100.0, 63.5]]))
    np.testing.assert_allclose(found[0], [1899.5, 539.5], atol=0.1)
    assert np.isnan(found[1]).all()


def test_places_in_a_plain_crop_come_back():
    crop = Crop((420.3, 150.0), 201.0, 128)
    pixels = np.random.default_rng(4).uniform(0, 400, (2, 5, 2))
    np.testing.assert_allclose(crop.in_picture(crop.keypoints(pixels)), pixels, atol=1e-9)


def test_the_virtual_camera_looks_at_the_person_without_rolling():
    crop = Crop((520.0, 100.0), 150.0, 128, INTRINSICS, DISTORTION)
    rotation = crop.rotation
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    many = (cv2.TERM_CRITERIA_COUNT, 100, 0.0)
    pixel, eye = np.array([[[519.5, 99.5]]]), np.eye(3)
    ray = cv2.undistortPointsIter(pixel, INTRINSICS, np.array(DISTORTION), eye, eye, many)[0, 0]
    np.testing.assert_allclose(np.cross(rotation @ np.append(ray, 1.0), [0, 0, 1]), 0, atol=1e-9)
    assert rotation[0, 1] == pytest.approx(0)  # its x axis is level in the axes of the camera
    assert rotation[0, 0] > 0
    assert rotation[1, 1] > 0
    np.testing.assert_allclose(project([0, 0, 3.0], crop.camera)[0], [63.5, 63.5])


def test_a_virtual_camera_at_the_middle_is_nearly_a_plain_crop():
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 4)
    centre = tuple(INTRINSICS[:2, 2] + 0.5)
    square = INTRINSICS.copy()
    square[1, 1] = square[0, 0]
    crops = [Crop((round(centre[0]), round(centre[1])), 128.0, 128, square, (), virtual) for virtual in (True, False)]
    assert np.abs(crops[0].apply(image).astype(int) - crops[1].apply(image)).max() <= 4


@pytest.mark.parametrize(("side", "size"), [(150.0, 224), (300.0, 96)])
def test_the_crop_of_a_mirrored_picture_is_the_mirrored_crop_and_its_pose_the_mirrored_pose(side, size):
    image = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 3)
    mirrored = INTRINSICS.copy()
    mirrored[0, 2] = WIDTH - 1 - INTRINSICS[0, 2]
    lens = (*DISTORTION[:3], -DISTORTION[3], DISTORTION[4])
    crop = Crop((470.0, 130.0), side, size, INTRINSICS, DISTORTION)
    other = Crop((WIDTH - 470.0, 130.0), side, size, mirrored, lens)
    difference = np.abs(other.apply(np.ascontiguousarray(image[:, ::-1])).astype(int) - crop.apply(image)[:, ::-1])
    assert difference.mean() < 0.5
    points = np.random.default_rng(4).normal(size=(17, 3)) + (1.0, -0.5, 4.0)
    mirror = np.array([-1.0, 1.0, 1.0])
    np.testing.assert_allclose((points * mirror) @ other.rotation.T, points @ crop.rotation.T * mirror, atol=1e-9)
    np.testing.assert_allclose(other.camera, crop.camera, atol=1e-9)


def test_many_pixels_are_averaged_and_not_skipped():
    stripes = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    stripes[:, ::2] = 200
    for virtual in (False, True):
        crop = Crop((320.0, 240.0), 320.0, 64, INTRINSICS, (), virtual).apply(stripes)
        assert np.abs(crop[8:-8, 8:-8].astype(int) - 100).max() < 30


@pytest.mark.parametrize(("virtual", "intrinsics"), [(True, INTRINSICS), (False, INTRINSICS), (False, None)])
@pytest.mark.parametrize("side", [300.0, 520.4, 1500.0])
def test_a_large_crop_is_the_same_out_of_a_smaller_picture(monkeypatch, virtual, intrinsics, side):
    image = cv2.GaussianBlur(np.random.default_rng(5).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 6)
    image = cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX)
    crop = Crop((300.0, 210.0), side, 48, intrinsics, DISTORTION, virtual)
    found = crop.apply(image)
    monkeypatch.setattr("tfrecords_tools.crop._FINEST", 1000)
    expected = crop.apply(image)
    assert np.ptp(expected) > 100
    assert np.abs(found.astype(int) - expected).mean() < 1
    assert np.abs(middle(found) - middle(expected)).max() < 0.02


@pytest.mark.parametrize(("virtual", "intrinsics"), [(True, INTRINSICS), (False, INTRINSICS), (False, None)])
def test_a_huge_crop_takes_little_memory(noise, virtual, intrinsics):
    crop = Crop((300.0, 200.0), 50_000.0, 224, intrinsics, (), virtual)
    tracemalloc.start()
    try:
        picture = crop.apply(noise)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30e6
    assert picture[110:114, 110:114].any()
    assert picture[:100].max() == 0
