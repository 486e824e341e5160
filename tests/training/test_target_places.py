"""People of images, set into the places of other images."""

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.training.target_places import in_places_of


def set_in(images, masks, examples, seed=0):
    return ops.convert_to_numpy(in_places_of(images, masks, examples, keras.random.SeedGenerator(seed)))


def people(count=40, size=20):
    """White persons, four pixels wide, before black."""
    masks = np.zeros((count, size, size), "uint8")
    masks[:, 4:16, 8:12] = 255
    return np.repeat(masks[..., None], 3, axis=-1), masks


def test_people_stay_and_their_places_change():
    images, masks = people()
    result = set_in(images, masks, np.full((3, 20, 20, 3), 90, "uint8"))
    np.testing.assert_array_equal(result[masks > 0], 255)
    behind = result[:, :, 0].max((1, 2))
    assert set(np.round(behind)) == {0, 90}
    assert 0.5 < (behind > 0).mean() < 0.9  # of ten seven


def test_the_middle_of_an_example_is_not_seen():
    examples = np.full((2, 20, 20, 3), 60, "uint8")
    examples[:, :, 10:] = 30
    examples[:, :, 7:13] = 200  # the example's own person
    images, masks = people()
    result = set_in(images, masks, examples)
    changed = result[result[:, 0, 0].max(1) > 0]
    assert changed[masks[: len(changed)] == 0].max() < 100
    # What was the right border is on the left, and the other way round; both meet in the middle, and nothing else is
    # there.
    nobody = set_in(images, 0 * masks, examples)
    np.testing.assert_allclose(nobody[:, :, :9][nobody[:, 0, 0, 0] > 0], 30, atol=1)
    np.testing.assert_allclose(nobody[:, :, 11:][nobody[:, 0, 0, 0] > 0], 60, atol=1)
    seam = nobody[:, :, 9:11][nobody[:, 0, 0, 0] > 0]
    assert seam.min() > 29
    assert seam.max() < 61


def test_light_and_place_are_of_the_same_example():
    images, masks = people()
    examples = np.stack([np.full((20, 20, 3), level, "uint8") for level in (50, 100, 150)])
    result = set_in(images, masks, examples)
    behind = np.round(result[:, 0, 0, 0])
    np.testing.assert_array_equal(behind[behind > 0], np.tile([50, 100, 150], 14)[: len(images)][behind > 0])


def test_a_window_of_the_height_is_seen():
    examples = np.zeros((1, 40, 40, 3), "float32")
    examples[0] = np.arange(40)[:, None, None]  # grey level: the row; of another size than the images
    images, masks = people(60)
    result = set_in(images, masks, examples)
    left = result[:, :, 1, 0]
    changed = left[left.max(1) > 0]
    slopes = np.diff(changed[:, 2:-2], axis=1)
    np.testing.assert_allclose(slopes, 0.6 * 2, atol=0.1)
    assert np.ptp(changed[:, 0]) > 8  # windows differ


def test_who_is_half_hidden_is_not_set_in():
    images, masks = people()
    result = set_in(images, masks // 3, np.full((1, 20, 20, 3), 90, "uint8"))
    changed = result[result[:, 0, 0, 0] > 0]
    np.testing.assert_allclose(changed, 90, atol=1)


def test_masks_of_nobody_and_seeds():
    images = np.random.default_rng(0).integers(0, 256, (8, 10, 10, 3)).astype("uint8")
    examples = np.random.default_rng(1).integers(0, 256, (4, 10, 10, 3)).astype("uint8")
    whole = np.full((8, 10, 10), 255, "uint8")
    np.testing.assert_array_equal(set_in(images, whole, examples), images)
    nobody = np.zeros((8, 10, 10), "uint8")
    np.testing.assert_array_equal(set_in(images, nobody, examples, 3), set_in(images, nobody, examples, 3))
    assert not np.array_equal(set_in(images, nobody, examples, 3), set_in(images, nobody, examples, 4))


@pytest.mark.parametrize(
    "masks", [np.ones((2, 8, 8), bool), np.ones((2, 8, 8, 1), "uint8"), np.ones((2, 4, 4), "uint8")]
)
def test_masks_of_another_kind_are_refused(masks):
    images = np.zeros((2, 8, 8, 3), "uint8")
    with pytest.raises(ValueError, match="`source_masks` must be numbers from 0 to 255"):
        set_in(images, masks, images)
