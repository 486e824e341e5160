"""What a `Domain` draws for bodies of flesh, and what every kind of people has in common."""

import dataclasses

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO, WILD, film, generate_motion, get_people, render


def scenes_of(domain, count=200, seed=0):
    rng = np.random.default_rng(seed)
    return [domain.sample_scene(rng) for _ in range(count)]


@pytest.mark.parametrize("domain", [STUDIO, WILD])
def test_bodies_and_outfits_stay_in_the_ranges(domain):
    scenes = scenes_of(domain)
    for name in ("gender", "age", "muscle", "weight", "height", "proportions"):
        values = [getattr(scene.physique, name) for scene in scenes]
        low, high = getattr(domain, name)
        assert low <= min(values) <= max(values) <= high
        assert max(values) - min(values) > 0.8 * (high - low)
    for name, limits in (
        ("shirt_looseness", domain.looseness),
        ("trousers_looseness", domain.looseness),
        ("hem", domain.hem),
    ):
        values = [getattr(scene.outfit, name) for scene in scenes]
        assert limits[0] <= min(values) <= max(values) <= limits[1]
    np.testing.assert_allclose([sum(scene.physique.ancestry) for scene in scenes], 1)


def test_limbs_are_in_proportion_unless_the_domain_wants_other_ones():
    assert all(scene.physique.limbs == (1, 1, 1, 1) for scene in scenes_of(WILD, 20))
    scenes = scenes_of(dataclasses.replace(WILD, limbs=(0.8, 1.3)))
    limbs = np.array([scene.physique.limbs for scene in scenes])
    assert (limbs >= 0.8).all()
    assert (limbs <= 1.3).all()
    assert (np.ptp(limbs, axis=0) > 0.4).all()
    assert abs(np.corrcoef(limbs.T) - np.eye(4)).max() < 0.3  # each by itself
    for scene, other in zip(scenes, scenes_of(WILD), strict=True):
        assert dataclasses.replace(scene.physique, limbs=(1, 1, 1, 1)) == other.physique
        assert scene.outfit.hem == other.outfit.hem


def test_shares_of_skirts_boots_and_hair():
    domain = dataclasses.replace(WILD, skirt=0.3, boots=0.4, bald=0.2, long_hair=0.5)
    outfits = [scene.outfit for scene in scenes_of(domain, 400)]
    assert abs(np.mean([outfit.skirt for outfit in outfits]) - 0.3) < 0.08
    assert abs(np.mean([outfit.shoe_height < 1.9 for outfit in outfits]) - 0.4) < 0.08
    assert abs(np.mean([outfit.hair_length == 0 for outfit in outfits]) - 0.2) < 0.08
    assert abs(np.mean([outfit.hair_length > 1 for outfit in outfits]) - 0.5) < 0.08


def test_flesh_and_further_lamps_leave_the_rest_of_a_scene_as_it_was():
    other = dataclasses.replace(WILD, age=(0.4, 0.5), skirt=1.0, more_lamps=(2, 3))
    for first, second in zip(scenes_of(WILD, 5), scenes_of(other, 5), strict=True):
        assert first.girth == second.girth
        assert first.camera.azimuth == second.camera.azimuth
        np.testing.assert_array_equal(first.light.lamp, second.light.lamp)
        np.testing.assert_array_equal(first.backdrop.shapes.colour, second.backdrop.shapes.colour)
        assert first.sensor.noise == second.sensor.noise
        assert len(first.light.lamps) == 1
        assert 3 <= len(second.light.lamps) <= 4


def test_further_lamps_are_anywhere_and_mirrored():
    lights = [scene.light for scene in scenes_of(dataclasses.replace(STUDIO, more_lamps=(1, 1)))]
    directions = np.array([light.more_lamps[0][0] for light in lights])
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    assert abs(directions.mean(axis=0)).max() < 0.2
    mirrored = lights[0].mirrored().more_lamps[0][0]
    np.testing.assert_array_equal(mirrored, directions[0] * [-1, 1, 1])


def test_mirrored_twice_is_as_it_was():
    scene = scenes_of(WILD, 1)[0]
    np.testing.assert_array_equal(scene.mirrored().mirrored().outfit.folds, scene.outfit.folds)
    assert (scene.mirrored().outfit.folds != scene.outfit.folds).any()


def test_a_film_of_cones_has_the_masks_of_the_renderer():
    scene = scenes_of(STUDIO, 1)[0]
    motion = generate_motion("walk", 3, np.random.default_rng(0))
    motion = np.asarray(getattr(motion, "positions", motion))
    clip = film(motion, scene, 32)
    np.testing.assert_array_equal(clip.images, film(motion, scene, 32, people=get_people("cones")).images)
    _, masks = render(clip.joints, scene, 32, return_mask=True)
    assert clip.masks.shape == (3, 32, 32)
    np.testing.assert_allclose(clip.masks, masks, atol=0.26)  # joints were rounded to float32: a ray of four may differ
    assert abs(clip.masks - masks).mean() < 1e-3


@pytest.mark.parametrize("people", ["robots", "", "Mesh"])
def test_unknown_people_are_refused(people):
    with pytest.raises(ValueError, match="`people` must be 'cones', 'mesh' or an object like these"):
        get_people(people)


def test_other_people_can_be_filmed():
    class Points:
        """People of one pixel: what the protocol asks for, and no more."""

        name = "points"

        def pose(self, sequences, scenes):
            class Bodies:
                joints = sequences + [0.0, 0, 1]
                flesh = 0.0

                def paint(self, piece, joints, scenes, size):
                    cover = np.zeros((len(joints), size, size), "float32")
                    cover[:, size // 2, size // 2] = 1
                    return cover[..., None] * np.float32([1, 0, 0]), cover

            return Bodies()

    scene = scenes_of(STUDIO, 1)[0]
    motion = np.random.default_rng(0).normal(size=(4, 17, 3))
    clip = film(motion, scene, 16, people=Points())
    np.testing.assert_array_equal(clip.masks.sum(axis=(1, 2)), 1)
    relative = (motion - motion[:, :1]) @ scene.camera.rotation.T
    np.testing.assert_allclose(clip.joints - clip.joints[:, :1], relative, atol=1e-4)
