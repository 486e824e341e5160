"""The reader of Human3.6M, on small files in its format."""

import contextlib
import random
import shutil
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from cdflib import cdfwrite
from studio_body import is_right_handed, moving_body, pictures_of, projected, records_of, red_dot, write_video

from posealign_keras.data import LABELLED_IMAGE, POSE_SEQUENCE, UNLABELLED_CLIP, load_arrays
from tfrecords_tools import convert, verify
from tfrecords_tools.formats.cdf import load_poses
from tfrecords_tools.readers.human36m import Human36M
from tfrecords_tools.readers.human36m_cameras import load_cameras

OFFICIAL, FETCHED = "MyPoseFeatures/{}", "Poses_{}"
CAMERAS = ("54138969", "55011271", "58860488", "60457274")
INTRINSICS = np.array(
    [
        [1145.0494, 1143.7811, 512.5415, 515.4515, -0.2070989, 0.2477752, -0.0030752, -0.00142447, -0.00097570],
        [1149.6757, 1147.5916, 508.8486, 508.0649, -0.1942136, 0.2404085, 0.0068200, -0.00274089, -0.00161903],
        [1149.1407, 1148.7990, 519.8158, 501.4027, -0.2083382, 0.2554880, -0.0024605, -0.00076000, 0.00148439],
        [1145.5113, 1144.7739, 514.9682, 501.8820, -0.1983841, 0.2183237, -0.0089478, -0.00181336, -0.00058721],
    ]
)
S1_CAMERA = np.array([-1.38382776, -3.16734304, 0.41363631, 1841.10703, 4955.28462, 1563.44540])
FROM_32 = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
WORLD_UP, WORLD_FORWARD = np.array([0, 0, 1.0]), np.array([0, -1.0, 0])


def metadata_text():
    extrinsic = np.tile(S1_CAMERA, (4, 11, 1))
    numbers = " ".join(repr(float(value)) for value in [*extrinsic.ravel(), *INTRINSICS.ravel()])
    ids = "".join(f"<item>{camera}</item>" for camera in CAMERAS)
    return (
        '<?xml version="1.0" encoding="utf-8"?><a><mapping><tr><td/></tr></mapping><actionnames/>'
        f"<dbcameras><index2id>{ids}</index2id></dbcameras><w0>[{numbers}]</w0></a>"
    )


def rotation():
    """R = Rx Ry Rz of the first three numbers, written out."""
    (a, b, c), cos, sin = S1_CAMERA[:3], np.cos, np.sin
    x = np.array([[1, 0, 0], [0, cos(a), -sin(a)], [0, sin(a), cos(a)]])
    y = np.array([[cos(b), 0, sin(b)], [0, 1, 0], [-sin(b), 0, cos(b)]])
    z = np.array([[cos(c), -sin(c), 0], [sin(c), cos(c), 0], [0, 0, 1]])
    return x @ y @ z


def to_camera(world):
    return (world - S1_CAMERA[3:]) @ rotation().T


def official_pixels(points, camera):
    """The projection of the data set, written out."""
    fx, fy, cx, cy, k1, k2, k3, p1, p2 = INTRINSICS[CAMERAS.index(camera)]
    x, y = points[..., 0] / points[..., 2], points[..., 1] / points[..., 2]
    squared = x * x + y * y
    factor = 1 + k1 * squared + k2 * squared**2 + k3 * squared**3 + p1 * y + p2 * x
    return np.stack([fx * (x * factor + p2 * squared) + cx, fy * (y * factor + p1 * squared) + cy], axis=-1)


def write_poses(path, poses, compressed=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    spec = {"Variable": "Pose", "Data_Type": 44, "Num_Elements": 1, "Rec_Vary": True}
    data = poses.reshape(1, len(poses), -1).astype("float32")
    file = cdfwrite.CDF(path, cdf_spec={"Compressed": 6 if compressed else 0})
    file.write_var({**spec, "Dim_Sizes": list(data.shape[1:])}, var_data=data)
    file.close()


def write_masks(path, boxes, size=(60, 50)):
    """Masks of width x height, as MATLAB 7.3 files show them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        references = file.create_dataset("Masks", (len(boxes), 1), h5py.ref_dtype)
        for index, box in enumerate(boxes):
            mask = np.zeros(size, "uint8")
            if box is not None:
                mask[box[0] : box[2], box[1] : box[3]] = 1
            references[index, 0] = file.create_dataset(f"#refs#/{index}", data=mask).ref


def in_32(joints):
    """The 17 joints among the 32 of the data set; the others far away."""
    poses = np.full((len(joints), 32, joints.shape[-1]), 7777.0)
    poses[:, FROM_32] = joints
    return poses


def write_take(
    root,
    subject="S1",
    name="Directions 1",
    camera="54138969",
    layout=OFFICIAL,
    frames=6,
    video_frames=None,
    offset=(0, 0, 0),
    kinds=("D3_Positions", "D3_Positions_mono", "D2_Positions"),
):
    """One camera of one sequence. The picture shows the body where it is; the joints may be `offset` (millimetres)."""
    truth = 1000 * moving_body(frames)
    world = truth + np.array(offset, float)
    mono = to_camera(world)
    content = {
        "D3_Positions": world,
        "D3_Positions_mono": mono,
        "D3_Positions_mono_universal": mono[:, :1] + 1.1 * (mono - mono[:, :1]),
        "D2_Positions": official_pixels(mono, camera),
    }
    for kind in kinds:
        stem = name if kind == "D3_Positions" else f"{name}.{camera}"
        write_poses(root / subject / layout.format(kind) / f"{stem}.cdf", in_32(content[kind]))
    if video_frames != 0:
        shown = 1000 * moving_body(video_frames or frames)[:, 13]
        pixels = official_pixels(to_camera(shown), camera)
        height = 1002 if camera in (CAMERAS[0], CAMERAS[3]) else 1000
        write_video(root / subject / "Videos" / f"{name}.{camera}.mp4", pictures_of(pixels, 1000, height), 50)
    return world / 1000


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "h36m"
    root.mkdir()
    (root / "metadata.xml").write_text(metadata_text())
    return root


def read(root, kind, index=0, **options):
    reader = Human36M(root, **options)
    return reader.read(reader.list(kind)[index], kind)


def labelled(root, out, split="train", **options):
    options = {"image_fps": 50, **options}
    (manifests,) = convert("human36m", root, out, kinds=["labelled_image"], **options).values()
    return records_of(load_arrays(out / "labelled_image", split, LABELLED_IMAGE)), manifests[split].metadata


class TestCameras:
    def test_has_the_golden_numbers(self, root):
        camera = load_cameras(root / "metadata.xml")["S1", "54138969"]
        np.testing.assert_allclose(camera.rotation[0], [-0.91536173, 0.40180837, 0.02574754], atol=1e-8)
        np.testing.assert_allclose(-camera.rotation @ camera.centre, [-346.0508, 546.9808, 5474.4811], atol=1e-4)
        world = np.array([[0, 0, 900], [500, 300, 1700], [-1200, 1500, 0.0]])
        seen = [[-322.88, -337.04, 5307.24], [-639.42, -1042.95, 4689.59], [1355.10, 755.68, 4606.99]]
        np.testing.assert_allclose(camera.to_world(np.array(seen)), world, atol=0.01)

    def test_the_lens_of_opencv_is_close_to_that_of_the_data_set(self, root):
        camera = load_cameras(root / "metadata.xml")["S1", "54138969"]
        points = (np.array([[0, 0, 900], [500, 300, 1700], [-1200, 1500, 0.0]]) - camera.centre) @ camera.rotation.T
        pixels = camera.project(points)
        np.testing.assert_allclose(pixels[0], [442.961, 442.896], atol=0.001)
        official = [[442.971, 442.906], [358.291, 264.146], [842.204, 698.973]]
        np.testing.assert_allclose(official_pixels(points, "54138969"), official, atol=0.001)
        np.testing.assert_allclose(pixels, official, atol=0.2)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<a>",
            "<a/>",
            metadata_text()[:2000],
            metadata_text().replace("<w0>[", "<w0>[1 "),
            metadata_text().replace("-1.38382776", "nan"),
            metadata_text().replace("-1.38382776", "x"),
            metadata_text().replace("<item>60457274</item>", ""),
            metadata_text().replace("<a>", '<!DOCTYPE a [<!ENTITY b "b">]><a>', 1),
        ],
    )
    def test_damage_is_told_with_the_name_of_the_file(self, root, text):
        (root / "metadata.xml").write_text(text)
        write_take(root, video_frames=0, kinds=("D3_Positions_mono",))
        with pytest.raises(ValueError, match=r"metadata\.xml cannot be read"):
            read(root, "pose_sequence")


class TestPoses:
    @pytest.mark.parametrize("compressed", [False, True])
    def test_reads_what_cdflib_writes(self, tmp_path, compressed):
        poses = np.random.default_rng(0).normal(size=(9, 32, 3))
        write_poses(tmp_path / "Directions 1.54138969.cdf", poses, compressed)
        np.testing.assert_allclose(load_poses(tmp_path / "Directions 1.54138969.cdf", 32, 3), poses, atol=1e-6)

    @pytest.mark.parametrize("compressed", [False, True])
    def test_damage_is_told_and_takes_no_time(self, tmp_path, compressed):
        path = tmp_path / "Walking.cdf"
        write_poses(path, np.random.default_rng(0).normal(size=(9, 32, 3)), compressed)
        whole, draw = path.read_bytes(), random.Random(0)
        for length in (0, 3, 8, 50, 200, 330, 700, 1200, len(whole) // 2, len(whole) - 200):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match=r"Walking\.cdf"):
                load_poses(path, 32, 3)
        for _ in range(150):
            damaged = bytearray(whole)
            for _ in range(draw.randint(1, 5)):
                damaged[draw.randrange(min(len(damaged), 1200))] = draw.randrange(256)
            path.write_bytes(damaged)
            # Damage of numbers alone cannot be seen.
            with contextlib.suppress(ValueError):
                assert load_poses(path, 32, 3).shape[1:] == (32, 3)

    def test_refuses_other_shapes_and_numbers_that_are_none(self, tmp_path):
        path = tmp_path / "Walking.cdf"
        write_poses(path, np.ones((4, 32, 2)))
        with pytest.raises(ValueError, match=r"Walking.cdf .* frames of 96 numbers"):
            load_poses(path, 32, 3)
        write_poses(path, np.full((4, 32, 3), np.nan))
        with pytest.raises(ValueError, match=r"Walking.cdf: poses must be finite"):
            load_poses(path, 32, 3)


class TestPoseSequences:
    def test_are_metres_in_the_world_and_the_splits_are_the_official_ones(self, root, tmp_path):
        truth = write_take(root, "S1", "TakingPhoto 1", video_frames=0)
        write_take(root, "S11", "WalkDog", layout=FETCHED, video_frames=0)
        write_take(root, "S2", "Walking", video_frames=0)  # not in any release; must not be taken for a label
        write_take(root, "S1", "_ALL 1", video_frames=0)
        out = tmp_path / "out"
        result = convert("human36m", root, out, kinds=["pose_sequence"], fps=50, shortest_sequence=2)["pose_sequence"]
        assert {split: manifest.num_records for split, manifest in result.items()} == {"train": 1, "test": 1}
        train = records_of(load_arrays(out / "pose_sequence", "train", POSE_SEQUENCE))[0]
        np.testing.assert_allclose(train["positions"], truth, atol=1e-5)
        assert is_right_handed(train["positions"], WORLD_UP, WORLD_FORWARD)
        assert (train["coordinate_frame"], train["fps"], train["subject"]) == ("world", 50, "S1")
        assert train["sequence"] == "Photo 1"
        assert train["scale"] == pytest.approx(0.001)
        test = records_of(load_arrays(out / "pose_sequence", "test", POSE_SEQUENCE))[0]
        assert (test["subject"], test["sequence"]) == ("S11", "WalkDog")
        verify(out)

    def test_there_is_one_for_each_sequence_whatever_the_cameras(self, root):
        for camera in CAMERAS:
            write_take(root, camera=camera, video_frames=0)
        assert len(Human36M(root).list("pose_sequence")) == 1

    def test_come_from_a_camera_where_the_world_is_missing(self, root):
        truth = write_take(root, video_frames=0, kinds=("D3_Positions_mono",))
        recording = read(root, "pose_sequence")
        assert recording.coordinate_frame == "world"
        np.testing.assert_allclose(recording.positions, truth, atol=1e-5)

    def test_stay_in_the_camera_frame_without_metadata(self, root):
        (root / "metadata.xml").unlink()
        truth = write_take(root, video_frames=0, kinds=("D3_Positions_mono",))
        recording = read(root, "pose_sequence")
        assert recording.coordinate_frame == "camera"
        np.testing.assert_allclose(recording.positions, to_camera(1000 * truth) / 1000, atol=1e-5)
        assert "camera frame" in recording.notes[0]

    def test_can_be_of_the_universal_skeleton(self, root):
        truth = write_take(root, video_frames=0, kinds=("D3_Positions", "D3_Positions_mono_universal"))
        recording = read(root, "pose_sequence", universal=True)
        larger = truth[:, :1] + 1.1 * (truth - truth[:, :1])
        np.testing.assert_allclose(recording.positions, larger, atol=1e-5)
        assert recording.coordinate_frame == "world"

    def test_must_be_millimetres(self, root):
        write_take(root, video_frames=0)
        write_poses(root / "S1/MyPoseFeatures/D3_Positions/Directions 1.cdf", in_32(moving_body(4)))
        with pytest.raises(ValueError, match=r"Directions 1\.cdf: bodies are .* must be millimetres"):
            read(root, "pose_sequence")


def test_the_cameras_are_read_again_if_their_file_changes(root):
    path = root / "metadata.xml"
    before = load_cameras(path)["S1", CAMERAS[0]].rotation
    path.write_text(metadata_text().replace("-1.38382776", "-1.5"))
    assert not np.allclose(load_cameras(path)["S1", CAMERAS[0]].rotation, before)


def test_files_are_those_that_are_read(root, tmp_path, monkeypatch):
    write_take(root, video_frames=2)
    other = tmp_path / "other.xml"
    (root / "metadata.xml").rename(other)
    monkeypatch.chdir(tmp_path)
    reader = Human36M("h36m", metadata="other.xml")
    for kind in ("labelled_image", "unlabelled_clip"):
        for one in reader.list(kind):
            assert str(other) in one.files
            assert all(Path(file).is_absolute() for file in one.files)
    (one,) = reader.list("pose_sequence")
    assert str(other) not in one.files  # poses in the world need no camera


class TestLabelledImages:
    @pytest.mark.parametrize("layout", [OFFICIAL, FETCHED])
    @pytest.mark.parametrize("virtual_camera", [True, False])
    def test_show_the_joints_where_the_labels_say(self, root, tmp_path, layout, virtual_camera):
        truth = write_take(root, layout=layout)
        write_take(root, "S9", "Walking", camera="58860488", layout=layout)
        records, _ = labelled(root, tmp_path / "out", virtual_camera=virtual_camera)
        assert [record["frame_index"] for record in records] == list(range(6))
        for record in records:
            # A plain crop keeps the lens distortion, which the pinhole projection does not have.
            assert np.linalg.norm(red_dot(record["image"]) - projected(record)) < (0.7 if virtual_camera else 1.5)
            assert record["joint_validity"].all()
            joints = record["joints"]
            assert joints[3, 1] > 0.3  # the right ankle is below the pelvis
            bones = np.linalg.norm(joints[1:] - joints[:-1], axis=1)
            np.testing.assert_allclose(
                bones, np.linalg.norm(np.diff(truth[record["frame_index"]], axis=0), axis=1), atol=1e-4
            )
        record = records[0]
        assert (record["fps"], record["camera"], record["subject"]) == (50, "54138969", "S1")
        # The camera looks along -y of the world, at the back of the person: its left is on the left.
        assert record["joints"][4, 0] < 0 < record["joints"][1, 0]

    def test_every_fifth_by_default(self, root):
        write_take(root, frames=12)
        assert not read(root, "labelled_image").every_frame

    def test_end_with_the_video_or_the_poses(self, root, tmp_path):
        write_take(root, name="Walking", frames=6, video_frames=4)
        write_take(root, name="Waiting 1", frames=5, video_frames=8)
        records, metadata = labelled(root, tmp_path / "out")
        counts = {name: [record["sequence"] for record in records].count(name) for name in ("Walking", "Waiting 1")}
        assert counts == {"Walking": 4, "Waiting 1": 5}
        assert metadata["dropped"] == {"frames after the end of the video": 2}

    def test_without_metadata_have_a_fitted_camera(self, root, tmp_path):
        (root / "metadata.xml").unlink()
        write_take(root)
        records, metadata = labelled(root, tmp_path / "out")
        assert max(np.linalg.norm(red_dot(record["image"]) - projected(record)) for record in records) < 1.5
        assert "a camera without lens was fitted" in metadata["notes"][0]
        matrix = read(root, "labelled_image").intrinsics
        assert matrix[0, 0] == pytest.approx(1145, rel=0.05)

    def test_without_metadata_and_pixels_say_what_is_missing(self, root):
        (root / "metadata.xml").unlink()
        write_take(root, kinds=("D3_Positions_mono",))
        with pytest.raises(FileNotFoundError, match="D2_Positions"):
            read(root, "labelled_image")

    def test_universal_poses_keep_the_crops_of_the_true_ones(self, root):
        write_take(root, kinds=("D3_Positions_mono", "D3_Positions_mono_universal"))
        true, universal = read(root, "labelled_image"), read(root, "labelled_image", universal=True)
        relative = [one.positions - one.positions[:, :1] for one in (true, universal)]
        np.testing.assert_allclose(relative[1], 1.1 * relative[0], atol=1e-4)
        points = true.positions[0].astype(float)
        lens = np.array(true.distortion)
        pixels = cv2.projectPoints(points, np.zeros(3), np.zeros(3), true.intrinsics, lens)[0][:, 0]
        np.testing.assert_allclose(universal.keypoints[0], pixels, atol=0.01)

    def test_official_boxes_are_the_extents_of_the_masks(self, root):
        write_take(root)
        path = root / "S1/MySegmentsMat/ground_truth_bb/Directions 1.54138969.mat"
        write_masks(path, [(10, 5, 30, 45), None, (0, 0, 60, 50), (1, 2, 3, 4), (9, 9, 10, 10)])
        recording = read(root, "labelled_image", boxes="ground_truth")
        expected = [[10, 5, 30, 45], [np.nan] * 4, [0, 0, 60, 50], [1, 2, 3, 4], [9, 9, 10, 10]]
        np.testing.assert_array_equal(recording.boxes, expected)
        assert len(recording.positions) == 5

    @pytest.mark.parametrize("damage", ["cut", "empty", "noise", "no masks", "numbers", "null"])
    def test_damaged_masks_are_told(self, root, damage):
        write_take(root)
        path = root / "S1/MySegmentsMat/ground_truth_bb/Directions 1.54138969.mat"
        write_masks(path, [(10, 5, 30, 45)] * 6)
        if damage in ("cut", "empty", "noise"):
            whole = path.read_bytes()
            path.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "noise": bytes(range(256)) * 9}[damage])
        else:
            with h5py.File(path, "w") as file:
                if damage == "numbers":
                    file["Masks"] = np.zeros((6, 1))
                elif damage == "null":
                    file.create_dataset("Masks", (6, 1), h5py.ref_dtype)
                else:
                    file["Other"] = np.zeros(3)
        with pytest.raises(ValueError, match=r"Directions 1\.54138969\.mat"):
            read(root, "labelled_image", boxes="ground_truth")

    def test_a_damaged_video_is_told(self, root, tmp_path):
        write_take(root)
        video = root / "S1/Videos/Directions 1.54138969.mp4"
        for content in (b"", b"noise" * 100, video.read_bytes()[:300]):
            video.write_bytes(content)
            with pytest.raises(ValueError, match=r"Directions 1\.54138969\.mp4"):
                labelled(root, tmp_path / "out")
        video.unlink()
        with pytest.raises(ValueError, match=r"Directions 1\.54138969\.mp4"):
            labelled(root, tmp_path / "out")


class TestKnownErrors:
    SHIFTED = {"subject": "S9", "camera": "60457274", "offset": (200, 0, 0)}

    @pytest.mark.parametrize("name", ["Greeting", "SittingDown 1", "Waiting 1"])
    def test_shift_puts_the_joints_of_s9_back(self, root, tmp_path, name):
        write_take(root, name=name, **self.SHIFTED)
        records, metadata = labelled(root, tmp_path / "shift", "test", fix_s9="shift")
        assert max(np.linalg.norm(red_dot(record["image"]) - projected(record)) for record in records) < 0.7
        assert "shifted back" in metadata["notes"][0]
        records, metadata = labelled(root, tmp_path / "none", "test")
        assert min(np.linalg.norm(red_dot(record["image"]) - projected(record)) for record in records) > 10
        assert "20 cm beside the person" in metadata["notes"][0]
        sequence = read(root, "pose_sequence", fix_s9="shift")
        np.testing.assert_allclose(sequence.positions, moving_body(6), atol=1e-5)

    def test_shift_moves_the_official_boxes_with_the_joints(self, root):
        write_take(root, name="Greeting", **self.SHIFTED)
        write_masks(root / "S9/MySegmentsMat/ground_truth_bb/Greeting.60457274.mat", [(10, 5, 30, 45)] * 6)
        before = read(root, "labelled_image", boxes="ground_truth")
        after = read(root, "labelled_image", boxes="ground_truth", fix_s9="shift")
        pixels = [one.intrinsics[0, 0] * one.positions[0, 0, 0] / one.positions[0, 0, 2] for one in (before, after)]
        moved = after.boxes - before.boxes
        assert moved[0, 0] == pytest.approx(pixels[1] - pixels[0], abs=1.5)
        np.testing.assert_allclose(moved[:, :2], moved[:, 2:])

    def test_drop_leaves_them_out_with_a_note_and_keeps_the_others(self, root, tmp_path):
        write_take(root, name="Greeting", **self.SHIFTED)
        write_take(root, "S9", "Greeting 1")
        write_take(root, "S1", "Greeting")
        records, metadata = labelled(root, tmp_path / "out", "test", fix_s9="drop")
        assert {record["sequence"] for record in records} == {"Greeting 1"}
        assert [note for note in metadata["notes"] if "Greeting" in note and "left out" in note]
        for kind in Human36M.kinds:
            kinds = {"kinds": [kind], "fix_s9": "drop", "clip_length": 2, "shortest_sequence": 2}
            result = convert("human36m", root, tmp_path / "all", **kinds)[kind]
            assert result["test"].num_records
            assert result["train"].num_records

    def test_shift_needs_the_cameras(self, root):
        (root / "metadata.xml").unlink()
        with pytest.raises(FileNotFoundError, match=r"fix_s9='shift'.*metadata\.xml"):
            Human36M(root, fix_s9="shift")

    @pytest.mark.parametrize("damage", ["noise", "cut", "missing"])
    def test_the_video_that_most_copies_cannot_read_is_left_out(self, root, tmp_path, damage):
        for camera in CAMERAS[:2]:
            write_take(root, "S11", "Directions", camera=camera)
        video = root / "S11/Videos/Directions.54138969.mp4"
        whole = video.read_bytes()
        video.write_bytes(b"noise" * 99 if damage == "noise" else whole[: len(whole) // 2])
        if damage == "missing":
            video.unlink()
        records, metadata = labelled(root, tmp_path / "out", "test")
        assert {record["camera"] for record in records} == {"55011271"}
        assert [note for note in metadata["notes"] if "54138969" in note and "video cannot be read" in note]

    def test_a_copy_in_which_it_can_be_read_is_used(self, root):
        write_take(root, "S11", "Directions")
        assert len(read(root, "labelled_image").positions) == 6


class TestClips:
    def test_follow_the_joints_and_need_none(self, root, tmp_path):
        write_take(root, frames=8)
        write_take(root, "S2", "Walking", frames=8, kinds=())
        out = tmp_path / "out"
        result = convert("human36m", root, out, kinds=["unlabelled_clip"], fps=50, clip_length=4)["unlabelled_clip"]
        assert {split: manifest.num_records for split, manifest in result.items()} == {"train": 2, "withheld": 2}
        followed = load_arrays(out / "unlabelled_clip", "train", UNLABELLED_CLIP)["frames"]
        whole = load_arrays(out / "unlabelled_clip", "withheld", UNLABELLED_CLIP)["frames"]
        assert followed.shape == whole.shape == (2, 4, 224, 224, 3)
        # The person is larger in a crop that follows it.
        dots = [int((clip[0, ..., 0] > 150).sum()) for clip in (followed[0], whole[0])]
        assert dots[0] > 2 * dots[1]
        assert "nothing says where the person is" in result["withheld"].metadata["notes"][0]


class TestChoices:
    def test_cameras(self, root):
        for camera in CAMERAS[:3]:
            write_take(root, camera=camera, video_frames=0)
        chosen = Human36M(root, cameras="58860488, 54138969").list("labelled_image")
        assert [one.camera for one in chosen] == ["54138969", "58860488"]
        assert {one.group for one in chosen} == {"S1"}
        with pytest.raises(ValueError, match=r"`cameras` must be some of 54138969.*Received: cameras='1'"):
            Human36M(root, cameras="1")

    @pytest.mark.parametrize("options", [{"boxes": "none"}, {"fix_s9": "maybe"}])
    def test_wrong_ones_are_named(self, root, options):
        with pytest.raises(ValueError, match=f"`{next(iter(options))}` must be one of"):
            Human36M(root, **options)

    def test_metadata_may_be_elsewhere(self, root, tmp_path):
        shutil.move(root / "metadata.xml", tmp_path / "elsewhere.xml")
        write_take(root, kinds=("D3_Positions_mono",))
        assert read(root, "labelled_image", metadata=str(tmp_path / "elsewhere.xml")).distortion
        with pytest.raises(FileNotFoundError, match="`metadata`"):
            Human36M(root, metadata=str(tmp_path / "nowhere.xml"))

    def test_an_empty_directory_is_told(self, tmp_path):
        for kind in Human36M.kinds:
            with pytest.raises(FileNotFoundError, match=r"nothing of Human3\.6M"):
                Human36M(tmp_path).list(kind)
        with pytest.raises(FileNotFoundError, match="human36m"):
            Human36M(tmp_path / "nowhere")
