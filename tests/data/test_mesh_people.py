"""Pictures of the mesh people: they show what their labels say, in the light and the clothes of the scene."""

import dataclasses
import os
import sys

import numpy as np
import pytest

from posealign_keras.data import LABELLED_CLIP, LABELLED_IMAGE, Manifest, load_arrays
from posealign_keras.data.synthetic import STUDIO, WILD, film, generate_motion_library
from posealign_keras.data.synthetic.fabric import Fabric
from posealign_keras.data.synthetic.mesh import rasterizer
from posealign_keras.data.synthetic.mesh.rasterizer import Rasterizer
from posealign_keras.data.synthetic.mesh.rasterizer_process import RasterizerProcess
from posealign_keras.data.synthetic.outfit import Outfit
from posealign_keras.data.synthetic.physique import Physique
from posealign_keras.data.synthetic.recording import record_clips, record_images
from posealign_keras.skeletons import BODY17

try:
    RasterizerProcess.shared()
except (ImportError, RuntimeError) as missing:
    pytest.skip(str(missing), allow_module_level=True)

from posealign_keras.data.synthetic.mesh.fields import load_fields
from posealign_keras.data.synthetic.mesh.mesh_people import MeshPeople

PLAIN = Physique(gender=0.0, height=0.0, proportions=0.0, ancestry=(0.0, 0.0, 1.0))
# Few shapes, so that few files are read.
FEW = {"gender": (0, 0), "age": (2 / 3, 2 / 3), "height": (0, 0), "proportions": (0, 0)}
SIZE = 96
RED, GREEN, BLUE = np.eye(3)
# Standing, facing -y (a camera at azimuth 0 sees the face), the arms half raised; x is the person's left.
_DIRECTIONS = {
    "r_hip": (-1, 0, 0), "r_knee": (-0.1, 0, -1), "r_ankle": (0, 0, -1),
    "l_hip": (1, 0, 0), "l_knee": (0.1, 0, -1), "l_ankle": (0, 0, -1),
    "spine": (0, 0, 1), "thorax": (0, 0, 1), "neck_nose": (0, -0.3, 1), "head_top": (0, 0.3, 1),
    "l_shoulder": (1, 0, -0.3), "l_elbow": (1, 0, -0.4), "l_wrist": (1, 0, -0.4),
    "r_shoulder": (-1, 0, -0.3), "r_elbow": (-1, 0, -0.4), "r_wrist": (-1, 0, -0.4),
}  # fmt: skip


def standing(**changes):
    joints = np.zeros((17, 3))
    directions = {**_DIRECTIONS, **changes}
    for parent, child in BODY17.edges:
        direction = np.array(directions[BODY17.joint_names[child]], "float64")
        joints[child] = joints[parent] + BODY17.bone_lengths[child] * direction / np.linalg.norm(direction)
    return joints + [0, 0, 0.9]


def random_poses(count, seed=0):
    rng = np.random.default_rng(seed)
    unit = {name: np.array(d) / np.linalg.norm(d) for name, d in _DIRECTIONS.items()}
    return np.stack([standing(**{name: d + rng.normal(0, 0.4, 3) for name, d in unit.items()}) for _ in range(count)])


def plain_scene(azimuth=0.0, seed=0, outfit=None, **changes):
    """A red shirt, blue trousers, green skin and shoes of red and green, in even light before a dark wall."""
    scene = STUDIO.sample_scene(np.random.default_rng(seed))
    light = dataclasses.replace(scene.light, lamp=np.zeros(3), sky=np.ones(3), ground=np.ones(3))
    dark = np.full((2, 3), 0.1)
    values = {
        "shirt": Fabric.plain(RED), "trousers": Fabric.plain(BLUE), "skin": GREEN, "shoes": RED + GREEN,
        "hair": np.zeros(3), "front_width": 0.0, "sleeve_length": 0.0, "leg_length": 2.5, "light": light,
        "backdrop": dataclasses.replace(scene.backdrop, wall=dark, floor=dark),
        "sensor": dataclasses.replace(
            scene.sensor, gains=np.ones(3), gamma=1.0, contrast=1.0, saturation=1.0, blur=0.0, noise=0.0
        ),
        "camera": dataclasses.replace(
            scene.camera, azimuth=azimuth, elevation=0.0, roll=0.0, shift=np.zeros(2), focal_length=2.5
        ),
        "physique": PLAIN, "outfit": outfit or Outfit(), **changes,
    }  # fmt: skip
    return dataclasses.replace(scene, **values)


def project(points, intrinsics):
    pixels = points.astype("float64") @ intrinsics.T
    return pixels[..., :2] / pixels[..., 2:]


def share(image, colour):
    """Part of the picture that has a pure colour."""
    return (abs(image.astype(float) - 255 * colour).max(axis=-1) < 60).mean()


def at(image, pixel):
    column, row = np.rint(pixel).astype(int)
    return image[row, column].astype(int)


def test_joints_are_inside_the_drawn_body():
    rng = np.random.default_rng(1)
    domain = dataclasses.replace(WILD, **FEW)
    scenes = [domain.sample_scene(rng) for _ in range(8)]
    clip = film(random_poses(8)[:, None], scenes, 128, people="mesh")
    pixels = np.stack([project(j, k) for j, k in zip(clip.joints[:, 0], clip.intrinsics, strict=True)])
    assert 0 < pixels.min() < pixels.max() < 127
    column, row = np.rint(pixels).astype(int).transpose(2, 0, 1)
    cover = clip.masks[np.arange(8)[:, None], 0, row, column]
    inside = np.ones(17, bool)
    inside[BODY17.index("head_top")] = False  # on the outline
    assert (cover[:, inside] == 1).all()


def grown(mask, by):
    """A mask and all pixels so near to it."""
    steps = range(-by, by + 1)
    return np.any([np.roll(mask, (rows, columns), (0, 1)) for rows in steps for columns in steps], axis=0)


def test_silhouettes_are_those_of_the_skinned_vertices():
    """Skinning and projection in NumPy against what OpenGL has drawn."""
    scene = plain_scene(azimuth=40.0)
    scene = dataclasses.replace(scene, camera=dataclasses.replace(scene.camera, elevation=20.0, roll=10.0))
    sequence = random_poses(3, seed=2)
    clip = film(sequence, scene, 128, people="mesh")
    bodies = MeshPeople().pose(sequence[None], [scene])
    skin = np.flatnonzero(np.isin(load_fields().layer, (0, 1)))
    for frame in range(3):
        offset = clip.joints[frame, 0] - bodies.joints[0, frame, 0] @ scene.camera.rotation.T
        vertices = bodies.vertices(0, frame)[skin] @ scene.camera.rotation.T + offset
        column, row = np.rint(project(vertices, clip.intrinsics)).astype(int).T
        splat = np.zeros((128, 128), bool)
        splat[row, column] = True
        drawn = clip.masks[frame] > 0
        assert grown(drawn, 1)[splat].all()
        assert grown(splat, 3)[drawn].mean() > 0.99


def test_left_is_left():
    scene = plain_scene(sleeve_length=0.0)
    for side, sign in (("l", 1), ("r", -1)):
        # Raised arms that reach away from the trunk; the other arm hangs.
        other = "r" if side == "l" else "l"
        hanging = {f"{other}_elbow": (0, 0, -1), f"{other}_wrist": (0, 0, -1)}
        clip = film(standing(**hanging)[None], scene, SIZE, people="mesh")
        wrist = project(clip.joints[0], clip.intrinsics)[BODY17.index(f"{side}_wrist")]
        np.testing.assert_array_less(150, at(clip.images[0], wrist)[1])
        pelvis = project(clip.joints[0], clip.intrinsics)[0, 0]
        # Seen from the front, the person's left is on the right of the picture.
        assert (wrist[0] - pelvis) * sign > 0.15 * SIZE
        behind = film(standing(**hanging)[None], plain_scene(azimuth=180.0), SIZE, people="mesh")
        wrist, pelvis = project(behind.joints[0], behind.intrinsics)[[BODY17.index(f"{side}_wrist"), 0], 0]
        assert (wrist - pelvis) * sign < -0.15 * SIZE


def test_garments_are_where_they_belong():
    image, joints = _front_view(sleeve_length=0.6, leg_length=1.5)
    half_arm = 0.5 * (joints["l_elbow"] + joints["l_wrist"])
    assert at(image, joints["spine"]).argmax() == 0
    assert at(image, half_arm).argmax() == 1
    assert at(image, 0.7 * joints["l_shoulder"] + 0.3 * joints["l_elbow"]).argmax() == 0
    assert at(image, 0.5 * (joints["r_hip"] + joints["r_knee"])).argmax() == 2
    assert at(image, 0.25 * joints["r_knee"] + 0.75 * joints["r_ankle"]).argmax() == 1
    shoe = at(image, joints["r_ankle"] + [0, 0.03 * SIZE])
    assert min(shoe[:2]) > 150 > shoe[2]


def _front_view(**changes):
    clip = film(standing()[None], plain_scene(**changes), SIZE, people="mesh")
    return clip.images[0], dict(zip(BODY17.joint_names, project(clip.joints[0], clip.intrinsics), strict=True))


@pytest.mark.parametrize(("name", "values", "colour"), [
    ("sleeve_length", (0.3, 1.0, 1.9), RED),
    ("leg_length", (0.5, 1.2, 1.9), BLUE),
])  # fmt: skip
def test_longer_garments_cover_more(name, values, colour):
    found = [share(_front_view(**{name: value})[0], colour) for value in values]
    assert found[0] * 1.1 < found[1]
    assert found[1] * 1.1 < found[2]


def test_outfits_change_what_is_seen():
    def seen(**changes):
        return _front_view(leg_length=1.5, outfit=Outfit(**changes))[0]

    assert share(seen(hem=1.0), RED) < 0.95 * share(seen(hem=0.0), RED)
    assert share(seen(shoe_height=1.6), RED + GREEN) > 1.5 * share(seen(), RED + GREEN)
    assert share(seen(skirt=True, trousers_looseness=0.0), BLUE) != share(seen(), BLUE)
    hair = [share(_front_view(azimuth=180.0, outfit=Outfit(hair_length=length))[0], 0 * RED) for length in (0, 1, 2)]
    bald, short, long = np.array(hair) - share(_front_view(azimuth=180.0, outfit=Outfit(hair_length=0))[0], 0 * RED)
    assert bald == 0
    assert 0.002 < short < 0.7 * long


def test_patterns_follow_the_body():
    stripes = Fabric(RED, GREEN + BLUE, np.array([[0, 0, 2 * np.pi / 0.15], [0, 0, 0]]), np.array([0, np.pi / 2]))
    image, joints = _front_view(shirt=stripes, sleeve_length=2.1, outfit=Outfit(hem=0.0))
    column = round(joints["spine"][0])
    rows = slice(round(joints["thorax"][1]) + 5, round(joints["spine"][1]) + 5)
    trunk = image[rows, column].astype(int)
    is_red = trunk[:, 0] > trunk[:, 1]
    assert (np.diff(is_red.astype(int)) != 0).sum() >= 2
    # Stripes go around: beside the middle, the same height has the same colour.
    beside = image[rows, column + 4].astype(int)
    assert (is_red == (beside[:, 0] > beside[:, 1])).mean() > 0.75


def test_the_lit_side_is_brighter():
    scene = plain_scene()
    for x in (-1.0, 1.0):
        light = dataclasses.replace(scene.light, direction=np.array([x, 0, 0]), lamp=np.ones(3), sky=np.zeros(3),
                                    ground=np.zeros(3))  # fmt: skip
        clip = film(standing()[None], dataclasses.replace(scene, light=light), SIZE, people="mesh")
        pixels = project(clip.joints[0], clip.intrinsics)
        column, top, bottom = np.rint([pixels[0, 0], *pixels[[BODY17.index("thorax"), 0], 1]]).astype(int)
        trunk = clip.images[0, top:bottom].astype(float).sum(axis=-1)
        left, right = trunk[:, column - 6 : column - 1].sum(), trunk[:, column + 2 : column + 7].sum()
        assert (right > 3 * left) if x > 0 else (left > 3 * right)


def test_further_lamps_add_their_light():
    scene = plain_scene()
    away = np.array([0.0, 0, -1])
    one = dataclasses.replace(scene.light, direction=away, lamp=np.full(3, 0.8), sky=np.zeros(3), ground=np.zeros(3))
    two = dataclasses.replace(one, lamp=np.full(3, 0.3), more_lamps=((away, np.full(3, 0.5)),))
    for people in ("mesh", "cones"):
        first, second = (
            film(standing()[None], dataclasses.replace(scene, light=light), SIZE, people=people).images
            for light in (one, two)
        )
        assert abs(first.astype(int) - second).max() <= 1


def test_folds_shade_the_clothes():
    folds = STUDIO.sample_scene(np.random.default_rng(3)).outfit.folds
    lamp = {"lamp": np.ones(3), "sky": np.zeros(3), "ground": np.zeros(3), "direction": np.array([0.0, -0.6, -0.8])}
    light = dataclasses.replace(plain_scene().light, **lamp)
    outfits = (Outfit(shirt_looseness=0.02), Outfit(shirt_looseness=0.02, folds=folds))
    smooth, folded = (_front_view(light=light, outfit=outfit)[0].astype(float) for outfit in outfits)
    difference = abs(smooth - folded)[..., 0]
    assert 2 < difference[smooth[..., 0] > 50].mean() < 40


def test_mirrored_scenes_show_mirrored_pictures():
    rng = np.random.default_rng(4)
    domain, order = dataclasses.replace(WILD, **FEW, more_lamps=(1, 2)), list(BODY17.mirror)
    sequence = random_poses(3, seed=4)
    for _ in range(3):
        scene = domain.sample_scene(rng)
        clip = film(sequence, scene, SIZE, people="mesh")
        mirrored = film((sequence * [-1.0, 1, 1])[:, order], scene.mirrored(), SIZE, people="mesh")
        np.testing.assert_allclose(mirrored.joints[:, order] * [-1, 1, 1], clip.joints, atol=5e-3)
        # MakeHuman's mesh is symmetric to about a millimetre.
        difference = abs(mirrored.images[:, :, ::-1].astype(int) - clip.images)
        assert difference.mean() < 0.5
        assert np.percentile(difference, 99) < 12
        assert abs(mirrored.masks[:, :, ::-1] - clip.masks).mean() < 0.003


def test_the_seed_decides_and_clips_do_not_depend_on_each_other():
    domain = dataclasses.replace(WILD, **FEW)
    scenes = [domain.sample_scene(np.random.default_rng(seed)) for seed in (5, 6)]
    sequences = np.stack([random_poses(3, seed) for seed in (5, 6)])
    once, again = (film(sequences, scenes, SIZE, np.random.default_rng(7), people="mesh") for _ in range(2))
    np.testing.assert_array_equal(once.images, again.images)
    together = film(sequences, scenes, SIZE, people="mesh")
    for i, scene in enumerate(scenes):
        alone = film(sequences[i], scene, SIZE, people=MeshPeople())
        np.testing.assert_array_equal(alone.images, together.images[i])
        np.testing.assert_array_equal(alone.masks, together.masks[i])
    assert (together.images[0] != together.images[1]).any()


@pytest.mark.parametrize("size", [16, 64, 224])
def test_sizes_show_the_same_picture(size):
    image, reference = (
        film(standing()[None], plain_scene(), pixels, people="mesh").images[0].astype(float) for pixels in (size, 16)
    )
    coarse = image.reshape(16, size // 16, 16, size // 16, 3).mean(axis=(1, 3))
    assert abs(coarse - reference).mean() < 6


@pytest.fixture(scope="module")
def library():
    return generate_motion_library(sequences=3, frames=20, seed=0)


def lengths(joints):
    parents, children = np.array(BODY17.edges).T
    return np.linalg.norm(joints[..., children, :] - joints[..., parents, :], axis=-1)


def test_records_hold_the_joints_of_the_bodies(library, tmp_path):
    domain = dataclasses.replace(STUDIO, **FEW)
    record_clips(library, domain, tmp_path, "train", 2, 8, 32, labelled=True, people="mesh")
    records = load_arrays(tmp_path, "train", LABELLED_CLIP)
    assert records["frames"].shape == (2, 8, 32, 32, 3)
    found = lengths(records["joints"])
    assert np.ptp(found, axis=1)[:, [0, 1, 2, 3, 4, 5]].max() < 0.012  # one person throughout
    start = records["frame_index"][0]
    sequence = dict(zip(library.names, library.sequences, strict=True))[records["sequence"][0]][start : start + 8]
    assert abs(found[0] - lengths(sequence)).max() > 0.02  # and not the person whose motion it was
    assert Manifest.load(tmp_path, "train").metadata["people"] == "mesh"


def test_images_show_as_many_people(library, tmp_path):
    domain = dataclasses.replace(STUDIO, **FEW)
    record_images(library, domain, tmp_path, "train", 4, 32, people="mesh")
    records = load_arrays(tmp_path, "train", LABELLED_IMAGE)
    thighs = lengths(records["joints"])[:, 1]
    assert len(np.unique(np.round(thighs, 4))) > 1
    pixels = np.stack([
        project(joints + root, intrinsics)
        for joints, root, intrinsics in zip(
            records["joints"], records["root_position"], records["intrinsics"], strict=True
        )
    ])  # fmt: skip
    assert 0 < pixels.min() < pixels.max() < 31


def test_unknown_people_are_refused():
    with pytest.raises(ValueError, match="`people` must be 'cones', 'mesh' or an object like these"):
        film(standing()[None], plain_scene(), people="robots")


def test_without_moderngl_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "moderngl", None)
    with pytest.raises(ImportError, match=r"pip install 'posealign_keras\[synthetic\]'"):
        Rasterizer()


def test_what_hinders_drawing_is_said_by_the_process_that_draws(monkeypatch):
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", os.devnull)
    with pytest.raises(RuntimeError, match="libegl1 libegl-mesa0 libgl1-mesa-dri"):
        RasterizerProcess()


def test_a_process_that_came_to_an_end_is_replaced():
    first = film(standing()[None], plain_scene(), 32, people="mesh").images
    drawing = RasterizerProcess.shared()
    drawing._process.terminate()
    drawing._process.wait()
    with pytest.raises(RuntimeError, match="came to an end, with exit status -15"):
        drawing.draw([], 32)
    np.testing.assert_array_equal(film(standing()[None], plain_scene(), 32, people="mesh").images, first)


def test_without_egl_the_packages_are_named(monkeypatch):
    def fail(**_):
        raise Exception("libEGL.so not loaded")

    monkeypatch.setattr(rasterizer.import_moderngl(), "create_context", fail)
    with pytest.raises(RuntimeError, match=r"libegl1 libegl-mesa0 libgl1-mesa-dri.*libEGL.so not loaded"):
        Rasterizer()
