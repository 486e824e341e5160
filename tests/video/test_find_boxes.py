"""Where the person is: arrays, files, detectors."""

import json

import numpy as np
import pytest
from small_videos import boxes as boxes_of
from small_videos import picture, write_video

from posealign_keras.video import find_boxes, open_video

COUNT = 5


@pytest.fixture
def frames(tmp_path):
    return open_video(write_video(tmp_path / "clip.mp4", COUNT))


def write_csv(path, *tracks, clip="clip"):
    lines = ["clip,frame,x,y,w,h,track"]
    for name in tracks:
        for frame, (left, top, right, bottom) in enumerate(boxes_of(COUNT)):
            lines.append(f"{clip},{frame},{left},{top},{right - left},{bottom - top},{name}")
    path.write_text("\n".join(lines))
    return path


def test_nothing_means_whole_frames(frames):
    assert find_boxes(None, frames) is None


def test_boxes_beside_a_video_are_taken_where_nothing_is_given(frames, tmp_path):
    np.savez(tmp_path / "clip.npz", positions=np.ones(3))
    assert find_boxes(None, frames) is None
    np.savez(tmp_path / "clip.npz", boxes_xyxy_px=boxes_of(COUNT))
    np.testing.assert_allclose(find_boxes(None, frames), boxes_of(COUNT))


def test_arrays_with_unknown_rows(frames):
    given = boxes_of(COUNT)
    given[2, 1] = np.nan
    found = find_boxes(given.tolist(), frames)
    assert np.isnan(found[2]).all()
    np.testing.assert_array_equal(found[[0, 1, 3, 4]], given[[0, 1, 3, 4]])


def test_files_of_all_kinds(frames, tmp_path):
    given = boxes_of(COUNT)
    np.savez(tmp_path / "boxes.npz", boxes_xyxy_px=given)
    (tmp_path / "boxes.json").write_text(json.dumps({"clip": [[*box] for box in given.tolist()]}))
    for path in (tmp_path / "boxes.npz", tmp_path / "boxes.json", write_csv(tmp_path / "boxes.csv", "")):
        np.testing.assert_allclose(find_boxes(path, frames), given)
        np.testing.assert_allclose(find_boxes(str(path), frames), given)


def test_the_video_is_found_by_its_path_among_others(frames, tmp_path):
    given = boxes_of(COUNT).tolist()
    for clip in ("clip", "clip.mp4", f"{tmp_path.name}/clip.mp4"):
        (tmp_path / "boxes.json").write_text(json.dumps({"other": [], clip: given}))
        np.testing.assert_allclose(find_boxes(tmp_path / "boxes.json", frames), given)
    (tmp_path / "boxes.json").write_text(json.dumps({"other": [], "elsewhere/clip": given}))
    with pytest.raises(ValueError, match=r"none for 'clip\.mp4', but for: other, elsewhere/clip"):
        find_boxes(tmp_path / "boxes.json", frames)


def test_two_persons(frames, tmp_path):
    path = write_csv(tmp_path / "boxes.csv", "anna", "ben")
    with pytest.raises(ValueError, match=r"`track` must say which person.*anna, ben"):
        find_boxes(path, frames)
    np.testing.assert_allclose(find_boxes(path, frames, "ben"), boxes_of(COUNT))
    with pytest.raises(ValueError, match="Received: track='carl'"):
        find_boxes(path, frames, "carl")


def test_a_detector_that_sees_nobody():
    frames = open_video([np.full((96, 96, 3), 90, np.uint8)] * 3)
    told = []
    found = find_boxes("hog", frames, progress=lambda *words: told.append(words))
    assert np.isnan(found).all()
    assert found.shape == (3, 4)
    assert told[-1] == ("person", 2, 2)  # the first and the last picture are enough for so short a time


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (boxes_of(COUNT)[:3], r"must have shape \(5, 4\)"),
        (boxes_of(COUNT)[:, [2, 1, 0, 3]], "in frame 0"),
        ("boxes.txt", "or a detector: hog"),
        ("eagle", "or a detector: hog"),
        ("eagle:weights", "or a detector: hog"),
        ("hog:weights", "cannot be given|There is no weights"),
    ],
)
def test_bad_input(frames, given, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        find_boxes(given, frames)


def test_boxes_of_another_video(tmp_path):
    path = write_csv(tmp_path / "boxes.csv", "", clip="a")
    with pytest.raises(ValueError, match="does not fit the video: there is a box for frame 4, but there are 2 frames"):
        find_boxes(path, open_video([picture(0), picture(1)]))


def test_a_missing_file(frames, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        find_boxes(tmp_path / "none.csv", frames)


def test_a_file_with_one_video_is_for_that_one(frames, tmp_path):
    path = write_csv(tmp_path / "boxes.csv", "", clip="walk.mp4")
    with pytest.raises(ValueError, match=r"none for 'clip\.mp4', but for: walk\.mp4"):
        find_boxes(path, frames)
    without_a_name = open_video([picture(index) for index in range(COUNT)])
    np.testing.assert_allclose(find_boxes(path, without_a_name), boxes_of(COUNT))


def test_an_npz_of_something_else_is_told(frames, tmp_path):
    np.savez(tmp_path / "poses.npz", positions=np.ones(3))
    with pytest.raises(ValueError, match=r"there is no 'boxes_xyxy_px' in it, but: positions"):
        find_boxes(tmp_path / "poses.npz", frames)
