"""`UnlabelledClips`: windows of a video, around one person."""

from collections import deque
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from tfrecords_tools.crop import Crop
from tfrecords_tools.examples.examples import runs
from tfrecords_tools.examples.person_pictures import PersonPictures

_SMOOTHING_SECONDS = 0.25
# Where a video shows nothing new for longer, in seconds, a clip would stand still.
_LONGEST_PAUSE = 0.5


class UnlabelledClips(PersonPictures):
    """Windows of a video, around one person who stays of one scale, at the rate that was asked for."""

    def __iter__(self):
        """See `Examples`."""
        recording, settings = self.recording, self.settings
        times, keypoints = recording.given("frames").times, self.keypoints()
        boxes = None if recording.boxes is None and keypoints is None else self.boxes(keypoints)
        count = len(times) if boxes is None else min(len(boxes), len(times))
        length, step = settings.clip_length, settings.clip_step or settings.clip_length
        windows = []
        for begin, end in _without_pauses(times[:count]):
            nearest = begin + _nearest(times[begin:end], settings.fps)
            seen = np.ones(len(nearest), bool) if boxes is None else np.isfinite(boxes[nearest]).all(axis=1)
            self.drop(np.ones(len(seen), bool), ~seen, "frames without a person")
            for start, stop in runs(seen):
                starts = range(start, stop - length + 1, step)
                windows += [nearest[tick : tick + length] for tick in starts]
                left_over = stop - (starts[-1] + length if starts else start)
                if left_over:
                    self.dropped[f"frames of stretches too short for another clip of {length}"] += left_over
        yield from self._filmed_clips(windows, boxes)

    def _filmed_clips(self, windows, boxes):
        """Clips whose frames may overlap, from one pass over the video."""
        if not windows:
            return
        recording = self.recording
        needed = np.unique(np.concatenate(windows))
        waiting = deque(windows)
        begun: deque[tuple[np.ndarray, list[Crop] | None, list[np.ndarray]]] = deque()
        for done, (index, image) in enumerate(zip(needed, recording.given("frames").read(needed), strict=True)):
            self.on_frame((done + 1) / len(needed))
            while waiting and waiting[0][0] == index:
                begun.append((waiting[0], self._crops_of(waiting.popleft(), boxes), []))
            for indices, crops, pictures in begun:
                while len(pictures) < len(indices) and indices[len(pictures)] == index:
                    pictures.append(self._apply(crops, len(pictures), image))
            while begun and len(begun[0][2]) == len(begun[0][0]):
                indices, _, pictures = begun.popleft()
                yield {
                    **self.origin,
                    "frames": np.stack(pictures),
                    "frame_index": recording.first_frame + int(indices[0]),
                    "fps": self.settings.fps,
                }

    def _crops_of(self, indices, boxes):
        """One crop for each frame of a clip: smoothly moving, of one scale."""
        if boxes is None:
            return None
        chosen = boxes[indices]
        centres = (chosen[:, :2] + chosen[:, 2:]) / 2
        centres = gaussian_filter1d(centres, _SMOOTHING_SECONDS * self.settings.fps, axis=0, mode="nearest")
        side = self.settings.margin * float((chosen[:, 2:] - chosen[:, :2]).max())
        return [self.square(centre, side) for centre in centres]

    def _apply(self, crops, number, image):
        if crops is not None:
            return crops[number].apply(image)
        height, width = image.shape[:2]
        return Crop((width / 2, height / 2), max(height, width), self.settings.size).apply(image)


def _without_pauses(times) -> list[tuple[int, int]]:
    """Start and stop of every stretch of frames that follow each other soon."""
    edges = np.flatnonzero(np.diff(times) > _LONGEST_PAUSE) + 1
    return [(int(start), int(stop)) for start, stop in pairwise([0, *edges, len(times)]) if stop > start]


def _nearest(times, fps):
    """The frame that is nearest in time to each tick of a clock that starts with the first one."""
    moments = times - times[0]
    ticks = np.arange(int(moments[-1] * fps + 1e-6) + 1) / fps
    return np.searchsorted((moments[1:] + moments[:-1]) / 2, ticks)
