"""Panoramas out of a package of scripts."""

import base64
import io
import os
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from posealign_keras.presets.unpack_panoramas import main, unpack_panoramas

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")
cv2 = pytest.importorskip("cv2")


def script(light):
    """A script as it is in the package: an EXR file as text."""
    written, content = cv2.imencode(".exr", light.astype("float32"))
    assert written
    return b"export default 'data:application/exr;base64," + base64.b64encode(content.tobytes()) + b"'\n"


def package(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def light():
    """A panorama in blue, green and red, some of it as bright as a lamp."""
    light = np.linspace(0.01, 1, 8 * 16 * 3).reshape(8, 16, 3)
    light[0, 0] = 1000
    return light


def test_panoramas_become_pictures(tmp_path, light, capsys):
    members = {"package/hdri/hall.exr.js": script(light), "package/hdri/hall.exr.d.ts": b"declare", "package/x": b""}
    main([str(package(tmp_path / "assets.tgz", members)), "--out", str(tmp_path / "new" / "places")])
    assert capsys.readouterr().out == f"{tmp_path / 'new' / 'places' / 'hall.png'}\n"
    picture = cv2.imread(str(tmp_path / "new" / "places" / "hall.png"))
    white = np.percentile(light, 85)
    np.testing.assert_allclose(picture, 255 * np.clip(light / white, 0, 1) ** (1 / 2.2), atol=0.6)
    assert 0.1 < np.mean(picture == 255) < 0.2


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"package/index.js": b""}, "no panoramas"),
        ({"package/hdri/hall.exr.js": b"export default ''"}, r"hall\.exr\.js: not a panorama"),
        ({"package/hdri/hall.exr.js": b"base64,AAAA'"}, r"hall\.exr\.js: not a panorama"),
        ({"package/hdri/hall.exr.js": b"base64,AAA'"}, r"hall\.exr\.js: not a panorama"),
    ],
)
def test_other_packages_are_refused_and_nothing_is_left(tmp_path, members, message):
    with pytest.raises(ValueError, match=message):
        unpack_panoramas(package(tmp_path / "assets.tgz", members), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["assets.tgz"]


def test_files_that_are_no_package_are_refused(tmp_path, light):
    (tmp_path / "text.tgz").write_text("not a package")
    with pytest.raises(ValueError, match="not a whole package as `npm pack` writes it"):
        unpack_panoramas(tmp_path / "text.tgz", tmp_path / "out")
    with pytest.raises(FileNotFoundError):
        unpack_panoramas(tmp_path / "missing.tgz", tmp_path / "out")
    square = package(tmp_path / "square.tgz", {"package/hdri/hall.exr.js": script(light[:, :8])})
    with pytest.raises(ValueError, match="not a panorama that OpenCV can read"):
        unpack_panoramas(square, tmp_path / "out")
    with pytest.raises(FileExistsError, match="`out` must be new"):
        unpack_panoramas(square, tmp_path)


def test_what_was_not_downloaded_whole_is_refused(tmp_path, light):
    noise = np.random.default_rng(0).bytes(200_000)  # which cannot be compressed
    whole = package(tmp_path / "whole.tgz", {"package/x": noise, "package/hdri/hall.exr.js": script(light)})
    content = Path(whole).read_bytes()
    for kept in (100, len(content) // 2, len(content) - 20):
        (tmp_path / "cut.tgz").write_bytes(content[:kept])
        with pytest.raises(ValueError, match=r"cut\.tgz: not a whole package"):
            unpack_panoramas(tmp_path / "cut.tgz", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_panorama_that_is_too_large_is_told(tmp_path, light, monkeypatch):
    monkeypatch.setattr(sys.modules[unpack_panoramas.__module__], "_LARGEST", 1000)
    archive = package(tmp_path / "assets.tgz", {"package/hdri/hall.exr.js": script(light)})
    with pytest.raises(ValueError, match=r"hall\.exr\.js is too large"):
        unpack_panoramas(archive, tmp_path / "out")
