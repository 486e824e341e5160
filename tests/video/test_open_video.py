"""What may be given as a video, and what is said about what may not."""

import cv2
import numpy as np
import pytest
from small_videos import HEIGHT, WIDTH, picture, write_sound, write_video

from posealign_keras.video import open_video


def test_a_file(tmp_path):
    frames = open_video(write_video(tmp_path / "clip.mp4", count=5, rate=25))
    np.testing.assert_allclose(frames.times, np.arange(5) / 25, atol=1e-3)
    assert frames.fps == pytest.approx(25)
    assert next(iter(frames.read([2]))).shape == (HEIGHT, WIDTH, 3)


def test_a_rate_that_is_known_better(tmp_path):
    frames = open_video(write_video(tmp_path / "clip.mp4", count=5, rate=25), fps=100)
    np.testing.assert_allclose(frames.times, np.arange(5) / 100)


@pytest.mark.parametrize("rate", [5, 240])
def test_slow_and_fast_files(tmp_path, rate):
    assert open_video(write_video(tmp_path / "clip.mp4", count=6, rate=rate)).fps == pytest.approx(rate, rel=0.01)


def test_a_single_picture_is_taken_to_be_of_a_usual_rate(tmp_path):
    frames = open_video(write_video(tmp_path / "clip.mp4", count=1))
    assert (len(frames.times), frames.fps) == (1, 30.0)


def test_a_folder_of_numbered_pictures_in_natural_order(tmp_path):
    for number in (1, 2, 10):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), np.full((8, 8, 3), number, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    frames = open_video(tmp_path, fps=10)
    assert [int(image[0, 0, 0]) for image in frames.read(range(3))] == [1, 2, 10]
    np.testing.assert_allclose(frames.times, [0, 0.1, 0.2])


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_arrays(dtype):
    images = np.stack([picture(number) for number in range(4)]).astype(dtype)
    frames = open_video(images, fps=60)
    np.testing.assert_allclose(frames.times, np.arange(4) / 60)
    read = list(frames.read([1, 1, 3]))
    assert all(image.dtype == np.uint8 for image in read)
    np.testing.assert_array_equal(read, images[[1, 1, 3]])


def test_pictures_in_a_list_may_differ_in_size():
    frames = open_video([picture(0), picture(1, 64, 48)])
    assert [image.shape[:2] for image in frames.read([0, 1])] == [(HEIGHT, WIDTH), (64, 48)]


def test_what_was_opened_is_returned_as_it_is():
    frames = open_video([picture(0)])
    assert open_video(frames) is frames


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.mp4"):
        open_video(tmp_path / "nowhere.mp4")


@pytest.mark.parametrize("address", ["https://example.org/clip.mp4", "rtsp://camera/1", "s3://bucket/clip.mp4"])
def test_an_address_of_the_network(address):
    with pytest.raises(ValueError, match="download it first"):
        open_video(address)


def test_an_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="no numbered picture"):
        open_video(tmp_path)


def test_a_folder_of_videos(tmp_path):
    write_video(tmp_path / "clip.mp4", count=2)
    with pytest.raises(ValueError, match=r"must be one video.*holds 1, 'clip\.mp4' first"):
        open_video(tmp_path)


def test_files_that_are_no_videos(tmp_path):
    (tmp_path / "text.mp4").write_text("no video at all")
    for path, message in (
        (tmp_path / "text.mp4", "text.mp4"),
        (write_sound(tmp_path / "sound.m4a"), "no video stream"),
    ):
        with pytest.raises(ValueError, match=message):
            open_video(path)


@pytest.mark.parametrize(
    ("video", "message"),
    [
        (np.zeros((0, 8, 8, 3), "uint8"), "must hold frames"),
        ((image for image in ()), "frames of which the number is known"),
        (42, "frames of which the number is known"),
    ],
)
def test_no_frames(video, message):
    with pytest.raises(ValueError, match=message):
        open_video(video)


@pytest.mark.parametrize("image", [np.zeros((8, 8), "uint8"), np.zeros((8, 8, 4), "uint8"), np.full((8, 8, 3), -1.0)])
def test_frames_that_are_no_pictures(image):
    with pytest.raises(ValueError, match="`video` must hold"):
        list(open_video([image]).read([0]))


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_rates_that_are_none(fps):
    with pytest.raises(ValueError, match="`fps` must be a positive number"):
        open_video([picture(0)], fps)
