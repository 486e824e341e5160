import dataclasses

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO, WILD
from posealign_keras.data.synthetic.filming import film
from posealign_keras.skeletons import BODY17

# A standing person that faces the world's -y, so that a camera at azimuth 0 sees the face; x is its left.
_UP = {"spine": 1, "thorax": 1, "neck_nose": 1, "head_top": 1}
_DOWN = ("knee", "ankle", "elbow", "wrist")


def standing():
    joints = np.zeros((17, 3))
    for parent, child in BODY17.edges:
        name = BODY17.joint_names[child]
        side = 1.0 if name.startswith("l_") else -1.0
        direction = [0, 0, 1.0] if name in _UP else [0.3 * side, 0.1, -1.0] if name.endswith(_DOWN) else [side, 0, 0]
        joints[child] = joints[parent] + BODY17.bone_lengths[child] * np.array(direction) / np.linalg.norm(direction)
    return joints + [0, 0, 0.9]


def walk(frames=12, rng=None):
    """A walk along a bent path with disturbed limbs."""
    rng = rng or np.random.default_rng(0)
    time = np.arange(frames)[:, None, None] / 30
    swing = 0.1 * np.sin(2 * np.pi * time * 1.5 + rng.uniform(0, 6, (1, 17, 3)))
    return standing() + swing * (np.arange(17)[:, None] > 0) + time * [1.0, 0.3, 0]


def with_camera(scene, **changes):
    return dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, **changes))


def test_poses_are_the_joints_around_the_pelvis():
    rng = np.random.default_rng(0)
    clip = film(walk(3), STUDIO.sample_scene(rng), 16)
    assert clip.poses.dtype == np.float32
    np.testing.assert_array_equal(clip.poses[:, 0], 0)
    np.testing.assert_allclose(clip.poses + clip.joints[:, :1], clip.joints, atol=1e-6)


def project(joints, intrinsics):
    points = joints.astype("float64") @ intrinsics.T
    return points[..., :2] / points[..., 2:]


@pytest.mark.parametrize("size", [32, 64])
def test_film_has_the_documented_shapes(size):
    scene = WILD.sample_scene(np.random.default_rng(0))
    clip = film(walk(5), scene, size)
    assert clip.images.shape == (5, size, size, 3)
    assert clip.images.dtype == np.uint8
    assert clip.joints.shape == (5, 17, 3)
    assert clip.joints.dtype == np.float32
    assert clip.intrinsics.shape == (3, 3)
    assert clip.intrinsics.dtype == np.float32


def test_many_sequences_are_the_single_ones_stacked():
    rng = np.random.default_rng(1)
    sequences = np.stack([walk(4, rng) for _ in range(3)])
    scenes = [WILD.sample_scene(rng) for _ in range(3)]
    together = film(sequences, scenes, 32)
    for i, scene in enumerate(scenes):
        alone = film(sequences[i], scene, 32)
        np.testing.assert_array_equal(together.images[i], alone.images)
        np.testing.assert_array_equal(together.joints[i], alone.joints)
        np.testing.assert_array_equal(together.intrinsics[i], alone.intrinsics)


def test_camera_moves_but_keeps_its_orientation_and_lengths():
    sequence, scene = walk(), WILD.sample_scene(np.random.default_rng(2))
    joints = film(sequence, scene, 32).joints
    relative = (sequence - sequence[:, :1]) @ scene.camera.rotation.T
    np.testing.assert_allclose(joints - joints[:, :1], relative, atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(scene.camera.rotation), 1)
    np.testing.assert_allclose(scene.camera.rotation @ scene.camera.rotation.T, np.eye(3), atol=1e-12)


def test_azimuth_elevation_and_roll_are_what_they_say():
    scene = STUDIO.sample_scene(np.random.default_rng(3))
    level = with_camera(scene, azimuth=0.0, elevation=0.0, roll=0.0).camera.rotation
    np.testing.assert_allclose(level @ [0, 0, 1], [0, -1, 0], atol=1e-12)
    np.testing.assert_allclose(level @ [0, 1, 0], [0, 0, 1], atol=1e-12)
    # From 30 degrees above, the head of a standing person is nearer to the camera than the feet.
    above = with_camera(scene, azimuth=0.0, elevation=30.0, roll=0.0).camera.rotation
    np.testing.assert_allclose(above @ [0, 0, 1], [0, -np.cos(np.pi / 6), -0.5], atol=1e-12)
    # Rolled clockwise by a right angle, up points to the right.
    rolled = with_camera(scene, azimuth=0.0, elevation=0.0, roll=90.0).camera.rotation
    np.testing.assert_allclose(rolled @ [0, 0, 1], [1, 0, 0], atol=1e-12)


@pytest.mark.parametrize("fill", [0.6, 0.9])
def test_whole_clip_fits_into_fill_of_the_picture(fill):
    rng = np.random.default_rng(4)
    for _ in range(5):
        scene = with_camera(WILD.sample_scene(rng), fill=fill, shift=np.zeros(2))
        clip = film(walk(20, rng), scene, 64)
        offsets = abs(project(clip.joints, clip.intrinsics) - 31.5) / 64
        assert offsets.max() < 0.5 * fill
        assert offsets.max() > 0.5 * fill * 0.75  # the rest is flesh around the joints and the tracking's lag


def test_shift_moves_the_person_in_the_picture():
    scene = with_camera(STUDIO.sample_scene(np.random.default_rng(5)), shift=np.zeros(2), focal_length=20.0)
    moved = with_camera(scene, shift=np.array([0.1, -0.05]))
    pixels, moved_pixels = (project(c.joints, c.intrinsics) for c in (film(walk(3), s, 64) for s in (scene, moved)))
    np.testing.assert_allclose((moved_pixels - pixels).mean(axis=(0, 1)) / 64, [0.1, -0.05], atol=0.002)


def test_body_is_where_the_joints_are():
    clip = film(standing()[None], with_camera(STUDIO.sample_scene(np.random.default_rng(6)), azimuth=0.0), 64)
    difference = abs(clip.images[0].astype(int) - clip.images[0][:, :1]).max(axis=-1)
    rows, columns = np.nonzero(difference > 40)
    pixels = project(clip.joints[0], clip.intrinsics)
    assert abs(columns.mean() - pixels[:, 0].mean()) < 4
    assert rows.min() <= pixels[:, 1].min() + 2
    assert rows.max() >= pixels[:, 1].max() - 2


def test_film_of_the_mirrored_world_is_the_mirrored_film():
    rng = np.random.default_rng(7)
    scene = WILD.sample_scene(rng)
    sequence = walk(6, rng)
    clip = film(sequence, scene, 64)
    order = list(BODY17.mirror)
    mirrored = film((sequence * [-1.0, 1, 1])[:, order], scene.mirrored(), 64)
    assert abs(mirrored.images.astype(int) - clip.images[:, :, ::-1]).max() <= 1
    np.testing.assert_allclose(mirrored.joints, (clip.joints * np.float32([-1, 1, 1]))[:, order], atol=1e-5)
    np.testing.assert_array_equal(mirrored.intrinsics, clip.intrinsics)


def test_seed_decides_everything():
    def make(seed):
        rng = np.random.default_rng(seed)
        return film(walk(3), WILD.sample_scene(rng), 32, rng)

    np.testing.assert_array_equal(make(0).images, make(0).images)
    assert (make(0).images != make(1).images).any()


def test_background_stays_and_person_moves():
    scene = STUDIO.sample_scene(np.random.default_rng(8))
    images = film(walk(10), scene, 64).images
    assert (images == images[:1]).all(axis=(0, 3)).mean() > 0.5
    assert (images != images[:1]).any()


def test_a_camera_that_stands_still_sees_the_person_move_in_a_picture_that_holds_the_whole_way():
    scene = with_camera(STUDIO.sample_scene(np.random.default_rng(11)), fill=0.9, shift=np.zeros(2))
    sequence = walk(40)
    clip = film(sequence, scene, 64, tracking=False)
    # A rotation and a constant are all that is between the world and the camera.
    moved = clip.joints - sequence @ scene.camera.rotation.T
    np.testing.assert_allclose(moved, np.broadcast_to(moved[0, 0], moved.shape), atol=1e-5)
    offsets = abs(project(clip.joints, clip.intrinsics) - 31.5) / 64
    assert 0.9 * 0.5 * 0.75 < offsets.max() < 0.5 * 0.9
    way = [np.ptp(project(one.joints, one.intrinsics)[:, 0], axis=0).max() for one in (clip, film(sequence, scene, 64))]
    assert way[0] > 2 * way[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s[0], r"`sequences` must have shape \(T, 17, 3\)"),
        (lambda s: s[:0], "`sequences` must have shape"),
        (lambda s: s[:, :, :2], "`sequences` must have shape"),
        (lambda s: s[None], "`sequences` must have shape"),
        (lambda s: np.where(np.arange(17)[:, None] == 3, np.nan, s), "`sequences` must be finite"),
    ],
)
def test_bad_sequences_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        film(change(walk(3)), STUDIO.sample_scene(np.random.default_rng(9)))


def test_bad_scenes_and_rates_are_refused():
    scene = STUDIO.sample_scene(np.random.default_rng(10))
    with pytest.raises(ValueError, match=r"`scenes` must be one per sequence \(1\)"):
        film(walk(3)[None], [scene, scene])
    with pytest.raises(ValueError, match="for several scenes"):
        film(walk(3), [scene, scene, scene])
    with pytest.raises(ValueError, match="`fps` must be positive"):
        film(walk(3), scene, fps=0)
