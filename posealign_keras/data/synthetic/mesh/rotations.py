"""Rotations that carry one direction or one frame to another: what posing a body by the directions of bones needs."""

import numpy as np

_SHORTEST = 1e-6


def direction(vector, spare):
    """Unit vectors along `vector` `(..., 3)`; `spare` where a vector has no length."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.where(length > _SHORTEST, vector / np.maximum(length, _SHORTEST), spare)


def about(axis, angle):
    """`(..., 3, 3)` rotations about unit vectors `axis` `(..., 3)` by `angle` `(...)` radian, right-handed."""
    x, y, z = np.moveaxis(axis, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    sine, cosine = np.sin(angle)[..., None, None], np.cos(angle)[..., None, None]
    return np.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)


def swing(start, end):
    """`(..., 3, 3)` rotations without twist: the smallest ones that carry unit vectors `start` to `end`."""
    return about(*_axis_and_angle(start, end))


def limited_swing(start, end, dead_zone):
    """The part of `swing` that goes beyond an angle of `dead_zone` radian."""
    axis, angle = _axis_and_angle(start, end)
    return about(axis, np.maximum(angle - dead_zone, 0))


def angle_about(axis, start, end):
    """Angle in (-pi, pi] by which `start` must turn about unit vectors `axis` to point the way `end` does."""
    start = start - np.sum(start * axis, axis=-1, keepdims=True) * axis
    end = end - np.sum(end * axis, axis=-1, keepdims=True) * axis
    return np.arctan2(np.sum(axis * np.cross(start, end), axis=-1), np.sum(start * end, axis=-1))


def between(start, end, share):
    """Rotations the given share of the way from `start` to `end`, each `(..., 3, 3)`."""
    change = np.swapaxes(start, -1, -2) @ end
    cosine = np.clip(0.5 * (np.trace(change, axis1=-2, axis2=-1) - 1), -1, 1)
    axis = np.stack(
        [
            change[..., 2, 1] - change[..., 1, 2],
            change[..., 0, 2] - change[..., 2, 0],
            change[..., 1, 0] - change[..., 0, 1],
        ],
        axis=-1,
    )
    # A half turn has no axis here; a spine does not make one.
    return start @ about(direction(axis, np.array([0.0, 0.0, 1.0])), share * np.arccos(cosine))


def frame(left, up):
    """`(..., 3, 3)` frames with columns left, back and up: along `up`, and as nearly along `left` as that allows."""
    back = direction(np.cross(up, left), np.array([0.0, 1.0, 0.0]))
    return np.stack([np.cross(back, up), back, up], axis=-1)


def _axis_and_angle(start, end):
    sine_axis = np.cross(start, end)
    angle = np.arctan2(np.linalg.norm(sine_axis, axis=-1), np.sum(start * end, axis=-1))
    # Opposite directions have no smallest rotation: any axis across them will do.
    across = np.cross(start, np.array([0.0, 1.0, 0.0]) + np.zeros_like(start))
    return direction(sine_axis, direction(across, np.array([1.0, 0.0, 0.0]))), angle
