"""`MediaPipeDetector`: the object detector of MediaPipe."""

from typing import ClassVar

import mediapipe
import numpy as np
from mediapipe.tasks import python as tasks
from mediapipe.tasks.python import vision

from tfrecords_tools.detectors.detections import Detections

_LEAST_SCORE = 0.4


class MediaPipeDetector:
    """The object detector of MediaPipe Tasks.

    Args:
        weights: File of a model, such as EfficientDet-Lite0 (`efficientdet_lite0.tflite`), from the page of models of
            MediaPipe's object detector.

    Raises:
        ValueError: If `weights` are missing, or no model of an object detector.
    """

    picture_size: ClassVar[int] = 640

    def __init__(self, weights: str | None = None):
        if weights is None:
            raise ValueError(
                "`detector_weights` must be the file of a model, such as efficientdet_lite0.tflite, from the page of "
                "MediaPipe's object detector. Received: None"
            )
        options = vision.ObjectDetectorOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(weights)),
            score_threshold=_LEAST_SCORE,
            category_allowlist=["person"],
        )
        try:
            self._network = vision.ObjectDetector.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise ValueError(f"{weights} is no model of an object detector: {error}") from error

    def detect(self, frames):
        """Look for persons; see `PersonDetector.detect`."""
        for frame in frames:
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(frame))
            found = self._network.detect(picture).detections
            corners = [one.bounding_box for one in found]
            yield Detections.of(
                [(box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height) for box in corners],
                [one.categories[0].score for one in found],
            )
