"""Detectors of persons, one file for each. One is imported when it is asked for, and what it needs with it."""

import importlib
from pathlib import Path

from tfrecords_tools.detectors.detections import Detections
from tfrecords_tools.detectors.person_detector import PersonDetector

DETECTORS = {
    "hog": "HOGDetector",
    "faster_rcnn": "FasterRCNNDetector",
    "yolo": "YOLODetector",
    "mediapipe": "MediaPipeDetector",
}
"""Name of each detector, which is also the name of its file here, and of its class.

Example:
    >>> sorted(DETECTORS)
    ['faster_rcnn', 'hog', 'mediapipe', 'yolo']
"""
_PACKAGES = {"cv2": "opencv-python-headless"}

__all__ = ["DETECTORS", "Detections", "PersonDetector", "get_detector", "named_detector"]


def get_detector(name: str, weights: str | None = None) -> PersonDetector:
    """Make a detector.

    Args:
        name: One of `DETECTORS`.
        weights: File of its weights; by default those that its library downloads when it is first used.

    Raises:
        ValueError: If there is none of that name, or `weights` are not as it needs them.
        FileNotFoundError: If there are no such weights.
        ImportError: If its library is missing; the message says how to install it.

    Example:
        >>> detector = get_detector("hog")
        >>> [len(found.boxes) for found in detector.detect([np.zeros((128, 96, 3), "uint8")])]
        [0]
    """
    if name not in DETECTORS:
        raise ValueError(f"`detector` must be one of {', '.join(DETECTORS)}. Received: {name!r}")
    if weights is not None and not Path(weights).is_file():
        raise FileNotFoundError(f"The weights of the detector {name!r} must be a file. There is no {weights}")
    try:
        module = importlib.import_module(f"tfrecords_tools.detectors.{name}")
    except ImportError as error:
        package = (error.name or "").split(".")[0]
        raise ImportError(
            f"The detector {name!r} needs {package}: pip install {_PACKAGES.get(package, package)}", name=package
        ) from error
    except RuntimeError as error:
        # So says torchvision if it was built for another version of torch.
        raise ImportError(f"The detector {name!r} cannot be used, since its library fails: {error}") from error
    return getattr(module, DETECTORS[name])(weights)


def named_detector(boxes) -> tuple[str, str | None] | None:
    """The detector that stands where boxes may stand, too.

    Args:
        boxes: `"NAME"`, `"NAME:WEIGHTS"` with a file of weights, or anything else.

    Returns:
        Name and weights as `get_detector` takes them; `None` if it names no detector.

    Example:
        >>> named_detector("yolo:people.pt"), named_detector("hog"), named_detector("boxes.csv")
        (('yolo', 'people.pt'), ('hog', None), None)
    """
    name, _, weights = boxes.partition(":") if isinstance(boxes, str) else ("", "", "")
    return (name, weights or None) if name in DETECTORS else None
