"""Rotations of three-dimensional space, as matrices, axis-angle vectors, quaternions and six numbers.

Matrices act on column vectors: a point `p` becomes `R p`. Angles are radians and follow the right-hand rule.
Small products are written as sums, since a GPU may round the factors of a matrix product to 10 bits (TF32).
"""

from keras import ops

from posealign_keras.ops.vectors import check_last, length, to_float, unit


def quaternion_matrix(matrix):
    """The symmetric 4 × 4 matrix of Horn (1987) that turns a 3 × 3 matrix into a question about quaternions.

    For a unit quaternion q with rotation R(q), `qᵀ N q` is the sum of the products of the entries of `matrix`
    and R(q). For a rotation matrix R(q), N is `4 q qᵀ - 1`.

    Args:
        matrix: `(..., 3, 3)`.

    Returns:
        `(..., 4, 4)`, rows and columns in the order w, x, y, z.

    Reference:
        Horn, "Closed-form solution of absolute orientation using unit quaternions", JOSA A 1987.
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = ([matrix[..., row, column] for column in range(3)] for row in range(3))
    rows = (
        (xx + yy + zz, zy - yz, xz - zx, yx - xy),
        (zy - yz, xx - yy - zz, xy + yx, xz + zx),
        (xz - zx, xy + yx, yy - xx - zz, yz + zy),
        (yx - xy, xz + zx, yz + zy, zz - xx - yy),
    )
    return ops.stack([ops.stack(row, axis=-1) for row in rows], axis=-2)


def rotation_from_quaternion(quaternion):
    """Rotation matrix of a quaternion.

    Args:
        quaternion: `(..., 4)` of length 1, in the order w, x, y, z; `q` and `-q` are the same rotation.

    Returns:
        `(..., 3, 3)`.

    Raises:
        ValueError: If the last dimension is not 4.

    Example:
        >>> print(np.asarray(rotation_from_quaternion([1.0, 0.0, 0.0, 0.0])))
        [[1. 0. 0.]
         [0. 1. 0.]
         [0. 0. 1.]]
    """
    quaternion = check_last("quaternion", quaternion, 4)
    w, x, y, z = (quaternion[..., i] for i in range(4))
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return ops.stack([ops.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_rotation(rotation):
    """Unit quaternion of a rotation matrix.

    Args:
        rotation: `(..., 3, 3)`.

    Returns:
        `(..., 4)` in the order w, x, y, z, with w >= 0.

    Raises:
        ValueError: If the last two dimensions are not 3 × 3.

    Example:
        >>> print(np.asarray(quaternion_from_rotation(rotation_about("x", np.pi / 2))).round(3) + 0)
        [0.707 0.707 0.    0.   ]
    """
    rotation = check_last("rotation", rotation, 3, 3)
    # Every row of 4 q qᵀ is a multiple of q; the one with the largest diagonal entry is the most precise.
    products = quaternion_matrix(rotation) + ops.eye(4, dtype=rotation.dtype)
    diagonal = ops.stack([products[..., i, i] for i in range(4)], axis=-1)
    best = ops.one_hot(ops.argmax(diagonal, axis=-1), 4, dtype=rotation.dtype)
    quaternion = unit(ops.sum(products * best[..., None], axis=-2))
    return ops.where(quaternion[..., :1] < 0, -quaternion, quaternion)


def rotation_from_axis_angle(axis_angle):
    """Rotation matrix of an axis-angle vector (Rodrigues), smooth at the identity.

    Args:
        axis_angle: `(..., 3)`: the axis times the angle in radians.

    Returns:
        `(..., 3, 3)`.

    Raises:
        ValueError: If the last dimension is not 3.

    Example:
        >>> turn = rotation_from_axis_angle([0.0, 0.0, np.pi / 2])
        >>> bool(np.allclose(turn, rotation_about("z", np.pi / 2), atol=1e-6))
        True
    """
    axis_angle = check_last("axis_angle", axis_angle, 3)
    squared = ops.sum(ops.square(axis_angle), axis=-1, keepdims=True)
    # Series below 0.01 rad: exact in float32, and sqrt never sees 0, where its slope is infinite.
    small = squared < 1e-4
    angle = ops.sqrt(ops.where(small, 1.0, squared))
    half_sine_over_angle = ops.where(small, 0.5 - squared / 48, ops.sin(angle / 2) / angle)
    half_cosine = ops.where(small, 1 - squared / 8 + ops.square(squared) / 384, ops.cos(angle / 2))
    return rotation_from_quaternion(ops.concatenate([half_cosine, axis_angle * half_sine_over_angle], axis=-1))


def axis_angle_from_rotation(rotation):
    """Axis-angle vector of a rotation matrix, precise near no rotation and near half a turn.

    Args:
        rotation: `(..., 3, 3)`.

    Returns:
        `(..., 3)`: the axis times the angle in radians, 0 to π. At π either of the two opposite axes may come.

    Raises:
        ValueError: If the last two dimensions are not 3 × 3.

    Example:
        >>> print(np.asarray(axis_angle_from_rotation(rotation_about("z", np.pi / 2))).round(3) + 0)
        [0.    0.    1.571]
    """
    quaternion = quaternion_from_rotation(rotation)
    cosine, vector = quaternion[..., :1], quaternion[..., 1:]
    sine = length(vector)[..., None]
    small = sine < 1e-3
    angle_over_sine = 2 * ops.arctan2(sine, cosine) / ops.where(small, 1.0, sine)
    return vector * ops.where(small, 2 + ops.square(sine) / 3, angle_over_sine)


def rotation_from_6d(sixd):
    """Rotation matrix from six unconstrained numbers, a continuous map that networks can learn.

    Args:
        sixd: `(..., 6)`: two vectors, made orthonormal in turn to give the first two columns of the matrix.

    Returns:
        `(..., 3, 3)`.

    Raises:
        ValueError: If the last dimension is not 6.

    Example:
        >>> print(np.asarray(rotation_from_6d([2.0, 0.0, 0.0, 1.0, 3.0, 0.0])))
        [[1. 0. 0.]
         [0. 1. 0.]
         [0. 0. 1.]]

    Reference:
        Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", CVPR 2019.
    """
    sixd = check_last("sixd", sixd, 6)
    first = unit(sixd[..., :3])
    second = sixd[..., 3:]
    second = unit(second - ops.sum(first * second, axis=-1, keepdims=True) * first)
    # The axis is named because the torch backend would otherwise take the first dimension of size 3.
    return ops.stack([first, second, ops.cross(first, second, axis=-1)], axis=-1)


def sixd_from_rotation(rotation):
    """First two columns of a rotation matrix, the inverse of `rotation_from_6d`.

    Args:
        rotation: `(..., 3, 3)`.

    Returns:
        `(..., 6)`.

    Raises:
        ValueError: If the last two dimensions are not 3 × 3.

    Example:
        >>> rotation = rotation_about("y", 0.3)
        >>> bool(np.allclose(rotation_from_6d(sixd_from_rotation(rotation)), rotation, atol=1e-6))
        True
    """
    rotation = check_last("rotation", rotation, 3, 3)
    return ops.concatenate([rotation[..., 0], rotation[..., 1]], axis=-1)


def rotation_about(axis, angle):
    """Rotation about a coordinate axis.

    Args:
        axis: `"x"`, `"y"` or `"z"`. In the camera frame (x right, y down, z forward) these tilt up (x), turn
            right (y) and turn the image clockwise (z) for positive angles.
        angle: `(...)` in radians.

    Returns:
        `(..., 3, 3)`.

    Raises:
        ValueError: If `axis` is not one of the three.

    Example:
        >>> quarter = rotation_about("z", np.pi / 2)  # turns x (right) towards y (down)
        >>> print(np.asarray(rotate([[1.0, 0.0, 0.0]], quarter)).round(3) + 0)
        [[0. 1. 0.]]
    """
    if axis not in ("x", "y", "z"):
        raise ValueError(f'`axis` must be "x", "y" or "z". Received: axis={axis!r}')
    angle = to_float(angle)
    return rotation_from_axis_angle(angle[..., None] * ops.cast([axis == name for name in "xyz"], angle.dtype))


def rotate(points, rotation):
    """Rotate points about the origin.

    Args:
        points: `(..., num_points, 3)`.
        rotation: `(..., 3, 3)`; its leading dimensions broadcast with those of `points`.

    Returns:
        `(..., num_points, 3)`: `rotation` times each point.

    Raises:
        ValueError: If the last dimensions do not fit.

    Example:
        >>> half = rotation_about("y", np.pi)
        >>> print(np.asarray(rotate([[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]], half)).round(3) + 0)
        [[-1.  2. -3.]
         [ 0.  0. -1.]]
    """
    points = check_last("points", points, 3)
    rotation = ops.cast(check_last("rotation", rotation, 3, 3), points.dtype)
    return ops.sum(rotation[..., None, :, :] * points[..., :, None, :], axis=-1)
