"""Pixels without a lens: against OpenCV's own projection."""

import cv2
import numpy as np
import pytest

from tfrecords_tools.lens import without_lens

CAMERA = np.array([[900.0, 0, 959.5], [0, 900, 539.5], [0, 0, 1]])
WIDE, SKEWED = (-0.35, 0.12, 0, 0, 0), (-0.2, 0.05, 1e-3, -1e-3, 0.01)


@pytest.mark.parametrize("lens", [WIDE, SKEWED, SKEWED[:4]])
def test_rays_to_the_whole_picture_up_to_its_corners(lens):
    # Points whose pixels, bent by the lens, reach all corners.
    points = np.stack([*np.meshgrid(np.linspace(-1.2, 1.2, 9), np.linspace(-0.7, 0.7, 7)), np.ones((7, 9))], axis=-1)
    bent = cv2.projectPoints(points.reshape(-1, 3), np.zeros(3), np.zeros(3), CAMERA, np.array(lens))[0]
    straight = points @ CAMERA.T
    found = without_lens(bent.reshape(7, 9, 2), CAMERA, lens)
    np.testing.assert_allclose(found, straight[..., :2], atol=0.01)


def test_what_is_not_known_stays_unknown_and_no_lens_changes_nothing():
    pixels = np.array([[np.nan, np.nan], [959.5, 539.5]])
    found = without_lens(pixels, CAMERA, WIDE)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], pixels[1])
    assert without_lens(pixels, CAMERA, ()) is pixels
