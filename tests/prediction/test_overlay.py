"""The skeleton over the picture: where it is drawn, and in which colours."""

import numpy as np
import pytest

from posealign_keras.models import VideoPoses
from posealign_keras.prediction.overlay import Overlay
from posealign_keras.skeletons import BODY17

CAMERA = np.array([[400.0, 0, 159.5], [0, 400, 119.5], [0, 0, 1]])


def found(poses, distortion=()):
    count = len(poses)
    return VideoPoses(
        poses=poses,
        latents=np.zeros((count, 2)),
        rotations=np.tile(np.eye(3), (count, 1, 1)),
        confidence=np.ones(count),
        plausibility=np.ones(count),
        times=np.arange(count) / 30,
        fps=30.0,
        boxes=np.zeros((count, 4)),
        intrinsics=CAMERA,
        keypoints=np.full((count, 17, 2), np.nan),
        distortion=distortion,
    )


def arms_out():
    """All joints in one point, but for the left wrist on the camera's right and the right one on its left."""
    pose = np.zeros((1, 17, 3))
    pose[0, BODY17.index("l_wrist")] = (0.6, 0, 0)
    pose[0, BODY17.index("r_wrist")] = (-0.6, 0, 0)
    return pose


def test_bones_are_where_the_camera_sees_them_in_the_colours_of_their_sides():
    overlay = Overlay(found(arms_out()), np.array([[0.0, 0, 4]]), BODY17)
    image = overlay.draw(0, np.zeros((240, 320, 3), np.uint8))
    # Wrists are 60 pixels beside the middle.
    assert image[119:121, 160 + 50].max(axis=0).argmax() == 2  # blue
    assert image[119:121, 160 - 50].max(axis=0).argmax() == 0  # vermilion
    columns = np.flatnonzero(image.any(axis=(0, 2)))
    assert (columns.min(), columns.max()) == pytest.approx((99.5, 219.5), abs=4)


def test_the_frame_that_was_given_is_not_changed_and_large_ones_become_smaller():
    overlay = Overlay(found(arms_out()), np.array([[0.0, 0, 4]]), BODY17, longest_side=160)
    frame = np.zeros((240, 320, 3), np.uint8)
    image = overlay.draw(0, frame)
    assert image.shape == (120, 160, 3)
    assert not frame.any()
    columns = np.flatnonzero(image.any(axis=(0, 2)))
    assert (columns.min(), columns.max()) == pytest.approx((49.5, 109.5), abs=4)


def test_a_lens_bends_the_outer_parts():
    roots, frame = np.array([[0.0, 0, 4]]), np.zeros((240, 320, 3), np.uint8)
    straight, bent = (
        np.flatnonzero(Overlay(found(arms_out(), lens), roots, BODY17).draw(0, frame).any(axis=(0, 2)))
        for lens in ((), (-1.0, 0, 0, 0, 0))
    )
    expected = 159.5 + 60 * (1 - 0.15**2)
    assert straight.max() - bent.max() == pytest.approx(219.5 - expected, abs=1)


def test_frames_without_a_pose_stay_as_they_are():
    overlay = Overlay(found(np.full((1, 17, 3), np.nan)), np.full((1, 3), np.nan), BODY17)
    frame = np.full((24, 32, 3), 7, np.uint8)
    np.testing.assert_array_equal(overlay.draw(0, frame), frame)


def test_joints_far_outside_do_no_harm():
    overlay = Overlay(found(1e4 * arms_out()), np.array([[0.0, 0, 4]]), BODY17)
    assert overlay.draw(0, np.zeros((240, 320, 3), np.uint8)).shape == (240, 320, 3)
