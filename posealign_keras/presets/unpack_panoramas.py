"""Panoramas of the npm package `@pmndrs/assets` (CC0, the public domain), as pictures for `read_panoramas`.

npm pack @pmndrs/assets@1.7.0
python -m posealign_keras.presets.unpack_panoramas pmndrs-assets-1.7.0.tgz --out DIR
"""

import argparse
import base64
import binascii
import os
import re
import tarfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np

from posealign_keras.video.needs_tools import needs_tools
from posealign_keras.whole_directory import whole_directory

_MEMBER = re.compile(r"package/hdri/(\w+)\.exr\.js")
_CONTENT = re.compile(rb"base64,([A-Za-z0-9+/=]+)")
_LARGEST = 16 * 2**20
# This share of a panorama is not white, and its tone curve.
_NOT_WHITE = 85
_GAMMA = 2.2


def unpack_panoramas(package: str | os.PathLike, out: str | os.PathLike) -> list[Path]:
    """Write the panoramas of the package as PNG.

    They are stored as light, which has no upper limit: the brightest 15 % of each become white.

    Args:
        package: The package, as `npm pack` writes it, `.tgz`.
        out: Directory of the pictures; it appears whole or not at all.

    Returns:
        Paths of the pictures, `(H, 2 H)` pixels each.

    Raises:
        FileNotFoundError: If there is no package.
        FileExistsError: If there is something at `out` already.
        ImportError: If OpenCV is not installed.
        ValueError: If it is not such a package, or a panorama in it cannot be read.
    """
    package, out = Path(package), Path(out).absolute()
    if out.exists():
        raise FileExistsError(f"`out` must be new. Received: out={str(out)!r}")
    panoramas = {}
    try:
        with tarfile.open(package) as archive:
            for member in archive:
                found = _MEMBER.fullmatch(member.name)
                file = archive.extractfile(member) if found and member.isfile() else None
                if found and file:
                    if member.size > _LARGEST:
                        raise ValueError(f"{package}: {member.name} is too large, {member.size:,} bytes")
                    panoramas[found[1]] = _png(file.read(), member.name)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ValueError(f"{package}: not a whole package as `npm pack` writes it") from error
    if not panoramas:
        raise ValueError(f"{package}: no panoramas (package/hdri/*.exr.js) in it")
    with whole_directory(out) as new:
        for name, png in panoramas.items():
            (new / f"{name}.png").write_bytes(png)
    return [out / f"{name}.png" for name in sorted(panoramas)]


def _png(script, name):
    """The PNG file of a script that holds an EXR file, light without an upper limit, as text."""
    os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read when OpenCV opens its first file
    with needs_tools():
        import cv2
    content = _CONTENT.search(script)
    try:
        file = base64.b64decode(content[1], validate=True) if content else b""
        light = cv2.imdecode(np.frombuffer(file, "uint8"), cv2.IMREAD_UNCHANGED) if file else None
    except (binascii.Error, cv2.error):
        light = None
    if light is None or light.ndim != 3 or light.shape[1] != 2 * light.shape[0]:
        raise ValueError(f"{PurePosixPath(name).name}: not a panorama that OpenCV can read")
    light = np.nan_to_num(light[..., :3].astype("float32"))
    white = max(np.percentile(light, _NOT_WHITE), 1e-6)
    picture = np.round(255 * np.clip(light / white, 0, 1) ** (1 / _GAMMA)).astype("uint8")
    return cv2.imencode(".png", picture)[1].tobytes()


def main(arguments=None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", help="the package, as `npm pack` writes it")
    parser.add_argument("--out", required=True, metavar="DIR", help="directory of the pictures")
    options = parser.parse_args(arguments)
    try:
        for path in unpack_panoramas(options.package, options.out):
            print(path)
    except (ValueError, OSError, ImportError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
