"""The cameras of Human3.6M, out of its `metadata.xml`."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tfrecords_tools.file_cache import cached_by_file

_NUM_SUBJECTS = 11
_NUM_CAMERAS = 4
_EXTRINSIC, _INTRINSIC = 6, 9
_LARGEST = 2**26  # bytes; the true file has about 2 ** 20


@dataclass(frozen=True, eq=False)
class Human36MCamera:
    """One camera, as it stood for one subject. Lengths are millimetres, as in the files.

    Args:
        rotation: `(3, 3)` from the world (z up) to the camera frame (x right, y down, z forward).
        centre: `(3,)` where the camera stands in the world.
        matrix: `(3, 3)` camera matrix in pixels.
        distortion: `(k1, k2, p1, p2, k3)` of OpenCV's lens model. In the data set's own model, tangential distortion
            is `x (p1 y + p2 x) + p2 r^2`, where OpenCV has `2 p1 x y + p2 (r^2 + 2 x^2)`, and likewise for y. The two
            differ by `p1 x y + p2 x^2`: less than 0.2 pixels wherever people are in this data set.
    """

    rotation: np.ndarray
    centre: np.ndarray
    matrix: np.ndarray
    distortion: tuple[float, ...]

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """`(…, 3)` millimetres in the camera frame to the world."""
        return points @ self.rotation + self.centre

    def project(self, points: np.ndarray) -> np.ndarray:
        """`(…, 3)` in the camera frame to `(…, 2)` pixels of the picture, lens included; NaN behind the camera."""
        flat = points.reshape(-1, 3).astype(float)
        pixels = np.full((len(flat), 2), np.nan)
        before = flat[:, 2] > 0
        if before.any():
            lens = np.array(self.distortion)
            pixels[before] = cv2.projectPoints(flat[before], np.zeros(3), np.zeros(3), self.matrix, lens)[0][:, 0]
        return pixels.reshape(*points.shape[:-1], 2)


@cached_by_file
def load_cameras(path: Path) -> dict[tuple[str, str], Human36MCamera]:
    """Read `metadata.xml`.

    Returns:
        `{(subject, camera): Human36MCamera}`, such as `("S1", "54138969")`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or not of this form; the message names it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no description of the cameras {path}")
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        root = ElementTree.parse(path, ElementTree.XMLParser(target=_WithoutEntities())).getroot()
        names = [(item.text or "").strip() for item in root.findall("dbcameras/index2id/*")]
        if len(set(names)) != _NUM_CAMERAS:
            raise ValueError(f"`dbcameras/index2id` must name {_NUM_CAMERAS} cameras; found: {', '.join(names)}")
        numbers = np.array([float(word) for word in (root.findtext("w0") or "").strip().strip("[]").split()])
        count = _NUM_CAMERAS * (_NUM_SUBJECTS * _EXTRINSIC + _INTRINSIC)
        if numbers.shape != (count,) or not np.isfinite(numbers).all():
            raise ValueError(f"`w0` must hold {count} finite numbers; found {len(numbers)}")
    except (ValueError, ElementTree.ParseError, LookupError, RecursionError, OSError) as error:
        raise ValueError(f"{path} cannot be read as the metadata.xml of Human3.6M: {error}") from error
    intrinsic = numbers[-_NUM_CAMERAS * _INTRINSIC :].reshape(_NUM_CAMERAS, _INTRINSIC)
    extrinsic = numbers[: -_NUM_CAMERAS * _INTRINSIC].reshape(_NUM_CAMERAS, _NUM_SUBJECTS, _EXTRINSIC)
    return {
        (f"S{subject + 1}", name): _camera(extrinsic[index, subject], intrinsic[index])
        for index, name in enumerate(names)
        for subject in range(_NUM_SUBJECTS)
    }


class _WithoutEntities(ElementTree.TreeBuilder):
    """Refuses the declarations that could blow a small file up; `metadata.xml` has none."""

    def doctype(self, name, pubid, system):
        raise ValueError("it must not declare a document type")


def _camera(extrinsic, intrinsic):
    fx, fy, cx, cy, k1, k2, k3, p1, p2 = intrinsic
    return Human36MCamera(
        rotation=_rotation(0, extrinsic[0]) @ _rotation(1, extrinsic[1]) @ _rotation(2, extrinsic[2]),
        centre=extrinsic[3:],
        matrix=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]),
        distortion=tuple(float(value) for value in (k1, k2, p1, p2, k3)),
    )


def _rotation(axis, angle):
    """`(3, 3)` right-handed rotation about x, y or z."""
    vector = np.zeros(3)
    vector[axis] = angle
    return cv2.Rodrigues(vector)[0]
