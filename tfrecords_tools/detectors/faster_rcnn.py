"""`FasterRCNNDetector`: Faster R-CNN of torchvision."""

import itertools
import pickle
from typing import ClassVar

import torch
import torchvision

from tfrecords_tools.detectors.detections import Detections

_PERSON = 1  # of the classes of COCO
_LEAST_SCORE = 0.5
_BATCH = 4


class FasterRCNNDetector:
    """Faster R-CNN with a ResNet-50 (Ren et al., 2015; Li et al., 2021), trained on COCO.

    Args:
        weights: File of a `state_dict` of `torchvision.models.detection.fasterrcnn_resnet50_fpn_v2`; by default
            torchvision downloads its own when it is first used.

    Raises:
        ValueError: If `weights` are not those of this network.
    """

    picture_size: ClassVar[int] = 800

    def __init__(self, weights: str | None = None):
        build = torchvision.models.detection.fasterrcnn_resnet50_fpn_v2
        if weights is None:
            network = build(weights="DEFAULT")
        else:
            network = build(weights=None, weights_backbone=None)
            try:
                network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
            except (
                RuntimeError,
                ValueError,
                OSError,
                EOFError,
                TypeError,
                AttributeError,
                pickle.UnpicklingError,
            ) as error:
                raise ValueError(f"{weights} holds no weights of fasterrcnn_resnet50_fpn_v2: {error}") from error
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._network = network.eval().to(self._device)

    def detect(self, frames):
        """Look for persons; see `PersonDetector.detect`."""
        frames = iter(frames)
        while batch := list(itertools.islice(frames, _BATCH)):
            pictures = [
                torch.from_numpy(frame).to(self._device).permute(2, 0, 1).to(torch.float32) / 255 for frame in batch
            ]
            with torch.inference_mode():
                results = self._network(pictures)
            for result in results:
                is_person = (result["labels"] == _PERSON) & (result["scores"] >= _LEAST_SCORE)
                yield Detections.of(result["boxes"][is_person].cpu().numpy(), result["scores"][is_person].cpu().numpy())
