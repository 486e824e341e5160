"""The reader of AMASS, on small files in its format, and a body that is made up."""

import zipfile

import numpy as np
import pytest
from scipy.linalg import expm
from smpl_body import is_right_handed, rest_joints

from posealign_keras.data import get_schema, load_arrays
from posealign_keras.skeletons import BODY17
from tfrecords_tools import convert
from tfrecords_tools.readers.amass import AMASS
from tfrecords_tools.readers.smpl import JOINT_NAMES, PARENTS, smpl_joints

# Takes the rest pose, with y up, to the world, with z up.
TO_Z_UP = (np.pi / 2, 0.0, 0.0)


def joints_by_homogeneous_matrices(rotations, translation, rest):
    """Forward kinematics of one frame, written in another way: matrix exponentials and chains of 4 x 4 matrices."""
    places = []
    for joint in range(len(rest)):
        chain = np.eye(4)
        node = joint
        while node != -1:
            x, y, z = rotations[node]
            step = np.eye(4)
            step[:3, :3] = expm(np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]))
            step[:3, 3] = rest[node] - (rest[PARENTS[node]] if node else 0)
            chain = step @ chain
            node = PARENTS[node]
        places.append(chain[:3, 3] + translation)
    return np.array(places)


def motion(frames=120, seed=0):
    """Rotations `(frames, 52, 3)` of SMPL-H and translations; the body bends its left elbow and turns."""
    generator = np.random.default_rng(seed)
    rotations = np.repeat(0.05 * generator.normal(size=(1, 52, 3)), frames, axis=0)
    rotations[:, 0] = TO_Z_UP
    rotations[:, JOINT_NAMES.index("l_elbow"), 1] = -np.linspace(0, 1.5, frames)
    translation = np.linspace((1, 2, 0.1), (1.5, 2, 0.1), frames)
    return rotations, translation


def write_motion(path, rate=120.0, gender="female", rate_key="mocap_framerate", **changes):
    rotations, translation = motion()
    content = {
        "poses": rotations.reshape(len(rotations), -1),
        "trans": translation,
        "betas": np.linspace(-1, 1, 16),
        "dmpls": np.zeros((len(rotations), 8)),
        "gender": np.array(gender),
        rate_key: np.array(rate),
    }
    content.update(changes)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{key: value for key, value in content.items() if value is not None})
    return path


@pytest.fixture
def body(tmp_path):
    """A file of joints at rest, the same for all genders."""
    path = tmp_path / "rest_joints.npz"
    np.savez(path, rest_joints=rest_joints(22))
    return str(path)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "AMASS"
    root.mkdir()
    return root


def read(root, body):
    reader = AMASS(root, rest_joints=body)
    return reader.read(reader.list("pose_sequence")[0], "pose_sequence")


def test_forward_kinematics_agrees_with_another_implementation():
    generator = np.random.default_rng(1)
    rotations = generator.normal(size=(5, 22, 3))
    rotations[0] = 0
    translation, rest = generator.normal(size=(5, 3)), generator.normal(size=(22, 3))
    found = smpl_joints(rotations, translation, rest)
    for frame in range(5):
        expected = joints_by_homogeneous_matrices(rotations[frame], translation[frame], rest)
        np.testing.assert_allclose(found[frame], expected, atol=1e-12)
    np.testing.assert_allclose(found[0], rest + translation[0], atol=1e-12)


def test_end_to_end(root, body, tmp_path):
    write_motion(root / "CMU" / "01" / "01_01_poses.npz")
    np.savez(root / "CMU" / "01" / "shape.npz", betas=np.zeros(16), gender="female")
    out = convert("amass", root, tmp_path / "out", rest_joints=body)
    assert out["pose_sequence"]["train"].num_records == 1
    records = load_arrays(tmp_path / "out" / "pose_sequence", "train", get_schema("pose_sequence"))
    (positions,) = records["positions"]
    assert positions.shape == (30, 17, 3)  # 120 frames at 120 per second
    assert records["fps"][0] == 30
    assert (records["coordinate_frame"][0], records["subject"][0]) == ("world", "CMU/01")
    assert is_right_handed(positions)
    at = {name: positions[:, index] for index, name in enumerate(BODY17.joint_names)}
    assert (at["head_top"][:, 2] > at["thorax"][:, 2]).all()
    assert (at["thorax"][:, 2] > at["pelvis"][:, 2]).all()
    reach = np.linalg.norm(at["l_wrist"] - at["l_shoulder"], axis=1)
    assert (np.diff(reach) < 0).all()  # it is the left arm that bends
    still = np.linalg.norm(at["r_wrist"] - at["r_shoulder"], axis=1)
    np.testing.assert_allclose(still, still[0], rtol=1e-5)
    rotations, translation = motion()
    expected = joints_by_homogeneous_matrices(rotations[40, :22], translation[40], rest_joints(22))
    np.testing.assert_allclose(at["l_wrist"][10], expected[JOINT_NAMES.index("l_wrist")], atol=1e-6)
    np.testing.assert_allclose(at["pelvis"][10], expected[[1, 2]].mean(axis=0), atol=1e-6)


def test_recording(root, body):
    write_motion(root / "CMU" / "01" / "01_01_poses.npz", rate=100.0)
    recording = read(root, body)
    assert recording.fps == 100
    assert recording.validity.sum() == 16
    assert not recording.validity[BODY17.index("head_top")]
    head, neck, top = (recording.positions[:, BODY17.index(name)] for name in ("neck_nose", "thorax", "head_top"))
    np.testing.assert_allclose(top - neck, 2.4 * (head - neck), atol=1e-12)


def test_smplx_files_hold_the_same_in_other_arrays(root, body):
    rotations, _ = motion()
    write_motion(root / "CMU" / "01" / "01_01_poses.npz")
    write_motion(
        root / "CMU" / "02" / "02_01_stageii.npz",
        rate_key="mocap_frame_rate",
        poses=None,
        root_orient=rotations[:, 0],
        pose_body=rotations[:, 1:22].reshape(-1, 63),
        surface_model_type="smplx",
        labels=np.array([None], object),
    )
    np.savez(root / "CMU" / "02" / "neutral_stagei.npz", betas=np.zeros(16))
    reader = AMASS(root, rest_joints=body)
    listed = reader.list("pose_sequence")
    assert [one.subject for one in listed] == ["CMU/01", "CMU/02"]
    assert len({one.group for one in listed}) == 2
    first, second = (reader.read(one, "pose_sequence") for one in listed)
    np.testing.assert_allclose(first.positions, second.positions)
    assert first.fps == second.fps == 120


@pytest.mark.parametrize("inside", ["", "CMU", "CMU/01"])
def test_root_may_be_a_part(root, body, inside):
    write_motion(root / "CMU" / "01" / "01_01_poses.npz")
    (one,) = AMASS(root / inside, rest_joints=body).list("pose_sequence")
    assert one.sequence == "01_01_poses"
    assert one.subject == ("01" if inside == "CMU/01" else "CMU/01")


@pytest.mark.parametrize("gender", ["female", "Female", b"female", "b'female'", np.array(["female"])])
def test_gender_and_shape(root, tmp_path, gender):
    generator = np.random.default_rng(2)
    directions = 0.01 * generator.normal(size=(22, 3, 10))
    body = tmp_path / "rest_joints.npz"
    np.savez(
        body,
        rest_joints_male=rest_joints(22) * 1.1,
        rest_joints_female=rest_joints(22),
        shape_directions_female=directions,
    )
    path = write_motion(root / "CMU" / "01" / "01_01_poses.npz", gender=gender, poses=np.zeros((4, 156)), trans=None)
    with pytest.raises(ValueError, match=r"01_01_poses\.npz.*'trans'"):
        read(root, str(body))
    write_motion(path, gender=gender, poses=np.zeros((4, 156)), trans=np.zeros((4, 3)))
    shaped = rest_joints(22) + directions @ np.linspace(-1, 1, 16)[:10]
    np.testing.assert_allclose(read(root, str(body)).positions[0, BODY17.index("r_wrist")], shaped[21])


def test_gender_without_a_body(root, tmp_path):
    body = tmp_path / "rest_joints.npz"
    np.savez(body, rest_joints_male=rest_joints(22))
    write_motion(root / "CMU" / "01" / "01_01_poses.npz", gender="female")
    with pytest.raises(ValueError, match=r"rest_joints\.npz must hold 'rest_joints_female'"):
        read(root, str(body))
    write_motion(root / "CMU" / "01" / "01_01_poses.npz", gender="someone")
    with pytest.raises(ValueError, match="gender"):
        read(root, str(body))


def test_rest_joints_are_needed(root, tmp_path):
    write_motion(root / "CMU" / "01" / "01_01_poses.npz")
    with pytest.raises(ValueError, match=r"`rest_joints` must be.*may not be distributed"):
        AMASS(root)
    with pytest.raises(ValueError, match="`rest_joints`"):
        convert("amass", root, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="absent"):
        AMASS(root, rest_joints=str(tmp_path / "absent.npz"))
    with pytest.raises(FileNotFoundError):
        AMASS(tmp_path / "absent", rest_joints=str(tmp_path / "absent.npz"))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"rest_joints": rest_joints(24)},
        {"rest_joints": rest_joints(22) * 1000},
        {"rest_joints": rest_joints(22)[:, [0, 2, 1]]},
        {"rest_joints": rest_joints(22) * [-1, 1, 1]},
        {"rest_joints": np.full((22, 3), np.nan)},
        {"rest_joints": np.array([None], object)},
        {"rest_joints_male": rest_joints(22), "shape_directions_male": np.zeros((22, 10, 3))},
        {"rest_joints_male": rest_joints(22), "shape_directions_male": np.zeros((22, 3))},
    ],
)
def test_wrong_rest_joints(root, tmp_path, content):
    body = tmp_path / "rest_joints.npz"
    np.savez(body, **content)
    with pytest.raises(ValueError, match=r"rest_joints\.npz"):
        AMASS(root, rest_joints=str(body))


@pytest.mark.parametrize(
    "changes",
    [
        {"poses": None},
        {"poses": np.zeros((120, 60))},
        {"poses": np.zeros((0, 156))},
        {"poses": np.zeros(156)},
        {"poses": np.full((120, 156), np.inf)},
        {"poses": np.array([None], object)},
        {"poses": np.array("text")},
        {"trans": np.zeros((119, 3))},
        {"trans": np.zeros((120, 2))},
        {"mocap_framerate": None},
        {"mocap_framerate": np.array(0.0)},
        {"mocap_framerate": np.array(np.nan)},
        {"mocap_framerate": np.array([60, 120])},
        {"mocap_framerate": np.array("fast")},
        {"gender": np.array(3)},
        {"betas": np.array(["a"])},
        {"poses": None, "root_orient": np.zeros((3, 3)), "pose_body": np.zeros((4, 63))},
        {"poses": None, "root_orient": np.zeros(3), "pose_body": np.zeros(63)},
    ],
)
def test_wrong_content(root, body, changes):
    write_motion(root / "CMU" / "01" / "01_01_poses.npz", **changes)
    with pytest.raises(ValueError, match=r"01_01_poses\.npz"):
        read(root, body)


def test_damaged_files(root, body):
    path = write_motion(root / "CMU" / "01" / "01_01_poses.npz")
    data = path.read_bytes()
    changed = bytearray(data)
    changed[3000:3010] = b"\xff" * 10
    random = np.random.default_rng(0).bytes(1000)
    for damaged in (b"", data[:10], data[: len(data) // 2], data[:-5], random, bytes(changed)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"01_01_poses\.npz"):
            read(root, body)


@pytest.mark.parametrize("shape", ["(10000000000000,)", "(100000000, 156)", "(-5,)", "(1,) * 5"])
def test_absurd_sizes_are_refused_before_allocating(root, body, shape):
    path = write_motion(root / "CMU" / "01" / "01_01_poses.npz", poses=None)
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("poses.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"12345678")
    with pytest.raises(ValueError, match=r"01_01_poses\.npz.*'poses'"):
        read(root, body)


def test_nothing_to_read(root, body):
    np.savez(root / "shape.npz", betas=np.zeros(16))
    with pytest.raises(FileNotFoundError, match=r"_poses\.npz"):
        AMASS(root, rest_joints=body).list("pose_sequence")
