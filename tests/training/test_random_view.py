"""Random cameras around poses."""

import math

import keras
import numpy as np
import pytest
import tiny_networks as tiny
from keras import ops

from posealign_keras.skeletons import BODY17
from posealign_keras.training import RandomView


def view(poses, **arguments):
    return ops.convert_to_numpy(RandomView(**{"seed": 0, **arguments})(poses))


def lengths(joints):
    parents, children = np.array(BODY17.edges).T
    return np.linalg.norm(joints[..., children, :] - joints[..., parents, :], axis=-1)


def test_views_are_rotations():
    poses = tiny.poses(100)
    seen = view(poses, mirror_probability=0)
    np.testing.assert_allclose(lengths(seen), lengths(poses), atol=1e-5)
    np.testing.assert_array_equal(seen[:, 0], 0)
    for before, after in zip(poses.astype("float64"), seen.astype("float64"), strict=True):
        rotation = (np.linalg.pinv(before) @ after).T
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-4)
        assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-4)


def test_elevation_is_bounded_and_azimuth_is_any():
    # Three axes held as joints: the image of the vertical says how the camera is tilted, that of x where it stands.
    axes = np.zeros((2000, 17, 3), "float32")
    axes[:, 1:4] = np.eye(3)
    seen = view(axes, mirror_probability=0, elevation=20)
    right, down = seen[:, 1], seen[:, 2]
    elevation = np.degrees(np.arctan2(down[:, 2], down[:, 1]))
    assert abs(elevation).max() <= 20 + 1e-3
    assert elevation.min() < -18
    assert elevation.max() > 18
    np.testing.assert_allclose(down[:, 0], 0, atol=1e-6)  # a level camera: no roll
    azimuth = np.arctan2(np.sign(right[:, 2]) * np.sqrt(np.maximum(0, 1 - right[:, 0] ** 2)), right[:, 0])
    counts, _ = np.histogram(azimuth, 8, (-math.pi, math.pi))
    assert counts.min() > 150


@pytest.mark.parametrize(("probability", "low", "high"), [(0, 0, 0), (1, 1, 1), (0.5, 0.42, 0.58), (0.2, 0.13, 0.27)])
def test_share_of_mirrored_elements(probability, low, high):
    poses = tiny.poses(500)
    seen = view(poses, mirror_probability=probability)
    # The sign of the volume of three bones of one side changes in a mirror only, up to the swap of the sides.
    left, right = ([BODY17.index(f"{side}_{name}") for name in ("hip", "elbow", "ankle")] for side in "lr")
    before, swapped = (np.linalg.det(poses[:, joints].astype("float64")) for joints in (left, right))
    after = np.linalg.det(seen[:, left].astype("float64"))
    is_kept, is_mirrored = np.isclose(after, before, atol=1e-6), np.isclose(after, -swapped, atol=1e-6)
    assert (is_kept | is_mirrored).all()
    assert low <= is_mirrored.mean() <= high


def test_a_sequence_is_turned_alike():
    motion = np.repeat(tiny.poses(20)[:, None], 5, axis=1)
    seen = view(motion)
    np.testing.assert_array_equal(seen, np.repeat(seen[:, :1], 5, axis=1))
    assert abs(seen[0] - seen[1]).max() > 0.1


def test_seeds():
    poses = np.repeat(tiny.poses(1), 10, axis=0)
    np.testing.assert_array_equal(view(poses, seed=3), view(poses, seed=3))
    assert abs(view(poses, seed=3) - view(poses, seed=4)).max() > 0.1
    layer = RandomView(seed=3)
    assert abs(ops.convert_to_numpy(layer(poses)) - ops.convert_to_numpy(layer(poses))).max() > 0.1


def test_half_precision_does_not_round_poses():
    layer = RandomView(elevation=0, mirror_probability=0, seed=0, dtype="mixed_bfloat16")
    poses = tiny.poses(10)
    np.testing.assert_allclose(lengths(ops.convert_to_numpy(layer(poses))), lengths(poses), atol=1e-5)


def test_serialization_round_trip():
    layer = RandomView(elevation=7.0, mirror_probability=0.25, seed=5)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()
    np.testing.assert_array_equal(ops.convert_to_numpy(copy(tiny.poses(3))), ops.convert_to_numpy(layer(tiny.poses(3))))


def test_wrong_poses_are_refused():
    with pytest.raises(ValueError, match="shape"):
        RandomView()(np.zeros((2, 16, 3), "float32"))
