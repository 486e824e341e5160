"""The reader of the CMU data base: ASF and AMC files, their kinematics, rates and groups, and damage."""

import contextlib
import functools
import json

import motion_recording
import numpy as np
import pytest
from motion_recording import KIND, joint, refusals_name
from scipy.spatial.transform import Rotation

from posealign_keras.data import POSE_SEQUENCE, load_arrays
from posealign_keras.skeletons import BODY17
from tfrecords_tools import convert
from tfrecords_tools.formats.asf_amc import ASFSkeleton
from tfrecords_tools.readers.cmu_mocap import CMUMocap

UNIT = 0.0254 / 0.45
DOWN = (0.342020, -0.939693, 0)
# Name: parent, direction, length, axis, degrees of freedom. Lengths are near those of subject 2.
BONES = {
    "lhipjoint": ("root", (0.6, -0.8, 0), 2.2, (0, 0, 0), ""),
    "lfemur": ("lhipjoint", DOWN, 7.0, (0, 0, 20), "rx ry rz"),
    "ltibia": ("lfemur", DOWN, 7.5, (0, 0, 20), "rx"),
    "rhipjoint": ("root", (-0.6, -0.8, 0), 2.2, (0, 0, 0), ""),
    "rfemur": ("rhipjoint", (-DOWN[0], DOWN[1], 0), 7.0, (0, 0, -20), "rx ry rz"),
    "rtibia": ("rfemur", (-DOWN[0], DOWN[1], 0), 7.5, (0, 0, -20), "rx"),
    "lowerback": ("root", (0, 1, 0), 2.0, (0, 0, 0), "rx ry rz"),
    "upperback": ("lowerback", (0, 1, 0), 2.1, (0, 0, 0), "rx ry rz"),
    "thorax": ("upperback", (0, 1, 0), 2.1, (0, 0, 0), "rx ry rz"),
    "lowerneck": ("thorax", (0, 1, 0), 1.7, (0, 0, 0), "rx ry rz"),
    "upperneck": ("lowerneck", (0, 1, 0), 1.7, (0, 0, 0), "rx ry rz"),
    "head": ("upperneck", (0, 1, 0), 1.8, (0, 0, 0), "rx ry rz"),
    "lclavicle": ("thorax", (0.9, 0.43589, 0), 3.6, (0, 0, 0), "ry rz"),
    "lhumerus": ("lclavicle", (1, 0, 0), 5.0, (180, 30, -90), "rx ry rz"),
    "lradius": ("lhumerus", (1, 0, 0), 3.1, (180, 30, -90), "rx"),
    "rclavicle": ("thorax", (-0.9, 0.43589, 0), 3.6, (0, 0, 0), "ry rz"),
    "rhumerus": ("rclavicle", (-1, 0, 0), 5.0, (180, -30, 90), "rx ry rz"),
    "rradius": ("rhumerus", (-1, 0, 0), 3.1, (180, -30, 90), "rx"),
}


def asf_text(bones=BONES, length=0.45, shuffled=False, angle="deg", order="TX TY TZ RX RY RZ", newline="\n"):
    turn = np.radians if angle == "rad" else np.asarray
    lines = ["# made by a test", ":version 1.10", ":name VICON", ":units", "  mass 1.0", f"  length {length}"]
    lines += [f"  angle {angle}", ":documentation", "   length, axis and begin are only words here", ":root"]
    lines += [f"   order {order}", "   axis XYZ", "   position 0 0 0", "   orientation 0 0 0", ":bonedata"]
    for index, (name, (_, direction, size, axis, freedom)) in enumerate(bones.items()):
        fields = [f"id {index + 1}", f"name {name}", f"direction {direction[0]} {direction[1]} {direction[2]}"]
        fields += [f"length {size}", f"axis {' '.join(str(value) for value in turn(axis))}  XYZ"]
        if freedom:
            # A limit of (0 0) does not mean that the bone has one degree of freedom less.
            limits = ["(0 0)", "(-inf inf)", "(-1.0e+001, 2)"][: len(freedom.split())]
            fields += [f"dof {freedom}", "limits " + "\n           ".join(limits)]
        if shuffled:
            fields = [fields[place] for place in np.random.default_rng(index).permutation(len(fields))]
        lines += ["  begin", *(f"     {field}" for field in fields), "  end"]
    children = {}
    for name, (parent, *_) in bones.items():
        children.setdefault(parent, []).append(name)
    lines += [":hierarchy", "  begin", *(f"    {parent} {' '.join(names)}" for parent, names in children.items())]
    return newline.join([*lines, "  end", ""])


def amc_text(frames, bones=BONES, header=":FULLY-SPECIFIED\n:DEGREES", first=1):
    """`frames` are `{name: numbers}`; all that is not there is 0."""
    lines = ["#!OML:ASF somewhere", *header.split("\n")]
    for number, frame in enumerate(frames, start=first):
        lines.append(str(number))
        for name, count in {"root": 6, **{name: len(entry[-1].split()) for name, entry in bones.items()}}.items():
            if count:
                values = frame.get(name, np.zeros(count))
                lines.append(f"{name} {' '.join(str(float(value)) for value in values)}")
    return "\n".join(lines) + "\n"


STANDING = {"root": (0, 18, 0, 0, 0, 0)}


def write_trial(root, name="02_01", frames=(STANDING,) * 2, skeleton=None, text=None):
    directory = root / "subjects" / name.split("_")[0]
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name.split('_')[0]}.asf").write_text(asf_text() if skeleton is None else skeleton)
    (directory / f"{name}.amc").write_text(amc_text(frames) if text is None else text)
    return directory / f"{name}.amc"


read_one = functools.partial(motion_recording.read_one, CMUMocap)


# Kinematics.


@pytest.mark.parametrize("shuffled", [False, True])
def test_golden_numbers_of_forward_kinematics(tmp_path, shuffled):
    bones = {
        "lhipjoint": ("root", (0.6, -0.8, 0), 2, (0, 0, 0), ""),
        "lfemur": ("lhipjoint", DOWN, 7, (0, 0, 20), "rx ry rz"),
        "ltibia": ("lfemur", DOWN, 7.5, (0, 0, 20), "rx"),
    }
    (tmp_path / "a.asf").write_text(asf_text(bones, shuffled=shuffled))
    frame = {"root": (1, 10, 2, 0, 90, 0), "lfemur": (-30, 10, 5), "ltibia": (45,)}
    (tmp_path / "a.amc").write_text(amc_text([frame], bones))
    skeleton = ASFSkeleton.read(tmp_path / "a.asf")
    assert list(skeleton.bones) == ["root", "lhipjoint", "lfemur", "ltibia"]
    assert skeleton.metres == pytest.approx(0.0564444, abs=1e-7)
    root, hip, knee, ankle = skeleton.ends(skeleton.read_motion(tmp_path / "a.amc"))[0]
    np.testing.assert_allclose(root, (1, 10, 2))
    np.testing.assert_allclose(hip, (1, 8.4, 0.8), atol=1e-6)
    np.testing.assert_allclose(knee, (4.446829, 3.162653, -2.312812), atol=1e-5)
    np.testing.assert_allclose(ankle, (2.535176, -3.545500, -5.068951), atol=1e-5)


def test_random_motion_is_that_of_an_independent_implementation(tmp_path):
    generator = np.random.default_rng(1)
    sizes = {"root": 6, **{name: len(entry[-1].split()) for name, entry in BONES.items()}}
    frames = [{name: generator.uniform(-90, 90, size).round(4) for name, size in sizes.items()} for _ in range(5)]
    (tmp_path / "a.asf").write_text(asf_text())
    (tmp_path / "a.amc").write_text(amc_text(frames))
    skeleton = ASFSkeleton.read(tmp_path / "a.asf")
    ends = skeleton.ends(skeleton.read_motion(tmp_path / "a.amc"))
    for frame, found in zip(frames, ends, strict=True):
        turns = {"root": Rotation.from_euler("xyz", frame["root"][3:], degrees=True)}
        places = {"root": frame["root"][:3]}
        for name, (parent, direction, length, axis, freedom) in BONES.items():
            angles = dict(zip(freedom.split(), frame[name], strict=True))
            turn = Rotation.from_euler("xyz", [angles.get(kind, 0) for kind in ("rx", "ry", "rz")], degrees=True)
            own = Rotation.from_euler("xyz", axis, degrees=True)
            turns[name] = turns[parent] * own * turn * own.inv()
            places[name] = places[parent] + turns[name].apply(np.array(direction) * length)
            np.testing.assert_allclose(found[list(skeleton.bones).index(name)], places[name], atol=1e-9)


def test_radians_other_orders_and_line_ends_mean_the_same(tmp_path):
    frame = {"root": (1, 18, 2, 10, 20, 30), "lfemur": (-30, 10, 5), "ltibia": (45,)}
    write_trial(tmp_path / "a", frames=[frame])
    expected = read_one(tmp_path / "a").positions
    radians = {name: np.radians(values) for name, values in frame.items()}
    radians["root"] = (*np.radians(frame["root"][3:])[::-1], *frame["root"][:3])
    skeleton = asf_text(angle="rad", order="RZ RY RX TX TY TZ", newline="\r\n")
    text = amc_text([radians], header=":FULLY-SPECIFIED\n:RADIANS").replace("\n", "\r\n")
    write_trial(tmp_path / "b", skeleton=skeleton, text=text)
    np.testing.assert_allclose(read_one(tmp_path / "b").positions, expected, atol=1e-6)


# The body.


def test_a_standing_body_in_metres_z_up(tmp_path):
    write_trial(tmp_path, frames=[{**STANDING, "lfemur": (-30, 0, 0), "ltibia": (60,)}] * 3)
    recording = read_one(tmp_path)
    positions = recording.positions[0]
    assert recording.positions.shape == (3, 17, 3)
    assert (recording.fps, recording.coordinate_frame) == (120, "world")
    assert recording.scale == pytest.approx(UNIT)
    # The pelvis is between the hips, below the root. The body faces +z of the files, -y of the world; left is +x.
    np.testing.assert_allclose(joint(positions, "pelvis"), np.array((0, 0, 18 - 1.76)) * UNIT, atol=1e-6)
    np.testing.assert_allclose(joint(positions, "l_hip"), np.array((1.32, 0, 18 - 1.76)) * UNIT, atol=1e-6)
    np.testing.assert_allclose(joint(positions, "spine"), np.array((0, 0, 20)) * UNIT, atol=1e-6)
    np.testing.assert_allclose(joint(positions, "thorax"), np.array((0, 0, 24.2)) * UNIT, atol=1e-6)
    np.testing.assert_allclose(joint(positions, "neck_nose"), np.array((0, 0, 25.9)) * UNIT, atol=1e-6)
    np.testing.assert_allclose(joint(positions, "head_top"), np.array((0, 0, 29.4)) * UNIT, atol=1e-6)
    np.testing.assert_allclose(joint(positions, "l_wrist")[0], (0.9 * 3.6 + 8.1) * UNIT, atol=1e-6)
    assert joint(positions, "l_shoulder")[0] > 0 > joint(positions, "r_shoulder")[0]
    assert joint(positions, "l_knee")[1] < -0.15
    up, forward = (0, 0, 1), (0, -1, 0)
    across = joint(positions, "l_hip") - joint(positions, "r_hip")
    assert across @ np.cross(up, forward) > 0
    unsure = {name for name, valid in zip(BODY17.joint_names, recording.valid[0], strict=True) if not valid}
    assert unsure == {"spine", "thorax", "neck_nose"}


def test_lengths_without_a_unit_that_makes_a_person_are_refused(tmp_path):
    write_trial(tmp_path, skeleton=asf_text(length=1.0))
    assert read_one(tmp_path).scale == pytest.approx(0.0254)
    write_trial(tmp_path, skeleton=asf_text(length=0.01))
    with pytest.raises(ValueError, match=r"02\.asf: legs are 36\.8 m long"):
        read_one(tmp_path)


# Trials, rates, splits.


def test_trials_rates_and_groups(tmp_path):
    for name in ("02_01", "02_02", "10_01", "143_05"):
        write_trial(tmp_path, name)
    (tmp_path / "subjects" / "02" / "._02_03.amc").write_text("")
    rates = tmp_path / "rates.json"
    rates.write_text('{"02_02": 60, "99_01": 60}')
    reader = CMUMocap(tmp_path, rates=str(rates))
    found = reader.list(KIND)
    assert [(item.sequence, item.subject, item.group) for item in found] == [
        ("02_01", "02", "subject 02"),
        ("02_02", "02", "subject 02"),
        ("10_01", "10", "subject 10"),
        ("143_05", "143", "subject 143"),
    ]
    assert all(len(item.files) == 3 and str(rates) in item.files for item in found)
    assert all(len(item.files) == 2 for item in CMUMocap(tmp_path).list(KIND))
    assert [reader.read(item, KIND).fps for item in found] == [120, 60, 120, 120]
    assert read_one(tmp_path / "subjects" / "10", source_fps=100).fps == 100
    assert read_one(tmp_path / "subjects" / "10" / "10_01.amc").fps == 120


@pytest.mark.parametrize(
    "content", ["", "[]", '{"02_01": "60"}', '{"02_01": 0}', '{"02_01": NaN}', '{"02_01": true}', "[" * 100_000, "\0"]
)
def test_damaged_tables_of_rates_are_refused(tmp_path, content):
    (tmp_path / "rates.json").write_text(content)
    with pytest.raises(ValueError, match=r"rates\.json is not a table of rates"):
        CMUMocap(tmp_path, rates=str(tmp_path / "rates.json"))


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no \.amc file"):
        CMUMocap(tmp_path).list(KIND)
    path = write_trial(tmp_path)
    path.with_name("02.asf").unlink()
    with pytest.raises(FileNotFoundError, match=r"02\.asf, which has the skeleton of 02_01\.amc"):
        read_one(tmp_path)
    write_trial(tmp_path)
    write_trial(tmp_path / "copy")
    with pytest.raises(ValueError, match="several files of the same trials: 02_01"):
        CMUMocap(tmp_path).list(KIND)
    with pytest.raises(ValueError, match="`source_fps`"):
        CMUMocap(tmp_path, source_fps=0)


def test_a_trial_without_a_skeleton_can_be_left_out(tmp_path):
    write_trial(tmp_path / "files", "01_01", [STANDING] * 160)
    write_trial(tmp_path / "files", "02_01", [STANDING] * 160).with_name("02.asf").unlink()
    with pytest.raises(ValueError, match=r"02\.asf"):
        convert("cmu_mocap", tmp_path / "files", tmp_path / "out")
    manifest = convert("cmu_mocap", tmp_path / "files", tmp_path / "other", skip_damaged=True)[KIND]["train"]
    assert manifest.num_records == 1
    assert manifest.metadata["dropped"] == {"recordings that cannot be read": 1}


def test_end_to_end(tmp_path):
    def walk(count):
        return [{"root": (x, 18, 0, 0, 0, 0)} for x in np.linspace(0, 16, count)]

    for name in ("02_01", "02_02", "03_01", "04_01"):
        write_trial(tmp_path / "files", name, walk(80 if name == "02_02" else 160))
    rates = tmp_path / "rates.json"
    rates.write_text(json.dumps({"02_02": 60}))
    splits = {"train": 0.7, "validation": 0.3}
    convert("cmu_mocap", tmp_path / "files", tmp_path / "out", splits=splits, rates=str(rates))
    found = {split: load_arrays(tmp_path / "out" / KIND, split, POSE_SEQUENCE) for split in splits}
    subjects = [set(arrays["subject"]) for arrays in found.values()]
    assert subjects[0].isdisjoint(subjects[1])
    assert sorted([*found["train"]["sequence"], *found["validation"]["sequence"]]) == [
        "02_01",
        "02_02",
        "03_01",
        "04_01",
    ]
    for arrays in found.values():
        assert arrays["positions"].shape[1:] == (40, 17, 3)
        assert set(arrays["coordinate_frame"]) == {"world"}
        np.testing.assert_allclose(np.ptp(arrays["positions"][:, :, 0, 0], axis=1), 16 * UNIT, rtol=0.03)
        np.testing.assert_allclose(arrays["positions"][:, :, 0, 2], (18 - 1.76) * UNIT, atol=1e-5)


# Damage.


def assert_refused(root, name):
    with pytest.raises(ValueError, match=name):
        read_one(root)


def test_truncated_skeletons_are_refused(tmp_path):
    content = asf_text()
    # Without the last `end`, it is not whole.
    for length in range(0, len(content) - 3, 17):
        write_trial(tmp_path, skeleton=content[:length])
        assert_refused(tmp_path, r"02\.asf")


def test_truncated_motion_is_refused(tmp_path):
    content = amc_text([STANDING] * 2)
    whole = content.index("\n2\n") + 1
    for length in range(0, len(content) - 6, 7):
        write_trial(tmp_path, text=content[:length])
        # Up to the end of a frame, it is a whole file of fewer frames.
        if abs(length - whole) > 2:
            assert_refused(tmp_path, r"02_01\.amc")


def test_damaged_bytes_are_refused_or_read(tmp_path):
    generator = np.random.default_rng(0)
    for _ in range(150):
        texts = [bytearray(asf_text().encode()), bytearray(amc_text([STANDING] * 2).encode())]
        damaged = texts[generator.integers(2)]
        for place in generator.integers(0, len(damaged), 3):
            damaged[place] = generator.integers(0, 256)
        path = write_trial(tmp_path)
        path.with_name("02.asf").write_bytes(texts[0])
        path.write_bytes(texts[1])
        with contextlib.suppress(ValueError), refusals_name("/02"):
            read_one(tmp_path)
    for content in (b"", b"\0" * 2_000_000, generator.bytes(10_000)):
        for name in ("02.asf", "02_01.amc"):
            write_trial(tmp_path).with_name(name).write_bytes(content)
            assert_refused(tmp_path, name)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("length 7.0", "length nan", r"line \d+: expected 1 finite numbers after 'length', found 'length nan'"),
        ("length 7.0", "length", "1 finite numbers"),
        ("length 0.45", "length 0", "a length above 0"),
        ("direction 0.6", "direction inf", "3 finite numbers after 'direction'"),
        ("dof rx ry rz", "dof rx rx rz", "each at most once"),
        ("dof rx ry rz", "dof tx ry rz", "only turns"),
        ("name lfemur", "name ltibia", "a name of its own"),
        ("name lfemur", "nome lfemur", "the name of a bone"),
        ("TX TY TZ", "TX TX TZ", "each once"),
        ("axis XYZ", "axis XYY", "order of axes"),
        ("lfemur ltibia", "lfemur ltibia ltibia", "one place for each bone"),
        ("lfemur ltibia", "lfemur ltibia root", "one place for each bone"),
        ("lfemur ltibia", "lfemur shin", "'shin', of which nothing is said"),
        ("lfemur ltibia", "", "must have the bones ltibia,"),
        ("lfemur ltibia", "shin ltibia", "'shin' does not hang together with the root"),
        (":hierarchy", ":hierarchies", "no :hierarchy"),
        ("  end\n:hierarchy", ":hierarchy", "the end of a bone"),
    ],
)
def test_what_is_wrong_with_a_skeleton_is_said(tmp_path, old, new, message):
    content = asf_text()
    assert old in content
    write_trial(tmp_path, skeleton=content.replace(old, new, 1))
    assert_refused(tmp_path, r"(?s)02\.asf.*" + message)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lfemur 0.0 0.0 0.0", "lfemur 0.0 0.0", r"line \d+: expected 3 finite numbers after 'lfemur'"),
        ("lfemur 0.0 0.0 0.0", "lfemur 0.0 0.0 0.0 0.0", "3 finite numbers"),
        ("lfemur 0.0 0.0 0.0", "lfemur 0.0 nan 0.0", "3 finite numbers"),
        ("lfemur 0.0 0.0 0.0", "lfemur 0.0 1e99 0.0", "3 finite numbers"),
        ("lfemur 0.0 0.0 0.0", "lfemur 0.0 x 0.0", "3 finite numbers"),
        ("lfemur 0.0 0.0 0.0", "femur 0.0 0.0 0.0", "bones of 02.asf that frame 1 still lacks"),
        ("lfemur 0.0 0.0 0.0\n", "", "still lacks, lfemur, found '2'"),
        ("lfemur", "ltibia", "expected 1 finite numbers after 'ltibia'"),
        ("\n2\n", "\n3\n", "expected frame 2, found '3'"),
        ("\n2\n", "\n" + "9" * 10_000 + "\n", "the number of a frame"),
        ("\n1\n", "\n", "bones|number of a frame"),
    ],
)
def test_what_is_wrong_with_a_motion_is_said(tmp_path, old, new, message):
    content = amc_text([STANDING] * 2)
    assert old in content
    write_trial(tmp_path, text=content.replace(old, new, 1))
    assert_refused(tmp_path, r"02_01\.amc.*(" + message + ")")


def test_absurd_skeletons_are_refused_at_once(tmp_path):
    chain = {f"b{i}": (f"b{i - 1}" if i else "root", (0, 1, 0), 1, (0, 0, 0), "rx") for i in range(10_000)}
    write_trial(tmp_path, skeleton=asf_text(chain))
    assert_refused(tmp_path, r"02\.asf.*at most 1000")
    loop = asf_text().replace("root lhipjoint", "root").replace("lfemur ltibia", "ltibia lhipjoint\n  lfemur ltibia")
    write_trial(tmp_path, skeleton=loop)
    assert_refused(tmp_path, r"02\.asf")
