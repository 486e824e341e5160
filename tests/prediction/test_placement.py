"""Where a person stands, from size and place in the picture: against a camera that knows it."""

import numpy as np
import pytest

from posealign_keras.prediction import root_positions
from posealign_keras.prediction.placement import project
from posealign_keras.skeletons import BODY17

CAMERA = np.array([[1000.0, 0, 640], [0, 1000, 360], [0, 0, 1]])


def filmed(count=30, seed=0):
    """Poses, where their roots are, and boxes around them as `tfrecords_tools` makes them."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(1, 16, 3))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    pose = BODY17.paths @ (directions * np.array(BODY17.bone_lengths[1:])[:, None])
    poses = np.repeat(pose, count, axis=0)
    roots = np.linspace([-1, 0.2, 4], [1.5, -0.2, 6], count)
    pixels = project(poses + roots[:, None], CAMERA) + 0.5
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    more = 0.1 * (high - low).max(axis=1, keepdims=True)
    return poses, roots, np.concatenate([low - more, high + more], axis=1)


def test_a_person_who_walks_away():
    poses, roots, boxes = filmed()
    found = root_positions(poses, boxes, CAMERA, np.arange(30) / 30)
    # Near parts of a body look larger than far ones, which the depth does not take into account.
    np.testing.assert_allclose(found[3:-3], roots[3:-3], rtol=0.12, atol=0.12)


def test_the_skeleton_lies_in_the_middle_of_the_box_and_fills_it():
    poses, _, boxes = filmed()
    found = root_positions(poses, boxes, CAMERA, np.arange(30) / 30)
    pixels = project(poses + found[:, None], CAMERA) + 0.5
    middle = (pixels.min(axis=1) + pixels.max(axis=1)) / 2
    np.testing.assert_allclose(middle, (boxes[:, :2] + boxes[:, 2:]) / 2, atol=0.5)
    size = (pixels.max(axis=1) - pixels.min(axis=1)).max(axis=1)
    np.testing.assert_allclose(size, (boxes[:, 2:] - boxes[:, :2]).max(axis=1) / 1.2, rtol=0.2)


def test_boxes_that_jump_do_not_move_the_depth_much():
    poses, _, boxes = filmed(90)
    times = np.arange(90) / 30
    steady = root_positions(poses, boxes, CAMERA, times)[:, 2]
    noisy = boxes + np.random.default_rng(0).normal(0, 4, boxes.shape)
    error = root_positions(poses, noisy, CAMERA, times)[:, 2] - steady
    size = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    assert np.abs(error / steady).mean() < 0.3 * 8 / size.mean()


def test_unknown_frames_stay_unknown():
    poses, _, boxes = filmed(10)
    poses[3], boxes[7] = np.nan, np.nan
    missing = np.isnan(root_positions(poses, boxes, CAMERA, np.arange(10) / 30)).any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(missing), [3, 7])


def test_keypoints_tell_where_a_person_is_whatever_the_boxes_say():
    poses, roots, boxes = filmed()
    keypoints = project(poses + roots[:, None], CAMERA)
    found = root_positions(poses, boxes + 30, CAMERA, np.arange(30) / 30, keypoints)
    # The course of the depth is smoothed, which bends its ends.
    np.testing.assert_allclose(found[8:-8], roots[8:-8], rtol=0.01, atol=0.01)
    again = project(poses + found[:, None], CAMERA)
    np.testing.assert_allclose(again.mean(axis=1), keypoints.mean(axis=1), atol=0.1)


def test_a_stretch_without_keypoints_is_placed_by_its_boxes():
    poses, roots, boxes = filmed(10)
    keypoints = project(poses + roots[:, None], CAMERA)
    poses[5], keypoints[6:] = np.nan, np.nan
    times = np.arange(10) / 30
    found = root_positions(poses, boxes, CAMERA, times, keypoints)
    np.testing.assert_allclose(found[6:], root_positions(poses, boxes, CAMERA, times)[6:])
    assert np.abs(found[:5] - root_positions(poses, boxes, CAMERA, times)[:5]).max() > 0.01


def test_one_frame_without_keypoints_goes_with_the_others():
    poses, roots, boxes = filmed(30)
    keypoints = project(poses + roots[:, None], CAMERA)
    keypoints[15, 3] = np.nan
    found = root_positions(poses, boxes, CAMERA, np.arange(30) / 30, keypoints)
    np.testing.assert_allclose(found[15], roots[15], rtol=0.03, atol=0.12)
    np.testing.assert_allclose(found[[10, 20]], roots[[10, 20]], rtol=0.01, atol=0.01)


def test_keypoints_that_collapse_for_a_moment_do_not_send_the_person_away():
    poses, roots, boxes = filmed(60)
    keypoints = project(poses + roots[:, None], CAMERA)
    keypoints[30] = keypoints[30].mean(axis=0)
    found = root_positions(poses, boxes, CAMERA, np.arange(60) / 30, keypoints)
    np.testing.assert_allclose(found[8:-8, 2], roots[8:-8, 2], rtol=0.1)


def test_whole_frames_as_boxes_do_not_say_how_large_a_person_is():
    poses, roots, _ = filmed()
    frames = np.tile([0.0, 0, 1280, 720], (30, 1))
    found = root_positions(poses, frames, CAMERA, np.arange(30) / 30, project(poses + roots[:, None], CAMERA))
    np.testing.assert_allclose(found[8:-8], roots[8:-8], rtol=0.01, atol=0.01)


@pytest.mark.parametrize("keypoints", [np.full((2, 17, 2), 300.0), np.random.default_rng(0).normal(0, 1e5, (2, 17, 2))])
def test_absurd_keypoints_leave_the_person_in_front_of_the_camera(keypoints):
    poses, _, boxes = filmed(2)
    found = root_positions(poses, boxes, CAMERA, np.arange(2) / 30, keypoints)
    assert np.isfinite(found).all()
    assert ((poses + found[:, None])[..., 2] > 0).all()


@pytest.mark.parametrize("box", [[0, 0, 1e5, 1e5], [100, 100, 101, 101]])
def test_absurd_boxes_leave_the_person_in_front_of_the_camera(box):
    poses, _, _ = filmed(2)
    found = root_positions(poses, np.tile(np.array(box, float), (2, 1)), CAMERA, np.arange(2) / 30)
    assert np.isfinite(found).all()
    assert ((poses + found[:, None])[..., 2] > 0).all()
