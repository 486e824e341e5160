"""Examples of recordings that are made here, whose pictures tell which frame they are, or where the joints are."""

import cv2
import numpy as np
import pytest

from posealign_keras.skeletons import BODY17
from tfrecords_tools.examples import examples_of_kind
from tfrecords_tools.frames import Frames
from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.settings import Settings

WIDTH, HEIGHT = 320, 240
INTRINSICS = np.array([[300.0, 0.0, 158.0], [0.0, 302.0, 121.0], [0.0, 0.0, 1.0]])
DISTORTION = (-0.15, 0.05, 0.001, -0.001, 0.0)
JOINTS = BODY17.num_joints


class Drawn(Frames):
    """Pictures that a function makes, and a log of those that were asked for."""

    def __init__(self, times, draw):
        self._times, self._draw, self.asked = np.asarray(times, float), draw, []

    @property
    def times(self):
        return self._times

    def read(self, indices):
        for index in indices:
            self.asked.append(int(index))
            yield self._draw(int(index))


def numbered(times):
    """Pictures of one colour that tells their number: red counts ones, green tens, blue hundreds."""

    def draw(index):
        colour = (index % 10 * 20 + 20, index // 10 % 10 * 20 + 20, index // 100 * 20 + 20)
        return np.broadcast_to(np.array(colour, np.uint8), (HEIGHT, WIDTH, 3)).copy()

    return Drawn(times, draw)


def numbers(clip):
    """The frame numbers of a clip, from the middles of its pictures."""
    size = clip.shape[1]
    ones, tens, hundreds = ((clip[:, size // 2, size // 2].astype(int) - 20) / 20).round().astype(int).T
    return ones + 10 * tens + 100 * hundreds


def examples_of(kind, settings=None, **recording):
    examples = examples_of_kind(kind)(
        RecordingId(sequence="walk", subject="S1"), Recording(**recording), "drawn", Settings(**(settings or {}))
    )
    return list(examples), dict(examples.dropped)


def boxes_at(centres, side=60.0):
    half = np.broadcast_to(side, (len(centres),))[:, None] / 2
    return np.concatenate([centres - half, centres + half], axis=1)


@pytest.fixture
def poses():
    """60 poses in front of the camera, in metres."""
    random = np.random.default_rng(0)
    body = random.uniform((-0.4, -0.8, -0.3), (0.4, 0.8, 0.3), (JOINTS, 3))
    drift = np.linspace((-0.6, -0.2, 4.5), (0.6, 0.2, 5.0), 60)
    return body + drift[:, None]


def project(points, camera, lens=(0.0,) * 5):
    return cv2.projectPoints(points.reshape(-1, 1, 3), np.zeros(3), np.zeros(3), camera, np.array(lens))[0][:, 0]


# Labelled images.


@pytest.mark.parametrize("virtual", [True, False])
def test_the_intrinsics_of_a_crop_project_its_joints_onto_what_was_drawn_there(poses, virtual):
    lens = DISTORTION
    joint = 7

    def draw(index):
        place = project(poses[index, joint], INTRINSICS, lens)[0]
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        spot = np.exp(-((columns - place[0]) ** 2 + (rows - place[1]) ** 2) / (2 * 2.0**2))
        return np.repeat((255 * spot).round().astype(np.uint8)[..., None], 3, axis=-1)

    found, dropped = examples_of(
        "labelled_image",
        {"virtual_camera": virtual},
        fps=30,
        frames=Drawn(np.arange(60) / 30, draw),
        positions=poses,
        intrinsics=INTRINSICS,
        distortion=lens,
    )
    assert not dropped
    assert [example["frame_index"] for example in found] == list(range(0, 60, 3))
    for example in found:
        np.testing.assert_array_equal(example["joints"][0], 0)
        points = (example["joints"] + example["root_position"]).astype(float)
        expected = project(points[joint], example["intrinsics"].astype(float))[0]
        weights = example["image"][..., 0].astype(float)
        rows, columns = np.mgrid[: weights.shape[0], : weights.shape[1]]
        place = np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()
        assert np.abs(place - expected).max() < 0.5
        distances = np.linalg.norm(points - points[:1], axis=-1)
        original = poses[example["frame_index"]]
        np.testing.assert_allclose(distances, np.linalg.norm(original - original[:1], axis=-1), atol=1e-5)


@pytest.mark.parametrize(
    ("fps", "step"), [(10, 1), (24, 3), (25, 3), (29.97, 3), (30, 3), (50, 5), (59.94, 6), (60, 6), (120, 12), (5, 1)]
)
def test_no_more_images_than_asked_for_come_from_a_second(poses, fps, step):
    found, _ = examples_of(
        "labelled_image", fps=fps, frames=numbered(np.arange(60) / fps), positions=poses, intrinsics=INTRINSICS
    )
    assert [example["frame_index"] for example in found] == list(range(0, 60, step))
    assert {example["fps"] for example in found} == {fps}


def test_labels_at_every_fifth_frame_are_not_missed_by_the_step(poses):
    labelled = np.arange(60) % 5 == 3
    arguments = {"fps": 50, "frames": numbered(np.arange(60) / 50), "positions": poses, "intrinsics": INTRINSICS}
    found, _ = examples_of("labelled_image", labelled=labelled, **arguments)
    assert [example["frame_index"] for example in found] == list(range(3, 60, 5))
    found, _ = examples_of("labelled_image", {"image_fps": 5}, labelled=labelled, **arguments)
    assert [example["frame_index"] for example in found] == list(range(3, 60, 10))
    labelled = np.arange(60) < 7
    found, _ = examples_of("labelled_image", labelled=labelled, every_frame=True, **arguments)
    assert [example["frame_index"] for example in found] == list(range(7))


def test_frames_that_are_left_out_are_counted_by_the_reason(poses):
    poses[3, 0] = np.nan  # the root
    poses[5, 4] = np.nan  # another joint
    poses[7] += (20, 0, 0)  # far beside the picture
    frames = numbered(np.arange(50) / 30)
    found, dropped = examples_of(
        "labelled_image", fps=30, frames=frames, positions=poses, intrinsics=INTRINSICS, every_frame=True
    )
    assert dropped == {
        "frames with an unknown root joint": 1,
        "frames that show less than half of the person": 1,
        "frames after the end of the video": 10,
    }
    assert len(found) == 48
    example = next(example for example in found if example["frame_index"] == 5)
    assert not example["joint_validity"][4]
    assert example["joint_validity"].sum() == JOINTS - 1
    np.testing.assert_array_equal(example["joints"][4], 0)


def test_joints_that_are_no_labels_are_marked(poses):
    validity = np.ones(JOINTS, bool)
    validity[[9, 10]] = False
    found, _ = examples_of(
        "labelled_image",
        fps=30,
        frames=numbered(np.arange(60) / 30),
        positions=poses,
        validity=validity,
        intrinsics=INTRINSICS,
    )
    for example in found:
        np.testing.assert_array_equal(example["joint_validity"], validity)
        np.testing.assert_array_equal(example["joints"][[9, 10]], 0)


def test_a_box_of_no_size_or_of_absurd_size_is_no_person(poses):
    boxes = boxes_at(np.full((60, 2), 120.0))
    boxes[3, 2:] = boxes[3, :2]
    boxes[6] = [-1e7, -1e7, 1e7, 1e7]
    boxes[9] = [100, 100, 50, 50]
    boxes[12] = [np.inf, 0, np.inf, 10]
    _, dropped = examples_of(
        "labelled_image",
        fps=30,
        frames=numbered(np.arange(60) / 30),
        positions=poses,
        boxes=boxes,
        intrinsics=INTRINSICS,
    )
    assert dropped == {"frames without a person": 4}


@pytest.mark.parametrize("camera", [{}, {"intrinsics": INTRINSICS, "distortion": DISTORTION}])
def test_keypoints_are_where_they_were_drawn(camera):
    keypoints = np.random.default_rng(0).uniform((60, 40), (260, 200), (4, JOINTS, 2))
    keypoints[2, 5] = np.nan

    def draw(index):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        column, row = keypoints[index, 3].round().astype(int)
        image[row, column] = 255
        return image

    found, dropped = examples_of(
        "image_with_keypoints",
        {"size": 128},
        fps=1,
        frames=Drawn(np.arange(4.0), draw),
        keypoints=keypoints,
        every_frame=True,
        **camera,
    )
    assert not dropped
    for index, example in enumerate(found):
        row, column = np.unravel_index(example["image"][..., 0].argmax(), (128, 128))
        assert np.abs(example["keypoints"][3] - (column, row)).max() < 1.5
        assert example["joint_validity"][5] == (index != 2)


# Clips.


@pytest.mark.parametrize("fps", [60.0, 30.0, 25.0, 24.0, 29.97, 15.0])
def test_a_clip_shows_the_frames_that_are_nearest_to_its_clock(fps):
    times = np.arange(300) / fps
    found, _ = examples_of(
        "unlabelled_clip", {"size": 16, "clip_length": 30}, fps=fps, frames=numbered(times), boxes=None
    )
    shown = np.concatenate([numbers(clip["frames"]) for clip in found])
    ticks = np.arange(len(shown)) / 30
    assert len(found) == int((times[-1] * 30 + 1) // 30)
    error = np.abs(times[shown] - ticks)
    np.testing.assert_allclose(error, np.abs(times[None] - ticks[:, None]).min(axis=1), atol=1e-9)
    assert [clip["frame_index"] for clip in found] == shown[::30].tolist()
    assert {clip["fps"] for clip in found} == {30.0}


def test_a_variable_rate_becomes_a_constant_one():
    times = np.cumsum(np.r_[0, np.random.default_rng(0).uniform(0.005, 0.06, 299)])
    found, _ = examples_of("unlabelled_clip", {"size": 16, "clip_length": 20}, fps=30, frames=numbered(times))
    shown = np.concatenate([numbers(clip["frames"]) for clip in found])
    ticks = np.arange(len(shown)) / 30
    np.testing.assert_array_equal(shown, np.abs(times[None] - ticks[:, None]).argmin(axis=1))


def test_a_pause_of_the_video_cuts_the_clips_and_costs_no_memory():
    times = np.arange(100) / 30
    times[50:] += 1e9
    found, dropped = examples_of("unlabelled_clip", {"size": 16, "clip_length": 20}, fps=30, frames=numbered(times))
    assert [numbers(clip["frames"]).tolist() for clip in found] == [
        list(range(start, start + 20)) for start in (0, 20, 50, 70)
    ]
    assert dropped == {"frames of stretches too short for another clip of 20": 20}


def test_clips_may_overlap_and_the_video_is_read_once():
    frames = numbered(np.arange(50) / 30)
    found, dropped = examples_of(
        "unlabelled_clip", {"size": 16, "clip_length": 20, "clip_step": 7}, fps=30, frames=frames
    )
    assert [numbers(clip["frames"]).tolist() for clip in found] == [
        list(range(start, start + 20)) for start in (0, 7, 14, 21, 28)
    ]
    assert frames.asked == list(range(48))
    assert dropped == {"frames of stretches too short for another clip of 20": 2}


def test_overlapping_clips_of_a_slow_video_show_pictures_several_times():
    frames = numbered(np.arange(40) / 10)
    found, _ = examples_of("unlabelled_clip", {"size": 16, "clip_length": 12, "clip_step": 1}, fps=10, frames=frames)
    times = np.arange(40) / 10
    for start, clip in enumerate(found):
        ticks = (start + np.arange(12)) / 30
        errors = np.abs(times[numbers(clip["frames"])] - ticks)
        np.testing.assert_allclose(errors, np.abs(times[None] - ticks[:, None]).min(axis=1), atol=1e-9)
    assert len(found) == 40 * 3 - 2 - 12 + 1


def test_clips_farther_apart_than_long_skip_frames():
    found, _ = examples_of(
        "unlabelled_clip",
        {"size": 16, "clip_length": 10, "clip_step": 25},
        fps=30,
        frames=numbered(np.arange(60) / 30),
    )
    assert [clip["frame_index"] for clip in found] == [0, 25, 50]


def test_where_the_person_is_lost_the_clip_is_cut_and_frames_are_counted():
    boxes = boxes_at(np.full((100, 2), 120.0))
    boxes[45:48] = np.nan
    found, dropped = examples_of(
        "unlabelled_clip", {"size": 16, "clip_length": 20}, fps=30, frames=numbered(np.arange(110) / 30), boxes=boxes
    )
    assert [clip["frame_index"] for clip in found] == [0, 20, 48, 68]
    assert dropped == {"frames without a person": 3, "frames of stretches too short for another clip of 20": 5 + 12}


def test_the_scale_of_a_clip_is_constant_and_the_crop_follows_the_person():
    centres = np.stack([np.linspace(60, 200, 60), np.full(60, 120.0)], axis=1)
    sides = np.where(np.arange(60) % 2, 40.0, 60.0)

    def draw(index):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        column = round(float(centres[index, 0]))
        image[100:140, column - 20 : column + 20] = 255  # a person of 40 pixels, always
        return image

    found, _ = examples_of(
        "unlabelled_clip",
        {"size": 132, "clip_length": 60, "margin": 1.1},
        fps=30,
        frames=Drawn(np.arange(60) / 30, draw),
        boxes=boxes_at(centres, sides),
    )
    (clip,) = found
    # The largest box, times the margin, is 66 pixels, shown as 132: the person is 80 pixels in each picture.
    extents = np.array([np.ptp(np.flatnonzero(picture[66, :, 0] > 128)) + 1 for picture in clip["frames"]])
    assert np.abs(extents - 80).max() <= 2
    middles = np.array([np.flatnonzero(picture[66, :, 0] > 128).mean() for picture in clip["frames"]])
    assert np.abs(middles[15:-15] - 65.5).max() < 3
    assert np.abs(middles - 65.5).max() < 26  # smoothing lags at the ends


def test_a_jumping_box_is_smoothed():
    random = np.random.default_rng(0)
    centres = np.full((60, 2), 120.0) + random.normal(0, 4, (60, 2))
    image = cv2.GaussianBlur(random.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8), (0, 0), 4)
    found, _ = examples_of(
        "unlabelled_clip",
        {"size": 66, "clip_length": 60},
        fps=30,
        frames=Drawn(np.arange(60) / 30, lambda index: image),
        boxes=boxes_at(centres),
    )
    steps = np.abs(np.diff(found[0]["frames"].astype(int), axis=0)).mean()
    jumping = [
        image[round(row) - 33 : round(row) + 33, round(column) - 33 : round(column) + 33] for column, row in centres
    ]
    assert steps < np.abs(np.diff(np.stack(jumping).astype(int), axis=0)).mean() / 4


def test_without_boxes_the_whole_picture_is_shown():
    image = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    found, _ = examples_of(
        "unlabelled_clip",
        {"size": 64, "clip_length": 5},
        fps=30,
        frames=Drawn(np.arange(10) / 30, lambda index: image),
        intrinsics=INTRINSICS,
    )
    assert len(found) == 2
    picture = found[0]["frames"][0]
    assert (picture[9:-9] == 255).all()
    assert not picture[:7].any()
    assert not picture[-7:].any()


def test_joints_serve_as_boxes_where_there_are_none(poses):
    found, _ = examples_of(
        "unlabelled_clip",
        {"size": 32, "clip_length": 20},
        fps=30,
        frames=numbered(np.arange(60) / 30),
        positions=poses,
        intrinsics=INTRINSICS,
    )
    assert [clip["frame_index"] for clip in found] == [0, 20, 40]


def test_a_video_that_is_too_short_gives_no_clip_and_says_so():
    found, dropped = examples_of("unlabelled_clip", {"size": 16}, fps=30, frames=numbered(np.arange(59) / 30))
    assert not found
    assert dropped == {"frames of stretches too short for another clip of 60": 59}


@pytest.mark.parametrize("kind", ["labelled_image", "image_with_keypoints", "unlabelled_clip", "pose_sequence"])
def test_frames_are_counted_from_the_first_of_the_recording(poses, kind):
    frames = numbered(np.arange(60) / 30)
    found, _ = examples_of(
        kind, {"clip_length": 20}, fps=30, frames=frames, positions=poses, intrinsics=INTRINSICS, first_frame=7
    )
    step = {"unlabelled_clip": 20, "pose_sequence": 60}.get(kind, 3)
    assert [example["frame_index"] for example in found] == list(range(7, 67, step))


def test_what_is_valid_is_found_once_for_all_images(poses, monkeypatch):
    asked = []
    valid = Recording.valid.fget
    monkeypatch.setattr(Recording, "valid", property(lambda recording: asked.append(1) or valid(recording)))
    found, _ = examples_of(
        "labelled_image", fps=10, frames=numbered(np.arange(60) / 10), positions=poses, intrinsics=INTRINSICS
    )
    assert len(found) == 60
    assert len(asked) <= 2


# Pose sequences.


def test_sequences_are_cut_where_a_joint_is_unknown(poses):
    poses[20, 3] = np.nan
    poses[22] = np.nan
    found, dropped = examples_of("pose_sequence", {"shortest_sequence": 10}, fps=30, positions=poses)
    assert [example["frame_index"] for example in found] == [0, 23]
    np.testing.assert_allclose(found[0]["positions"], poses[:20], atol=1e-6)
    np.testing.assert_allclose(found[1]["positions"], poses[23:], atol=1e-6)
    assert dropped == {"frames with an unknown joint": 2, "sequences that are too short": 1}


@pytest.mark.parametrize(("fps", "count"), [(30, 60), (60, 30), (120, 15), (29.97, 60), (59.94, 30)])
def test_frames_are_left_out_where_that_is_exact(poses, fps, count):
    found, _ = examples_of("pose_sequence", {"shortest_sequence": 5}, fps=fps, positions=poses)
    np.testing.assert_allclose(found[0]["positions"], poses[:: 60 // count], atol=1e-6)
    assert found[0]["fps"] == 30.0


@pytest.mark.parametrize(("fps", "count"), [(25, 71), (24, 74), (50, 36), (100, 18), (15, 119)])
def test_frames_are_interpolated_where_it_is_not(fps, count):
    times = np.arange(60) / fps
    positions = np.random.default_rng(0).normal(size=(1, JOINTS, 3)) + times[:, None, None]
    found, _ = examples_of("pose_sequence", {"shortest_sequence": 5}, fps=fps, positions=positions)
    assert len(found[0]["positions"]) == count
    expected = positions[:1] + (np.arange(count) / 30)[:, None, None]
    np.testing.assert_allclose(found[0]["positions"], expected, atol=1e-5)
    assert (count - 1) / 30 <= times[-1] + 1e-9 < count / 30 + 1e-6


def test_the_share_that_is_done_grows_to_one():
    shares = []
    recording = Recording(fps=30, frames=numbered(np.arange(50) / 30))
    examples = examples_of_kind("unlabelled_clip")(
        RecordingId(sequence="walk"), recording, "drawn", Settings(size=16, clip_length=10), on_frame=shares.append
    )
    assert len(list(examples)) == 5
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
