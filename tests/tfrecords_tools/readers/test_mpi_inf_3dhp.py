"""The reader of MPI-INF-3DHP, on small files in its format."""

import cv2
import h5py
import numpy as np
import pytest
import scipy.io
from studio_body import is_right_handed, moving_body, pictures_of, projected, records_of, red_dot, write_video

from posealign_keras.data import LABELLED_IMAGE, POSE_SEQUENCE, UNLABELLED_CLIP, load_arrays
from tfrecords_tools import convert, verify
from tfrecords_tools.readers.mpi_inf_3dhp import MPIINF3DHP
from tfrecords_tools.readers.mpi_inf_3dhp_annotations import load_train_annotations
from tfrecords_tools.readers.mpi_inf_3dhp_calibration import load_calibration

# Of camera 0 of S1/Seq1; y is up in that world.
INTRINSIC = np.array([[1497.693, 0, 1024.704, 0], [0, 1497.103, 1051.394, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
EXTRINSIC = np.array(
    [
        [0.9650164, 0.00488022, 0.262144, -562.8666],
        [-0.004488356, -0.9993728, 0.0351275, 1398.138],
        [0.262151, -0.03507521, -0.9643893, 3852.623],
        [0, 0, 0, 1],
    ]
)
FROM_28 = [4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16]
FROM_17 = [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]
FOCAL, LARGE = 1499.21, 2048
WORLD_UP = np.array([0, 0, 1.0])


def in_studio(frames):
    """`(frames, 17, 3)` millimetres in the world of the data set, where y is up; faces the camera, along +z."""
    return 1000 * moving_body(frames) @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])


def to_camera(world):
    return world @ EXTRINSIC[:3, :3].T + EXTRINSIC[:3, 3]


def pixels_of(points, matrix=INTRINSIC):
    focal, centre = matrix[[0, 1], [0, 1]], matrix[:2, 2]
    return points[..., :2] / points[..., 2:] * focal + centre


def cells(array, cameras=14):
    content = np.empty((cameras, 1), object)
    for camera in range(cameras):
        content[camera, 0] = array
    return content


def universal(points):
    return points[:, :1] + 0.9 * (points - points[:, :1])


def write_train(
    root, subject="S1", sequence="Seq1", frames=6, filmed=(0,), size=LARGE, video_frames=None, calibration=True, **more
):
    """One sequence; returns its joints in the camera frame, in millimetres."""
    folder = root / subject / sequence
    folder.mkdir(parents=True, exist_ok=True)
    points = to_camera(in_studio(frames))
    in_28 = {}
    for name, axes, joints in (
        ("annot2", 2, pixels_of(points)),
        ("annot3", 3, points),
        ("univ_annot3", 3, universal(points)),
    ):
        array = np.full((frames, 28, axes), 5555.0)
        array[:, FROM_28] = joints
        in_28[name] = cells(array.reshape(frames, 28 * axes))
    in_28 |= {"cameras": np.arange(14)[None], "frames": np.arange(frames)[:, None], **more}
    scipy.io.savemat(folder / "annot.mat", in_28)
    if calibration:
        write_calibration(folder / "camera.calibration")
    for camera in filmed:
        pictures = shrunk(pixels_of(to_camera(in_studio(video_frames or frames)))[:, 13], size)
        write_video(folder / "imageSequence" / f"video_{camera}.avi", pictures, 25, "mpeg4")
    return points


def shrunk(pixels, size):
    """Pictures as `cv2.resize` makes them out of the original ones."""
    factor = size / LARGE
    return pictures_of((pixels + 0.5) * factor - 0.5, size, size, radius=max(3, round(12 * factor)))


def write_calibration(path, cameras=14):
    lines = ["Skeletool Camera Calibration File V1.0"]
    for camera in range(cameras):
        lines += [f"name          {camera}", "  sensor      10 10 ", "  size        2048 2048 ", "  animated    0 "]
        lines += [
            f"  {key}   " + " ".join(f"{value:.7g}" for value in matrix.ravel()) + " "
            for key, matrix in (("intrinsic", INTRINSIC), ("extrinsic", EXTRINSIC))
        ]
        lines += ["  radial      0 "]
    path.write_text("\n".join(lines) + "\n")


def write_frames(folder, pictures, name="img_{:06d}.jpg", first=1):
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        cv2.imwrite(str(folder / name.format(index + first)), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 97])


def write_test(root, name="TS1", valid=(0, 1, 1, 0, 1, 0), size=256, **changes):
    frames = len(valid)
    points = to_camera(in_studio(frames))
    centre = (LARGE - 1) / 2
    matrix = np.array([[FOCAL, 0, centre], [0, FOCAL, centre], [0, 0, 1]])
    content = {"valid_frame": np.array(valid, float)[:, None], "activity_annotation": np.ones((frames, 1))}
    for key, joints in (
        ("annot2", pixels_of(points, matrix)),
        ("annot3", points),
        ("univ_annot3", universal(points)),
    ):
        array = np.zeros((frames, 1, 17, joints.shape[-1]))
        array[:, 0, FROM_17] = joints
        content[key] = array
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "annot_data.mat", "w") as file:
        for key, value in {**content, **changes}.items():
            if value is not None:
                file[key] = value
    write_frames(folder / "imageSequence", shrunk(pixels_of(points, matrix)[:, 13], size))
    return points


def read(root, kind, index=0, **options):
    reader = MPIINF3DHP(root, **options)
    return reader.read(reader.list(kind)[index], kind)


def labelled(root, out, split, **options):
    (manifests,) = convert("mpi_inf_3dhp", root, out, kinds=["labelled_image"], **options).values()
    return records_of(load_arrays(out / "labelled_image", split, LABELLED_IMAGE)), manifests[split].metadata


def test_the_golden_projection():
    pixel = pixels_of(np.array([-18.0923, 102.071, 3726.17]))
    np.testing.assert_allclose(pixel, [1017.432, 1092.404], atol=0.001)


class TestCalibration:
    def test_is_of_every_camera_and_turned_to_z_up(self, tmp_path):
        write_calibration(tmp_path / "camera.calibration")
        cameras = load_calibration(tmp_path / "camera.calibration")
        assert list(cameras) == [str(number) for number in range(14)]
        camera = cameras["3"]
        np.testing.assert_allclose(camera.matrix, INTRINSIC[:3, :3])
        world = in_studio(2)
        turned = camera.to_world(to_camera(world))
        np.testing.assert_allclose(turned[..., 2], world[..., 1], atol=0.01)
        assert np.linalg.det(camera.rotation) == pytest.approx(1, abs=1e-4)

    @pytest.mark.parametrize("damage", ["empty", "header", "cut", "noise", "text", "order", "mirror"])
    def test_damage_is_told(self, tmp_path, damage):
        path = tmp_path / "camera.calibration"
        write_calibration(path)
        text = path.read_text()
        whole = {
            "empty": "",
            "header": text[:30],
            "cut": text[: len(text) // 2],
            "noise": "\x00\x01 7\n" * 20,
            "text": text.replace("1497.693", "wide"),
            "order": text.replace("extrinsic", "intrinsic"),
            "mirror": text.replace("0.9650164", "-0.9650164"),
        }
        path.write_text(whole[damage])
        with pytest.raises(ValueError, match=r"camera\.calibration cannot be read"):
            load_calibration(path)
        path.write_bytes(bytes(range(256)))
        with pytest.raises(ValueError, match=r"camera\.calibration cannot be read"):
            load_calibration(path)


def test_annotations_are_read_again_if_they_change(tmp_path):
    for frames in (6, 4):
        points = write_train(tmp_path, frames=frames, filmed=())
        found = load_train_annotations(tmp_path / "S1/Seq1/annot.mat", "0").positions
        np.testing.assert_allclose(found, points, atol=1e-3)


class TestTraining:
    @pytest.mark.parametrize("size", [LARGE, 768])
    @pytest.mark.parametrize("calibration", [True, False])
    def test_images_show_the_joints_where_the_labels_say(self, tmp_path, size, calibration):
        points = write_train(tmp_path / "data", size=size, calibration=calibration)
        records, metadata = labelled(tmp_path / "data", tmp_path / "out", "train", image_fps=25)
        assert [record["frame_index"] for record in records] == list(range(6))
        for record in records:
            assert np.linalg.norm(red_dot(record["image"]) - projected(record)) < 0.8
            root = points[record["frame_index"], 0] / 1000
            assert np.linalg.norm(record["root_position"]) == pytest.approx(np.linalg.norm(root), abs=1e-4)
        record = records[0]
        # The person faces the camera: its left is on the right.
        assert record["joints"][4, 0] > 0 > record["joints"][1, 0]
        assert record["joints"][3, 1] > 0.3
        assert (record["subject"], record["sequence"], record["camera"], record["fps"]) == ("S1", "Seq1", "0", 25)
        assert any("camera without lens was fitted" in note for note in metadata["notes"]) != calibration
        assert any("the whole sequence has 6416" in note for note in metadata["notes"])

    @pytest.mark.parametrize(
        ("folder", "name", "first"),
        [
            ("imageSequence/video_0", "img_{:06d}.jpg", 1),
            ("imageFrames/video_0", "frame_{:06d}.jpg", 0),
            ("video_0", "{}.png", 1),
        ],
    )
    def test_frames_may_be_extracted(self, tmp_path, folder, name, first):
        root = tmp_path / "data"
        write_train(root, filmed=(), frames=12)
        pixels = pixels_of(to_camera(in_studio(12)))[:, 13]
        write_frames(root / "S1/Seq1" / folder, shrunk(pixels, 768), name, first)
        records, _ = labelled(root, tmp_path / "out", "train", image_fps=25)
        assert len(records) == 12
        assert max(np.linalg.norm(red_dot(record["image"]) - projected(record)) for record in records) < 0.8

    def test_a_gap_in_extracted_frames_is_told(self, tmp_path):
        write_train(tmp_path, filmed=())
        folder = tmp_path / "S1/Seq1/imageFrames/video_0"
        write_frames(folder, shrunk(np.full((6, 2), 1000.0), 64))
        (folder / "img_000004.jpg").unlink()
        with pytest.raises(ValueError, match=r"video_0 must hold all pictures.* number 4 is not there"):
            read(tmp_path, "labelled_image")

    def test_pictures_of_another_shape_are_told(self, tmp_path):
        write_train(tmp_path, filmed=())
        write_frames(tmp_path / "S1/Seq1/video_0", np.zeros((6, 60, 80, 3), "uint8"))
        with pytest.raises(ValueError, match=r"shape of 2048 x 2048; they are 80 x 60"):
            read(tmp_path, "labelled_image")

    def test_sequences_are_in_the_world_at_the_rate_of_the_table(self, tmp_path):
        write_train(tmp_path / "data", filmed=())
        write_test(tmp_path / "data")
        settings = {"kinds": ["pose_sequence"], "fps": 25, "shortest_sequence": 2}
        convert("mpi_inf_3dhp", tmp_path / "data", tmp_path / "out", **settings)
        records = records_of(load_arrays(tmp_path / "out/pose_sequence", "train", POSE_SEQUENCE))
        (record,) = records
        assert (record["coordinate_frame"], record["subject"], record["fps"]) == ("world", "S1", 25)
        world = in_studio(6) / 1000
        np.testing.assert_allclose(record["positions"][:, :, 2], world[:, :, 1], atol=1e-4)
        forward = record["positions"][-1, 0] - record["positions"][0, 0]
        assert is_right_handed(record["positions"], WORLD_UP, forward)
        verify(tmp_path / "out")
        write_train(tmp_path / "faster", "S3", "Seq1", filmed=())
        assert read(tmp_path / "faster", "pose_sequence").fps == 50

    def test_sequences_stay_in_the_camera_frame_without_calibration(self, tmp_path):
        points = write_train(tmp_path, filmed=(), calibration=False)
        recording = read(tmp_path, "pose_sequence")
        assert recording.coordinate_frame == "camera"
        np.testing.assert_allclose(recording.positions, points / 1000, atol=1e-5)
        assert any("camera frame" in note for note in recording.notes)

    def test_true_poses_unless_universal_ones_are_asked_for(self, tmp_path):
        points = write_train(tmp_path, size=64)
        for option, expected in (("test", points), ("never", points), ("always", universal(points))):
            recording = read(tmp_path, "labelled_image", universal=option)
            np.testing.assert_allclose(recording.positions, expected / 1000, atol=1e-5)
            # Crops are of the person, not of the scaled skeleton.
            np.testing.assert_allclose(recording.keypoints, (pixels_of(points) + 0.5) / 32 - 0.5, atol=1e-6)

    def test_a_video_that_is_too_short_ends_the_recording(self, tmp_path):
        write_train(tmp_path / "data", "S6", "Seq2", frames=6, video_frames=4, filmed=(2,), size=256)
        records, metadata = labelled(tmp_path / "data", tmp_path / "out", "train", image_fps=25)
        assert len(records) == 4
        assert metadata["dropped"] == {"frames after the end of the video": 2}

    def test_cameras(self, tmp_path):
        write_train(tmp_path, filmed=(0, 3, 8), size=64)
        listed = MPIINF3DHP(tmp_path).list("labelled_image")
        assert [one.camera for one in listed] == ["0", "8"]
        assert {one.group for one in listed} == {"S1"}
        assert any("cameras 1, 2, 4, 5, 6, 7" in note for note in read(tmp_path, "labelled_image").notes)
        assert [one.camera for one in MPIINF3DHP(tmp_path, cameras="8,3").list("labelled_image")] == ["3", "8"]
        with pytest.raises(FileNotFoundError, match="no video of camera 13"):
            read(tmp_path, "labelled_image", cameras="13")
        with pytest.raises(ValueError, match="`cameras` must be some of"):
            MPIINF3DHP(tmp_path, cameras="14")

    def test_clips_follow_the_person_at_the_rate_of_the_table(self, tmp_path):
        # The video says 25 frames per second, the data set 50.
        write_train(tmp_path / "data", "S3", "Seq1", frames=9, size=256)
        settings = {"kinds": ["unlabelled_clip"], "fps": 25, "clip_length": 4}
        convert("mpi_inf_3dhp", tmp_path / "data", tmp_path / "out", **settings)
        frames = load_arrays(tmp_path / "out/unlabelled_clip", "train", UNLABELLED_CLIP)["frames"]
        assert frames.shape == (1, 4, 224, 224, 3)

    @pytest.mark.parametrize(
        "change",
        [
            {"annot3": cells(np.zeros((6, 83)))},
            {"annot3": cells(np.zeros((5, 84)))},
            {"annot3": cells(np.full((6, 84), np.nan))},
            {"annot3": cells("text")},
            {"annot3": cells(np.zeros((6, 84)), cameras=3)},
            {"annot3": np.zeros((6, 84))},
            {"cameras": np.array([["a", "b"]])},
            {"cameras": np.full((1, 14), np.nan)},
        ],
    )
    def test_annotations_of_another_form_are_told(self, tmp_path, change):
        write_train(tmp_path, size=64, **change)
        with pytest.raises(ValueError, match=r"annot\.mat"):
            read(tmp_path, "labelled_image")

    @pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.2, 0.5, 0.9, 0.999])
    def test_cut_annotations_are_told(self, tmp_path, share):
        write_train(tmp_path, filmed=())
        path = tmp_path / "S1/Seq1/annot.mat"
        whole = path.read_bytes()
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ValueError, match=r"annot\.mat"):
            read(tmp_path, "pose_sequence")

    def test_a_test_file_in_place_of_a_training_file_is_told(self, tmp_path):
        write_train(tmp_path / "train", filmed=())
        write_test(tmp_path / "test")
        (tmp_path / "test/TS1/annot_data.mat").replace(tmp_path / "train/S1/Seq1/annot.mat")
        with pytest.raises(ValueError, match=r"annot\.mat cannot be read as a MATLAB file of version 5"):
            read(tmp_path / "train", "pose_sequence")


class TestTest:
    def test_all_valid_frames_become_images_with_universal_poses(self, tmp_path):
        points = write_test(tmp_path / "data/mpi_inf_3dhp_test_set", size=768)
        records, metadata = labelled(tmp_path / "data", tmp_path / "out", "test")
        assert [record["frame_index"] for record in records] == [1, 2, 4]
        for record in records:
            true = points[record["frame_index"]]
            lengths = np.linalg.norm(np.diff(record["joints"], axis=0), axis=1)
            np.testing.assert_allclose(lengths, 0.9 * np.linalg.norm(np.diff(true, axis=0), axis=1) / 1000, atol=1e-4)
        assert (records[0]["subject"], records[0]["camera"]) == ("TS1", "")
        assert "3 frames are marked valid; the whole sequence has 603, the whole test set 2,929" in metadata["notes"][0]

    def test_its_pictures_are_among_the_files(self, tmp_path):
        write_test(tmp_path, size=64)
        (one,) = MPIINF3DHP(tmp_path).list("labelled_image")
        pictures = sorted((tmp_path / "TS1/imageSequence").iterdir())
        assert one.files == (str(tmp_path / "TS1/annot_data.mat"), *map(str, pictures))
        assert len(pictures) == 6

    def test_true_poses_are_where_the_pictures_show_them(self, tmp_path):
        write_test(tmp_path / "data", size=768)
        records, _ = labelled(tmp_path / "data", tmp_path / "out", "test", universal="never")
        assert max(np.linalg.norm(red_dot(record["image"]) - projected(record)) for record in records) < 0.8
        # The camera matrix of the table, for smaller pictures.
        matrix = read(tmp_path / "data", "labelled_image").intrinsics
        assert matrix[0, 0] == pytest.approx(FOCAL * 768 / LARGE)
        assert matrix[0, 2] == pytest.approx((768 - 1) / 2)

    def test_a_sequence_that_is_not_in_the_table_has_a_fitted_camera(self, tmp_path):
        write_test(tmp_path, "TS7", size=LARGE)
        recording = read(tmp_path, "labelled_image")
        assert recording.intrinsics[0, 0] == pytest.approx(FOCAL, rel=1e-3)
        assert "fitted" in recording.notes[0]

    def test_splits_are_disjoint(self, tmp_path):
        write_train(tmp_path / "data", size=64)
        write_test(tmp_path / "data")
        result = convert("mpi_inf_3dhp", tmp_path / "data", tmp_path / "out", kinds=["labelled_image"])
        assert {split: one.metadata["groups"] for split, one in result["labelled_image"].items()} == {
            "train": ["S1"],
            "test": ["TS1"],
        }
        verify(tmp_path / "out")

    @pytest.mark.parametrize(
        "change",
        [
            {"annot3": np.zeros((6, 1, 16, 3))},
            {"annot3": np.zeros((5, 1, 17, 3))},
            {"annot3": np.full((6, 1, 17, 3), np.inf)},
            {"univ_annot3": np.zeros((6, 1, 17, 3))},
            {"annot2": np.zeros((6, 1, 17, 3))},
            {"annot2": "text"},
            {"valid_frame": np.ones((7, 1))},
            {"valid_frame": None},
        ],
    )
    def test_annotations_of_another_form_are_told(self, tmp_path, change):
        write_test(tmp_path, **change)
        with pytest.raises(ValueError, match=r"TS1"):
            read(tmp_path, "labelled_image")

    def test_links_to_other_files_and_absurd_sizes_are_refused(self, tmp_path):
        write_test(tmp_path, annot3=None)
        with h5py.File(tmp_path / "TS1/annot_data.mat", "a") as file:
            file["annot3"] = h5py.ExternalLink("other.mat", "annot3")
        with pytest.raises(ValueError, match=r"annot_data\.mat.*'annot3'"):
            read(tmp_path, "labelled_image")
        with h5py.File(tmp_path / "TS1/annot_data.mat", "a") as file:
            del file["annot3"]
            file.create_dataset("annot3", (2**40, 1, 17, 3), chunks=(1, 1, 17, 3))
        with pytest.raises(ValueError, match=r"annot_data\.mat.*must be smaller"):
            read(tmp_path, "labelled_image")

    @pytest.mark.parametrize("share", [0, 0.01, 0.2, 0.5, 0.9])
    def test_cut_annotations_are_told(self, tmp_path, share):
        write_test(tmp_path)
        path = tmp_path / "TS1/annot_data.mat"
        whole = path.read_bytes()
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ValueError, match=r"annot_data\.mat"):
            read(tmp_path, "labelled_image")

    def test_missing_and_damaged_pictures_are_told(self, tmp_path):
        write_test(tmp_path / "data")
        folder = tmp_path / "data/TS1/imageSequence"
        (folder / "img_000003.jpg").write_bytes(b"noise")
        with pytest.raises(ValueError, match=r"img_000003\.jpg"):
            labelled(tmp_path / "data", tmp_path / "out", "test")
        (folder / "img_000003.jpg").unlink()
        with pytest.raises(ValueError, match=r"number 3 is not there"):
            labelled(tmp_path / "data", tmp_path / "out", "test")


def test_an_empty_directory_and_wrong_options_are_told(tmp_path):
    for kind in MPIINF3DHP.kinds:
        with pytest.raises(FileNotFoundError, match="nothing of MPI-INF-3DHP"):
            MPIINF3DHP(tmp_path).list(kind)
    with pytest.raises(ValueError, match="`universal` must be one of"):
        MPIINF3DHP(tmp_path, universal="yes")
