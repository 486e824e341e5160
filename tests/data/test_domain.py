import dataclasses

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO, VARIED, WILD, get_domain


def scenes_of(domain, count=200, seed=0):
    rng = np.random.default_rng(seed)
    return [domain.sample_scene(rng) for _ in range(count)]


@pytest.mark.parametrize("domain", [STUDIO, WILD, VARIED])
def test_scenes_stay_in_the_ranges(domain):
    scenes = scenes_of(domain)
    for name in ("girth", "belly", "sleeve_length", "leg_length"):
        values = [getattr(scene, name) for scene in scenes]
        low, high = getattr(domain, name)
        assert low <= min(values) <= max(values) <= high
        assert max(values) - min(values) > 0.8 * (high - low)
    for name in ("azimuth", "elevation", "roll", "focal_length", "fill"):
        values = [getattr(scene.camera, name) for scene in scenes]
        low, high = getattr(domain, name)
        assert low <= min(values) <= max(values) <= high
        assert max(values) - min(values) >= 0.8 * (high - low)
    for name in ("gamma", "contrast", "saturation", "blur", "noise"):
        values = [getattr(scene.sensor, name) for scene in scenes]
        low, high = getattr(domain, name)
        assert low <= min(values) <= max(values) <= high
    for scene in scenes:
        assert domain.clutter[0] <= len(scene.backdrop.shapes) <= domain.clutter[1]
        assert domain.occluders[0] <= len(scene.occluders) <= domain.occluders[1]
        assert (abs(scene.camera.shift) <= domain.shift).all()
        np.testing.assert_allclose(np.linalg.norm(scene.light.direction), 1)
        for colour in (scene.skin, scene.hair, scene.shoes, scene.front, scene.shirt.colour):
            assert colour.shape == (3,)
            assert ((colour >= 0) & (colour <= 1)).all()


def test_same_generator_state_gives_the_same_scene():
    first, second = (scenes_of(WILD, 1, seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(first.shirt.waves, second.shirt.waves)
    np.testing.assert_array_equal(first.backdrop.shapes.centre, second.backdrop.shapes.centre)
    assert first.camera.azimuth == second.camera.azimuth
    assert first.camera.azimuth != scenes_of(WILD, 1, seed=4)[0].camera.azimuth


def test_shares_of_patterns_fronts_and_floors():
    scenes = scenes_of(dataclasses.replace(WILD, pattern=0.25, open_front=0.5, floor=1.0), 400)
    assert abs(np.mean([np.any(scene.shirt.waves) for scene in scenes]) - 0.25) < 0.08
    assert abs(np.mean([scene.front_width > 0 for scene in scenes]) - 0.5) < 0.1
    assert all(scene.backdrop.horizon < 0.5 for scene in scenes)


def test_shares_of_bare_chests_and_feet():
    few = dataclasses.replace(VARIED, bare_chest=0.5, barefoot=0.25)
    scenes, dressed = scenes_of(few, 600), scenes_of(dataclasses.replace(few, bare_chest=0.0, barefoot=0.0), 600)
    bare = [np.array_equal(scene.shirt.colour, scene.skin) for scene in scenes]
    men = [scene.physique.gender < 0.5 and scene.physique.age > 2 / 3 for scene in scenes]
    assert all(man for man, naked in zip(men, bare, strict=True) if naked)
    assert abs(sum(bare) / sum(men) - 0.5) < 0.12
    barefoot = [scene for scene in scenes if np.array_equal(scene.shoes, scene.skin)]
    assert abs(len(barefoot) / len(scenes) - 0.25) < 0.06
    assert {scene.outfit.shoe_height for scene in barefoot} == {2.0}  # no boots of skin
    # Nothing else changes with them.
    for scene, other in zip(scenes, dressed, strict=True):
        np.testing.assert_array_equal(scene.skin, other.skin)
        assert (scene.camera.azimuth, scene.physique.age) == (other.camera.azimuth, other.physique.age)
    for domain in (STUDIO, WILD):
        assert (domain.bare_chest, domain.barefoot) == (0.0, 0.0)


def test_shares_of_caps():
    scenes, bare_headed = (scenes_of(dataclasses.replace(VARIED, cap=share), 600) for share in (0.25, 0.0))
    capped = [not np.array_equal(a.hair, b.hair) for a, b in zip(scenes, bare_headed, strict=True)]
    assert abs(np.mean(capped) - 0.25) < 0.06
    assert {scene.outfit.hair_length for scene, cap in zip(scenes, capped, strict=True) if cap} == {1.0}


def test_backdrop_paints_the_same_place_at_every_size():
    for scene in scenes_of(WILD, 5):
        fine = scene.backdrop.paint(128).reshape(32, 4, 32, 4, 3).mean(axis=(1, 3))
        assert abs(fine - scene.backdrop.paint(32)).mean() < 0.02


def test_sensor_noise_and_tone():
    sensor = dataclasses.replace(
        STUDIO.sample_scene(np.random.default_rng(0)).sensor,
        gains=np.ones(3), gamma=1.0, contrast=1.0, saturation=1.0, blur=0.0, noise=0.05,
    )  # fmt: skip
    grey = np.full((64, 64, 3), 0.5, "float32")
    np.testing.assert_array_equal(sensor.expose(grey), 128)
    noisy = sensor.expose(grey, np.random.default_rng(0)).astype(float)
    assert abs(noisy.mean() - 127.5) < 1
    assert abs(noisy.std() - 0.05 * 255) < 0.5
    spot = np.zeros((65, 65, 3), "float32")
    spot[32, 32] = 1
    blurred = dataclasses.replace(sensor, blur=3 / 65, gains=np.full(3, 40.0)).expose(spot).astype(float)[..., 0]
    place = np.arange(65) - 32
    share = blurred.sum(axis=0) / blurred.sum()
    np.testing.assert_allclose((share * place).sum(), 0, atol=1e-6)
    np.testing.assert_allclose(np.sqrt((share * place**2).sum()), 3, atol=0.1)


def test_domains_by_name():
    assert get_domain("studio") is STUDIO
    assert get_domain("wild") is WILD
    own = dataclasses.replace(WILD, name="own")
    assert get_domain(own) is own
    with pytest.raises(ValueError, match="`name` must be one of"):
        get_domain("moon")
