"""A preset gets an image encoder that was trained on other pictures."""

import hashlib
import json
import sys

import numpy as np
import pytest

from posealign_keras.data.synthetic import generate_motion_library
from posealign_keras.models import PoseEstimator
from posealign_keras.models.preset import Preset
from posealign_keras.presets.make_preset import make_preset
from posealign_keras.presets.train_image_encoder import main, train_image_encoder

module = sys.modules[train_image_encoder.__module__]

data = pytest.importorskip("posealign_keras.data")
pytest.importorskip("tensorflow")

FEW = {"domain": "studio", "people": "cones", "images": 24, "test_images": 5, "replayed": 4, "steps": 3}


@pytest.fixture
def mocap(run, tmp_path):
    """The motion capture of the run."""
    path = tmp_path / "walks.npz"
    generate_motion_library(10, 40, 0).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    for name in ("metrics.json", "state.json"):
        content = json.loads((run / name).read_bytes())
        content["arguments"]["mocap"] = f"walks.npz {digest}"
        (run / name).write_text(json.dumps(content))
    return path


@pytest.fixture
def preset(run, mocap, tmp_path):
    return make_preset(run, tmp_path / "preset", "Tiny.", "Walks may be used.", ["It is tiny."]).directory


def test_training_starts_from_the_variant_source(preset, mocap, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_, **__: None)
    train_image_encoder(preset, tmp_path / "work", mocap, **FEW)
    usual, source = (PoseEstimator.from_preset(preset, variant).get_weights() for variant in (None, "source"))
    for one, other in zip(usual, source, strict=True):
        np.testing.assert_array_equal(one, other)
    assert "from the variant `source`, 3 steps" in Preset(preset).card


@pytest.mark.slow
def test_the_usual_encoder_is_replaced(preset, mocap, tmp_path, capsys):
    before = PoseEstimator.from_preset(preset, "adapted")
    words = [word for name, value in FEW.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    main([str(preset), "--work", str(tmp_path / "work"), "--mocap", str(mocap), *words])
    card = Preset(preset).card
    assert "| studio, people of the kind 'cones' | the usual one |" in card
    assert "3 steps on 24 generated pictures" in card
    assert "Walks may be used." in card.split("## Licence")[1]
    assert "- It is tiny." in card.split("## Limits")[1]
    assert card in capsys.readouterr().out

    weights = PoseEstimator.from_preset(preset).get_weights()
    assert any(not np.array_equal(one, other) for one, other in zip(weights, before.get_weights(), strict=True))
    for one, other in zip(
        PoseEstimator.from_preset(preset, "adapted").get_weights(), before.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    replayed = data.load_arrays(Preset(preset).replay, "train", data.LABELLED_IMAGE)
    assert replayed["image"].shape == (4, 16, 16, 3)

    # Again: nothing is trained anew, and the preset stays what it is.
    index = (preset / "preset.json").read_bytes()
    trained = (tmp_path / "work" / "estimator.keras").stat().st_mtime_ns
    train_image_encoder(preset, tmp_path / "work", mocap, **FEW)
    assert (tmp_path / "work" / "estimator.keras").stat().st_mtime_ns == trained
    assert (preset / "preset.json").read_bytes() == index


def test_other_motion_capture_is_refused(preset, mocap, tmp_path):
    other = tmp_path / "other" / "walks.npz"
    other.parent.mkdir()
    generate_motion_library(10, 40, 1).save(other)
    with pytest.raises(ValueError, match=r"`mocap` must be the motion capture of the preset, 'walks\.npz .*Received"):
        train_image_encoder(preset, tmp_path / "work", other, **FEW)
    with pytest.raises(FileNotFoundError, match="`mocap` must be an existing"):
        train_image_encoder(preset, tmp_path / "work", tmp_path / "none.npz", **FEW)
    assert not (tmp_path / "work").exists()
