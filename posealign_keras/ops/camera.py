"""Pinhole cameras: projection with lens distortion, its inverse, and the camera of a crop.

Camera frame: x right, y down, z forward, metres. Pixels: x right, y down, origin at the top left.
Intrinsics are `(..., 3, 3)` matrices `[[fx, s, cx], [0, fy, cy], [0, 0, 1]]` in pixels.
"""

from keras import ops

from posealign_keras.ops.vectors import check_last

# How often the products with the tangential coefficients count: OpenCV's model has a factor 2 that the camera
# files of Human3.6M were fitted without.
_TANGENTIAL_FACTORS = {"opencv": 2, "human36m": 1}
_UNDISTORTION_STEPS = 20


def _distortion_terms(points, distortion, model):
    """Factor and offset that distort points of the image plane at depth 1."""
    if model not in _TANGENTIAL_FACTORS:
        raise ValueError(f"`model` must be one of {sorted(_TANGENTIAL_FACTORS)}. Received: model={model!r}")
    distortion = ops.cast(check_last("distortion", distortion, 5), points.dtype)[..., None, :]
    k1, k2, p1, p2, k3 = (distortion[..., i : i + 1] for i in range(5))
    x, y = points[..., :1], points[..., 1:]
    squared = x * x + y * y
    radial = 1 + squared * (k1 + squared * (k2 + squared * k3))
    tangential = _TANGENTIAL_FACTORS[model] * (p1 * y + p2 * x)
    return radial + tangential, squared * ops.concatenate([p2, p1], axis=-1)


def project(points, intrinsics, distortion=None, model="opencv"):
    """Project points of the camera frame into the image.

    Args:
        points: `(..., num_points, 3)` in metres, camera frame, in front of the camera (z > 0).
        intrinsics: `(..., 3, 3)` in pixels.
        distortion: `(..., 5)` coefficients k1, k2, p1, p2, k3, or `None` for a lens without distortion.
        model: `"opencv"`, or `"human36m"` for the official projection of that data set, whose tangential terms
            lack a factor 2.

    Returns:
        `(..., num_points, 2)` pixels.

    Raises:
        ValueError: If a shape or `model` does not fit.

    Example:
        >>> intrinsics = [[1000.0, 0.0, 500.0], [0.0, 1000.0, 400.0], [0.0, 0.0, 1.0]]
        >>> print(np.asarray(project([[0.5, 0.0, 5.0]], intrinsics)))
        [[600. 400.]]
    """
    points = check_last("points", points, 3)
    intrinsics = ops.cast(check_last("intrinsics", intrinsics, 3, 3), points.dtype)[..., None, :2, :]
    plane = points[..., :2] / points[..., 2:]
    if distortion is not None:
        factor, offset = _distortion_terms(plane, distortion, model)
        plane = plane * factor + offset
    return ops.sum(intrinsics[..., :2] * plane[..., None, :], axis=-1) + intrinsics[..., 2]


def unproject(pixels, depth, intrinsics, distortion=None, model="opencv"):
    """Lift pixels of known depth into the camera frame, the inverse of `project`.

    Args:
        pixels: `(..., num_points, 2)`.
        depth: `(..., num_points)` in metres along z.
        intrinsics: `(..., 3, 3)` in pixels.
        distortion: `(..., 5)` coefficients k1, k2, p1, p2, k3, or `None`. They are undone by iteration, which
            converges for the lenses of the usual data sets, not for fish-eyes.
        model: As for `project`.

    Returns:
        `(..., num_points, 3)` in metres, camera frame.

    Raises:
        ValueError: If a shape or `model` does not fit.

    Example:
        >>> intrinsics = [[1000.0, 0.0, 500.0], [0.0, 1000.0, 400.0], [0.0, 0.0, 1.0]]
        >>> print(np.asarray(unproject([[600.0, 400.0]], [5.0], intrinsics)))
        [[0.5 0.  5. ]]
    """
    pixels = check_last("pixels", pixels, 2)
    intrinsics = ops.cast(check_last("intrinsics", intrinsics, 3, 3), pixels.dtype)[..., None, :, :]
    x, y = pixels[..., 0], pixels[..., 1]
    y = (y - intrinsics[..., 1, 2]) / intrinsics[..., 1, 1]
    x = (x - intrinsics[..., 0, 2] - intrinsics[..., 0, 1] * y) / intrinsics[..., 0, 0]
    distorted = plane = ops.stack([x, y], axis=-1)
    if distortion is not None:
        for _ in range(_UNDISTORTION_STEPS):
            factor, offset = _distortion_terms(plane, distortion, model)
            plane = (distorted - offset) / factor
    depth = ops.cast(depth, pixels.dtype)[..., None]
    return ops.concatenate([plane * depth, depth], axis=-1)


def crop_intrinsics(intrinsics, box, size):
    """Intrinsics of the picture that is cut out of an image and resized.

    Args:
        intrinsics: `(..., 3, 3)` of the whole image, in pixels.
        box: `(..., 4)` left, top, right and bottom edges of the crop in pixels of the whole image, where the
            corner of the top left pixel is (0, 0). For edges that name the centres of pixels, add 0.5 to the
            principal point before and take it off after.
        size: `(height, width)` of the result in pixels.

    Returns:
        `(..., 3, 3)` in pixels of the result.

    Raises:
        ValueError: If a shape does not fit.

    Example:
        >>> intrinsics = [[1000.0, 0.0, 500.0], [0.0, 1000.0, 400.0], [0.0, 0.0, 1.0]]
        >>> print(np.asarray(crop_intrinsics(intrinsics, [300.0, 200.0, 700.0, 600.0], (200, 200))))
        [[500.   0. 100.]
         [  0. 500. 100.]
         [  0.   0.   1.]]
    """
    intrinsics = check_last("intrinsics", intrinsics, 3, 3)
    box = ops.cast(check_last("box", box, 4), intrinsics.dtype)
    corner, opposite = box[..., :2], box[..., 2:]
    height, width = size
    scale = ops.cast([width, height], intrinsics.dtype) / (opposite - corner)
    linear = intrinsics[..., :2, :2] * scale[..., None]
    centre = (intrinsics[..., :2, 2] - corner) * scale
    last = ops.broadcast_to(intrinsics[..., 2:, :], (*ops.shape(linear)[:-2], 1, 3))
    return ops.concatenate([ops.concatenate([linear, centre[..., None]], axis=-1), last], axis=-2)
