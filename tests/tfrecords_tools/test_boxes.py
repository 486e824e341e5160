import json

import numpy as np
import pytest

from tfrecords_tools.boxes import GivenBoxes, boxes_beside, read_boxes

HEADER = "clip,frame,x,y,w,h\n"


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_csv_columns_are_left_top_width_height_in_any_order_of_rows(tmp_path):
    path = write(tmp_path / "boxes.csv", HEADER + "a/walk,4,10,20,30,40\na/walk,2,1.5,2,3,4\nrun,0,-5,0,9,9\n")
    boxes = read_boxes(path)
    assert list(boxes) == ["a/walk", "run"]
    np.testing.assert_array_equal(boxes["a/walk"][""].frames, [2, 4])
    np.testing.assert_array_equal(boxes["a/walk"][""].boxes, [[1.5, 2, 4.5, 6], [10, 20, 40, 60]])
    np.testing.assert_array_equal(boxes["run"][""].boxes, [[-5, 0, 4, 9]])


def test_csv_may_have_tracks_a_byte_order_mark_and_other_columns(tmp_path):
    text = "\ufefftrack,clip,h,w,y,x,frame,score\nann,walk,40,30,20,10,0,0.5\nbob,walk,4,3,2,1,0,0.5\n"
    boxes = read_boxes(write(tmp_path / "boxes.csv", text))
    assert list(boxes["walk"]) == ["ann", "bob"]
    np.testing.assert_array_equal(boxes["walk"]["ann"].boxes, [[10, 20, 40, 60]])


def test_json_has_one_entry_for_each_frame(tmp_path):
    path = write(tmp_path / "boxes.json", json.dumps({"walk": [[1, 2, 3, 4], None, [5, 6, 7.5, 8]]}))
    given = read_boxes(path)["walk"][""]
    boxes = given.in_every_frame(np.arange(3) / 30)
    np.testing.assert_array_equal(boxes[[0, 2]], [[1, 2, 3, 4], [5, 6, 7.5, 8]])
    assert np.isnan(boxes[1]).all()


@pytest.mark.parametrize("frames", [2, 4])
def test_boxes_for_each_frame_of_another_video_are_an_error(tmp_path, frames):
    write(tmp_path / "walk.json", json.dumps({"": [[1, 2, 3, 4], None, [5, 6, 7.5, 8]]}))
    np.savez(tmp_path / "walk.npz", boxes_xyxy_px=np.array([[1, 2, 3, 4.0]] * 3))
    for name in ("walk.json", "walk.npz"):
        with pytest.raises(ValueError, match=f"there are 3 boxes and {frames} frames"):
            read_boxes(tmp_path / name)[""][""].in_every_frame(np.arange(frames) / 30)


def test_npz_has_one_row_for_each_frame(tmp_path):
    boxes = np.array([[1, 2, 3, 4], [np.nan] * 4, [5, 6, 7, 8]], "float32")
    np.savez(tmp_path / "walk.npz", boxes_xyxy_px=boxes, fps=60)
    np.savez(tmp_path / "other.npz", positions=boxes)
    np.testing.assert_array_equal(read_boxes(tmp_path / "walk.npz")[""][""].boxes, boxes)


def test_boxes_lie_beside_a_video_or_a_folder_of_pictures(tmp_path):
    boxes = np.ones((2, 4), "float32")
    np.savez(tmp_path / "walk.npz", boxes_xyxy_px=boxes)
    np.savez(tmp_path / "other.npz", positions=boxes)
    np.savez(tmp_path / "a.b.npz", boxes_xyxy_px=boxes)
    (tmp_path / "a.b").mkdir()
    assert boxes_beside(tmp_path / "walk.mp4") == tmp_path / "walk.npz"
    assert boxes_beside(tmp_path / "other.mp4") is None
    assert boxes_beside(tmp_path / "none.mp4") is None
    assert boxes_beside(tmp_path / "a.b") == tmp_path / "a.b.npz"


def test_a_changed_file_is_read_again(tmp_path):
    path = write(tmp_path / "boxes.csv", HEADER + "a,0,1,1,1,1\n")
    assert list(read_boxes(path)) == ["a"]
    write(path, HEADER + "long name,0,1,1,1,1\n")
    assert list(read_boxes(path)) == ["long name"]


def test_boxes_between_two_that_are_close_in_time_are_interpolated():
    given = GivenBoxes(np.array([2, 6, 30]), np.array([[0, 0, 10, 10], [4, 8, 14, 26], [4, 8, 14, 26.0]]))
    boxes = given.in_every_frame(np.arange(40) / 30)
    np.testing.assert_allclose(boxes[4], [2, 4, 12, 18])
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(boxes).all(axis=1)), [2, 3, 4, 5, 6, 30])
    times = np.array([0, 1, 2, 2.1, 2.2, 2.3, 2.4]) * 1.0
    boxes = GivenBoxes(np.array([2, 6]), np.array([[0, 0, 10, 10], [4, 8, 14, 26.0]])).in_every_frame(times)
    np.testing.assert_allclose(boxes[3], [1, 2, 11, 14])  # in time, not in frames
    with pytest.raises(ValueError, match="frame 6, but there are 5 frames"):
        GivenBoxes(np.array([2, 6]), np.ones((2, 4))).in_every_frame(np.arange(5) / 30)


DAMAGED_CSV = {
    "empty": ("", "first line"),
    "no column of frames": ("clip,x,y,w,h\na,1,1,1,1\n", "frame missing"),
    "text for a number": (HEADER + "a,0,1,1,1,1\na,1,one,1,1,1\n", r"line 3.*number.*one"),
    "a short row": (HEADER + "a,0,1,1\n", "line 2.*number"),
    "a fraction of a frame": (HEADER + "a,0.5,1,1,1,1\n", "line 2.*whole number"),
    "a negative frame": (HEADER + "a,-1,1,1,1,1\n", "line 2.*whole number"),
    "an absurd frame": (HEADER + "a,1e18,1,1,1,1\n", "line 2.*whole number"),
    "an infinite frame": (HEADER + "a,inf,1,1,1,1\n", "boxes.csv"),
    "no width": (HEADER + "a,0,1,1,0,1\n", "line 2.*positive size"),
    "not a number": (HEADER + "a,0,nan,1,1,1\n", "line 2.*positive size"),
    "an absurd box": (HEADER + "a,0,1,1,1e12,1\n", "line 2.*positive size"),
    "two persons without a track": (HEADER + "a,0,1,1,1,1\na,0,2,2,2,2\n", "line 3.*track"),
    "no text": (np.random.default_rng(0).bytes(500), "boxes.csv"),
    "a field without an end": (HEADER + '"' + "x" * 200_000, "boxes.csv"),
}


@pytest.mark.parametrize("case", DAMAGED_CSV)
def test_a_damaged_csv_is_an_error_that_names_the_file_and_the_line(tmp_path, case):
    content, message = DAMAGED_CSV[case]
    with pytest.raises(ValueError, match=message) as raised:
        read_boxes(write(tmp_path / "boxes.csv", content))
    assert "boxes.csv" in str(raised.value)


DAMAGED_JSON = {
    "empty": "",
    "a list": "[1]",
    "a number for a clip": '{"a": 1}',
    "three numbers": '{"a": [[1, 2, 3]]}',
    "text": '{"a": [["1", "x", 3, 4]]}',
    "right before left": '{"a": [[5, 2, 3, 4]]}',
    "infinity": '{"a": [[1, 2, Infinity, 4]]}',
    "a huge number": '{"a": [[1, 2, 1' + "0" * 400 + ", 4]]}",
    "depth": '{"a": ' + "[" * 100_000,
    "truncated": '{"a": [[1, 2, 3',
}


@pytest.mark.parametrize("case", DAMAGED_JSON)
def test_a_damaged_json_is_an_error_that_names_the_file(tmp_path, case):
    with pytest.raises(ValueError, match=r"boxes\.json"):
        read_boxes(write(tmp_path / "boxes.json", DAMAGED_JSON[case]))


def test_a_damaged_npz_is_an_error_that_names_the_file(tmp_path):
    np.savez(tmp_path / "whole.npz", boxes_xyxy_px=np.ones((100, 4)))
    content = (tmp_path / "whole.npz").read_bytes()
    for damaged in (b"", content[:300], content[: len(content) // 2], np.random.default_rng(0).bytes(300)):
        path = write(tmp_path / "walk.npz", damaged)
        for use, given in ((read_boxes, path), (boxes_beside, path.with_suffix(".mp4"))):
            with pytest.raises(ValueError, match=r"walk\.npz"):
                use(given)
    for boxes in (np.ones((5, 3)), np.ones(4), np.array([["a"] * 4]), np.array([[1, 2, np.inf, 4]]), np.ones((2, 4))):
        np.savez(path, boxes_xyxy_px=boxes)
        with pytest.raises(ValueError, match=r"walk\.npz"):
            read_boxes(path)
    np.savez(path, boxes_xyxy_px=np.array([None] * 4))  # a pickle
    with pytest.raises(ValueError, match=r"walk\.npz"):
        read_boxes(path)


def test_another_suffix_and_a_missing_file_are_errors(tmp_path):
    with pytest.raises(ValueError, match=r"boxes\.txt.*\.csv"):
        read_boxes(write(tmp_path / "boxes.txt", HEADER))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_boxes(tmp_path / "nowhere.csv")
