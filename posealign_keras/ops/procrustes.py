"""Procrustes alignment of poses: the rigid motion and scale that bring one pose closest to another."""

from keras import backend, ops

from posealign_keras.ops.rotations import quaternion_matrix, rotate, rotation_from_quaternion
from posealign_keras.ops.vectors import SHORTEST, check_last, check_same_shape
from posealign_keras.ops.weights import joint_weights


def _pair(predicted, target, weights):
    """The two poses in one type, joints of weight 0 zeroed, and weights per joint."""
    predicted, target = check_last("predicted", predicted, 3), check_last("target", target, 3)
    check_same_shape("predicted", predicted, "target", target)
    dtype = backend.result_type(predicted.dtype, target.dtype)
    predicted, target = ops.cast(predicted, dtype), ops.cast(target, dtype)
    weights = joint_weights(weights, target)
    seen = weights[..., None] > 0
    return ops.where(seen, predicted, 0), ops.where(seen, target, 0), weights


def _ratio(numerator, denominator):
    """`numerator / denominator`, and 0 where the denominator is 0."""
    positive = denominator > 0
    return ops.where(positive, numerator / ops.where(positive, denominator, 1), 0)


def _centred(points, weights):
    total = ops.sum(weights, axis=-1)[..., None]
    centre = _ratio(ops.sum(points * weights[..., None], axis=-2), total)
    return points - centre[..., None, :], centre


def _size(points, weights):
    """Weighted root of the summed squares of a centred pose; 0 below `SHORTEST`, where a pose is a point."""
    size = ops.sqrt(ops.sum(ops.square(points) * weights[..., None], axis=(-2, -1)))
    return ops.where(size > SHORTEST, size, 0)


def similarity_transform(predicted, target, weights=None):
    """Scale, rotation and translation that bring `predicted` closest to `target` in least squares.

    The rotation is a proper one: a mirrored pose is never turned into its mirror image. It is the largest
    eigenvector of Horn's quaternion matrix, which needs no correction of a determinant, unlike the solution by
    singular values, and has the same result.

    Args:
        predicted: `(..., num_joints, 3)`, any unit and frame.
        target: The same shape, in the same unit.
        weights: Weights or validity mask of the joints, see `joint_weights`; `None` counts all alike. Joints of
            weight 0 may hold any value, even one that is not a number.

    Returns:
        `(scale, rotation, translation)` of shapes `(...)`, `(..., 3, 3)` and `(..., 3)`, so that
        `scale * rotation @ point + translation` is the aligned point. A prediction whose joints coincide has
        scale 0, and no rotation.

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> pose = np.random.default_rng(0).normal(size=(17, 3))
        >>> scale, rotation, translation = similarity_transform(pose, 2 * pose + [1.0, 0.0, 0.0])
        >>> round(float(scale), 3), (np.asarray(translation).round(3) + 0).tolist()
        (2.0, [1.0, 0.0, 0.0])

    Reference:
        Horn, "Closed-form solution of absolute orientation using unit quaternions", JOSA A 1987.
    """
    predicted, target, weights = _pair(predicted, target, weights)
    predicted, predicted_centre = _centred(predicted, weights)
    target, target_centre = _centred(target, weights)
    predicted_size, target_size = _size(predicted, weights), _size(target, weights)
    # Poses of size 1 keep the eigenproblem well scaled in float32, whatever the unit.
    predicted = _ratio(predicted, predicted_size[..., None, None])
    target = _ratio(target * weights[..., None], target_size[..., None, None])
    products = ops.sum(target[..., :, None] * predicted[..., None, :], axis=-3)
    eigenvalues, eigenvectors = ops.eigh(quaternion_matrix(products))  # In ascending order.
    found = ((predicted_size > 0) & (target_size > 0))[..., None, None]
    rotation = rotation_from_quaternion(eigenvectors[..., -1])
    rotation = ops.where(found, rotation, ops.eye(3, dtype=rotation.dtype))
    scale = _ratio(eigenvalues[..., -1] * target_size, predicted_size)
    moved_centre = rotate(predicted_centre[..., None, :], rotation)[..., 0, :]
    return scale, rotation, target_centre - scale[..., None] * moved_centre


def similarity_procrustes(predicted, target, weights=None):
    """Align poses to their targets by the best scale, rotation and translation, each pose by its own.

    Args:
        predicted: `(..., num_joints, 3)`, any unit and frame.
        target: The same shape, in the same unit.
        weights: Weights or validity mask of the joints, see `similarity_transform`.

    Returns:
        `(..., num_joints, 3)`: `predicted` after its similarity transform.

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> target = np.random.default_rng(0).normal(size=(17, 3))
        >>> turned_and_moved = target[:, [1, 2, 0]] * 3 + 1
        >>> bool(np.allclose(similarity_procrustes(turned_and_moved, target), target, atol=1e-5))
        True
    """
    scale, rotation, translation = similarity_transform(predicted, target, weights)
    aligned = rotate(ops.cast(predicted, rotation.dtype), rotation)
    return scale[..., None, None] * aligned + translation[..., None, :]


def scale_procrustes(predicted, target, weights=None):
    """Align poses to their targets by the best scale alone, each pose by its own.

    Args:
        predicted: `(..., num_joints, 3)`, root-relative; the scale leaves the origin where it is.
        target: The same shape, in the same unit.
        weights: Weights or validity mask of the joints, see `similarity_transform`.

    Returns:
        `(..., num_joints, 3)`: `predicted` times its scale `<predicted, target> / <predicted, predicted>`, which
        is 0 for a prediction whose joints all lie at the origin.

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> target = np.random.default_rng(0).normal(size=(17, 3))
        >>> bool(np.allclose(scale_procrustes(0.5 * target, target), target, atol=1e-5))
        True

    Reference:
        Rhodin et al., "Unsupervised Geometry-Aware Representation for 3D Human Pose Estimation", ECCV 2018
        (N-MPJPE).
    """
    seen, target, weights = _pair(predicted, target, weights)
    weights = weights[..., None]
    agreement = ops.sum(weights * seen * target, axis=(-2, -1), keepdims=True)
    return ops.cast(predicted, seen.dtype) * _ratio(
        agreement, ops.sum(weights * ops.square(seen), axis=(-2, -1), keepdims=True)
    )
