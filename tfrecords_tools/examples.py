"""Turns a `Recording` into the examples of records: which frames, which crops, at which rate.

Everything that is the same for all data sets is here, once.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from posealign_keras.data import IMAGE_WITH_KEYPOINTS, LABELLED_IMAGE, POSE_SEQUENCE, UNLABELLED_CLIP
from posealign_keras.skeletons import BODY17
from tfrecords_tools.crop import Crop
from tfrecords_tools.recording import Recording, RecordingId
from tfrecords_tools.settings import Settings

# The box of the joints is smaller than the person: this is how much is added, as a share of its larger side.
_BEYOND_JOINTS = 0.2
# An image of which most joints are cut off teaches nothing.
_LEAST_VISIBLE = 0.5
_SMOOTHING_SECONDS = 0.25
# Where a video shows nothing new for longer, in seconds, a clip would stand still.
_LONGEST_PAUSE = 0.5
# Width or height of a person in pixels, from nothing to far larger than any picture.
_BOX_SIZES = (1.0, 10_000.0)
_ROOT = 0


class Examples:
    """The examples that one recording gives for one kind of record, one after the other.

    Args:
        recording_id: Names the recording.
        recording: Its content.
        dataset: Name of the data set.
        settings: What the records look like.
        on_frame: Called with the share of the recording that is done.

    Attributes:
        dropped: How many frames, clips or sequences were left out, by the reason. Complete after iteration.
    """

    def __init__(
        self,
        recording_id: RecordingId,
        recording: Recording,
        dataset: str,
        settings: Settings,
        on_frame: Callable[[float], None] = lambda _: None,
    ):
        self.recording = recording
        self.settings = settings
        self.on_frame = on_frame
        self.dropped: Counter[str] = Counter()
        self._origin = {
            "dataset": recording_id.dataset or dataset,
            "subject": recording_id.subject,
            "sequence": recording_id.sequence,
            "camera": recording_id.camera,
            "scale": recording.scale,
        }

    def of_kind(self, kind: str) -> Iterator[dict]:
        """Yield the examples of the kind of record (the name of a schema)."""
        return {
            POSE_SEQUENCE.name: self._pose_sequences,
            LABELLED_IMAGE.name: self._labelled_images,
            UNLABELLED_CLIP.name: self._unlabelled_clips,
            IMAGE_WITH_KEYPOINTS.name: self._images_with_keypoints,
        }[kind]()

    # Poses.

    def _pose_sequences(self):
        positions = self.recording.given("positions")
        known = np.isfinite(positions).all(axis=(1, 2))
        self._drop(np.ones(len(known), bool), ~known, "frames with an unknown joint")
        for start, stop in _runs(known):
            resampled = _resample(positions[start:stop], self.recording.fps, self.settings.fps)
            if len(resampled) < self.settings.shortest_sequence:
                self.dropped["sequences that are too short"] += 1
                continue
            yield {
                **self._origin,
                "positions": resampled.astype("float32"),
                "coordinate_frame": self.recording.coordinate_frame,
                "frame_index": int(start),
                "fps": self.settings.fps,
            }
        self.on_frame(1.0)

    # Images.

    def _labelled_images(self):
        recording, positions = self.recording, self.recording.given("positions")
        self.recording.given("intrinsics")
        valid, keypoints = recording.valid, self._keypoints()
        for index, box, image in self._single_pictures(keypoints, valid[:, _ROOT], "frames with an unknown root joint"):
            crop = self._crop(box)
            points = positions[index] @ crop.rotation.T
            yield {
                **self._origin,
                "image": crop.apply(image),
                "joints": np.where(valid[index][:, None], points - points[_ROOT], 0).astype("float32"),
                "root_position": points[_ROOT].astype("float32"),
                "joint_validity": valid[index],
                "intrinsics": crop.camera.astype("float32"),
                "frame_index": index,
                "fps": recording.fps,
            }

    def _images_with_keypoints(self):
        valid, keypoints = self.recording.valid, self._keypoints()
        for index, box, image in self._single_pictures(keypoints, valid.any(axis=1), "frames without any joint"):
            crop = self._crop(box, virtual=False)
            points = np.where(valid[index][:, None], crop.keypoints(keypoints[index]), 0)
            yield {
                **self._origin,
                "image": crop.apply(image),
                "keypoints": points.astype("float32"),
                "joint_validity": valid[index],
                "frame_index": index,
                "fps": self.recording.fps,
            }

    def _single_pictures(self, keypoints, usable, reason):
        """The frames that become images: index, box and picture of each."""
        recording, boxes = self.recording, self._boxes(keypoints)
        chosen = np.ones(len(boxes), bool) if recording.labelled is None else recording.labelled.copy()
        if not recording.every_frame:
            # The tolerance is for 59.94 frames per second, and the like.
            _thin_out(chosen, int(np.ceil(0.99 * recording.fps / self.settings.image_fps)))
        self._drop(chosen, ~usable, reason)
        self._drop(chosen, ~np.isfinite(boxes).all(axis=1), "frames without a person")
        chosen &= self._is_filmed(len(chosen))
        indices = np.flatnonzero(chosen)
        for done, (index, image) in enumerate(zip(indices, recording.given("frames").read(indices), strict=True)):
            self.on_frame((done + 1) / len(indices))
            height, width = image.shape[:2]
            points = keypoints[index][recording.valid[index]]
            inside = ((points > -0.5) & (points < np.array([width, height]) - 0.5)).all(axis=-1)
            if inside.mean() < _LEAST_VISIBLE:
                self.dropped["frames that show less than half of the person"] += 1
                continue
            yield int(index), boxes[index], image

    # Clips.

    def _unlabelled_clips(self):
        recording, settings = self.recording, self.settings
        times, keypoints = recording.given("frames").times, self._keypoints()
        boxes = None if recording.boxes is None and keypoints is None else self._boxes(keypoints)
        count = len(times) if boxes is None else min(len(boxes), len(times))
        length, step = settings.clip_length, settings.clip_step or settings.clip_length
        windows = []
        for begin, end in _without_pauses(times[:count]):
            nearest = begin + _nearest(times[begin:end], settings.fps)
            seen = np.ones(len(nearest), bool) if boxes is None else np.isfinite(boxes[nearest]).all(axis=1)
            self._drop(np.ones(len(seen), bool), ~seen, "frames without a person")
            for start, stop in _runs(seen):
                starts = range(start, stop - length + 1, step)
                windows += [nearest[tick : tick + length] for tick in starts]
                left_over = stop - (starts[-1] + length if starts else start)
                if left_over:
                    self.dropped["frames left over at the end of a clip"] += left_over
        yield from self._filmed_clips(windows, boxes)

    def _filmed_clips(self, windows, boxes):
        """Clips whose frames may overlap, from one pass over the video."""
        if not windows:
            return
        needed = np.unique(np.concatenate(windows))
        waiting = deque(windows)
        begun: deque[tuple[np.ndarray, list[Crop] | None, list[np.ndarray]]] = deque()
        for done, (index, image) in enumerate(zip(needed, self.recording.given("frames").read(needed), strict=True)):
            self.on_frame((done + 1) / len(needed))
            while waiting and waiting[0][0] == index:
                begun.append((waiting[0], self._crops_of(waiting.popleft(), boxes), []))
            for indices, crops, pictures in begun:
                while len(pictures) < len(indices) and indices[len(pictures)] == index:
                    pictures.append(self._apply(crops, len(pictures), image))
            while begun and len(begun[0][2]) == len(begun[0][0]):
                indices, _, pictures = begun.popleft()
                yield {
                    **self._origin,
                    "frames": np.stack(pictures),
                    "frame_index": int(indices[0]),
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
        return [self._square(centre, side) for centre in centres]

    def _apply(self, crops, number, image):
        if crops is not None:
            return crops[number].apply(image)
        height, width = image.shape[:2]
        return Crop((width / 2, height / 2), max(height, width), self.settings.size).apply(image)

    # What both have in common.

    def _crop(self, box, virtual=None):
        side = self.settings.margin * float(max(box[2] - box[0], box[3] - box[1]))
        return self._square((box[:2] + box[2:]) / 2, side, virtual)

    def _square(self, centre, side, virtual=None):
        recording = self.recording
        virtual = self.settings.virtual_camera if virtual is None else virtual
        return Crop(
            (float(centre[0]), float(centre[1])),
            side,
            self.settings.size,
            recording.intrinsics,
            recording.distortion,
            virtual,
        )

    def _keypoints(self):
        """`(T, 17, 2)` pixels of the joints; `None` if nothing is known of them."""
        recording = self.recording
        if recording.keypoints is not None or recording.positions is None or recording.intrinsics is None:
            return recording.keypoints
        import cv2

        points = recording.positions.reshape(-1, 3).astype(float)
        known = np.isfinite(points).all(axis=1) & (points[:, 2] > 0)
        pixels = np.full((len(points), 2), np.nan)
        if known.any():
            lens = np.array(recording.distortion or (0.0,) * 5)
            matrix = np.asarray(recording.intrinsics, float)
            pixels[known] = cv2.projectPoints(points[known], np.zeros(3), np.zeros(3), matrix, lens)[0][:, 0]
        return pixels.reshape(-1, BODY17.num_joints, 2)

    def _boxes(self, keypoints):
        """`(T, 4)` edges of the person in each frame, NaN where it is not seen."""
        if self.recording.boxes is not None:
            boxes = np.array(self.recording.boxes, float)
        else:
            points = keypoints + 0.5  # from centres of pixels to corners
            boxes = np.full((len(points), 4), np.nan)
            seen = np.isfinite(points).all(axis=-1).sum(axis=1) >= 2
            if seen.any():
                low, high = np.nanmin(points[seen], axis=1), np.nanmax(points[seen], axis=1)
                more = _BEYOND_JOINTS / 2 * (high - low).max(axis=1, keepdims=True)
                boxes[seen] = np.concatenate([low - more, high + more], axis=1)
        boxes[~np.isfinite(boxes).all(axis=1)] = np.nan
        sides = boxes[:, 2:] - boxes[:, :2]
        boxes[~((sides >= _BOX_SIZES[0]) & (sides <= _BOX_SIZES[1])).all(axis=1)] = np.nan
        return boxes

    def _is_filmed(self, count):
        """Poses may go on after the last picture."""
        filmed = np.arange(count) < len(self.recording.given("frames").times)
        if not filmed.all():
            self.dropped["frames after the end of the video"] += int((~filmed).sum())
        return filmed

    def _drop(self, chosen, unusable, reason):
        count = int((chosen & unusable).sum())
        if count:
            self.dropped[reason] += count
        chosen &= ~unusable


def _runs(usable) -> list[tuple[int, int]]:
    """Start and stop of every stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(usable, int), [0]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _thin_out(chosen, step):
    """Leave only frames that are at least `step` apart."""
    last = -step
    for index in np.flatnonzero(chosen):
        chosen[index] = index - last >= step
        last = index if chosen[index] else last


def _without_pauses(times) -> list[tuple[int, int]]:
    """Start and stop of every stretch of frames that follow each other soon."""
    edges = np.flatnonzero(np.diff(times) > _LONGEST_PAUSE) + 1
    return [(int(start), int(stop)) for start, stop in pairwise([0, *edges, len(times)]) if stop > start]


def _nearest(times, fps):
    """The frame that is nearest in time to each tick of a clock that starts with the first one."""
    moments = times - times[0]
    ticks = np.arange(int(moments[-1] * fps + 1e-6) + 1) / fps
    return np.searchsorted((moments[1:] + moments[:-1]) / 2, ticks)


def _resample(positions, fps, wanted):
    """`(T, 17, 3)` at another rate: frames left out where that is exact, otherwise linear in between."""
    step = fps / wanted
    if abs(step - round(step)) < 0.02 * step and round(step) >= 1:
        return positions[:: round(step)]
    moments = np.arange(int((len(positions) - 1) / step + 1e-6) + 1) * step
    first = np.minimum(moments.astype(int), len(positions) - 1)
    second = np.minimum(first + 1, len(positions) - 1)
    share = (moments - first)[:, None, None]
    return (1 - share) * positions[first] + share * positions[second]
