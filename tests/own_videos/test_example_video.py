"""`write_example_video`: a video, boxes around the person in it, and the truth, that agree with one another."""

import dataclasses

import numpy as np
import pytest

from posealign_keras.data.synthetic import STUDIO
from posealign_keras.own_videos import write_example_video
from posealign_keras.video import find_boxes, open_video

pytest.importorskip("av")
SEEN = dataclasses.replace(STUDIO, place_value=(0.9, 0.95), place_saturation=(0, 0), cloth_value=(0, 0.2), floor=0.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_example_video(tmp_path_factory.mktemp("video") / "walk.mp4", 1.0, "walk", SEEN, size=96, seed=3)


def test_boxes_and_joints_are_where_the_person_is(video):
    frames = open_video(video)
    assert (len(frames.times), frames.fps) == (30, pytest.approx(30))
    boxes = find_boxes(video.with_suffix(".npz"), frames)
    with np.load(video.with_suffix(".npz")) as truth:
        joints, intrinsics = truth["joints3d_camera_m"], truth["intrinsics"]
    points = joints @ intrinsics.T
    points = points[..., :2] / points[..., 2:]
    for image, box, pixels in zip(frames.read(range(30)), boxes, points, strict=True):
        # Dark clothes before a bright wall; the edges blur.
        clothes = np.argwhere(image.max(axis=-1) < 90)[:, ::-1]
        assert len(clothes) > 50
        assert (clothes >= box[:2] - 2).all()
        assert (clothes < box[2:] + 2).all()
        assert (pixels >= box[:2] - 1).all()
        assert (pixels <= box[2:]).all()
    assert np.ptp(boxes[:, 0]) > 3  # the person walks, the camera does not


def test_the_seed_decides_what_is_seen(tmp_path):
    truths = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        path = write_example_video(tmp_path / f"{name}.mp4", 0.1, size=32, seed=seed)
        with np.load(path.with_suffix(".npz")) as truth:
            truths.append(truth["joints3d_camera_m"])
    np.testing.assert_array_equal(truths[0], truths[1])
    assert abs(truths[0] - truths[2]).max() > 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "video.avi"}, r"`path` must end with \.mp4"),
        ({"seconds": 0}, "`seconds` must be a positive number"),
        ({"seconds": float("nan")}, "`seconds` must be a positive number"),
        ({"motion": "swim"}, "`family` must be one of"),
        ({"domain": "moon"}, "`name` must be one of"),
        ({"size": 33}, "`size` must be even"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, arguments, message):
    arguments = {"path": "video.mp4", **arguments}
    with pytest.raises(ValueError, match=message):
        write_example_video(**{**arguments, "path": tmp_path / arguments["path"]})
    assert not list(tmp_path.iterdir())
