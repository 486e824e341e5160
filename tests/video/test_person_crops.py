"""Crops of a person: where they are, how large, which camera they are of."""

import numpy as np
import pytest

from posealign_keras.video import PersonCrops, open_video
from posealign_keras.video.person_crops import usual_camera
from posealign_keras.video.smooth_in_time import smooth_in_time

HEIGHT, WIDTH = 120, 200


def video(count, fps=30.0):
    """Pictures of which red tells the column, green the row and blue the number of the frame."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    images = [
        np.stack([columns, rows, np.full_like(rows, number)], axis=-1).astype(np.uint8) for number in range(count)
    ]
    return open_video(images, fps)


def standing(count, left=60.0):
    return np.tile([left, 20.0, left + 30, 100.0], (count, 1))


def all_of(crops, batch_size=4):
    parts = [(index, *(part[: len(index)] for part in rest)) for index, *rest in _copies(crops.batches(batch_size))]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _copies(batches):
    for batch in batches:
        yield [part.copy() for part in batch]


def test_frames_without_a_person_are_left_out():
    boxes = standing(11)
    boxes[[0, 4, 5]] = np.nan
    crops = PersonCrops(video(11), boxes, 16)
    assert crops.count == 8
    indices, pictures, rotations, found = all_of(crops, 3)
    np.testing.assert_array_equal(indices, [1, 2, 3, 6, 7, 8, 9, 10])
    np.testing.assert_array_equal(pictures[:, 8, 8, 2], indices)
    np.testing.assert_array_equal(found, boxes[indices])
    assert rotations.shape == (8, 3, 3)


def test_batches_are_of_one_size():
    sizes = [(len(index), len(pictures)) for index, pictures, *_ in PersonCrops(video(7), standing(7), 16).batches(3)]
    assert sizes == [(3, 3), (3, 3), (1, 3)]


def test_nobody_at_all():
    assert list(PersonCrops(video(3), np.full((3, 4), np.nan), 16).batches(2)) == []


def test_the_person_is_in_the_middle_and_fills_the_crop():
    _, pictures, _, _ = all_of(PersonCrops(video(5), standing(5), 44))
    # 88 pixels, 1.1 of the larger side, become 44.
    middle = pictures[:, 21:23, 21:23].reshape(5, -1, 3).mean(axis=1)
    np.testing.assert_allclose(middle[:, :2], np.tile([74.5, 59.5], (5, 1)), atol=1)
    across = pictures[:, 22, 40, 0].astype(float) - pictures[:, 22, 3, 0]
    np.testing.assert_allclose(across, 74, atol=2)


def test_crops_keep_their_scale_while_a_person_bows_and_follow_smoothly():
    times = np.arange(90) / 30
    boxes = standing(90)
    boxes[40:50, 1] = 60  # bows for a third of a second
    boxes[:, [0, 2]] += np.random.default_rng(0).normal(0, 2, (90, 1))
    crops = PersonCrops(video(90), boxes, 16)
    np.testing.assert_allclose(crops._sides, 88, rtol=1e-6)
    steps = np.abs(np.diff(crops._centres[:, 0]))
    assert steps.max() < 0.25 * np.abs(np.diff(boxes[:, 0])).max()
    assert times[-1] < 3


def test_whole_frames_are_not_stretched():
    indices, pictures, rotations, boxes = all_of(PersonCrops(video(2), None, 50))
    assert indices.tolist() == [0, 1]
    np.testing.assert_array_equal(boxes, np.tile([0, 0, WIDTH, HEIGHT], (2, 1)))
    filled = pictures[0, :, :, 0].any(axis=1)
    assert filled.sum() == pytest.approx(50 * HEIGHT / WIDTH, abs=1)
    np.testing.assert_allclose(rotations, np.tile(np.eye(3), (2, 1, 1)), atol=1e-2)


@pytest.mark.parametrize("known", [True, False])
def test_rotations_turn_the_line_of_sight_to_the_person_into_the_axis(known):
    camera = np.array([[150.0, 0, 90], [0, 140, 70], [0, 0, 1]]) if known else usual_camera(HEIGHT, WIDTH)
    crops = PersonCrops(video(3), standing(3, left=150), 16, camera if known else None)
    rotations = all_of(crops)[2]
    sight = np.linalg.inv(camera) @ [164.5, 59.5, 1]
    turned = rotations @ (sight / np.linalg.norm(sight))
    np.testing.assert_allclose(turned, np.tile([0, 0, 1], (3, 1)), atol=1e-3)
    np.testing.assert_allclose(rotations @ rotations.transpose(0, 2, 1), np.tile(np.eye(3), (3, 1, 1)), atol=1e-6)
    np.testing.assert_array_equal(crops.intrinsics, camera)


@pytest.mark.parametrize("boxes", [None, standing(5)])
def test_places_in_crops_are_those_in_the_video(boxes):
    crops = PersonCrops(video(5), boxes, 64)
    _, pictures, _, _ = all_of(crops)
    places = np.array([[[0.0, 0.0], [-0.2, 0.1]]] * 2)
    found = crops.in_video([1, 3], places)
    for number, at in zip((1, 3), found, strict=True):
        for (column, row), (x, y) in zip(np.round((places[0] + 0.5) * 64 - 0.5).astype(int), at, strict=True):
            red, green, _ = pictures[number, row, column].astype(float)
            assert (red, green) == pytest.approx((x, y), abs=3)


def test_the_angle_of_a_usual_lens():
    camera = usual_camera(1080, 1920)
    corner = np.linalg.inv(camera) @ [-0.5, -0.5, 1]
    assert np.degrees(2 * np.arctan(np.linalg.norm(corner[:2]))) == pytest.approx(53.13, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"intrinsics": np.eye(4)}, "`intrinsics` must have shape"),
        ({"intrinsics": np.diag([0, 0, 1])}, "`intrinsics` must have positive focal lengths"),
        ({"distortion": (0.1, 0, 0, 0, 0)}, "needs `intrinsics`"),
        ({"intrinsics": np.eye(3), "distortion": (0.1,)}, "must be k1, k2, p1, p2 and k3"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        PersonCrops(video(2), standing(2), 16, **arguments)


@pytest.mark.parametrize("fps", [8, 30, 120])
def test_smoothing_is_the_same_at_all_rates(fps):
    times = np.arange(round(6 * fps) + 1) / fps
    blurred = smooth_in_time(np.sin(2 * np.pi * times), times, 0.2)
    # A Gaussian makes a sine smaller by exp(-w² s² / 2).
    middle = slice(2 * fps, 4 * fps)
    expected = np.exp(-((2 * np.pi * 0.2) ** 2) / 2) * np.sin(2 * np.pi * times)
    np.testing.assert_allclose(blurred[middle], expected[middle], atol=0.03)


def test_the_highest_of_a_window_is_taken():
    times = np.arange(121) / 30
    values = np.where(np.arange(121) == 60, 5.0, 1.0)
    highest = smooth_in_time(values, times, 1e-3, highest_within=1.0)
    np.testing.assert_allclose(highest[[44, 46, 60, 74, 76]], [1, 5, 5, 5, 1], atol=1e-6)


def test_one_frame_stays_as_it_is():
    np.testing.assert_allclose(smooth_in_time([[3.0, 4.0]], [0.0], 0.5, 2.0), [[3.0, 4.0]])
