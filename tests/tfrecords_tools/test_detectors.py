"""The detectors. Libraries that are not installed are replaced by stand-ins with their interface."""

import importlib
import sys
import types

import cv2
import numpy as np
import pytest

from tfrecords_tools.detectors import DETECTORS, get_detector


def drop_module(monkeypatch, name):
    """Forget a detector's module for this test, and what it imports afterwards."""
    monkeypatch.delitem(sys.modules, f"tfrecords_tools.detectors.{name}", raising=False)


def module(monkeypatch, name, **content):
    made = types.ModuleType(name)
    made.__dict__.update(content)
    made.__path__ = []
    monkeypatch.setitem(sys.modules, name, made)
    return made


@pytest.mark.parametrize(
    ("name", "library", "package"),
    [("faster_rcnn", "torchvision", "torchvision"), ("yolo", "ultralytics", "ultralytics")]
    + [("mediapipe", "mediapipe", "mediapipe"), ("hog", "cv2", "opencv-python-headless")],
)
def test_a_missing_library_is_an_error_that_says_what_to_install(monkeypatch, name, library, package):
    drop_module(monkeypatch, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"{name}.*pip install {package}"):
        get_detector(name)


def test_a_library_that_fails_is_an_error_that_says_so(monkeypatch, tmp_path):
    drop_module(monkeypatch, "yolo")
    monkeypatch.delitem(sys.modules, "ultralytics", raising=False)
    (tmp_path / "ultralytics.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"yolo.*operator torchvision::nms"):
        get_detector("yolo")


def test_an_unknown_detector_and_missing_weights_are_errors(tmp_path):
    with pytest.raises(ValueError, match=r"hog, faster_rcnn.*'eyes'"):
        get_detector("eyes")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        get_detector("yolo", str(tmp_path / "nowhere.pt"))
    (tmp_path / "weights").write_bytes(b"")
    with pytest.raises(ValueError, match="hog"):
        get_detector("hog", str(tmp_path / "weights"))


def standing_person(left, top, height, shape):
    """A dark figure on a light ground, with the outline of a person who stands."""
    image = np.full((*shape, 3), 200, np.uint8)
    unit = height / 8
    middle = left + 1.2 * unit

    def place(x, y):
        return round(middle + x * unit), round(top + y * unit)

    cv2.circle(image, place(0, 0.6), round(0.55 * unit), (40, 40, 40), -1, cv2.LINE_AA)
    body = [(-1, 1.4), (1, 1.4), (1.2, 4), (0.8, 4), (0.7, 8), (0.15, 8), (0, 4.6), (-0.15, 8), (-0.7, 8), (-0.8, 4)]
    cv2.fillPoly(image, [np.array([place(*point) for point in [*body, (-1.2, 4)]])], (40, 40, 40), cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 1)


@pytest.mark.parametrize("tilt", [0, 20])
def test_hog_sees_a_drawn_person(tilt):
    image = standing_person(90, 60, 150, (280, 260))
    turn = cv2.getRotationMatrix2D((130, 140), tilt, 1)
    image = cv2.warpAffine(image, turn, (260, 280), borderMode=cv2.BORDER_REPLICATE)
    found, nothing = get_detector("hog").detect([image, np.full_like(image, 128)])
    assert len(found.boxes) == len(found.scores) >= 1
    left, top, right, bottom = found.boxes[found.scores.argmax()]
    middle = turn[:, :2] @ (112, 135) + turn[:, 2]
    assert np.abs(np.array([(left + right) / 2, (top + bottom) / 2]) - middle).max() < 15
    assert 110 < bottom - top < 200
    assert nothing.boxes.shape == (0, 4)
    assert nothing.scores.shape == (0,)


class Network:
    """What `torchvision.models.detection` makes, with detections that depend on the picture."""

    def __init__(self, torch):
        self.torch = torch

    def eval(self):
        return self

    def to(self, device):
        return self

    def load_state_dict(self, state):
        if set(state) != {"weight"}:
            raise RuntimeError("Missing key(s) in state_dict")

    def __call__(self, pictures):
        assert all(one.dtype == self.torch.float32 and one.shape[0] == 3 and one.max() <= 1 for one in pictures)
        return [
            {
                "boxes": self.torch.tensor([[1.0, 2, 30, 40], [5, 5, 9, 9], [0, 0, 9, 9]]) + one[0, 0, 0] * 255,
                "labels": self.torch.tensor([1, 1, 17]),
                "scores": self.torch.tensor([0.9, 0.1, 0.95]),
            }
            for one in pictures
        ]


def test_faster_rcnn_gives_persons_in_the_order_of_the_pictures(monkeypatch, tmp_path):
    torch = pytest.importorskip("torch")
    drop_module(monkeypatch, "faster_rcnn")
    asked = []

    def build(**arguments):
        asked.append(arguments)
        return Network(torch)

    detection = module(monkeypatch, "torchvision.models.detection", fasterrcnn_resnet50_fpn_v2=build)
    models = module(monkeypatch, "torchvision.models", detection=detection)
    module(monkeypatch, "torchvision", models=models)
    detector = get_detector("faster_rcnn")
    assert asked == [{"weights": "DEFAULT"}]
    frames = [np.full((50, 60, 3), (number, 0, 0), np.uint8) for number in range(7)]
    found = list(detector.detect(iter(frames)))
    for number, (boxes, scores) in enumerate(found):
        np.testing.assert_allclose(boxes, [[1 + number, 2 + number, 30 + number, 40 + number]], atol=1e-4)
        np.testing.assert_allclose(scores, [0.9], atol=1e-6)
    assert len(found) == 7

    torch.save({"weight": torch.ones(1)}, tmp_path / "weights.pt")
    get_detector("faster_rcnn", str(tmp_path / "weights.pt"))
    assert asked[-1] == {"weights": None, "weights_backbone": None}
    torch.save({"other": torch.ones(1)}, tmp_path / "other.pt")
    torch.save(types.SimpleNamespace(), tmp_path / "program.pt")  # a pickle of a class
    (tmp_path / "random.pt").write_bytes(np.random.default_rng(0).bytes(300))
    (tmp_path / "empty.pt").write_bytes(b"")
    for name in ("other.pt", "program.pt", "random.pt", "empty.pt"):
        with pytest.raises(ValueError, match=name):
            get_detector("faster_rcnn", str(tmp_path / name))


def test_faster_rcnn_of_torchvision_itself(monkeypatch, tmp_path):
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed", exc_type=Exception)
    drop_module(monkeypatch, "faster_rcnn")
    network = torchvision.models.detection.fasterrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    detector = get_detector("faster_rcnn", str(tmp_path / "weights.pt"))
    for found in detector.detect(np.random.default_rng(0).integers(0, 255, (2, 96, 64, 3), np.uint8)):
        assert found.boxes.shape == (len(found.scores), 4)


class Array:
    """A tensor, as far as it is used."""

    def __init__(self, value):
        self.value = np.array(value, "float32")

    def cpu(self):
        return self

    def numpy(self):
        return self.value


def test_yolo_gets_pictures_in_the_channel_order_of_opencv(monkeypatch):
    drop_module(monkeypatch, "yolo")
    made = []

    class YOLO:
        def __init__(self, weights):
            made.append(weights)

        def predict(self, pictures, classes, conf, verbose):
            assert classes == [0]
            assert not verbose
            assert all(one.flags.c_contiguous and one[0, 0].tolist() == [7, 0, 200] for one in pictures)
            boxes = types.SimpleNamespace(xyxy=Array([[1, 2, 30, 40]]), conf=Array([0.8]))
            return [types.SimpleNamespace(boxes=boxes) for _ in pictures]

    module(monkeypatch, "ultralytics", YOLO=YOLO)
    found = list(get_detector("yolo").detect([np.full((20, 30, 3), (200, 0, 7), np.uint8)] * 10))
    assert made == ["yolo11n.pt"]
    assert len(found) == 10
    np.testing.assert_allclose(found[0].boxes, [[1, 2, 30, 40]])


def test_mediapipe_gets_a_model_and_gives_edges(monkeypatch, tmp_path):
    drop_module(monkeypatch, "mediapipe")
    (tmp_path / "model.tflite").write_bytes(b"model")
    (tmp_path / "damaged.tflite").write_bytes(b"")

    class ObjectDetector:
        @classmethod
        def create_from_options(cls, options):
            assert options.category_allowlist == ["person"]
            if "damaged" in options.base_options.model_asset_path:
                raise RuntimeError("Could not open the model")
            return cls()

        def detect(self, image):
            assert image.data.flags.c_contiguous
            corner = types.SimpleNamespace(origin_x=3, origin_y=4, width=20, height=30)
            one = types.SimpleNamespace(bounding_box=corner, categories=[types.SimpleNamespace(score=0.7)])
            return types.SimpleNamespace(detections=[one])

    namespace = types.SimpleNamespace
    vision = module(
        monkeypatch,
        "mediapipe.tasks.python.vision",
        ObjectDetector=ObjectDetector,
        ObjectDetectorOptions=lambda **options: namespace(**options),
    )
    python = module(monkeypatch, "mediapipe.tasks.python", vision=vision, BaseOptions=lambda **base: namespace(**base))
    tasks = module(monkeypatch, "mediapipe.tasks", python=python)
    image_format = namespace(SRGB=1)
    module(
        monkeypatch,
        "mediapipe",
        tasks=tasks,
        ImageFormat=image_format,
        Image=lambda image_format, data: namespace(data=data),
    )
    (found,) = get_detector("mediapipe", str(tmp_path / "model.tflite")).detect(
        [np.zeros((50, 50, 3), np.uint8)[:, ::-1]]
    )
    np.testing.assert_allclose(found.boxes, [[3, 4, 23, 34]])
    np.testing.assert_allclose(found.scores, [0.7])
    with pytest.raises(ValueError, match="detector_weights"):
        get_detector("mediapipe")
    with pytest.raises(ValueError, match=r"damaged\.tflite"):
        get_detector("mediapipe", str(tmp_path / "damaged.tflite"))


def test_every_detector_is_in_its_file():
    for name, class_name in DETECTORS.items():
        try:
            found = importlib.import_module(f"tfrecords_tools.detectors.{name}")
        except (ImportError, RuntimeError):
            continue
        assert hasattr(found, class_name)
