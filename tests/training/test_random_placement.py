"""Pictures that are turned, zoomed and shifted, with their poses and keypoints."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from posealign_keras.training import RandomPlacement

SIZE = 64


def numpy_of(value):
    return ops.convert_to_numpy(value)


def people(count=6):
    """Pictures of three blobs, each in a channel of its own, and where these are."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(-0.15, 0.15, (count, 3, 2)).astype("float32")
    places = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    across, down = np.meshgrid(places, places)
    squares = (across[..., None] - keypoints[:, None, None, :, 0]) ** 2
    squares = squares + (down[..., None] - keypoints[:, None, None, :, 1]) ** 2
    poses = np.concatenate([2 * keypoints, rng.normal(size=(count, 3, 1))], axis=-1).astype("float32")
    return (255 * np.exp(-0.5 * squares / 0.03**2)).astype("float32"), poses, keypoints


def test_keypoints_are_where_the_pixels_have_gone():
    images, poses, keypoints = people()
    placed, _, moved = map(numpy_of, RandomPlacement(seed=1)(images, poses, keypoints))
    assert np.abs(moved - keypoints).max() > 0.05
    places = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    mass = placed / placed.sum(axis=(1, 2), keepdims=True)
    found = np.stack([(mass * places[None, :, None]).sum((1, 2)), (mass * places[:, None, None]).sum((1, 2))], axis=-1)
    np.testing.assert_allclose(found, moved, atol=0.005)


def test_poses_turn_as_their_projections_do():
    images, poses, keypoints = people()
    _, turned, moved = map(numpy_of, RandomPlacement(seed=1)(images, poses, keypoints))
    np.testing.assert_array_equal(turned[..., 2], poses[..., 2])
    np.testing.assert_allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(poses, axis=-1), rtol=1e-5)
    # Without perspective: what is twice the keypoints stays that, but for the zoom and the shift.
    bones, seen = turned[:, 1:, :2] - turned[:, :1, :2], moved[:, 1:] - moved[:, :1]
    zooms = np.linalg.norm(bones, axis=-1) / np.linalg.norm(seen, axis=-1) / 2
    np.testing.assert_allclose(bones, 2 * zooms[..., None] * seen, atol=1e-4)
    np.testing.assert_allclose(zooms[:, 0], zooms[:, 1], rtol=1e-3)
    assert 0.75 <= zooms.min() < zooms.max() <= 1.3
    # Each picture has a placement of its own.
    assert len({round(float(zoom), 3) for zoom in zooms[:, 0]}) == len(images)


def test_pixels_are_those_of_scipy():
    images, poses, keypoints = people(1)
    placement = RandomPlacement(degrees=90, zoom=(0.8, 1.2), shift=0.1, seed=3)
    placed, _, moved = map(numpy_of, placement(images, poses, keypoints))
    # The similarity, of what it did to the keypoints.
    before, after = keypoints[0] @ [1, 1j], moved[0] @ [1, 1j]
    factor = (before[1] - before[0]) / (after[1] - after[0])
    offset = before[0] - factor * after[0]
    middle = (SIZE - 1) / 2
    matrix = np.array([[factor.real, factor.imag], [-factor.imag, factor.real]])  # rows and columns of pixels
    start = middle + SIZE * np.array([offset.imag, offset.real]) - matrix @ [middle, middle]
    for channel in range(3):
        expected = ndimage.affine_transform(images[0, ..., channel], matrix, start, order=1, mode="nearest")
        np.testing.assert_allclose(placed[0, ..., channel], expected, atol=0.1)


def test_nothing_to_change_changes_nothing():
    images, poses, keypoints = people()
    still = RandomPlacement(degrees=0.0, zoom=(1.0, 1.0), shift=0.0)
    for one, other in zip(still(images.astype("uint8"), poses, keypoints), (images, poses, keypoints), strict=True):
        np.testing.assert_allclose(numpy_of(one), other, atol=1.0 if other is images else 1e-6)
    assert still(images, poses)[2] is None


def test_it_is_kept_in_a_configuration():
    placement = RandomPlacement(10.0, (0.9, 1.1), 0.02, seed=5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(placement))
    images, poses, keypoints = people()
    for one, other in zip(placement(images, poses, keypoints), again(images, poses, keypoints), strict=True):
        np.testing.assert_array_equal(numpy_of(one), numpy_of(other))


@pytest.mark.parametrize("arguments", [{"degrees": -1.0}, {"zoom": (1.2, 0.8)}, {"zoom": (0.0, 1.0)}, {"shift": -0.1}])
def test_ranges_that_are_none_are_refused(arguments):
    with pytest.raises(ValueError, match="`degrees` and `shift` must be at least 0, and `zoom` two positive"):
        RandomPlacement(**arguments)


def test_pictures_that_are_not_square_are_refused():
    with pytest.raises(ValueError, match=r"`images` must be square\. Received: shape \(1, 4, 8, 3\)"):
        RandomPlacement()(np.zeros((1, 4, 8, 3)), np.zeros((1, 17, 3)))
