import dataclasses

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO, WILD
from posealign_keras.data.synthetic.body_parts import BodyParts
from posealign_keras.data.synthetic.fabric import Fabric
from posealign_keras.data.synthetic.ray_casting import cast_rays
from posealign_keras.data.synthetic.renderer import render
from posealign_keras.skeletons import BODY17

# Standing, seen from the front, in the camera frame: the person's left is at x > 0.
_STANDING = {
    "r_hip": (-1, 0, 0), "r_knee": (0, 1, 0), "r_ankle": (0, 1, 0),
    "l_hip": (1, 0, 0), "l_knee": (0, 1, 0), "l_ankle": (0, 1, 0),
    "spine": (0, -1, 0), "thorax": (0, -1, 0), "neck_nose": (0, -1, 0), "head_top": (0, -1, 0),
    "l_shoulder": (1, 0, 0), "l_elbow": (1, 2, 0), "l_wrist": (1, 2, 0),
    "r_shoulder": (-1, 0, 0), "r_elbow": (-1, 2, 0), "r_wrist": (-1, 2, 0),
}  # fmt: skip
_HALF_TURN = np.diag([-1.0, 1.0, -1.0])


def pose_from(directions):
    """Chain bone directions {joint: (3,)} with the canonical lengths, pelvis at the origin."""
    joints = np.zeros((17, 3))
    for parent, child in BODY17.edges:
        direction = np.asarray(directions[BODY17.joint_names[child]], "float64")
        joints[child] = joints[parent] + BODY17.bone_lengths[child] * direction / np.linalg.norm(direction)
    return joints


def standing(distance=4.5):
    return pose_from(_STANDING) + [0, 0, distance]


def random_poses(count, rng, distance=5.0):
    """People in all attitudes: standing limbs disturbed, then the whole body turned at random."""
    poses = []
    for _ in range(count):
        pose = pose_from({name: d / np.linalg.norm(d) + rng.normal(0, 0.5, 3) for name, d in _STANDING.items()})
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        turn *= np.sign(np.linalg.det(turn))
        poses.append(pose @ turn.T + [*rng.uniform(-0.2, 0.2, 2), distance])
    return np.array(poses)


def mirror(joints):
    return (joints * [-1.0, 1.0, 1.0])[:, list(BODY17.mirror)]


def focal(scene, focal_length=2.2):
    return dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, focal_length=focal_length))


def project(joints, focal_length, size):
    return focal_length * size * joints[..., :2] / joints[..., 2:] + (size - 1) / 2


@pytest.mark.parametrize("domain", [STUDIO, WILD])
def test_mirrored_pose_in_mirrored_scene_is_mirrored_image(domain):
    rng = np.random.default_rng(0)
    joints = random_poses(12, rng)
    scenes = [domain.sample_scene(rng) for _ in joints]
    images = render(joints, scenes, 64).astype(int)
    mirrored = render(mirror(joints), [scene.mirrored() for scene in scenes], 64).astype(int)
    assert abs(mirrored - images[:, :, ::-1]).max() <= 1


def test_mirroring_a_scene_twice_restores_it():
    scene = WILD.sample_scene(np.random.default_rng(1))
    joints = standing()[None]
    np.testing.assert_array_equal(render(joints, scene.mirrored().mirrored()), render(joints, scene))


def test_quarter_turn_about_the_optical_axis_turns_the_image():
    rng = np.random.default_rng(2)
    joints = random_poses(8, rng)
    scene = focal(STUDIO.sample_scene(rng))
    grey = np.full((2, 3), 0.6)
    backdrop = dataclasses.replace(scene.backdrop, wall=grey, floor=grey)
    scene = dataclasses.replace(scene, backdrop=backdrop)
    # x right and y down: a clockwise quarter turn sends right to down.
    clockwise = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    rolled = dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, roll=scene.camera.roll + 90))
    turned = render(joints @ clockwise.T, rolled, 64).astype(int)
    expected = np.rot90(render(joints, scene, 64), -1, axes=(1, 2)).astype(int)
    assert (abs(turned - expected) > 1).mean() < 1e-3
    assert abs(turned - expected).max() <= 40  # single rays at outlines may fall to the other side


def test_joints_project_onto_the_body():
    rng = np.random.default_rng(3)
    joints = random_poses(20, rng)
    scene = focal(STUDIO.sample_scene(rng))
    _, mask = render(joints, scene, 128, return_mask=True)
    column, row = np.rint(project(joints, 2.2, 128)).astype(int).transpose(2, 0, 1)
    inside = (column >= 0) & (column < 128) & (row >= 0) & (row < 128)
    assert inside.mean() > 0.95
    picture = np.broadcast_to(np.arange(len(joints))[:, None], column.shape)
    # The top of the head is on the outline; every other joint is inside the body.
    inside[:, BODY17.index("head_top")] = False
    assert (mask[picture[inside], row[inside], column[inside]] == 1).all()


def test_mask_marks_where_the_person_changes_the_picture():
    scene = STUDIO.sample_scene(np.random.default_rng(4))
    scene = dataclasses.replace(focal(scene), sensor=dataclasses.replace(scene.sensor, blur=0.0))
    joints = standing()[None]
    images, mask = render(joints, scene, 64, return_mask=True)
    elsewhere = render(joints + [100.0, 0, 0], scene, 64)
    assert mask.shape == (1, 64, 64)
    assert mask.dtype == np.float32
    assert 0.05 < mask.mean() < 0.3
    np.testing.assert_array_equal(images[mask == 0], elsewhere[mask == 0])
    assert (images[mask == 1] != elsewhere[mask == 1]).any(axis=-1).mean() > 0.99


def _shirt_and_skin(seed=5):
    """A scene in which the trunk is red and bare arms are green, in even light."""
    scene = focal(STUDIO.sample_scene(np.random.default_rng(seed)))
    even = dataclasses.replace(scene.light, lamp=np.zeros(3), sky=np.ones(3), ground=np.ones(3))
    sensor = dataclasses.replace(
        scene.sensor, gains=np.ones(3), gamma=1.0, contrast=1.0, saturation=1.0, blur=0.0, noise=0.0
    )
    return dataclasses.replace(
        scene, shirt=Fabric.plain([1, 0, 0]), trousers=Fabric.plain([0, 0, 1]), skin=np.array([0.0, 1, 0]),
        front_width=0.0, sleeve_length=0.0, leg_length=2.5, light=even, sensor=sensor,
    )  # fmt: skip


def test_nearer_part_hides_farther_part():
    arm_before = pose_from({**_STANDING, "r_elbow": (0, 1, -1), "r_wrist": (1, -0.4, -0.1)})
    arm_behind = pose_from({**_STANDING, "r_elbow": (0, 1, 1), "r_wrist": (1, -0.4, 0.1)})
    wrist_column = project(arm_before + [0, 0, 4.5], 2.2, 128)[BODY17.index("r_wrist")]
    scene = _shirt_and_skin()
    before, behind = render(np.stack([arm_before, arm_behind]) + [0, 0, 4.5], scene, 128)
    column, row = np.rint(wrist_column).astype(int)
    assert before[row, column, 1] > 200 > 50 > before[row, column, 0]
    assert behind[row, column, 0] > 200 > 50 > behind[row, column, 1]


def test_front_and_back_differ():
    scene = _shirt_and_skin()
    body = pose_from(_STANDING)
    front, back = render(np.stack([body, body @ _HALF_TURN]) + [0, 0, 4.5], scene, 128)
    # Between chin and crown there is a face in front and hair behind.
    face = project(standing() - [0, 0, 0.1], 2.2, 128)[[BODY17.index("head_top"), BODY17.index("neck_nose")]]
    column, row = np.rint(face.mean(axis=0)).astype(int)
    assert front[row, column, 1] > 200
    assert back[row, column, 1] < 200
    np.testing.assert_array_less(50, abs(front.astype(int) - back).max())


def test_feet_point_forward():
    scene = dataclasses.replace(_shirt_and_skin(), shoes=np.array([1.0, 1, 0]))
    side_view = pose_from(_STANDING) @ np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # faces along +x or -x
    image = render(side_view[None] + [0, 0, 4.5], scene, 128)[0]
    shoe = (image[..., 0] > 200) & (image[..., 1] > 200) & (image[..., 2] < 50)
    columns = np.flatnonzero(shoe.any(axis=0)) - project(side_view + [0, 0, 4.5], 2.2, 128)[3, 0]
    left = side_view[BODY17.index("l_hip")] - side_view[BODY17.index("r_hip")]
    facing = np.cross(left, [0, -1, 0])[0]
    assert columns.max() > 0 > columns.min()
    assert np.sign(columns.max() + columns.min()) == np.sign(facing)


def _depth_in_parts(parts, points):
    """How deep `(K, 3)` points are inside the round cones, in metres of their round frames, by trying many balls."""
    share = np.linspace(0, 1, 101)[:, None]
    deepest = np.full(len(points), -np.inf)
    for part in range(parts.length.shape[1]):
        local = (points - parts.start[0, part]) @ parts.axes[0, part].T
        local[:, 1] /= parts.depth[0, part]
        first, last = parts.radii[0, part]
        centres = share * parts.length[0, part] * np.array([0.0, 0, 1])
        inside = first + share[:, 0] * (last - first) - np.linalg.norm(local[:, None] - centres, axis=-1)
        deepest = np.maximum(deepest, inside.max(axis=1))
    return deepest


def test_rays_end_on_the_nearest_surface():
    """Closed form against brute force: a hit point is on a surface, and there is no body before it or beside it."""
    rng = np.random.default_rng(6)
    size, focal_length = 48, 2.2
    for joints in random_poses(4, rng, distance=3.0):
        parts = BodyParts.from_joints(joints[None], [1.2], [1.1])
        hits = cast_rays(parts, [focal_length], size)
        rays = np.concatenate([hits.slopes, np.ones((len(hits.ray), 1))], axis=1)
        assert abs(_depth_in_parts(parts, rays * hits.depth[:, None])).max() < 1e-3

        first = np.full(size * size, np.inf)
        first[hits.ray] = hits.depth
        index = np.concatenate([rng.choice(hits.ray, 20), rng.choice(np.flatnonzero(np.isinf(first)), 20)])
        slope = (np.stack([index % size, index // size], axis=-1) + 0.5 - size / 2) / (size * focal_length)
        depths = np.linspace(1.8, 4.2, 60)
        points = np.concatenate([slope, np.ones((40, 1))], axis=1)[:, None] * depths[:, None]
        empty = depths < (first[index] - 0.001)[:, None]
        assert _depth_in_parts(parts, points[empty]).max() < 1e-3


@pytest.mark.parametrize("size", [32, 64, 128, 224])
def test_sizes_show_the_same_picture(size):
    scene = STUDIO.sample_scene(np.random.default_rng(7))
    image = render(standing()[None], focal(scene), size)
    assert image.shape == (1, size, size, 3)
    assert image.dtype == np.uint8
    coarse = image[0].reshape(32, size // 32, 32, size // 32, 3).mean(axis=(1, 3))
    reference = render(standing()[None], focal(scene), 32)[0]
    assert abs(coarse - reference).mean() < 4


def test_noise_comes_from_the_generator_alone():
    rng = np.random.default_rng(8)
    joints = random_poses(40, rng)
    scenes = [WILD.sample_scene(rng) for _ in joints]
    once, again = (render(joints, scenes, 64, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert (render(joints, scenes, 64, np.random.default_rng(10)) != once).any()
    clean = render(joints, scenes, 64)
    np.testing.assert_array_equal(clean, render(joints, scenes, 64))
    assert abs(clean.astype(float) - once).mean() < 12


def test_bodies_without_extent_are_drawn():
    """Zero-length bones and collinear hips leave directions open; pictures must still come out."""
    scene = STUDIO.sample_scene(np.random.default_rng(11))
    point = np.zeros((17, 3)) + [0, 0, 3]
    line = np.linspace(-0.8, 0.8, 17)[:, None] * [0, 1, 0] + [0, 0, 4]
    towards = np.linspace(-0.8, 0.8, 17)[:, None] * [0, 0, 1] + [0, 0, 4]
    assert render(np.stack([point, line, towards]), focal(scene)).shape == (3, 64, 64, 3)
    assert render(np.zeros((0, 17, 3)), []).shape == (0, 64, 64, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda joints: joints[0], r"`joints` must have shape \(N, 17, 3\)"),
        (lambda joints: joints[:, :16], r"`joints` must have shape"),
        (lambda joints: joints * np.nan, "`joints` must be finite"),
        (lambda joints: joints + np.inf, "`joints` must be finite"),
        (lambda joints: joints - [0, 0, 10], "`joints` must be before the camera"),
    ],
)
def test_bad_joints_are_refused(change, message):
    scene = STUDIO.sample_scene(np.random.default_rng(12))
    with pytest.raises(ValueError, match=message):
        render(change(standing()[None]), scene)


@pytest.mark.parametrize("size", [0, -3, 6.5, True, "64"])
def test_bad_sizes_are_refused(size):
    scene = STUDIO.sample_scene(np.random.default_rng(13))
    with pytest.raises(ValueError, match="`size` must be a positive integer"):
        render(standing()[None], scene, size)


def test_bad_number_of_scenes_is_refused():
    scene = STUDIO.sample_scene(np.random.default_rng(14))
    with pytest.raises(ValueError, match="`scenes` must be one Scene or one per pose"):
        render(standing()[None], [scene, scene])
