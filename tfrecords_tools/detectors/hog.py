"""`HOGDetector`: the detector of standing persons that is part of OpenCV, and needs no download."""

from typing import ClassVar

import cv2
import numpy as np

from tfrecords_tools.detectors.detections import Detections

# The window that OpenCV's weights were trained on shows the person with this much beside it, as shares of its sides.
_BESIDE = (0.14, 0.09)
_LEAST_SCORE = 0.2
_SAME_PERSON = 0.4
_MARGIN = 24


class HOGDetector:
    """Histograms of oriented gradients (Dalal and Triggs, 2005), with the weights that come with OpenCV.

    It sees whole persons who stand or walk, and whose height is at least a third of the picture's larger side. It
    also looks for persons who lean to either side. Sports need one of the other detectors, or boxes from elsewhere.

    Args:
        weights: Must be `None`.

    Raises:
        ValueError: If `weights` are given.
    """

    picture_size: ClassVar[int] = 320
    tilts: ClassVar[tuple[float, ...]] = (0.0, -20.0, 20.0)

    def __init__(self, weights: str | None = None):
        if weights is not None:
            raise ValueError(f"`detector_weights` cannot be given to the detector 'hog'. Received: {weights!r}")
        self._descriptor = cv2.HOGDescriptor()
        self._descriptor.setSVMDetector(np.array(cv2.HOGDescriptor.getDefaultPeopleDetector()))

    def detect(self, frames):
        """Look for persons; see `PersonDetector.detect`."""
        for frame in frames:
            boxes, scores = [], []
            for tilt in self.tilts:
                more_boxes, more_scores = self._tilted(frame, tilt)
                boxes += more_boxes
                scores += more_scores
            # Boxes are (left, top, width, height) here.
            kept = np.ravel(cv2.dnn.NMSBoxes(boxes, scores, _LEAST_SCORE, _SAME_PERSON)).astype(int)
            found = np.array(boxes, float).reshape(-1, 4)[kept]
            found[:, 2:] += found[:, :2]
            yield Detections.of(found, np.asarray(scores)[kept])

    def _tilted(self, frame, tilt):
        """What is seen in the picture turned by `tilt` degrees, as boxes of the same size in the picture itself."""
        # The window needs room around a person who reaches the edge.
        height, width = (side + 2 * _MARGIN for side in frame.shape[:2])
        turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), tilt, 1.0)
        turn[:, 2] += turn[:, :2].sum(axis=1) * _MARGIN
        turned = cv2.warpAffine(frame, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        windows, scores = self._descriptor.detectMultiScale(
            turned, hitThreshold=_LEAST_SCORE, winStride=(8, 8), padding=(8, 8), scale=1.05
        )
        back = cv2.invertAffineTransform(turn)
        boxes = []
        for left, top, wide, high in np.reshape(windows, (-1, 4)).astype(float):
            centre = back[:, :2] @ (left + wide / 2 - 0.5, top + high / 2 - 0.5) + back[:, 2] + 0.5
            size = np.array([wide * (1 - 2 * _BESIDE[0]), high * (1 - 2 * _BESIDE[1])])
            boxes.append([*(centre - size / 2), *size])
        return boxes, [float(score) for score in np.ravel(scores)]
