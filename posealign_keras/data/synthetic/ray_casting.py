"""Finds the body part that each ray of a perspective camera meets first."""

from dataclasses import dataclass

import numpy as np

# Balls along a part whose outlines, taken two by two, bound the rays that can meet it.
_BOUNDING_BALLS = 5
_NO_HIT = np.iinfo("uint64").max


@dataclass(frozen=True)
class Hits:
    """The rays that met a body, `H` of all rays of `N` pictures, in the order of the rays.

    Args:
        ray: `(H,)` flat index of the ray into `(N, size, size)`.
        part: `(H,)` flat index of the part into `(N, P)`.
        depth: `(H,)` z of the surface point in metres, float32.
        slopes: `(H, 2)` x / z and y / z of the ray, float32.
    """

    ray: np.ndarray
    part: np.ndarray
    depth: np.ndarray
    slopes: np.ndarray


def cast_rays(parts, focal_length, size):
    """Cast `size` x `size` rays per picture on round cones and keep the nearest hit of each.

    Args:
        parts: `BodyParts` of `N` bodies in the camera frame (x right, y down, z forward).
        focal_length: `(N,)` focal length in picture widths.
        size: Rays along each side of the square picture.

    Returns:
        `Hits`.
    """
    part, row, first, count = _spans(parts, focal_length, size)
    picture = part // parts.length.shape[1]
    span = np.repeat(np.arange(len(part)), count)
    column = np.arange(len(span)) - np.repeat(np.cumsum(count) - count - first, count)
    ray = np.repeat((picture * size + row) * size, count) + column
    per_ray = 1 / (2 * size * np.asarray(focal_length, "float64"))[picture]
    slope_y = (2 * row + 1 - size) * per_ray
    slope_x = (2 * column + 1 - size).astype("float32") * per_ray.astype("float32")[span]

    depth = _depths(parts, part, slope_y, span, slope_x)
    met = np.flatnonzero(depth > 0)
    # Positive floats sort like their bits: with the depth in the high half of a key and the pair of part and ray in
    # the low half, one minimum per ray finds the nearest part.
    keys = depth[met].view("uint32").astype("uint64") << np.uint64(32) | met.astype("uint64")
    nearest = np.full(len(parts.length) * size * size, _NO_HIT, "uint64")
    np.minimum.at(nearest, ray[met], keys)
    ray = np.flatnonzero(nearest != _NO_HIT)
    pair = (nearest[ray] & np.uint64(0xFFFFFFFF)).astype("int64")
    span = span[pair]
    return Hits(ray, part[span], depth[pair], np.stack([slope_x[pair], slope_y.astype("float32")[span]], axis=-1))


def _spans(parts, focal_length, size):
    """List the runs of rays that can meet a part: (part, row, first column, number of columns), each `(S,)`.

    The outline of a round cone is the hull of the outlines of balls along it, so the box around two neighbouring
    balls bounds the piece between them, and the pieces bound each row of rays.
    """
    share = np.linspace(0, 1, _BOUNDING_BALLS)
    centre = parts.start[:, :, None] + share[:, None] * (parts.length[..., None] * parts.axes[:, :, 2])[:, :, None]
    radius = parts.radii[..., :1] * (1 - share) + parts.radii[..., 1:] * share
    radius = radius * np.maximum(parts.depth, 1)[..., None]
    to_rays = np.asarray(focal_length)[:, None, None] * size
    bounds = []
    for coordinate in (1, 0):
        low, high = _outline(centre[..., coordinate], centre[..., 2], radius)
        low, high = (to_rays * slope + (size - 1) / 2 for slope in (low, high))
        bounds += [
            np.minimum(low[..., :-1], low[..., 1:]).reshape(-1, _BOUNDING_BALLS - 1),
            np.maximum(high[..., :-1], high[..., 1:]).reshape(-1, _BOUNDING_BALLS - 1),
        ]
    top, bottom, left, right = bounds
    first_row = np.ceil(np.clip(top.min(axis=1), 0, size)).astype("int64")
    rows = np.maximum(np.floor(np.clip(bottom.max(axis=1), -1, size - 1)).astype("int64") - first_row + 1, 0)
    part = np.repeat(np.arange(len(rows)), rows)
    row = np.arange(len(part)) - np.repeat(np.cumsum(rows) - rows - first_row, rows)
    # Half a ray of slack, so that no piece falls between two rows.
    meets = (top[part] <= row[:, None] + 0.5) & (bottom[part] >= row[:, None] - 0.5)
    left = np.where(meets, left[part], np.inf).min(axis=1)
    right = np.where(meets, right[part], -np.inf).max(axis=1)
    first = np.ceil(np.clip(left, 0, size)).astype("int64")
    count = np.maximum(np.floor(np.clip(right, -1, size - 1)).astype("int64") - first + 1, 0)
    return part, row, first, count


def _outline(offset, distance, radius):
    """Slopes `offset / distance` between which balls are seen; everything where the camera is beside a ball."""
    square = distance**2 - radius**2
    ahead = distance > 1.05 * radius
    square = np.where(ahead, square, 1.0)
    spread = radius * np.sqrt(np.maximum(offset**2 + square, 0))
    low = np.where(ahead, (offset * distance - spread) / square, -np.inf)
    high = np.where(ahead, (offset * distance + spread) / square, np.inf)
    return low, high


def _depths(parts, part, slope_y, span, slope_x):
    """Depth in metres at which each (part, ray) pair meets, float32; NaN or not positive where it does not.

    Everything happens in the frame of the part, scaled so that its cross section is round and shifted so that a ray
    starts near it, which is what keeps float32 exact enough: a ray is q + t d, and t is the depth beyond `middle`.
    """
    flat = [
        array.reshape(len(parts.length) * parts.length.shape[1], *array.shape[2:])[part]
        for array in (parts.start, parts.axes, parts.length, parts.radii, parts.depth)
    ]
    start, axes, length, radii, flattening = flat
    to_local = axes.copy()
    to_local[:, 1] /= flattening[:, None]
    middle = start[:, 2] + 0.5 * length * axes[:, 2, 2]
    step_x = to_local[:, :, 0]
    direction = to_local[:, :, 1] * slope_y[:, None] + to_local[:, :, 2]
    origin = direction * middle[:, None] - np.einsum("sij,sj->si", to_local, start)

    near, far = radii[:, 0].copy(), radii[:, 1].copy()
    # A ball inside the other one is no cone: NaN there leaves only the bigger ball, moved to the start.
    slant = length**2 - (far - near) ** 2
    is_ball = slant <= 1e-9
    origin[:, 2] -= np.where(is_ball & (far > near), length, 0)
    length = np.where(is_ball, 0, length)
    near = np.where(is_ball, np.maximum(near, far), near)
    far = np.where(is_ball, near, far)
    inverse = np.where(is_ball, np.nan, 1 / np.where(is_ball, 1, slant))

    columns = np.concatenate(
        [
            step_x.T,
            direction.T,
            origin.T,
            [middle, length, inverse, (far - near) * near, near**2, length**2 + near**2 - far**2],
        ]
    ).astype("float32")
    xs, ys, zs, dx, dy, dz, qx, qy, qz, middle, length, inverse, taper, near2, far2 = columns[:, span]
    with np.errstate(invalid="ignore", divide="ignore"):
        step = xs * slope_x
        dx += step
        qx += middle * step
        step = ys * slope_x
        dy += step
        qy += middle * step
        step = zs * slope_x
        dz += step
        qz += middle * step
        a = dx * dx + dy * dy + dz * dz
        b = qx * dx + qy * dy + qz * dz
        c = qx * qx + qy * qy + qz * qz - near2
        # The balls at s in [0, 1] touch the cone |p|^2 - near^2 = (length p_z + taper)^2 / slant.
        e = length * dz
        g = length * qz + taper
        ei = e * inverse
        a_cone = a - e * ei
        b_cone = b - g * ei
        c_cone = c - g * g * inverse
        t = -(b_cone + np.sqrt(b_cone * b_cone - a_cone * c_cone)) / a_cone
        s = g * inverse + t * ei
        # Where the cone is met beyond its end, only the ball at that end can be met; a ray steeper than the cone
        # (a_cone < 0) can meet the end that it comes from only.
        beyond = np.where(a_cone > 0, s > 0.5, dz < 0)
        b -= e * beyond
        c += (far2 - 2 * length * qz) * beyond
        t_ball = -(b + np.sqrt(b * b - a * c)) / a
        on_cone = (s >= 0) & (s <= 1)
        return middle + np.where(on_cone, t, t_ball)
