"""`YOLODetector`: the YOLO networks of ultralytics."""

import itertools
from typing import ClassVar

import numpy as np
import ultralytics

from tfrecords_tools.detectors.detections import Detections

_DEFAULT_WEIGHTS = "yolo11n.pt"
_PERSON = 0  # of the classes of COCO as ultralytics counts them
_LEAST_SCORE = 0.4
_BATCH = 8


class YOLODetector:
    """A YOLO network of ultralytics (whose licence is AGPL-3.0), trained on COCO.

    Args:
        weights: File of a network that detects the classes of COCO. It is a pickle, which can run any program when it
            is loaded: it must be from a source that you trust. By default ultralytics downloads its `yolo11n.pt`.
    """

    picture_size: ClassVar[int] = 640

    def __init__(self, weights: str | None = None):
        self._network = ultralytics.YOLO(weights or _DEFAULT_WEIGHTS)

    def detect(self, frames):
        """Look for persons; see `PersonDetector.detect`."""
        frames = iter(frames)
        while batch := list(itertools.islice(frames, _BATCH)):
            # Arrays are taken to be in the channel order of OpenCV.
            pictures = [np.ascontiguousarray(frame[..., ::-1]) for frame in batch]
            for result in self._network.predict(pictures, classes=[_PERSON], conf=_LEAST_SCORE, verbose=False):
                boxes = result.boxes
                yield Detections.of(boxes.xyxy.cpu().numpy(), boxes.conf.cpu().numpy())
