"""The cameras of MPI-INF-3DHP, out of a file `camera.calibration`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

# The lines of one camera, in order: one word, then numbers.
_LINES = ("name", "sensor", "size", "animated", "intrinsic", "extrinsic", "radial")
_LARGEST = 2**20  # bytes


@dataclass(frozen=True, eq=False)
class StudioCamera:
    """One camera. Lengths are millimetres, as in the file.

    Args:
        size: `(2,)` width and height in pixels of the pictures that `matrix` is for.
        matrix: `(3, 3)` camera matrix.
        rotation: `(3, 3)` from the world to the camera frame (x right, y down, z forward).
        translation: `(3,)` where the origin of the world is in the camera frame.
    """

    size: np.ndarray
    matrix: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """`(…, 3)` millimetres in the camera frame to the world."""
        return (points - self.translation) @ self.rotation


def load_calibration(path) -> dict[str, StudioCamera]:
    """Read a `camera.calibration`.

    The world of the file may have any axis up. Here it is turned so that z is up: cameras stand upright, so up in the
    world is the axis along which their y axes (down) have the largest common part, reversed.

    Returns:
        `{name: StudioCamera}`; names are numbers from `"0"`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or not of this form; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no calibration {path}")
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        lines = [line.split() for line in path.read_text("utf-8").splitlines()[1:] if line.strip()]
        if not lines or len(lines) % len(_LINES):
            raise ValueError(f"it must have a line of text, then {len(_LINES)} lines for each camera")
        cameras = {}
        for start in range(0, len(lines), len(_LINES)):
            name, camera = _camera(lines[start : start + len(_LINES)])
            cameras[name] = camera
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a camera.calibration of MPI-INF-3DHP: {error}") from error
    return _with_z_up(cameras)


def _camera(lines):
    values = {}
    for word, (key, *rest) in zip(_LINES, lines, strict=True):
        if key != word:
            raise ValueError(f"a line must begin with {word!r}; it begins with {key[:20]!r}")
        values[key] = rest
    numbers = {key: np.array([float(text) for text in values[key]]) for key in ("size", "intrinsic", "extrinsic")}
    for key, count in (("size", 2), ("intrinsic", 16), ("extrinsic", 16)):
        if numbers[key].shape != (count,) or not np.isfinite(numbers[key]).all():
            raise ValueError(f"{key!r} must be followed by {count} finite numbers")
    extrinsic, matrix = numbers["extrinsic"].reshape(4, 4), numbers["intrinsic"].reshape(4, 4)[:3, :3]
    rotation = extrinsic[:3, :3]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
        raise ValueError("'extrinsic' must hold a rotation")
    if not values["name"] or numbers["size"].min() < 1 or not (matrix[0, 0] > 0 and matrix[1, 1] > 0):
        raise ValueError("a camera must have a name, a size and a focal length")
    return values["name"][0], StudioCamera(numbers["size"], matrix, rotation, extrinsic[:3, 3])


def _with_z_up(cameras):
    down = np.mean([camera.rotation[1] for camera in cameras.values()], axis=0)
    axis = int(np.argmax(np.abs(down)))
    up = np.zeros(3)
    up[axis] = -np.sign(down[axis])
    right = np.roll(np.abs(up), 1)
    to_z_up = np.stack([right, np.cross(up, right), up])
    return {
        name: StudioCamera(camera.size, camera.matrix, camera.rotation @ to_z_up.T, camera.translation)
        for name, camera in cameras.items()
    }
