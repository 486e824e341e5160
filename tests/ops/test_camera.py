import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from posealign_keras.ops import crop_intrinsics, project, rotate, rotation_about, unproject

# Human3.6M, subject 1, camera 54138969, and three points with their official projections.
INTRINSICS = np.array([[1145.0494, 0, 512.5415], [0, 1143.7811, 515.4515], [0, 0, 1]], "float32")
DISTORTION = np.array([-0.2070989, 0.2477752, -0.00142447, -0.00097570, -0.0030752], "float32")
ANGLES, CENTRE = (-1.38382776, -3.16734304, 0.41363631), np.array([1.84110703, 4.95528462, 1.56344540], "float32")
WORLD = np.array([[0, 0, 0.9], [0.5, 0.3, 1.7], [-1.2, 1.5, 0]], "float32")
CAMERA = np.array([[-0.32288, -0.33704, 5.30724], [-0.63942, -1.04295, 4.68959], [1.35510, 0.75568, 4.60699]])
PIXELS = np.array([[442.971, 442.906], [358.291, 264.146], [842.204, 698.973]])


def array(tensor):
    return ops.convert_to_numpy(tensor)


def test_the_camera_of_human36m():
    rotation = ops.eye(3)
    for axis, angle in zip("xyz", ANGLES, strict=True):
        rotation = ops.matmul(rotation, rotation_about(axis, angle))
    np.testing.assert_allclose(array(rotation)[0], [-0.91536173, 0.40180837, 0.02574754], atol=1e-6)
    translation = -array(rotate(CENTRE[None], rotation))[0]
    np.testing.assert_allclose(translation, [-0.3460508, 0.5469808, 5.4744811], atol=2e-6)
    points = rotate(WORLD - CENTRE, rotation)
    np.testing.assert_allclose(array(points), CAMERA, atol=1e-5)
    np.testing.assert_allclose(array(project(points, INTRINSICS, DISTORTION, "human36m")), PIXELS, atol=2e-3)
    np.testing.assert_allclose(array(project(points, INTRINSICS, DISTORTION))[0], [442.961, 442.896], atol=2e-3)


def test_the_camera_of_mpi_inf_3dhp():
    intrinsics = [[1497.693, 0, 1024.704], [0, 1497.103, 1051.394], [0, 0, 1]]
    pixels = project([[-0.0180923, 0.102071, 3.7261700]], intrinsics)
    np.testing.assert_allclose(array(pixels), [[1017.432, 1092.404]], atol=1e-3)


def opencv(points, intrinsics, distortion):
    """OpenCV's documented model, written term by term in float64."""
    k1, k2, p1, p2, k3 = distortion.astype("float64")
    x, y = points[:, 0] / points[:, 2], points[:, 1] / points[:, 2]
    r2 = x**2 + y**2
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    distorted_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
    distorted_y = y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y
    return np.stack([distorted_x, distorted_y, np.ones_like(x)], -1) @ intrinsics[:2].astype("float64").T


def random_points(seed, count=20):
    generator = np.random.default_rng(seed)
    depth = generator.uniform(2, 8, (count, 1))
    return np.concatenate([generator.uniform(-0.4, 0.4, (count, 2)) * depth, depth], -1).astype("float32")


def test_distortion_agrees_with_the_formulas_of_opencv():
    points = random_points(0)
    expected = opencv(points.astype("float64"), INTRINSICS, DISTORTION)
    np.testing.assert_allclose(array(project(points, INTRINSICS, DISTORTION)), expected, atol=1e-3)


@pytest.mark.parametrize("distortion", [None, DISTORTION])
@pytest.mark.parametrize("model", ["opencv", "human36m"])
def test_unproject_undoes_project(distortion, model):
    intrinsics = INTRINSICS + np.array([[0, 3, 0], [0, 0, 0], [0, 0, 0]], "float32")  # With skew.
    points = random_points(1)
    pixels = project(points, intrinsics, distortion, model)
    again = unproject(pixels, points[:, 2], intrinsics, distortion, model)
    np.testing.assert_allclose(array(again), points, atol=2e-5)


def test_cameras_broadcast_over_clips():
    points = np.stack([random_points(seed) for seed in range(6)]).reshape(2, 3, 20, 3)
    cameras = np.stack([INTRINSICS, INTRINSICS * [[2], [3], [1]]]).astype("float32")
    pixels = array(project(points, cameras[:, None], np.stack([DISTORTION, 0 * DISTORTION])[:, None]))
    np.testing.assert_allclose(pixels[0, 1], array(project(points[0, 1], cameras[0], DISTORTION)), rtol=1e-6)
    np.testing.assert_allclose(pixels[1, 2], array(project(points[1, 2], cameras[1])), rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    left=st.floats(-100, 400),
    top=st.floats(-100, 400),
    width=st.floats(50, 700),
    height=st.floats(50, 700),
    size=st.tuples(st.integers(32, 512), st.integers(32, 512)),
)
def test_a_crop_shows_the_same_points_moved_and_scaled(left, top, width, height, size):
    points = random_points(2)
    cropped = crop_intrinsics(INTRINSICS, [left, top, left + width, top + height], size)
    pixels = array(project(points, INTRINSICS))
    expected = (pixels - [left, top]) * [size[1] / width, size[0] / height]
    np.testing.assert_allclose(array(project(points, cropped)), expected, rtol=1e-4, atol=2e-2)


def test_one_camera_and_many_boxes():
    boxes = np.array([[[0, 0, 100, 100], [50, 60, 150, 160]]], "float32")
    cropped = array(crop_intrinsics(INTRINSICS, boxes, (200, 200)))
    assert cropped.shape == (1, 2, 3, 3)
    np.testing.assert_allclose(cropped[0, 1, :2, 2], (INTRINSICS[:2, 2] - [50, 60]) * 2, rtol=1e-6)
    np.testing.assert_array_equal(cropped[..., 2, :], [[[0, 0, 1], [0, 0, 1]]])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"`model` must be one of \['human36m', 'opencv'\]"):
        project([[0, 0, 1]], INTRINSICS, DISTORTION, "fisheye")
    with pytest.raises(ValueError, match=r"`distortion` must have shape \(\.\.\., 5\)"):
        project([[0, 0, 1]], INTRINSICS, DISTORTION[:4])
    with pytest.raises(ValueError, match=r"`intrinsics` must have shape \(\.\.\., 3, 3\)"):
        unproject([[0, 0]], [1.0], INTRINSICS[0])
