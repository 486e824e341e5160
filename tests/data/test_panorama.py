"""Photographs of places all around, and what cameras see of them."""

import dataclasses

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO, VARIED, Panorama, film, generate_motion, read_panoramas
from posealign_keras.data.synthetic.panorama import PanoramicBackdrop

tf = pytest.importorskip("tensorflow")

HEIGHT = 64


def smooth_panorama():
    """A panorama whose colour in each direction is known: (1 + direction) / 2."""
    rows, columns = np.mgrid[:HEIGHT, : 2 * HEIGHT] + 0.5
    down, azimuth = np.pi * rows / HEIGHT, np.pi * (columns / HEIGHT - 1)
    directions = np.stack([np.sin(down) * np.sin(azimuth), np.sin(down) * np.cos(azimuth), np.cos(down)], axis=-1)
    return Panorama("smooth", np.round(255 * (1 + directions) / 2).astype("uint8"))


def scene(seed=0, domain=VARIED):
    return domain.sample_scene(np.random.default_rng(seed))


def test_looks_in_all_directions():
    directions = np.random.default_rng(0).standard_normal((500, 3))
    directions[:6] = [*np.eye(3), *-np.eye(3)]
    unit = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    # Half a pixel is 1.4 degrees: at the poles, the nearest row is that far away.
    np.testing.assert_allclose(smooth_panorama().look(directions), (1 + unit) / 2, atol=0.02)


def test_cameras_see_what_is_in_the_direction_of_each_pixel():
    camera = scene().camera
    picture = PanoramicBackdrop(smooth_panorama(), camera, turn=0.0, focal_length=0.8, exposure=1.0).paint(16)
    inverse = np.linalg.inv(np.diag([0.8 * 16, 0.8 * 16, 1]) + [[0, 0, 7.5], [0, 0, 7.5], [0, 0, 0]])
    for row, column in ((0, 0), (3, 12), (15, 8)):
        direction = camera.rotation.T @ inverse @ [column, row, 1]  # in the world
        expected = (1 + direction / np.linalg.norm(direction)) / 2
        np.testing.assert_allclose(picture[row, column], expected, atol=0.02)


def test_a_level_camera_has_the_sky_above():
    level = dataclasses.replace(scene().camera, elevation=0.0, roll=0.0)
    picture = PanoramicBackdrop(smooth_panorama(), level, turn=40.0, focal_length=0.5, exposure=1.0).paint(32)
    height = picture[..., 2]  # (1 + z) / 2
    assert (np.diff(height[:, 16]) < 0).all()
    np.testing.assert_allclose(height[15:17].mean(axis=0), 0.5, atol=0.01)


def test_turned_by_the_whole_circle_it_is_the_same_and_by_half_it_is_not():
    backdrop = PanoramicBackdrop(smooth_panorama(), scene().camera, turn=10.0, focal_length=0.8, exposure=1.0)
    turned, back = (dataclasses.replace(backdrop, turn=10.0 + angle).paint(8) for angle in (360, 180))
    np.testing.assert_allclose(turned, backdrop.paint(8), atol=1e-5)
    assert abs(back - turned).mean() > 0.1


def test_the_mirrored_scene_is_the_mirrored_picture():
    domain = dataclasses.replace(VARIED, panoramas=(smooth_panorama(),), in_panorama=1.0, noise=(0, 0))
    one = scene(3, domain)
    assert isinstance(one.backdrop, PanoramicBackdrop)
    np.testing.assert_allclose(one.mirrored().backdrop.paint(9), one.backdrop.paint(9)[:, ::-1], atol=1e-5)


def test_it_is_behind_the_person():
    poses = generate_motion("walk", 2, np.random.default_rng(0))
    domain = dataclasses.replace(STUDIO, panoramas=(smooth_panorama(),), in_panorama=1.0, occluders=(0, 0))
    here, there = (film(poses, scene(0, one), 32) for one in (STUDIO, domain))
    np.testing.assert_array_equal(here.masks, there.masks)
    covered = here.masks == 1
    # But for the blur of the sensor, which mixes in what is beside.
    assert abs(here.images[covered].astype(int) - there.images[covered]).mean() < 4
    assert abs(here.images[here.masks == 0].astype(int) - there.images[here.masks == 0]).mean() > 15


def test_scenes_are_what_they_were_but_for_their_place():
    domain = dataclasses.replace(VARIED, panoramas=(smooth_panorama(),), in_panorama=0.6)
    places = []
    for seed in range(200):
        before, after = scene(seed), scene(seed, domain)
        places.append(isinstance(after.backdrop, PanoramicBackdrop))
        assert dataclasses.replace(before.camera, shift=0) == dataclasses.replace(after.camera, shift=0)
        np.testing.assert_array_equal(before.hair, after.hair)
    assert abs(np.mean(places) - 0.6) < 0.1


def test_files_are_read_in_the_order_of_their_names(tmp_path):
    pixels = smooth_panorama().image
    (tmp_path / "b.png").write_bytes(tf.io.encode_png(pixels).numpy())
    (tmp_path / "a.JPG").write_bytes(tf.io.encode_jpeg(pixels, quality=100).numpy())
    (tmp_path / "notes.txt").write_text("not a picture")
    a, b = read_panoramas(tmp_path)
    assert (a.name, b.name) == ("a", "b")
    np.testing.assert_array_equal(b.image, pixels)
    assert abs(a.image.astype(int) - pixels).max() < 16
    assert str(a) != str(dataclasses.replace(b, name="a"))  # their pixels differ


def test_what_is_no_panorama_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="`directory` must hold panoramas"):
        read_panoramas(tmp_path)
    with pytest.raises(ValueError, match=r"'flat' must be uint8 \(H, 2 H, 3\).*\(4, 4, 3\)"):
        Panorama("flat", np.zeros((4, 4, 3), "uint8"))
    with pytest.raises(ValueError, match="float32"):
        Panorama("light", np.zeros((4, 8, 3), "float32"))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    with pytest.raises(ValueError, match=r"broken\.png: not a PNG or JPEG"):
        read_panoramas(tmp_path)
