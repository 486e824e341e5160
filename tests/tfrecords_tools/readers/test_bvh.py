"""The reader of BVH files: kinematics, names, units, axes, first frames, real files, and damage."""

import contextlib
import functools
import json
import os
from pathlib import Path

import motion_recording
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motion_recording import KIND, joint, refusals_name
from scipy.spatial.transform import Rotation

from posealign_keras.data import POSE_SEQUENCE, load_arrays
from posealign_keras.skeletons import BODY17
from tfrecords_tools import convert
from tfrecords_tools.formats.bvh_file import BVHFile
from tfrecords_tools.joint_map import JointMap
from tfrecords_tools.readers.bvh import BVH
from tfrecords_tools.readers.bvh_joints import find_joints

ROOT_CHANNELS = "Xposition Yposition Zposition Zrotation Yrotation Xrotation"
# A body of metres, y up, that faces +z: its left is +x. Names of MotionBuilder.
BODY = {
    "Hips": (None, (0, 0, 0)),
    "LeftUpLeg": ("Hips", (0.1, -0.05, 0)),
    "LeftLeg": ("LeftUpLeg", (0, -0.42, 0)),
    "LeftFoot": ("LeftLeg", (0, -0.42, 0)),
    "RightUpLeg": ("Hips", (-0.1, -0.05, 0)),
    "RightLeg": ("RightUpLeg", (0, -0.42, 0)),
    "RightFoot": ("RightLeg", (0, -0.42, 0)),
    "Spine": ("Hips", (0, 0.1, 0)),
    "Spine1": ("Spine", (0, 0.12, 0)),
    "Neck": ("Spine1", (0, 0.25, 0)),
    "Head": ("Neck", (0, 0.1, 0.02)),
    "LeftShoulder": ("Spine1", (0.03, 0.22, 0)),
    "LeftArm": ("LeftShoulder", (0.13, 0, 0)),
    "LeftForeArm": ("LeftArm", (0.28, 0, 0)),
    "LeftHand": ("LeftForeArm", (0.25, 0, 0)),
    "RightShoulder": ("Spine1", (-0.03, 0.22, 0)),
    "RightArm": ("RightShoulder", (-0.13, 0, 0)),
    "RightForeArm": ("RightArm", (-0.28, 0, 0)),
    "RightHand": ("RightForeArm", (-0.25, 0, 0)),
}
LIMBS = ("Hips", "UpLeg", "Leg", "Foot", "Spine", "Spine1", "Neck", "Head", "Shoulder", "Arm", "ForeArm", "Hand")
FAMILIES = {
    "mixamo": {name: f"mixamorig:{name}" for name in BODY},
    "capitals": {name: name.upper() for name in BODY},
    "namespace": {name: f"actor 1:{name}" for name in BODY},
    "xsens": dict(
        zip(
            LIMBS,
            ("Hips", "{}Hip", "{}Knee", "{}Ankle", "Chest", "Chest2", "Neck", "Head")
            + ("{}Collar", "{}Shoulder", "{}Elbow", "{}Wrist"),
            strict=True,
        )
    ),
    "daz": dict(
        zip(
            LIMBS,
            ("hip", "{:.1}Thigh", "{:.1}Shin", "{:.1}Foot", "abdomen", "chest", "neck", "head")
            + ("{:.1}Collar", "{:.1}Shldr", "{:.1}ForeArm", "{:.1}Hand"),
            strict=True,
        )
    ),
    "rokoko": {"UpLeg": "{}Thigh", "Leg": "{}Shin", "Spine1": "Spine4"},
    "iclone": dict(
        zip(
            LIMBS,
            ("CC_Base_Hip", "CC_Base_{:.1}_Thigh", "CC_Base_{:.1}_Calf", "CC_Base_{:.1}_Foot")
            + ("CC_Base_Waist", "CC_Base_Spine01", "CC_Base_NeckTwist01", "CC_Base_Head", "CC_Base_{:.1}_Clavicle")
            + ("CC_Base_{:.1}_Upperarm", "CC_Base_{:.1}_Forearm", "CC_Base_{:.1}_Hand"),
            strict=True,
        )
    ),
    "biped": dict(
        zip(
            LIMBS,
            ("Bip01", "Bip01 {:.1} Thigh", "Bip01 {:.1} Calf", "Bip01 {:.1} Foot", "Bip01 Spine", "Bip01 Spine1")
            + ("Bip01 Neck", "Bip01 Head", "Bip01 {:.1} Clavicle", "Bip01 {:.1} UpperArm", "Bip01 {:.1} Forearm")
            + ("Bip01 {:.1} Hand",),
            strict=True,
        )
    ),
    "unreal": dict(
        zip(
            LIMBS,
            ("pelvis", "thigh_{:.1}", "calf_{:.1}", "foot_{:.1}", "spine_01", "spine_02", "neck_01", "head")
            + ("clavicle_{:.1}", "upperarm_{:.1}", "lowerarm_{:.1}", "hand_{:.1}"),
            strict=True,
        )
    ),
}


def name_of(family, joint):
    """The name of a joint of `BODY` in a family."""
    if joint in family:
        return family[joint].format("") if "{" not in family[joint] else family[joint]
    side = next((side for side in ("Left", "Right") if joint.startswith(side)), "")
    stem = joint[len(side) :]
    spelled = family.get(stem, joint)
    lower = any("_{" in text or text.startswith("{:.1}") for text in family.values()) and "CC_" not in spelled
    return spelled.format(side.lower() if lower else side) if "{" in spelled else spelled


def bvh_text(
    joints, values, channels=None, ends=(), frame_time="0.008333", newline="\n", indent="\t", frames=None, scale=1.0
):
    """The text of a BVH file.

    `joints` is `{name: (parent, offset)}`, parents first; `channels` `{name: "Zrotation …"}`, by default 6 for the
    root and 3 for the others; `ends` `[(parent, offset)]`.
    """
    channels = channels or {}
    lines = ["HIERARCHY"]

    def write(name, depth):
        parent, offset = joints[name]
        pad = indent * depth
        lines.append(f"{pad}{'ROOT' if parent is None else 'JOINT'} {name} ")
        lines.append(pad + "{")
        lines.append(f"{pad}{indent}OFFSET {' '.join(str(scale * value) for value in offset)}")
        own = channels.get(name, ROOT_CHANNELS if parent is None else "Zrotation Xrotation Yrotation")
        if own is not None:
            lines.append(f"{pad}{indent}CHANNELS {len(own.split())} {own}")
        for child, (other, _) in joints.items():
            if other == name:
                write(child, depth + 1)
        for other, end in ends:
            if other == name:
                text = " ".join(str(scale * value) for value in end)
                lines.extend([f"{pad}{indent}End Site", pad + indent + "{", f"{pad}{indent}OFFSET {text}", pad + "}"])
        lines.append(pad + "}")

    for name, (parent, _) in joints.items():
        if parent is None:
            write(name, 0)
    lines += ["MOTION", f"Frames:\t{len(values) if frames is None else frames}", f"Frame Time: {frame_time}"]
    lines += [" ".join(repr(float(value)) for value in row) + " " for row in values]
    return newline.join(lines) + newline


def file_order(joints):
    """The names of the joints in the order of the file, which is depth first."""
    order = []

    def visit(name):
        order.append(name)
        for child, (parent, _) in joints.items():
            if parent == name:
                visit(child)

    for name, (parent, _) in joints.items():
        if parent is None:
            visit(name)
    return order


def body_values(frames=40, rotations=None, height=0.9, scale=1.0):
    """Numbers of `BODY`: at rest but for `{name: (z, x, y) degrees}`; the root walks towards +z."""
    order = file_order(BODY)
    values = np.zeros((frames, 6 + 3 * (len(order) - 1)))
    values[:, 1] = height * scale
    values[:, 2] = np.linspace(0, 1, frames) * scale
    for name, angles in (rotations or {}).items():
        column = 3 + 3 * order.index(name)
        values[:, column : column + 3] = angles
    return values


def write_body(path, rotations=None, joints=BODY, scale=1.0, values=None, ends=(("Head", (0, 0.18, 0)),), **options):
    values = body_values(rotations=rotations, scale=scale) if values is None else values
    path.write_text(bvh_text(joints, values, ends=ends, scale=scale, **options))
    return path


read_one = functools.partial(motion_recording.read_one, BVH)


# Kinematics.


def test_golden_numbers_of_forward_kinematics(tmp_path):
    joints = {"root": (None, (0, 0, 0)), "child": ("root", (0, 5, 0)), "grandchild": ("child", (1, 0, 0))}
    path = tmp_path / "golden.bvh"
    channels = {name: "Zrotation Yrotation Xrotation" for name in ("child", "grandchild")}
    path.write_text(bvh_text(joints, [[1, 2, 3, 30, 20, 10, 90, 0, 0, 0, 0, 0]], channels))
    positions, _ = BVHFile.read(path).pose([0, 1, 2])
    np.testing.assert_allclose(positions[0, 0], (1, 2, 3))
    np.testing.assert_allclose(positions[0, 1], (-1.204848, 6.412821, 3.815880), atol=1e-6)
    np.testing.assert_allclose(positions[0, 2], (-1.645818, 7.295385, 3.979055), atol=1e-6)


_ROTATIONS = st.permutations(["Xrotation", "Yrotation", "Zrotation"])


@st.composite
def motions(draw):
    """A random tree with random channels and motion: joints, channels, End Sites, values."""
    count = draw(st.integers(1, 8))
    number = st.floats(-3, 3, allow_nan=False).map(lambda value: round(value, 6))
    offset = st.tuples(number, number, number)
    joints, channels = {}, {}
    for index in range(count):
        parent = f"j{draw(st.integers(0, index - 1))}" if index else None
        joints[f"j{index}"] = (parent, draw(offset) if index else (0, 0, 0))
        kind = draw(st.sampled_from(["rotations", "both", "none", "two"])) if index else "both"
        turning = " ".join(draw(_ROTATIONS))
        moving = " ".join(draw(st.permutations(["Xposition", "Yposition", "Zposition"])))
        both = draw(st.sampled_from([f"{moving} {turning}", f"{turning} {moving}"]))
        two = " ".join(turning.split()[:2])
        channels[f"j{index}"] = {"rotations": turning, "both": both, "none": None, "two": two}[kind]
    ends = [(f"j{draw(st.integers(0, count - 1))}", draw(offset)) for _ in range(draw(st.integers(0, 3)))]
    width = sum(len((text or "").split()) for text in channels.values())
    seed, frames = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 4))
    values = np.random.default_rng(seed).uniform(-180, 180, (frames, width)).round(5)
    return joints, channels, ends, values


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(motions(), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["\t", "  "]))
def test_any_file_has_the_positions_of_an_independent_implementation(tmp_path, motion, newline, indent):
    joints, channels, ends, values = motion
    path = tmp_path / "random.bvh"
    path.write_bytes(bvh_text(joints, values, channels, ends, newline=newline, indent=indent).encode())
    read = BVHFile.read(path)
    positions, orientations = read.pose(range(len(read.names)))
    places, turns, column = {}, {}, 0
    for name in file_order(joints):
        parent, offset = joints[name]
        own = (channels[name] or "").split()
        numbers = dict(zip(own, values[:, column : column + len(own)].T, strict=True))
        column += len(own)
        moved = np.stack([numbers.get(f"{axis}position", np.zeros(len(values))) for axis in "XYZ"], -1)
        # Each frame's numbers are angles and lengths at random, so that none repeats an OFFSET, except by chance.
        mask = np.array([f"{axis}position" in numbers for axis in "XYZ"])
        middle = np.median(moved, axis=0)[mask] @ np.array(offset)[mask]
        origin = np.where(mask & (middle > 0.5 * np.sum(np.array(offset)[mask] ** 2)), 0, offset)
        rotations = [axis for axis in own if axis.endswith("rotation")]
        turn = Rotation.identity(len(values))
        if rotations:
            sequence = "".join(axis[0] for axis in rotations)
            turn = Rotation.from_euler(sequence, np.stack([numbers[axis] for axis in rotations], -1), degrees=True)
        above = turns[parent] if parent else Rotation.identity(len(values))
        places[name] = (places[parent] if parent else 0) + above.apply(origin + moved)
        turns[name] = above * turn
        index = read.names.index(name)
        np.testing.assert_allclose(positions[:, index], places[name], atol=1e-6)
        np.testing.assert_allclose(orientations[:, index], turns[name].as_matrix(), atol=1e-9)
    numbered = {}
    for parent, offset in ends:
        numbered[parent] = numbered.get(parent, 0) + 1
        index = read.names.index(f"{parent}_end{numbered[parent] if numbered[parent] > 1 else ''}")
        np.testing.assert_allclose(positions[:, index], places[parent] + turns[parent].apply(offset), atol=1e-6)


@pytest.mark.parametrize(("height", "expected"), [(0.9, 0.9), (0.03, 0.93), (-0.2, 0.7)])
def test_positions_are_added_to_the_offset_unless_they_repeat_it(tmp_path, height, expected):
    joints = {**BODY, "Hips": (None, (0, 0.9, 0))}
    path = write_body(tmp_path / "a.bvh", joints=joints, values=body_values(height=height))
    assert joint(read_one(path).positions, "pelvis")[0, 2] == pytest.approx(expected - 0.05, abs=1e-5)


def test_long_files_are_computed_in_blocks(tmp_path):
    joints = {"root": (None, (0, 0, 0)), "child": ("root", (0, 5, 0))}
    values = np.zeros((9000, 9))
    values[:, 0] = np.arange(9000)
    (tmp_path / "long.bvh").write_text(bvh_text(joints, values))
    positions, _ = BVHFile.read(tmp_path / "long.bvh").pose([1])
    np.testing.assert_array_equal(positions[:, 0, 0], np.arange(9000))


# The body.


def test_left_is_left_up_is_up_and_knees_bend_forward(tmp_path):
    bent = {"LeftUpLeg": (0, -30, 0), "LeftLeg": (0, 60, 0), "LeftArm": (0, 0, 0), "LeftForeArm": (0, 0, -70)}
    positions = read_one(write_body(tmp_path / "a.bvh", rotations=bent)).positions[0]
    # It faces +z of the file, which is -y of the world.
    np.testing.assert_allclose(joint(positions, "l_hip"), (0.1, 0, 0.85), atol=1e-6)
    np.testing.assert_allclose(joint(positions, "r_ankle"), (-0.1, 0, 0.01), atol=1e-6)
    np.testing.assert_allclose(joint(positions, "pelvis"), (0, 0, 0.85), atol=1e-6)
    np.testing.assert_allclose(joint(positions, "spine"), (0, 0, 1.12), atol=1e-6)
    np.testing.assert_allclose(joint(positions, "thorax"), (0, 0, 1.37), atol=1e-6)
    np.testing.assert_allclose(joint(positions, "head_top"), (0, -0.02, 1.65), atol=1e-6)
    np.testing.assert_allclose(joint(positions, "l_knee"), (0.1, -0.21, 0.85 - 0.42 * np.cos(np.pi / 6)), atol=1e-6)
    np.testing.assert_allclose(joint(positions, "l_ankle")[1], 0, atol=1e-6)
    wrist = joint(positions, "l_elbow") + 0.25 * np.array([np.cos(np.radians(70)), -np.sin(np.radians(70)), 0])
    np.testing.assert_allclose(joint(positions, "l_wrist"), wrist, atol=1e-6)
    assert joint(positions, "l_wrist")[0] > 0 > joint(positions, "r_wrist")[0]


def test_z_up_is_told_from_the_body(tmp_path):
    joints = {name: (parent, (-x, z, y)) for name, (parent, (x, y, z)) in BODY.items()}
    values = body_values()
    values[:, [1, 2]] = values[:, [2, 1]]
    path = write_body(tmp_path / "a.bvh", joints=joints, values=values, ends=[("Head", (0, 0, 0.18))])
    turned = read_one(path).positions[0]
    np.testing.assert_allclose(joint(turned, "l_ankle"), (-0.1, 0, 0.01), atol=1e-6)
    np.testing.assert_allclose(joint(turned, "head_top"), (0, 0.02, 1.65), atol=1e-6)
    wrong = read_one(path, up="y").positions[0]
    np.testing.assert_allclose(joint(wrong, "head_top"), (0, -1.65, 0.02), atol=1e-6)


def test_a_body_that_lies_is_noted(tmp_path):
    values = body_values(rotations={})
    values[:, 5] = 0
    values[:, 3] = 90  # about z: the head points to -x
    recording = read_one(write_body(tmp_path / "a.bvh", values=values))
    assert any("`up`" in note for note in recording.notes)
    assert not read_one(tmp_path / "a.bvh", up="y").notes


@pytest.mark.parametrize(
    ("unit", "scale"), [("m", 1), ("cm", 100), ("mm", 1000), ("inch", 1 / 0.0254), ("cmu", 0.45 / 0.0254)]
)
def test_the_unit_is_told_from_the_legs(tmp_path, unit, scale):
    path = write_body(tmp_path / "a.bvh", scale=scale)
    for options in ({}, {"unit": unit}):
        recording = read_one(path, **options)
        np.testing.assert_allclose(joint(recording.positions, "head_top")[0], (0, -0.02, 1.65), atol=1e-4)
        assert recording.scale == pytest.approx(1 / scale)


def test_units_that_do_not_fit_are_refused(tmp_path):
    path = write_body(tmp_path / "a.bvh", scale=7)
    with pytest.raises(ValueError, match=r"a\.bvh: legs are 5\.88 long .* none of the units .* `unit`"):
        read_one(path)
    with pytest.raises(ValueError, match=r"a\.bvh: legs are"):
        read_one(path, unit="m")


def test_a_child_needs_its_unit(tmp_path):
    path = write_body(tmp_path / "a.bvh", scale=0.5)
    with pytest.raises(ValueError, match="none of the units"):
        read_one(path)
    assert joint(read_one(path, unit="m").positions, "head_top")[0, 2] == pytest.approx(0.825, abs=1e-5)


# Names.


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("with_end", [True, False])
def test_names_of_many_programs_are_known(tmp_path, family, with_end):
    names = {name: name_of(FAMILIES[family], name) for name in BODY}
    assert len(set(names.values())) == len(BODY)
    renamed = {names[name]: (names.get(parent), offset) for name, (parent, offset) in BODY.items()}
    reference = read_one(write_body(tmp_path / "reference.bvh")).positions
    ends = [(names["Head"], (0, 0.18, 0))] if with_end else []
    recording = read_one(write_body(tmp_path / "a.bvh", joints=renamed, ends=ends))
    others = [index for index, name in enumerate(BODY17.joint_names) if with_end or name != "head_top"]
    np.testing.assert_allclose(recording.positions[:, others], reference[:, others], atol=1e-6)
    # The crown is made 0.2 of a leg above the head, where the file has none.
    np.testing.assert_allclose(joint(recording.positions, "head_top"), joint(reference, "head_top"), atol=0.02)
    assert recording.validity[BODY17.index("head_top")] == with_end
    assert not recording.validity[BODY17.index("spine")]
    assert recording.validity[BODY17.index("l_wrist")]


def test_a_made_crown_turns_with_the_head_whatever_its_axes(tmp_path):
    # The joint of the head has its x axis up.
    rotations = {"Head": (90, 0, 0)}
    recording = read_one(write_body(tmp_path / "a.bvh", rotations=rotations, ends=()))
    above = joint(recording.positions, "head_top") - joint(recording.positions, "neck_nose")
    np.testing.assert_allclose(above[0], (0, 0, 0.168), atol=1e-6)
    nodding = body_values()
    nodding[::2, 3 + 3 * file_order(BODY).index("Head") + 1] = 20
    recording = read_one(write_body(tmp_path / "a.bvh", values=nodding, ends=()))
    above = joint(recording.positions, "head_top") - joint(recording.positions, "neck_nose")
    np.testing.assert_allclose(
        above[0], (0, -0.168 * np.sin(np.radians(20)), 0.168 * np.cos(np.radians(20))), atol=1e-6
    )


def test_a_tiny_end_site_is_not_the_crown(tmp_path):
    recording = read_one(write_body(tmp_path / "a.bvh", ends=[("Head", (0, 0.01, 0))]))
    assert joint(recording.positions, "head_top")[0, 2] == pytest.approx(1.47 + 0.168, abs=1e-5)


def test_what_the_back_lacks_is_made(tmp_path):
    short = {name: entry for name, entry in BODY.items() if name not in ("Spine", "Spine1", "Neck")}
    for name in ("Head", "LeftShoulder", "RightShoulder"):
        above = np.array((0, 0.22, 0)) if name != "Head" else np.array((0, 0.47, 0))
        short[name] = ("Hips", tuple(above + short[name][1]))
    order = file_order(short)
    values = np.zeros((40, 6 + 3 * (len(order) - 1)))
    values[:, 1] = 0.9
    recording = read_one(write_body(tmp_path / "a.bvh", joints=short, values=values))
    # Thorax: between the shoulders. Spine: halfway from the hips to there.
    np.testing.assert_allclose(joint(recording.positions, "thorax")[0], (0, 0, 1.34), atol=1e-6)
    np.testing.assert_allclose(joint(recording.positions, "spine")[0], (0, 0, (0.85 + 1.34) / 2), atol=1e-6)
    assert not recording.validity[BODY17.index("thorax")]


def test_the_neck_of_cgspeed(tmp_path):
    # Their torso has LowerBack, Spine, Spine1, Neck where Spine1 is, Neck1 and Head.
    joints = {}
    for name, (parent, offset) in BODY.items():
        changed = {"Neck": "Spine1", "Head": "Neck1", "Spine": "LowerBack"}.get(name, parent)
        if name == "Spine":
            joints["LowerBack"] = ("Hips", (0, 0, 0))
        if name == "Head":
            joints["Neck1"] = ("Neck", (0, 0.09, 0))
        offset = {"Spine": (0, 0.11, 0), "Spine1": (0, 0.12, 0), "Neck": (0, 0, 0), "Head": (0, 0.1, 0)}.get(
            name, offset
        )
        joints[name] = (changed, offset)
    values = np.zeros((40, 6 + 3 * (len(joints) - 1)))
    values[:, 1] = 0.9
    recording = read_one(write_body(tmp_path / "01_02.bvh", joints=joints, values=values))
    heights = {name: joint(recording.positions, name)[0, 2] for name in ("spine", "thorax", "neck_nose", "head_top")}
    assert heights == pytest.approx({"spine": 1.01, "thorax": 1.13, "neck_nose": 1.22, "head_top": 1.5}, abs=1e-5)
    assert not recording.validity[[BODY17.index(name) for name in ("spine", "thorax", "neck_nose")]].any()


def test_unknown_names_are_listed_and_can_be_given(tmp_path):
    strange = {"LeftUpLeg": "a", "LeftLeg": "b", "LeftFoot": "c", "Head": "skull"}
    renamed = {strange.get(n, n): (strange.get(p, p), offset) for n, (p, offset) in BODY.items()}
    path = write_body(tmp_path / "a.bvh", joints=renamed, ends=[("skull", (0, 0.18, 0))])
    with pytest.raises(ValueError, match=r"a\.bvh: cannot tell which joints are pelvis, r_hip") as error:
        read_one(path)
    for expected in ("neck_nose", "head_top", "skull", "skull_end", "`joints`", '{"head_top": "name in the file"'):
        assert expected in str(error.value)
    known = {"l_hip": "a", "l_knee": "b", "l_ankle": "c", "r_hip": "RightUpLeg", "r_knee": "RightLeg"}
    table = tmp_path / "joints.json"
    table.write_text(json.dumps({**known, "r_ankle": "RightFoot", "neck_nose": "skull"}))
    recording = read_one(path, joints=str(table))
    reference = read_one(write_body(tmp_path / "reference.bvh")).positions
    np.testing.assert_allclose(recording.positions, reference, atol=1e-6)
    assert recording.validity[BODY17.index("neck_nose")]


def test_given_joints_must_be_in_the_file(tmp_path):
    path = write_body(tmp_path / "a.bvh")
    table = tmp_path / "joints.json"
    table.write_text('{"spine": "Spine7"}')
    with pytest.raises(ValueError, match=r"a\.bvh has no joint Spine7, which `joints` names. Its joints: Hips, Left"):
        read_one(path, joints=str(table))
    assert BVH(path, joints=str(table)).list(KIND)[0].files == (str(path), str(table))
    _, joints = find_joints(BVHFile.read(path), JointMap({"spine": ["Hips", "Neck"]}))
    assert joints.sources["spine"] == ("Hips", "Neck")


# First frame, rate, lists.


def test_an_artificial_t_pose_is_dropped(tmp_path):
    hanging = {"LeftArm": (-80, 0, 0), "RightArm": (80, 0, 0), "LeftForeArm": (0, 0, -20)}
    values = body_values(rotations=hanging)
    values[:, 5] = np.linspace(0, 20, len(values))
    values[0, 3:] = 0
    path = write_body(tmp_path / "a.bvh", values=values)
    recording = read_one(path)
    assert len(recording.positions) == 39
    assert any("T-pose" in note for note in recording.notes)
    assert recording.first_frame == 1
    assert read_one(path, drop_first_frame="no").first_frame == 0
    assert len(read_one(path, drop_first_frame="no").positions) == 40
    # A body that starts in a T-pose and leaves it in its own time is kept.
    values[:, :] = np.linspace(values[0], values[-1], len(values))
    assert len(read_one(write_body(path, values=values)).positions) == 40
    assert len(read_one(path, drop_first_frame="yes").positions) == 39
    with pytest.raises(ValueError, match="one frame"):
        read_one(write_body(path, values=values[:1]), drop_first_frame="yes")


def test_other_jumps_are_kept(tmp_path):
    values = body_values(rotations={"LeftArm": (-80, 0, 0), "RightArm": (80, 0, 0)})
    values[0, 3 + 3 * file_order(BODY).index("LeftUpLeg") + 1] = -80
    assert len(read_one(write_body(tmp_path / "a.bvh", values=values)).positions) == 40


@pytest.mark.parametrize(
    ("frame_time", "fps", "noted"),
    [("0.008333", 120, False), (".0083333", 120, False), ("0.016667", 60, False), ("0.0333667", 29.97, False)]
    + [("0.001", 1000, True), ("1", 1, True)],
)
def test_the_rate_is_that_of_the_file(tmp_path, frame_time, fps, noted):
    recording = read_one(write_body(tmp_path / "a.bvh", frame_time=frame_time))
    assert recording.fps == pytest.approx(fps, rel=1e-6)
    assert bool(recording.notes) == noted


@pytest.mark.parametrize("frame_time", ["0", "-0.01", "nan", "inf", "x", "20", "1e-9", ""])
def test_impossible_rates_are_refused(tmp_path, frame_time):
    with pytest.raises(ValueError, match=r"a\.bvh.*Frame Time"):
        read_one(write_body(tmp_path / "a.bvh", frame_time=frame_time))


def test_files_of_the_cmu_data_base_are_grouped_by_subject(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("01_02", "cmu_iclone_001_14", "walk", "sub/walk", "sub/Run.BVH", "._walk"):
        write_body((tmp_path / name) if name.endswith("BVH") else tmp_path / f"{name}.bvh")
    found = {item.sequence: (item.subject, item.group) for item in BVH(tmp_path).list(KIND)}
    assert found == {
        "01_02": ("01", "subject 01"),
        "cmu_iclone_001_14": ("01", "subject 01"),
        "walk": ("", "walk"),
        "sub/walk": ("", "sub/walk"),
        "Run": ("", "Run"),
    }
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no \.bvh file"):
        BVH(tmp_path / "empty").list(KIND)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        BVH(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="`unit`"):
        BVH(tmp_path, unit="foot")


def test_end_to_end(tmp_path):
    source = tmp_path / "files"
    source.mkdir()
    for subject in ("01", "02", "03"):
        for trial in ("01", "02"):
            write_body(source / f"{subject}_{trial}.bvh", values=body_values(frames=160), scale=0.45 / 0.0254)
    splits = {"train": 0.7, "validation": 0.3}
    convert("bvh", source, tmp_path / "out", splits=splits)
    subjects = {}
    for split in splits:
        arrays = load_arrays(tmp_path / "out" / KIND, split, POSE_SEQUENCE)
        subjects[split] = set(arrays["subject"])
        assert {frames.shape for frames in arrays["positions"]} == {(40, 17, 3)}
        np.testing.assert_allclose(arrays["positions"][0][0, BODY17.index("l_ankle"), 0], 0.1, atol=1e-4)
    assert subjects["train"].isdisjoint(subjects["validation"])
    assert len(subjects["train"] | subjects["validation"]) == 3


def test_frames_of_records_count_from_the_first_of_the_file(tmp_path):
    (tmp_path / "files").mkdir()
    write_body(tmp_path / "files" / "a.bvh", values=body_values(frames=160))
    for drop, first in (("yes", 1), ("no", 0)):
        convert("bvh", tmp_path / "files", tmp_path / drop, drop_first_frame=drop)
        assert load_arrays(tmp_path / drop / KIND, "train", POSE_SEQUENCE)["frame_index"].tolist() == [first]


# Damage.


def assert_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=path.name):
        read_one(path)


def test_truncated_files_are_refused(tmp_path):
    content = bvh_text(BODY, body_values(frames=3), ends=[("Head", (0, 0.18, 0))]).encode()
    # The last frame without its last digits may be a whole one again.
    for length in range(0, len(content) - 8, 13):
        assert_refused(tmp_path / "a.bvh", content[:length])


def test_damaged_bytes_are_refused_or_read(tmp_path):
    content = bytearray(bvh_text(BODY, body_values(frames=3)).encode())
    generator = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(content)
        for place in generator.integers(0, len(content), 3):
            damaged[place] = generator.integers(0, 256)
        (tmp_path / "a.bvh").write_bytes(damaged)
        # Only a ValueError may come out, and it names the file.
        with contextlib.suppress(ValueError), refusals_name("a.bvh"):
            read_one(tmp_path / "a.bvh")
    for length in (1, 100, 10_000):
        assert_refused(tmp_path / "a.bvh", generator.bytes(length))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Frames:\t3", "Frames: 1000000000000", r"1000000000000 frames of 60 numbers"),
        ("Frames:\t3", "Frames: 2", "found 'more'"),
        ("Frames:\t3", "Frames: -3", r"line \d+: expected 'Frames: '"),
        ("Frames:\t3", "Frames: 2.5", "whole number"),
        ("Frames:\t3", "Frame: 3", r"found 'Frame: 3'"),
        ("OFFSET 0.1 ", "OFFSET nan ", r"line \d+: expected three numbers after OFFSET, found 'nan'"),
        ("OFFSET 0.1 ", "OFFSET 1e300 ", "three numbers"),
        ("OFFSET 0.1 ", "OFFSET ", "three numbers"),
        ("CHANNELS 6", "CHANNELS 5", "found 'Xrotation'"),
        ("CHANNELS 6", "CHANNELS 7", "0 to 6 channels"),
        ("CHANNELS 6", "CHANNELS 999999999999", "0 to 6 channels"),
        ("Xposition Yposition", "Xposition Xposition", "each once, found 'Xposition'"),
        ("Zrotation Yrotation", "Zrotation Wrotation", "found 'Wrotation'"),
        ("JOINT LeftLeg", "LeftLeg", r"inside 'LeftUpLeg', found 'LeftLeg'"),
        ("MOTION", "}\nMOTION", "found '}'"),
        ("0.9", "inf", "frame 0 .* finite"),
        ("0.9", "nan", "frame 0 .* finite"),
        ("0.9", "1e99", "frame 0 .* finite"),
        ("0.9", "0,9", r"numbers of frame 0 \(from 0\), found '0,9'"),
        ("0.9 ", "", "found '179, the end"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, old, new, message):
    content = bvh_text(BODY, body_values(frames=3))
    assert old in content
    (tmp_path / "a.bvh").write_text(content.replace(old, new, 1))
    with pytest.raises(ValueError, match=r"a\.bvh.*" + message):
        read_one(tmp_path / "a.bvh")


def test_absurd_files_are_refused_at_once(tmp_path):
    deep = "".join(f"JOINT j{i} {{ OFFSET 0 1 0 " for i in range(10_000))
    assert_refused(tmp_path / "a.bvh", f"HIERARCHY ROOT r {{ OFFSET 0 0 0 {deep}".encode())
    wide = "End Site { OFFSET 0 1 0 } " * 10_000
    assert_refused(tmp_path / "a.bvh", f"HIERARCHY ROOT r {{ OFFSET 0 0 0 {wide}".encode())
    still = "HIERARCHY ROOT r { OFFSET 0 0 0 } MOTION\nFrames: 1000000000\nFrame Time: 1\n"
    assert_refused(tmp_path / "a.bvh", still.encode())
    assert_refused(tmp_path / "a.bvh", b"HIERARCHY ROOT " + b"x" * 3_000_000)
    assert_refused(tmp_path / "a.bvh", b"HIERARCHY ROOT " + b"x " * 100_000)
    assert_refused(tmp_path / "a.bvh", b"\0" * 3_000_000)
    (tmp_path / "dir.bvh").mkdir()
    with pytest.raises(ValueError, match=r"dir\.bvh cannot be read"):
        BVHFile.read(tmp_path / "dir.bvh")
    with pytest.raises(FileNotFoundError):
        BVHFile.read(tmp_path / "nothing.bvh")


def test_bodies_without_length_are_refused(tmp_path):
    joints = {name: (parent, (0, 0, 0)) for name, (parent, _) in BODY.items()}
    with pytest.raises(ValueError, match=r"a\.bvh: legs are 0 long"):
        read_one(write_body(tmp_path / "a.bvh", joints=joints, values=body_values(rotations={}, height=0.0), ends=()))


# Real files.

DATA = os.environ.get("POSEALIGN_TEST_DATA")
real = pytest.mark.skipif(not DATA, reason="POSEALIGN_TEST_DATA does not say where the real data is")
CLIPS = {
    "cmu_daz_salsa_10": "cmu_salsa_10",
    "cmu_iclone_002_01": "cmu_02_01",
    "cmu_iclone_002_03": "cmu_02_03",
    "cmu_iclone_006_15": "cmu_06_15",
    "cmu_iclone_007_01": "cmu_07_01",
}
TOES = {"daz": ("lFoot_end", "rFoot_end"), "iclone": ("CC_Base_L_ToeBase", "CC_Base_R_ToeBase")}


@pytest.fixture(scope="module", params=CLIPS)
def clip(request):
    """Name, recording, and the middle of the toes in the same axes, of a real file; the first frame left out."""
    path = Path(DATA) / "bvh" / f"{request.param}.bvh"
    recording = read_one(path, drop_first_frame="yes")
    motion = BVHFile.read(path)
    toes = [motion.names.index(name) for name in TOES["daz" if "daz" in path.stem else "iclone"]]
    toes = motion.pose(toes)[0][1:].mean(axis=1) * recording.scale
    return request.param, recording, toes[:, [0, 2, 1]] * (1, -1, 1)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@real
def test_real_bodies_are_rigid_and_of_the_size_of_people(clip):
    _, recording, _ = clip
    positions = recording.positions
    for parent, child in BODY17.edges:
        if BODY17.sides[child] != "centre":
            length = np.linalg.norm(positions[:, child] - positions[:, parent], axis=1)
            limb = BODY17.joint_names[child].endswith(("knee", "ankle", "elbow", "wrist"))
            assert length.std() < (1e-3 if limb else 1e-2)
    assert recording.scale == 0.01
    assert np.isfinite(positions).all()
    assert -0.05 < np.percentile(positions[..., 2].min(axis=1), 5) < 0.25
    assert 1.4 < np.median(joint(positions, "head_top")[:, 2]) < 2.1


@real
def test_real_bodies_have_left_and_right_knees_and_elbows_where_they_belong(clip):
    _, recording, toes = clip
    positions = recording.positions
    up = joint(positions, "thorax") - joint(positions, "pelvis")
    ankles = (joint(positions, "l_ankle") + joint(positions, "r_ankle")) / 2
    forward = toes - ankles
    forward = forward - up * (np.sum(forward * up, -1) / np.sum(up * up, -1))[:, None]
    across = joint(positions, "l_hip") - joint(positions, "r_hip")
    assert (np.sum(across * np.cross(up, forward), -1) > 0).mean() > 0.95
    for side in "lr":
        knee = joint(positions, f"{side}_knee")
        bend = knee - (joint(positions, f"{side}_hip") + joint(positions, f"{side}_ankle")) / 2
        clear = np.linalg.norm(bend, axis=1) > 0.03
        assert clear.any()
        assert (np.sum(bend * forward, -1)[clear] > 0).mean() > 0.95
        # The elbow of an arm that hangs points backwards, outwards or down, but not to the front. That of a raised arm
        # may point anywhere.
        elbow, shoulder = joint(positions, f"{side}_elbow"), joint(positions, f"{side}_shoulder")
        bend = elbow - (shoulder + joint(positions, f"{side}_wrist")) / 2
        hangs = (np.linalg.norm(bend, axis=1) > 0.03) & (elbow[:, 2] < shoulder[:, 2] - 0.15)
        assert hangs.any()
        assert (np.sum(unit(bend) * unit(forward), -1)[hangs] < 0.5).mean() > 0.95


@real
def test_real_files_agree_with_the_same_clips_from_elsewhere(clip):
    name, recording, _ = clip
    with np.load(Path(DATA) / "mocap" / "mocap17.npz", allow_pickle=False) as loaded:
        index = list(loaded["names"]).index(CLIPS[name])
        start, stop = loaded["offsets"][index : index + 2]
        expected = loaded["positions"][start:stop]
    positions = recording.positions[:: round(recording.fps / 30)]
    assert len(positions) == len(expected)
    error = np.linalg.norm(positions - expected, axis=-1).max(axis=0)
    # All joints are the same ones, without any alignment; but the head's top, which neither has measured, is not.
    crown = BODY17.index("head_top")
    assert np.delete(error, crown).max() < 1e-5
    assert error[crown] < 0.07


@real
def test_real_first_frames():
    reader = BVH(Path(DATA) / "bvh")
    dropped = {item.sequence for item in reader.list(KIND) if reader.read(item, KIND).notes}
    assert dropped == {"cmu_daz_salsa_10"}
