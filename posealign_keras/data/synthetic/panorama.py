"""The `Panorama`: a photograph of a place all around, and what a camera sees of it behind a person."""

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from posealign_keras.data.synthetic.camera import Camera
from posealign_keras.data.synthetic.shapes import pixel_positions

_FILES = (".png", ".jpg", ".jpeg")
# In picture widths. It is not the camera's own, with which so little of a panorama would often be seen that it would be
# a blur: the place is seen more widely than the person, and who knows how far away it is.
_FOCAL_LENGTH = (0.35, 1.1)
_EXPOSURE = (0.7, 1.4)


@dataclass(frozen=True, eq=False)
class Panorama:
    """An equirectangular photograph: all directions around a place, one column per azimuth and one row per elevation.

    Args:
        name: Name of the place.
        image: `(H, 2 H, 3)` uint8 RGB; the first row is straight up, the last straight down.

    Raises:
        ValueError: If the image is not twice as wide as high, or not uint8.

    Example:
        >>> Panorama("grey room", np.full((64, 128, 3), 99, "uint8"))
        Panorama('grey room', 64 x 128, af447c30)
    """

    name: str
    image: np.ndarray = field(repr=False)

    def __post_init__(self):
        shape, dtype = np.shape(self.image), getattr(self.image, "dtype", None)
        if dtype != np.uint8 or len(shape) != 3 or shape[1:] != (2 * shape[0], 3) or not shape[0]:
            raise ValueError(
                f"`image` of the panorama {self.name!r} must be uint8 (H, 2 H, 3): all directions, so twice as wide as "
                f"high. Received: {dtype} {shape}"
            )

    def __repr__(self):
        height, width, _ = self.image.shape
        digest = hashlib.sha256(self.image.tobytes()).hexdigest()[:8]
        return f"Panorama({self.name!r}, {height} x {width}, {digest})"

    def mirrored(self) -> "Panorama":
        """The panorama of the mirrored place."""
        return replace(self, image=self.image[:, ::-1])

    def look(self, directions) -> np.ndarray:
        """What is seen in some directions, interpolated linearly.

        Args:
            directions: `(..., 3)` in a world with z up, of any length but 0; the middle column is that of the y axis,
                and columns to its right are those of the x axis.

        Returns:
            `(..., 3)` float32 RGB in [0, 1].
        """
        x, y, z = np.moveaxis(np.asarray(directions, "float32"), -1, 0)
        height, width, _ = self.image.shape
        column = (np.arctan2(x, y) / (2 * np.pi) + 0.5) * width - 0.5
        row = np.clip(np.arctan2(np.hypot(x, y), z) / np.pi * height - 0.5, 0, height - 1)
        left, top = np.floor(column).astype(int), np.minimum(row.astype(int), height - 2)
        across, down = (column - left)[..., None], (row - top)[..., None]

        def mixed(line):
            start, end = self.image[line, left % width], self.image[line, (left + 1) % width]
            return start + across * (end.astype("float32") - start)

        return (mixed(top) * (1 - down) + mixed(top + 1) * down).astype("float32") / 255


@dataclass(frozen=True)
class PanoramicBackdrop:
    """What a camera sees of a panorama, far behind the person.

    Args:
        panorama: The `Panorama`.
        camera: The `Camera` of the person.
        turn: By how much the place is turned about the vertical, in degrees.
        focal_length: With which the place is seen, in picture widths.
        exposure: Brightness as a factor.

    Example:
        >>> from posealign_keras.data.synthetic import STUDIO
        >>> camera = STUDIO.sample_scene(np.random.default_rng(0)).camera
        >>> room = Panorama("grey room", np.full((64, 128, 3), 102, "uint8"))
        >>> picture = PanoramicBackdrop(room, camera, turn=90.0, focal_length=1.0, exposure=1.0).paint(32)
        >>> picture.shape, round(float(picture.mean()), 3)
        ((32, 32, 3), 0.4)
    """

    panorama: Panorama
    camera: Camera
    turn: float
    focal_length: float
    exposure: float

    @classmethod
    def drawn(cls, panorama: Panorama, camera: Camera, rng) -> "PanoramicBackdrop":
        """A random part of the panorama.

        Args:
            panorama: The `Panorama`.
            camera: The `Camera` of the person.
            rng: `numpy.random.Generator`.
        """
        return cls(panorama, camera, rng.uniform(0, 360), rng.uniform(*_FOCAL_LENGTH), rng.uniform(*_EXPOSURE))

    def mirrored(self) -> "PanoramicBackdrop":
        """The backdrop seen in a mirror."""
        return replace(self, panorama=self.panorama.mirrored(), camera=self.camera.mirrored(), turn=-self.turn)

    def paint(self, size):
        """Paint the backdrop: `(size, size, 3)` float32 RGB."""
        place = pixel_positions(size) / np.float32(self.focal_length)
        rays = np.stack([*np.meshgrid(place, place), np.ones((size, size), "float32")], axis=-1)
        seen_from = replace(self.camera, azimuth=self.camera.azimuth + self.turn)
        return self.panorama.look(rays @ seen_from.rotation) * np.float32(self.exposure)


def read_panoramas(directory: str | os.PathLike) -> tuple[Panorama, ...]:
    """Read all panoramas of a directory, in the order of their names.

    Args:
        directory: Holds equirectangular photographs, PNG or JPEG, each twice as wide as high.

    Returns:
        `Panorama`s that are called as their files are, for `Domain.panoramas`.

    Raises:
        FileNotFoundError: If there are none.
        ImportError: If Pillow is not installed.
        ValueError: If a file cannot be read or is not twice as wide as high.

    Example:
        >>> import dataclasses
        >>> from posealign_keras.data.synthetic import VARIED
        >>> try:
        ...     photographed = dataclasses.replace(VARIED, panoramas=read_panoramas("no such directory"))
        ... except FileNotFoundError as error:
        ...     print(error)
        `directory` must hold panoramas, .png, .jpg, .jpeg. Received: directory='no such directory'
    """
    paths = sorted(path for path in Path(directory).glob("*") if path.suffix.lower() in _FILES)
    if not paths:
        raise FileNotFoundError(
            f"`directory` must hold panoramas, {', '.join(_FILES)}. Received: directory={str(directory)!r}"
        )
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("Panoramas are read by Pillow: pip install 'posealign_keras[synthetic]'") from error
    panoramas = []
    for path in paths:
        try:
            image = np.asarray(Image.open(path).convert("RGB"))
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise ValueError(f"{path}: not a PNG or JPEG that can be read") from error
        panoramas.append(Panorama(path.stem, image))
    return tuple(panoramas)
