"""Videos that are written here, of a bright square "person" on a dark ground; and three real ones, where they are."""

import os
import pickle
import shutil
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from posealign_keras import data
from tfrecords_tools import convert
from tfrecords_tools.__main__ import main
from tfrecords_tools.readers import get_reader
from tfrecords_tools.readers.videos import Videos
from tfrecords_tools.tracking import overlaps

WIDTH, HEIGHT = 160, 96
SMALL = {"size": 32, "clip_length": 20}
REAL = Path(os.environ.get("POSEALIGN_TEST_DATA", "")) / "real_video"
needs_real_videos = pytest.mark.skipif(
    not (os.environ.get("POSEALIGN_TEST_DATA") and REAL.is_dir()),
    reason="POSEALIGN_TEST_DATA is not set to a directory with real_video",
)


def place(index):
    """Left, top, right and bottom edge of the person."""
    return 20 + index, 30, 50 + index, 70


def picture(index):
    image = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
    left, top, right, bottom = place(index)
    image[top:bottom, left:right] = 240
    return image


def write_video(path, count=45, rate=30, codec="libx264"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", 2_000_000
        for index in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(index), format="rgb24")))
        container.mux(stream.encode())
    return path


def write_pictures(folder, count=45):
    folder.mkdir(parents=True)
    for index in range(count):
        cv2.imwrite(str(folder / f"img_{index}.png"), picture(index))


def csv(clips, count=45, track=False):
    rows = ["clip,frame,x,y,w,h" + ",track" * track]
    for clip in clips:
        for index in range(count):
            left, top, right, bottom = place(index)
            rows.append(f"{clip},{index},{left},{top},{right - left},{bottom - top}" + ",ann" * track)
            if track:
                rows.append(f"{clip},{index},100,10,20,20,bob")
    return "\n".join(rows)


def records(out, split="train"):
    return data.load_arrays(out / "unlabelled_clip", split, data.UNLABELLED_CLIP)


def assert_follows(frames):
    """The person of 30 by 40 pixels, in crops of 44, is in the middle of each picture of 32 by 32."""
    for image in frames:
        bright = image.mean(axis=-1) > 130
        rows, columns = np.nonzero(bright)
        assert abs(rows.mean() - 15.5) < 2
        assert abs(columns.mean() - 15.5) < 6  # smoothing lags at the ends of a clip
        assert 0.8 < bright.sum() / (30 * 40 * (32 / 44) ** 2) < 1.2


def test_a_tree_of_videos_and_of_folders_of_pictures(tmp_path):
    write_video(tmp_path / "a" / "clip_10.mp4")
    write_video(tmp_path / "a" / "clip_2.avi", codec="mpeg4")
    write_video(tmp_path / "B.MKV")
    write_pictures(tmp_path / "walk.1", 12)
    (tmp_path / "a" / "cover1.png").write_bytes(b"")
    (tmp_path / "a" / "._clip_2.avi").write_bytes(b"no video")
    (tmp_path / "notes.txt").write_text("no video")
    found = Videos(tmp_path).list("unlabelled_clip")
    assert [one.sequence for one in found] == ["B", "a/clip_2", "a/clip_10", "walk.1"]
    assert [one.group for one in found] == ["B.MKV", "a/clip_2.avi", "a/clip_10.mp4", "walk.1"]
    assert all(one.split is None for one in found)
    assert [Path(path).name for path in found[-1].files] == [f"img_{index}.png" for index in range(12)]
    assert all(Path(path).is_file() and Path(path).is_absolute() for one in found for path in one.files)


def test_the_same_name_twice_keeps_the_suffix(tmp_path):
    write_video(tmp_path / "walk.mp4")
    write_video(tmp_path / "walk.avi", codec="mpeg4")
    write_video(tmp_path / "run.mp4")
    names = {one.sequence for one in Videos(tmp_path).list("unlabelled_clip")}
    assert names == {"walk.mp4", "walk.avi", "run"}


def test_one_video_and_one_folder_of_pictures_alone(tmp_path):
    video = write_video(tmp_path / "walk.mp4")
    assert [one.sequence for one in Videos(video).list("unlabelled_clip")] == ["walk"]
    write_pictures(tmp_path / "run" / "images", 5)
    (one,) = Videos(tmp_path / "run" / "images").list("unlabelled_clip")
    assert one.sequence == "images"
    assert len(one.files) == 5


def test_clips_show_the_whole_picture_without_a_detector(tmp_path):
    write_video(tmp_path / "in" / "walk.mp4")
    convert("videos", tmp_path / "in", tmp_path / "out", **SMALL)
    found = records(tmp_path / "out")
    assert found["frames"].shape == (2, 20, 32, 32, 3)
    assert found["frame_index"].tolist() == [0, 20]
    assert set(found["sequence"]) == {"walk"}
    assert not found["frames"][:, :, :5].max() > 60  # beyond the edges
    rows, columns = np.nonzero(found["frames"][0, 0].mean(axis=-1) > 130)
    assert columns.mean() == pytest.approx(34.5 / 160 * 32 - 0.5, abs=0.5)
    assert rows.mean() == pytest.approx((49.5 + 32) / 160 * 32 - 0.5, abs=0.5)


@pytest.mark.parametrize("name", ["walk", "walk.mp4"])
def test_boxes_of_a_csv(tmp_path, name):
    write_video(tmp_path / "in" / "walk.mp4")
    (tmp_path / "boxes.csv").write_text(csv([name]))
    manifest = convert("videos", tmp_path / "in", tmp_path / "out", boxes=str(tmp_path / "boxes.csv"), **SMALL)
    assert manifest["unlabelled_clip"]["train"].metadata["dropped"] == {
        "frames of stretches too short for another clip of 20": 5
    }
    for clip in records(tmp_path / "out")["frames"]:
        assert_follows(clip)


def test_boxes_of_a_json_for_a_folder_of_pictures_cut_where_the_person_is_not_seen(tmp_path):
    write_pictures(tmp_path / "in" / "walk")
    boxes = [None if index == 22 else list(place(index)) for index in range(45)]
    import json

    (tmp_path / "boxes.json").write_text(json.dumps({"walk": boxes}))
    manifest = convert("videos", tmp_path / "in", tmp_path / "out", boxes=str(tmp_path / "boxes.json"), **SMALL)
    assert manifest["unlabelled_clip"]["train"].metadata["dropped"]["frames without a person"] == 1
    found = records(tmp_path / "out")
    assert found["frame_index"].tolist() == [0, 23]
    for clip in found["frames"]:
        assert_follows(clip)


def test_boxes_beside_a_video(tmp_path):
    write_video(tmp_path / "in" / "walk.mp4")
    np.savez(tmp_path / "in" / "walk.npz", boxes_xyxy_px=np.array([place(index) for index in range(45)], "float32"))
    write_video(tmp_path / "in" / "run.mp4")
    np.savez(tmp_path / "in" / "run.npz", positions=np.ones(3))
    reader = Videos(tmp_path / "in")
    run, walk = reader.list("unlabelled_clip")
    assert [Path(path).name for path in walk.files] == ["walk.mp4", "walk.npz"]
    assert len(run.files) == 1
    np.testing.assert_array_equal(reader.read(walk, "unlabelled_clip").boxes[7], place(7))
    assert reader.read(run, "unlabelled_clip").boxes is None


def test_a_file_of_boxes_that_names_no_video_is_for_a_single_one(tmp_path):
    write_video(tmp_path / "in" / "walk.mp4")
    boxes = tmp_path / "elsewhere.npz"
    np.savez(boxes, boxes_xyxy_px=np.array([place(index) for index in range(45)], "float32"))
    for root in (tmp_path / "in" / "walk.mp4", tmp_path / "in"):
        reader = Videos(root, boxes=str(boxes))
        (walk,) = reader.list("unlabelled_clip")
        np.testing.assert_array_equal(reader.read(walk, "unlabelled_clip").boxes[7], place(7))
    write_video(tmp_path / "in" / "run.mp4")
    with pytest.raises(ValueError, match=r"`boxes` must have boxes for all clips.*run\.mp4, walk\.mp4"):
        Videos(tmp_path / "in", boxes=str(boxes)).list("unlabelled_clip")


def test_each_track_is_a_recording_of_its_own_and_stays_in_the_split_of_its_video(tmp_path):
    write_video(tmp_path / "in" / "walk.mp4")
    write_video(tmp_path / "in" / "run.mp4")
    (tmp_path / "boxes.csv").write_text(csv(["walk", "run"], track=True))
    reader = Videos(tmp_path / "in", boxes=str(tmp_path / "boxes.csv"))
    found = reader.list("unlabelled_clip")
    assert [one.sequence for one in found] == ["run track ann", "run track bob", "walk track ann", "walk track bob"]
    assert reader.read(found[1], "unlabelled_clip").boxes[5].tolist() == [100, 10, 120, 30]
    splits = {"train": 0.5, "test": 0.5}
    convert("videos", tmp_path / "in", tmp_path / "out", splits=splits, boxes=str(tmp_path / "boxes.csv"), **SMALL)
    videos = [{name.split()[0] for name in records(tmp_path / "out", split)["sequence"]} for split in splits]
    assert videos[0] | videos[1] == {"walk", "run"}
    assert not videos[0] & videos[1]


def test_the_rate_of_pictures_is_an_option(tmp_path):
    write_pictures(tmp_path / "in" / "walk")
    reader = Videos(tmp_path, source_fps=15)
    recording = reader.read(reader.list("unlabelled_clip")[0], "unlabelled_clip")
    assert recording.fps == 15
    np.testing.assert_allclose(recording.frames.times, np.arange(45) / 15)
    convert("videos", tmp_path / "in", tmp_path / "out", source_fps=15, **SMALL)
    assert records(tmp_path / "out")["frame_index"].tolist() == [0, 10, 20, 30]


def test_a_detector_finds_the_person(tmp_path, monkeypatch):
    from tfrecords_tools.detectors import Detections

    class Bright:
        picture_size = 80

        def detect(self, frames):
            for frame in frames:
                rows, columns = np.nonzero(frame.mean(axis=-1) > 130)
                corners = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
                yield Detections.of([corners], [1.0])

    monkeypatch.setattr("tfrecords_tools.readers.videos._detector", lambda name, weights: Bright())
    write_video(tmp_path / "in" / "walk.mp4")
    convert("videos", tmp_path / "in", tmp_path / "out", detector="yolo", **SMALL)
    for clip in records(tmp_path / "out")["frames"]:
        assert_follows(clip)


def test_a_detector_that_is_named_goes_before_boxes_beside_the_video_and_its_weights_are_among_the_files(tmp_path):
    write_video(tmp_path / "in" / "run.mp4")
    write_video(tmp_path / "in" / "walk.mp4")
    np.savez(tmp_path / "in" / "walk.npz", boxes_xyxy_px=np.array([place(index) for index in range(45)], "float32"))
    np.savez(tmp_path / "weights.npz", boxes_xyxy_px=np.ones(3))
    options = {"detector_weights": str(tmp_path / "weights.npz")}
    run, walk = Videos(tmp_path / "in", detector="hog", **options).list("unlabelled_clip")
    assert [Path(path).name for path in run.files] == ["run.mp4", "weights.npz"]
    assert [Path(path).name for path in walk.files] == ["walk.mp4", "weights.npz"]
    with pytest.raises(ValueError, match="cannot be given to the detector 'hog'"):
        Videos(tmp_path / "in", detector="hog", **options).read(run, "unlabelled_clip")
    run, walk = Videos(tmp_path / "in", **options).list("unlabelled_clip")
    assert [Path(path).name for path in run.files] == ["run.mp4"]
    assert [Path(path).name for path in walk.files] == ["walk.mp4", "walk.npz"]


@pytest.mark.parametrize("count", [44, 46])
def test_boxes_of_another_number_of_frames_are_an_error_that_names_the_file(tmp_path, count):
    write_video(tmp_path / "walk.mp4")
    np.savez(tmp_path / "walk.npz", boxes_xyxy_px=np.array([place(index) for index in range(count)], "float32"))
    reader = Videos(tmp_path)
    (one,) = reader.list("unlabelled_clip")
    with pytest.raises(ValueError, match=rf"walk\.npz .* there are {count} boxes and 45 frames"):
        reader.read(one, "unlabelled_clip")


def test_a_changed_file_of_boxes_is_converted_again(tmp_path):
    write_video(tmp_path / "in" / "walk.mp4")
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(csv(["walk"]))
    convert("videos", tmp_path / "in", tmp_path / "out", boxes=str(boxes), **SMALL)
    convert("videos", tmp_path / "in", tmp_path / "out", boxes=str(boxes), **SMALL)
    boxes.write_text(csv(["walk"], count=44))
    with pytest.raises(FileExistsError):
        convert("videos", tmp_path / "in", tmp_path / "out", boxes=str(boxes), **SMALL)


def test_it_is_sent_to_other_processes(tmp_path):
    write_video(tmp_path / "walk.mp4")
    reader = pickle.loads(pickle.dumps(Videos(tmp_path, detector="hog")))
    assert reader.detector == "hog"
    assert get_reader("videos") is Videos


def test_errors_name_what_is_wrong(tmp_path):
    write_video(tmp_path / "in" / "walk.mp4")
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(csv(["run"]))
    with pytest.raises(ValueError, match=r"boxes\.csv has none for: walk\.mp4"):
        Videos(tmp_path / "in", boxes=str(boxes)).list("unlabelled_clip")
    boxes.write_text(csv(["walk"], count=50))
    with pytest.raises(
        ValueError, match=r"boxes\.csv is not for walk\.mp4: there is a box for frame 49, but there are 45"
    ):
        convert("videos", tmp_path / "in", tmp_path / "out", boxes=str(boxes), **SMALL)
    for options, error in (
        ({"detector": "eyes"}, ValueError),
        ({"detect_fps": 0}, ValueError),
        ({"source_fps": float("nan")}, ValueError),
        ({"boxes": "nowhere.csv"}, FileNotFoundError),
        ({"detector_weights": "nowhere.pt"}, FileNotFoundError),
    ):
        with pytest.raises(error, match=next(iter(options))):
            Videos(tmp_path / "in", **options)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(FileNotFoundError, match=r"nothing"):
        Videos(tmp_path / "nothing").list("unlabelled_clip")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Videos(tmp_path / "nowhere")


@pytest.mark.parametrize("detector", ["none", "hog"])
@pytest.mark.parametrize("content", [b"", b"no video" * 100, None])
def test_a_damaged_video_stops_the_conversion_or_is_left_out(tmp_path, detector, content):
    whole = write_video(tmp_path / "in" / "walk.mp4").read_bytes()
    (tmp_path / "in" / "run.mp4").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ValueError, match=r"run\.mp4"):
        convert("videos", tmp_path / "in", tmp_path / "out", detector=detector, **SMALL)
    if detector == "none":
        convert("videos", tmp_path / "in", tmp_path / "out", skip_damaged=True, **SMALL)
        assert set(records(tmp_path / "out")["sequence"]) == {"walk"}


def test_a_damaged_picture_is_an_error_that_names_it(tmp_path):
    write_pictures(tmp_path / "in" / "walk")
    (tmp_path / "in" / "walk" / "img_7.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"img_7\.png"):
        convert("videos", tmp_path / "in", tmp_path / "out", **SMALL)


def test_the_command_line(tmp_path, capsys):
    write_video(tmp_path / "in" / "walk.mp4")
    (tmp_path / "boxes.csv").write_text(csv(["walk"]))
    arguments = ["--root", tmp_path / "in", "--out", tmp_path / "out", "--boxes", tmp_path / "boxes.csv"]
    arguments += ["--size", 32, "--clip-length", 20, "--workers", 1, "--detector", "none", "--detect-fps", 6]
    assert main(["videos", *map(str, arguments)]) == 0
    assert "2 records" in capsys.readouterr().out


# Real videos: one person, filmed by three cameras, at 60 frames per second.


@pytest.fixture
def real_videos(tmp_path):
    for name in ("cam01", "cam02", "cam03"):
        for suffix in (".mp4", ".npz"):
            shutil.copy(REAL / f"{name}{suffix}", tmp_path)
    return tmp_path


@needs_real_videos
def test_real_videos_become_clips_with_the_given_boxes(real_videos, tmp_path):
    # Boxes are known for as long as joints are.
    convert("videos", real_videos, tmp_path / "out", size=128, clip_length=30)
    found = records(tmp_path / "out")
    assert set(found["sequence"]) == {"cam01", "cam02", "cam03"}
    assert found["frames"].shape[1:] == (30, 128, 128, 3)
    reader = Videos(real_videos)
    for one in reader.list("unlabelled_clip"):
        recording = reader.read(one, "unlabelled_clip")
        assert recording.fps == pytest.approx(60)
        assert len(recording.frames.times) == 100
        np.testing.assert_array_equal(recording.boxes, np.load(REAL / f"{one.sequence}.npz")["boxes_xyxy_px"])


@needs_real_videos
def test_hog_on_real_videos_gives_boxes_within_the_picture(real_videos):
    # How often it finds the person is printed, and not asserted: it is seldom, and in cam02 it follows something else.
    for path in real_videos.glob("*.npz"):
        path.unlink()
    reader = Videos(real_videos, detector="hog")
    for one in reader.list("unlabelled_clip"):
        boxes = reader.read(one, "unlabelled_clip").boxes
        given = np.load(REAL / f"{one.sequence}.npz")["boxes_xyxy_px"]
        both = np.flatnonzero(np.isfinite(boxes).all(axis=1) & np.isfinite(given).all(axis=1))
        shared = [overlaps(boxes[index : index + 1], given[index : index + 1])[0, 0] for index in both]
        print(one.sequence, len(both), "frames with a box; mean overlap", np.mean(shared) if len(both) else None)
        assert boxes.shape == given.shape
        assert (boxes[both] > -400).all()
        assert (boxes[both] < 2400).all()
