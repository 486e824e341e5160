"""Poses of a video as files: each against the others, and against what other parts of the package read."""

import json

import av
import keras
import numpy as np
import pytest
from small_videos import HEIGHT, WIDTH, write_sound, write_video
from small_videos import boxes as boxes_of

from posealign_keras.data.motion_library import MotionLibrary, to_upright_camera_frame
from posealign_keras.models import ImageEncoder, PoseEstimator
from posealign_keras.prediction import predict, write_bvh
from posealign_keras.prediction.placement import project
from posealign_keras.prediction.predict import FILES
from posealign_keras.skeletons import BODY17
from tfrecords_tools.formats.bvh_file import BVHFile
from tfrecords_tools.lens import without_lens
from tfrecords_tools.readers import get_reader
from tfrecords_tools.video_frames import VideoFrames

COUNT = 70


@pytest.fixture(scope="module")
def written(estimator, tmp_path_factory):
    """A prediction with a gap, and what it was made of."""
    directory = tmp_path_factory.mktemp("predict")
    boxes = boxes_of(COUNT)
    boxes[[3, 4]] = np.nan
    video = write_video(directory / "walk.mp4", COUNT, rate=25)
    told = []
    out = predict(video, estimator, directory / "out", boxes=boxes, progress=lambda *words: told.append(words))
    return out, video, boxes, told


@pytest.fixture(scope="module")
def arrays(written):
    with np.load(written[0] / "poses.npz", allow_pickle=False) as content:
        return dict(content)


def test_all_files_are_there_and_nothing_else(written):
    out, video, _, told = written
    assert {path.name for path in out.iterdir()} == set(FILES)
    assert {path.name for path in out.parent.iterdir()} == {"out", video.name}
    assert ("poses", COUNT - 2, COUNT - 2) in told
    assert told[-1] == ("overlay", COUNT, COUNT)


def test_arrays_are_those_of_the_estimator(written, arrays, estimator):
    _, video, boxes, _ = written
    found = estimator.estimate_video(video, boxes)
    np.testing.assert_allclose(arrays["poses"], found.poses, atol=1e-5)
    for name in ("latents", "confidence", "plausibility", "times"):
        np.testing.assert_allclose(arrays[name], getattr(found, name), atol=1e-5)
    np.testing.assert_allclose(arrays["boxes"], boxes)
    assert np.isnan(arrays["keypoints"]).all()  # this network finds none
    assert np.isnan(arrays["root_positions"][[3, 4]]).all()
    assert (arrays["root_positions"][5:, 2] > 0).all()


def test_arrays_are_motion_capture_to_the_other_tools(written, arrays):
    path = written[0] / "poses.npz"
    reader = get_reader("arrays")(path)
    first, second = (reader.read(recording, "pose_sequence") for recording in reader.list("pose_sequence"))
    assert first.fps == 25
    for recording, part in ((first, slice(0, 3)), (second, slice(5, None))):
        np.testing.assert_allclose(to_upright_camera_frame(recording.positions), arrays["poses"][part], atol=1e-6)
    library = MotionLibrary.load(path)
    assert (len(library), library.fps) == (2, 25)
    assert list(library.names) == ["walk.mp4 from frame 0", "walk.mp4 from frame 5"]
    np.testing.assert_array_equal(library[1], second.positions)


def test_json_says_the_same(written, arrays):
    content = json.loads((written[0] / "poses.json").read_text())
    assert content["joint_names"] == list(BODY17.joint_names)
    assert (content["num_frames"], content["fps"], content["unit"]) == (COUNT, 25, "metre")
    assert content["camera"]["known"] is False
    frames = content["frames"]
    assert len(frames) == COUNT
    assert {value for name, value in frames[3].items() if name != "time"} == {None}
    for index in (0, 5, COUNT - 1):
        np.testing.assert_allclose(frames[index]["pose"], arrays["poses"][index], atol=1e-4)
        np.testing.assert_allclose(frames[index]["box"], arrays["boxes"][index], atol=0.01)
        assert frames[index]["confidence"] == pytest.approx(arrays["confidence"][index], abs=1e-4)
        assert frames[index]["time"] == pytest.approx(index / 25)


CAMERA = np.array([[110.0, 0, 60], [0, 110, 50], [0, 0, 1]])


@pytest.mark.parametrize("camera", [{}, {"intrinsics": CAMERA, "distortion": (-0.1, 0.0, 0.0, 0.0, 0.0)}])
def test_keypoints_are_written_and_the_skeleton_lies_over_them(estimator, tmp_path, camera):
    keras.utils.set_random_seed(1)
    encoder = ImageEncoder("small_resnet", 32, latent_dim=6, head_filters=(8,), head_widths=(12,), keypoints=17)
    finder = PoseEstimator(encoder, estimator.pose_autoencoder)
    boxes = boxes_of(4)
    boxes[2] = np.nan
    out = predict(write_video(tmp_path / "walk.mp4", 4), finder, tmp_path / "out", boxes=boxes, **camera)
    with np.load(out / "poses.npz", allow_pickle=False) as content:
        keypoints, poses, roots = (content[name] for name in ("keypoints", "poses", "root_positions"))
        pixels = project(poses + roots[:, None], content["intrinsics"])
        straight = without_lens(keypoints, content["intrinsics"], camera.get("distortion", ()))
    assert np.isfinite(keypoints[[0, 1, 3]]).all()
    assert np.isnan(keypoints[2]).all()
    np.testing.assert_allclose(pixels.mean(axis=1), straight.mean(axis=1), atol=0.5)
    frames = json.loads((out / "poses.json").read_text())["frames"]
    assert frames[2]["keypoints"] is None
    np.testing.assert_allclose(frames[3]["keypoints"], keypoints[3], atol=0.01)


def test_bvh_says_the_same(written, arrays, tmp_path):
    motion = BVHFile.read(written[0] / "poses.bvh")
    assert (len(motion.values), motion.frame_time) == (COUNT, pytest.approx(1 / 25))
    write_bvh(tmp_path / "again.bvh", arrays["poses"], 25)
    np.testing.assert_allclose(motion.values, BVHFile.read(tmp_path / "again.bvh").values, atol=1e-4)


def test_the_overlay_is_the_video_with_lines_over_the_person(written):
    out, video, boxes, _ = written
    original, drawn = VideoFrames(video), VideoFrames(out / "overlay.mp4")
    np.testing.assert_allclose(drawn.times, original.times, atol=1e-3)
    pairs = zip(original.read(range(COUNT)), drawn.read(range(COUNT)), strict=True)
    changes = np.array([np.abs(one.astype(int) - other).max(axis=-1) for one, other in pairs])
    many = (changes > 60).sum(axis=(1, 2))
    assert many[[3, 4]].max() < 15
    assert np.delete(many, [3, 4]).min() > 100
    rows, columns = np.nonzero(changes[20] > 60)
    left, top, right, bottom = boxes[20]
    assert (rows.mean(), columns.mean()) == pytest.approx(((top + bottom) / 2, (left + right) / 2), abs=12)


def test_the_report_plays_it_and_needs_no_network(written):
    page = (written[0] / "report.html").read_text()
    assert "walk.mp4" in page
    assert "68 of 70 frames with a pose" in page
    assert "Plotly.newPlot" in page
    assert "http://" not in page.split("</style>")[0]
    assert '<script src="' not in page


def test_times_that_vary(estimator, tmp_path):
    milliseconds = np.cumsum([0, 20, 20, 20, 200, 20, 20, 100])
    video = write_video(tmp_path / "clip.mp4", 8, milliseconds=milliseconds)
    out = predict(video, estimator, tmp_path / "out")
    content = np.load(out / "poses.npz")
    np.testing.assert_allclose(content["times"], milliseconds / 1000, atol=2e-3)
    np.testing.assert_allclose(VideoFrames(out / "overlay.mp4").times, milliseconds / 1000, atol=2e-3)
    motion = BVHFile.read(out / "poses.bvh")
    assert len(motion.values) * motion.frame_time == pytest.approx(milliseconds[-1] / 1000, abs=0.1)
    # While the picture stood still, so does the BVH.
    still = [index for index in range(len(motion.values)) if 0.07 < index * motion.frame_time < 0.15]
    assert still
    np.testing.assert_array_equal(motion.values[still], np.tile(motion.values[still[0]], (len(still), 1)))


@pytest.mark.parametrize(("rate", "count"), [(5, 6), (240, 20), (30, 1)])
def test_slow_fast_and_single(estimator, tmp_path, rate, count):
    out = predict(write_video(tmp_path / "clip.mp4", count, rate), estimator, tmp_path / "out")
    content = np.load(out / "poses.npz")
    assert content["poses"].shape == (count, 17, 3)
    assert content["fps"] == pytest.approx(30 if count == 1 else rate, rel=0.01)
    assert len(VideoFrames(out / "overlay.mp4").times) == count


def test_a_telephone_held_upright(estimator, tmp_path):
    one = 1 << 16
    video = write_video(tmp_path / "clip.mp4", 3, display_matrix=(0, one, 0, -one, 0, 0, 0, 0, 1 << 30))
    out = predict(video, estimator, tmp_path / "out")
    with av.open(str(out / "overlay.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (HEIGHT, WIDTH)
    np.testing.assert_allclose(np.load(out / "poses.npz")["boxes"][0], [0, 0, HEIGHT, WIDTH])


def test_large_pictures(estimator, tmp_path):
    out = predict(write_video(tmp_path / "clip.mp4", 2, height=2160, width=3840), estimator, tmp_path / "out")
    assert next(iter(VideoFrames(out / "overlay.mp4").read([0]))).shape == (720, 1280, 3)


def test_odd_sizes(estimator, tmp_path):
    frames = [np.full((97, 71, 3), 90, np.uint8)] * 3
    out = predict(frames, estimator, tmp_path / "out")
    assert next(iter(VideoFrames(out / "overlay.mp4").read([2]))).shape == (96, 70, 3)


def test_smoothing(estimator, model_file, tmp_path, written, arrays):
    _, video, boxes, _ = written
    out = predict(video, model_file, tmp_path / "out", boxes=boxes, smooth=True)
    smooth = np.load(out / "poses.npz")["poses"]
    assert np.nanmax(np.abs(smooth[5:] - arrays["poses"][5:])) > 1e-3
    assert "yes, by the motion auto-encoder" in (out / "report.html").read_text()
    motion = keras.saving.load_model(model_file.parent / "motion_autoencoder.keras")
    again = estimator.estimate_video(video, boxes, motion_autoencoder=motion)
    np.testing.assert_allclose(again.poses, smooth, atol=1e-4)
    with pytest.raises(ValueError, match="`smooth` must be a `MotionAutoencoder`"):
        predict(video, estimator, tmp_path / "third", smooth=model_file)
    with pytest.raises(ValueError, match="`smooth` must be a motion auto-encoder where `model` is no file"):
        predict(video, estimator, tmp_path / "third", smooth=True)


def test_nobody_is_seen(estimator, tmp_path):
    frames = [np.full((96, 96, 3), 90, np.uint8)] * 3
    with pytest.raises(ValueError, match="must show a person"):
        predict(frames, estimator, tmp_path / "out", boxes="hog")
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_is_damaged_in_the_middle(estimator, tmp_path):
    video = write_video(tmp_path / "clip.mp4", 60)
    content = bytearray(video.read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin : begin + 400] = bytes(400)
    video.write_bytes(content)
    with pytest.raises(ValueError, match=r"clip\.mp4"):
        predict(video, estimator, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_sound_alone(estimator, tmp_path):
    with pytest.raises(ValueError, match="no video stream"):
        predict(write_sound(tmp_path / "sound.m4a"), estimator, tmp_path / "out")
