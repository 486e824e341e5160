"""`PersonPictures`: what all kinds of record with pictures have in common: where the person is, and crops."""

import cv2
import numpy as np

from posealign_keras.skeletons import BODY17
from tfrecords_tools.crop import Crop
from tfrecords_tools.examples.examples import Examples

# The box of the joints is smaller than the person: this is how much is added, as a share of its larger side.
_BEYOND_JOINTS = 0.2
# Width or height of a person in pixels, from nothing to far larger than any picture.
_BOX_SIZES = (1.0, 10_000.0)


class PersonPictures(Examples):
    """What all kinds of record with pictures have in common: where the person is, and crops."""

    def crop(self, box, virtual=None) -> Crop:
        """The crop around a box."""
        side = self.settings.margin * float(max(box[2] - box[0], box[3] - box[1]))
        return self.square((box[:2] + box[2:]) / 2, side, virtual)

    def square(self, centre, side, virtual=None) -> Crop:
        """The crop around a point; by default of a virtual camera if the settings say so."""
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

    def keypoints(self):
        """`(T, 17, 2)` pixels of the joints; `None` if nothing is known of them."""
        recording = self.recording
        if recording.keypoints is not None or recording.positions is None or recording.intrinsics is None:
            return recording.keypoints
        points = recording.positions.reshape(-1, 3).astype(float)
        known = np.isfinite(points).all(axis=1) & (points[:, 2] > 0)
        pixels = np.full((len(points), 2), np.nan)
        if known.any():
            lens = np.array(recording.distortion or (0.0,) * 5)
            matrix = np.asarray(recording.intrinsics, float)
            pixels[known] = cv2.projectPoints(points[known], np.zeros(3), np.zeros(3), matrix, lens)[0][:, 0]
        return pixels.reshape(-1, BODY17.num_joints, 2)

    def boxes(self, keypoints):
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

    def is_filmed(self, count):
        """Poses may go on after the last picture."""
        filmed = np.arange(count) < len(self.recording.given("frames").times)
        if not filmed.all():
            self.dropped["frames after the end of the video"] += int((~filmed).sum())
        return filmed
