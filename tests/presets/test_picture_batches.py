"""Batches of random crops of pictures in memory."""

import itertools

import numpy as np
import pytest

from posealign_keras.presets.picture_batches import drawn_size, picture_batches

SIZE = 20


def pictures(count=6):
    """Each picture is dark but for one pixel at its one keypoint, and its pose is its number."""
    drawn, rng = drawn_size(SIZE), np.random.default_rng(0)
    made = []
    for number in range(count):
        row, column = rng.integers(2, drawn - 2, 2)
        image = np.zeros((drawn, drawn, 3), "uint8")
        image[row, column] = 255
        keypoint = (np.array([[column, row]]) + 0.5) / drawn - 0.5
        made.append((image, np.full((1, 3), number, "float32"), keypoint.astype("float32")))
    return made


def test_crops_are_a_tenth_smaller_and_keypoints_move_along():
    assert drawn_size(160) == 176
    corners = set()
    for images, y, weights in itertools.islice(picture_batches(pictures(), 4, SIZE, seed=0), 10):
        assert images.shape == (4, SIZE, SIZE, 3)
        assert images.dtype == np.uint8
        np.testing.assert_array_equal(weights, np.ones((4, 1)))
        for image, number, keypoint in zip(images, y["joints"][:, 0, 0], y["keypoints"][:, 0], strict=True):
            column, row = (keypoint + 0.5) * SIZE - 0.5
            np.testing.assert_allclose([row, column], np.argwhere(image[..., 0])[0], atol=1e-4)
            corners.add((number, round(float(row)), round(float(column))))
    assert len(corners) > 12  # six pictures, each cropped in more than one way


def test_the_same_seed_gives_the_same_batches():
    def first(seed, **options):
        return [batch[0] for batch in itertools.islice(picture_batches(pictures(), 4, SIZE, seed, **options), 5)]

    np.testing.assert_array_equal(first(0), first(0))
    assert not np.array_equal(first(0), first(1))
    np.testing.assert_array_equal(first(0), first(0, keypoints=False))
    poses = next(picture_batches(pictures(), 4, SIZE, 0, keypoints=False))[1]
    assert poses.shape == (4, 1, 3)


def test_pictures_that_are_added_are_drawn_from():
    some = pictures(2)
    batches = picture_batches(some, 8, SIZE, seed=0)
    assert {*next(batches)[1]["joints"][:, 0, 0]} <= {0, 1}
    some.extend(pictures(6)[2:])
    later = [y["joints"][:, 0, 0] for _, y, _ in itertools.islice(batches, 40)]
    assert {*np.concatenate(later)} == {*range(6)}


@pytest.mark.parametrize(
    ("count", "batch_size", "size", "received"),
    [(0, 4, SIZE, "0 pictures, size=20"), (3, 0, SIZE, "batch_size=0"), (3, 4, 99, "22 pixels high, size=99")],
)
def test_batches_that_cannot_be_are_refused_at_once(count, batch_size, size, received):
    with pytest.raises(ValueError, match=f"`pictures` must be some, of `size` at least.*{received}"):
        picture_batches(pictures(count), batch_size, size, seed=0)
