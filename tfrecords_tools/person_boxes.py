"""Where the main person of a video is, by a detector that looks at some of its frames."""

import itertools

import cv2
import numpy as np

from tfrecords_tools.boxes import LONGEST_GAP, GivenBoxes
from tfrecords_tools.detectors.detections import Detections
from tfrecords_tools.detectors.person_detector import PersonDetector
from tfrecords_tools.frames import Frames
from tfrecords_tools.tracking import main_person, track_people

# Share of the colours of a picture that is in the next one, too, if both are of one shot.
_LEAST_COMMON_COLOURS = 0.5


def find_person(frames: Frames, detector: PersonDetector, detect_fps: float) -> tuple[np.ndarray, int]:
    """Follow the main person of each shot of a video: the one who is seen longest and largest.

    Reads the video once, and keeps no pictures.

    Args:
        frames: The video.
        detector: Sees persons.
        detect_fps: Pictures per second that it looks at. In between, boxes are interpolated.

    Returns:
        `(T, 4)` boxes, NaN where the person is not seen and between two shots; and the number of cuts between shots.

    Raises:
        ValueError: If a picture cannot be read.
    """
    times = frames.times
    chosen = _chosen(times, detect_fps)
    pictures = _Pictures(frames, chosen, detector.picture_size)
    seen = list(detector.detect(pictures))
    detections = [
        Detections(boxes / scale, scores) for (boxes, scores), scale in zip(seen, pictures.scales, strict=True)
    ]
    boxes = np.full((len(times), 4), np.nan)
    longest_gap = max(LONGEST_GAP, 1.01 / detect_fps)
    for start, stop in itertools.pairwise([0, *pictures.cuts, len(chosen)]):
        indices = chosen[start:stop]
        tracks = track_people(detections[start:stop], times[indices], longest_gap)
        for person in main_person(tracks, times[indices], longest_gap):
            known = indices[person.frames]
            seen_at = slice(known[0], known[-1] + 1)
            given = GivenBoxes(known - known[0], person.boxes)
            boxes[seen_at] = given.in_every_frame(times[seen_at], longest_gap)
    return boxes, len(pictures.cuts)


class _Pictures:
    """Pictures as a detector wants them; remembers how much smaller they are, and which ones begin a new shot."""

    def __init__(self, frames, indices, size):
        self._frames, self._indices, self._size = frames, indices, size
        self.scales: list[float] = []
        self.cuts: list[int] = []

    def __iter__(self):
        last = None
        for number, image in enumerate(self._frames.read(self._indices)):
            scale = min(1.0, self._size / max(image.shape[:2]))
            if scale < 1:
                width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
                image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
            colours = _colours(image)
            if last is not None and np.minimum(colours, last).sum() < _LEAST_COMMON_COLOURS:
                self.cuts.append(number)
            last = colours
            self.scales.append(scale)
            yield image


def _chosen(times, detect_fps):
    """About `detect_fps` frames per second, the first and the last among them."""
    chosen = [0]
    for index in range(1, len(times) - 1):
        if times[index] - times[chosen[-1]] >= 0.99 / detect_fps:
            chosen.append(index)
    return np.array(chosen + [len(times) - 1] * (len(times) > 1))


def _colours(image):
    """Shares of 512 colours."""
    counts = cv2.calcHist([image], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
    return counts.ravel() / counts.sum()
