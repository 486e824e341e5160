import cv2
import numpy as np
import pytest

from tfrecords_tools.detectors import Detections
from tfrecords_tools.frames import Frames
from tfrecords_tools.person_boxes import find_person
from tfrecords_tools.tracking import main_person, overlaps, track_people

WIDTH, HEIGHT = 320, 180


def box(left, top, width=40, height=80):
    return [left, top, left + width, top + height]


def seen(*boxes):
    return Detections.of(boxes, np.ones(len(boxes)))


def test_overlaps_are_intersection_over_union():
    some, others = np.array([[0, 0, 10, 10.0]]), np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30.0]])
    np.testing.assert_allclose(overlaps(some, others), [[1, 1 / 3, 0]])


def test_two_persons_who_pass_each_other_are_two_tracks():
    detections = [seen(box(10 + 6 * index, 20), box(200 - 6 * index, 90)) for index in range(30)]
    tracks = track_people(detections[:1] + [Detections(b[::-1], s) for b, s in detections[1:]], np.arange(30) / 8)
    assert [len(track.frames) for track in tracks] == [30, 30]
    np.testing.assert_allclose(tracks[0].boxes[:, 0], 10 + 6 * np.arange(30))


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    times = np.arange(30) / 8
    detections = [seen() if 5 <= index < 8 or 15 <= index < 25 else seen(box(50, 20)) for index in range(30)]
    tracks = track_people(detections, times)
    assert [track.frames.tolist() for track in tracks] == [[*range(5), *range(8, 15)], [*range(25, 30)]]


def main_of(detections):
    times = np.arange(len(detections)) / 8
    return main_person(track_people(detections, times), times)


def test_the_main_person_is_large_and_seen_for_long():
    detections = [seen(box(10, 20), *([box(150, 20, 60, 120)] if index < 4 else [])) for index in range(30)]
    assert [len(track.frames) for track in main_of(detections)] == [30]
    detections = [seen(box(10, 20), box(150, 20, 60, 120)) for _ in range(30)]
    assert [track.boxes[0, 0] for track in main_of(detections)] == [150]
    assert main_of([seen()] * 5) == []


def test_a_person_who_was_lost_is_followed_again_but_nobody_who_is_small_or_close_in_time():
    large, small = box(150, 20, 60, 120), box(10, 20, 20, 40)
    detections = [seen(large)] * 20 + [seen(small)] * 10 + [seen(large)] * 9
    assert sorted(track.frames[0] for track in main_of(detections)) == [0, 30]
    other = box(20, 20, 60, 120)
    assert [track.frames[0] for track in main_of([seen(large)] * 20 + [seen(other)] * 9)] == [0]


class Film(Frames):
    """A bright person on a ground whose colour tells the shot."""

    def __init__(self, times, place, ground=lambda index: (20, 60, 20)):
        self._times, self.place, self.ground, self.alive, self.asked = times, place, ground, 0, []

    @property
    def times(self):
        return self._times

    def read(self, indices):
        for index in indices:
            self.asked.append(int(index))
            image = np.full((HEIGHT, WIDTH, 3), self.ground(index), np.uint8)
            place = self.place(index)
            if place is not None:
                left, top, right, bottom = (round(edge) for edge in place)
                image[top:bottom, left:right] = 255
            yield image


class BrightDetector:
    """Sees what is bright."""

    picture_size = 160

    def __init__(self):
        self.shapes = set()

    def detect(self, frames):
        for frame in frames:
            self.shapes.add(frame.shape)
            found = cv2.connectedComponentsWithStats((frame.min(axis=-1) > 128).astype(np.uint8))[2][1:]
            yield Detections.of([(x, y, x + w, y + h) for x, y, w, h, _ in found], np.ones(len(found)))


@pytest.mark.parametrize("fps", [25, 30, 60])
def test_boxes_between_the_pictures_that_the_detector_looks_at_are_interpolated(fps):
    times = np.arange(4 * fps) / fps
    film = Film(times, lambda index: box(10 + 40 * times[index], 30 + 10 * times[index]))
    detector = BrightDetector()
    boxes, cuts = find_person(film, detector, 8)
    expected = np.array([film.place(index) for index in range(len(times))])
    assert np.abs(boxes - expected).max() < 2.1
    assert cuts == 0
    assert detector.shapes == {(90, 160, 3)}
    assert len(film.asked) == len(set(film.asked)) <= 4 * 9
    assert {0, len(times) - 1} <= set(film.asked)


def test_where_the_person_is_lost_there_is_no_box():
    times = np.arange(120) / 30
    film = Film(times, lambda index: None if 40 <= index < 80 else box(100, 40))
    boxes, _ = find_person(film, BrightDetector(), 10)
    lost = np.isnan(boxes).all(axis=1)
    assert lost[40:80].all()
    assert not lost[:37].any()
    assert not lost[83:].any()


def test_a_cut_between_shots_cuts_the_track_and_each_shot_has_its_main_person():
    times = np.arange(120) / 30
    film = Film(
        times,
        lambda index: box(100, 40) if index < 65 else box(110, 50, 50, 90),
        lambda index: (20, 60, 20) if index < 65 else (90, 20, 100),
    )
    boxes, cuts = find_person(film, BrightDetector(), 8)
    assert cuts == 1
    lost = np.flatnonzero(np.isnan(boxes).all(axis=1))
    assert len(lost) <= 4
    assert np.abs(lost - 65).max() <= 4
    np.testing.assert_allclose(boxes[:60], [box(100, 40)] * 60, atol=2.1)
    np.testing.assert_allclose(boxes[-50:], [box(110, 50, 50, 90)] * 50, atol=2.1)


def test_a_moving_camera_is_no_cut():
    ground = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 120, (HEIGHT, 1200, 3), np.uint8), (0, 0), 5)

    class Pan(Film):
        def read(self, indices):
            for index in indices:
                image = ground[:, 4 * index : 4 * index + WIDTH].copy()
                image[40:120, 100:140] = 255
                yield image

    boxes, cuts = find_person(Pan(np.arange(200) / 30, None), BrightDetector(), 8)
    assert cuts == 0
    assert np.isfinite(boxes).all()


def test_rates_below_that_of_gaps_and_single_pictures():
    film = Film(np.arange(120) / 30, lambda index: box(100, 40))
    assert np.isfinite(find_person(film, BrightDetector(), 0.5)[0]).all()
    assert np.isfinite(find_person(Film(np.zeros(1), lambda index: box(100, 40)), BrightDetector(), 8)[0]).all()
    assert np.isnan(find_person(Film(np.arange(9) / 30, lambda index: None), BrightDetector(), 8)[0]).all()
