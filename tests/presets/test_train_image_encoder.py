"""A preset of the embeddings of another one and an image encoder that was trained on other pictures."""

import dataclasses
import hashlib
import json
import sys

import keras
import numpy as np
import pytest
from tiny_configuration import TINY

from posealign_keras.data.synthetic import STUDIO, generate_motion_library
from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator
from posealign_keras.models.preset import Preset
from posealign_keras.presets.make_preset import make_preset
from posealign_keras.presets.train_image_encoder import main, train_image_encoder

module = sys.modules[train_image_encoder.__module__]

data = pytest.importorskip("posealign_keras.data")
tf = pytest.importorskip("tensorflow")

SIZES = {"images": 24, "test_images": 5, "replayed": 4, "steps": 3}
FEW = {"configuration": TINY, "weights": None, "domain": "studio", "people": "cones", **SIZES}


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


def test_a_small_encoder_starts_from_the_variant_source(preset, mocap, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_, **__: None)
    new = tmp_path / "new"
    train_image_encoder(preset, new, tmp_path / "work", mocap, **FEW)
    trained, source = PoseEstimator.from_preset(new), PoseEstimator.from_preset(preset, "source")
    for one, other in zip(trained.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "from variant source, 3 steps" in Preset(new).card


def test_a_large_encoder_starts_from_weights_whose_first_stages_stay(preset, mocap, tmp_path, monkeypatch):
    sizes = {"backbone": "efficientnet_lite0", "image_size": 32, "frozen": ("conv1_", "conv2_")}
    large = dataclasses.replace(TINY, name="large", **sizes, head_filters=(4,), keypoints=17)
    encoder, frozen = large.image_encoder(), []
    monkeypatch.setattr(type(large), "image_encoder", lambda self, weights: encoder if weights == "imagenet" else None)

    def fit(model, batches, *arguments, **options):
        assert set(next(iter(batches))[1]) == {"joints", "keypoints"}
        frozen.extend(layer.name for layer in model.image_encoder.backbone.layers if not layer.trainable)

    monkeypatch.setattr(module, "fit", fit)
    new = tmp_path / "new"
    train_image_encoder(preset, new, tmp_path / "work", mocap, **{**FEW, "configuration": large, "weights": "imagenet"})
    assert {name.split("_")[0] for name in frozen} == {"conv1", "conv2"}
    for one, other in zip(ImageEncoder.from_preset(new).get_weights(), encoder.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)  # stored as float16


@pytest.mark.slow
def test_the_preset_and_its_card(preset, mocap, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(module, "get_configuration", lambda configuration: TINY)
    new, words = tmp_path / "new", []
    for name, value in FEW.items():
        words += [f"--{name.replace('_', '-')}", str(value).lower()] if name != "configuration" else []
    words += ["--out", str(new), "--work", str(tmp_path / "work"), "--mocap", str(mocap), "--limit", "New limit."]
    main([str(preset), *words])
    card = Preset(new).card
    assert "5 of studio, people of the kind 'cones' | the only one |" in card
    assert "3 steps of 256 pictures in float32, on 24 generated pictures" in card
    assert "Walks may be used." in card.split("## Licence")[1]
    assert "- New limit." in card.split("## Limits")[1]
    assert "It is tiny." not in card
    assert card in capsys.readouterr().out

    source = PoseEstimator.from_preset(preset, "source")
    weights = PoseEstimator.from_preset(new).get_weights()
    assert any(not np.array_equal(one, other) for one, other in zip(weights, source.get_weights(), strict=True))
    # Everything else is as it was, and the other image encoders did not come along.
    held = {name for name in Preset(preset).networks if not name.startswith("image_encoder")}
    assert set(Preset(new).networks) == held | {"image_encoder"}
    for name in held:
        assert Preset(new).networks[name] == Preset(preset).networks[name]
    replayed = data.load_arrays(Preset(new).replay, "train", data.LABELLED_PERSON)
    assert replayed["image"].shape == replayed["mask"].shape == (4, 16, 16, 3)

    # Again, elsewhere: nothing is trained anew.
    trained = (tmp_path / "work" / "estimator.keras").stat().st_mtime_ns
    train_image_encoder(preset, tmp_path / "again", tmp_path / "work", mocap, **FEW)
    assert (tmp_path / "work" / "estimator.keras").stat().st_mtime_ns == trained
    assert (tmp_path / "again" / "preset.json").read_bytes() == (new / "preset.json").read_bytes()
    with pytest.raises(FileExistsError, match="`out` must be new"):
        train_image_encoder(preset, new, tmp_path / "work", mocap, **FEW)


@pytest.mark.slow
def test_it_goes_on_from_another_preset_with_embeddings_that_go_on(preset, mocap, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    train_image_encoder(preset, first, tmp_path / "work", mocap, **FEW)
    further = {**FEW, "weights": str(first), "fine_tuned": ("conv3_",), "embedding_steps": 4, "learning_rate": 0.1}
    train_image_encoder(preset, second, tmp_path / "work_2", mocap, **further)
    before, after = (PoseEstimator.from_preset(directory) for directory in (first, second))
    for layer, other in zip(before.image_encoder.backbone.layers, after.image_encoder.backbone.layers, strict=True):
        learns = layer.name.startswith("conv3_") and isinstance(layer, keras.layers.Conv2D)
        same = [np.array_equal(*pair) for pair in zip(layer.get_weights(), other.get_weights(), strict=True)]
        assert learns != all(same), layer.name
    heads = [estimator.image_encoder.head.get_weights()[-1] for estimator in (before, after)]
    assert not np.array_equal(*heads)
    assert Preset(first).networks["pose_autoencoder"] == Preset(preset).networks["pose_autoencoder"]
    for name in ("pose_autoencoder", "motion_autoencoder", "relation_pose_flip"):
        assert Preset(second).networks[name]["sha256"] != Preset(preset).networks[name]["sha256"]
    figures = Preset(second).figures
    assert figures["pose_aae"] != Preset(first).figures["pose_aae"]
    assert set(figures["relations"]) == {"pose_flip"}
    card = Preset(second).card
    assert "from preset first, 3 steps, of conv3_ and of what is fully connected, of 256 pictures" in card
    checksum = Preset(first).networks["image_encoder"]["sha256"][:8]
    assert f"encoder of that preset, {checksum}: configuration `tiny`, from variant source, 3 steps of 256" in card
    assert "Then 4 steps of `train_image_encoder --embedding-steps`" in card
    assert Preset(second).description.startswith("An image encoder of the configuration `tiny`, trained further on 24")
    assert "--embedding-steps" not in Preset(first).card


def with_larger_weights(encoder):
    """An encoder whose heat maps are not the same everywhere, as those of a new one nearly are."""
    encoder.set_weights([2 * weights if weights.ndim == 4 else weights for weights in encoder.get_weights()])
    return encoder


def test_without_steps_an_encoder_is_read_and_measured_anew(preset, mocap, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_, **__: None)
    build = type(TINY).image_encoder
    monkeypatch.setattr(type(TINY), "image_encoder", lambda self, weights=None: with_larger_weights(build(self)))
    sizes = {"backbone": "efficientnet_lite0", "image_size": 32, "head_filters": (4,), "keypoints": 17}
    finding = dataclasses.replace(TINY, name="finding", **sizes)
    first, new = tmp_path / "first", tmp_path / "new"
    few = {**FEW, "configuration": finding, "weights": "imagenet"}
    train_image_encoder(preset, first, tmp_path / "work", mocap, **few)
    untrained = {**few, "configuration": dataclasses.replace(finding, sharpness=3.0), "steps": 0}
    train_image_encoder(preset, new, tmp_path / "new_work", mocap, **{**untrained, "weights": str(first)})
    before, after = (ImageEncoder.from_preset(directory) for directory in (first, new))
    assert (before.sharpness, after.sharpness) == (1.0, 3.0)
    for one, other in zip(before.get_weights(), after.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    known, figures = (Preset(directory).figures["image_encoder"] for directory in (first, new))
    assert figures["test"] != known["test"]
    assert figures == {**known, "test": figures["test"], "sharpness": 3.0}
    assert Preset(new).description == Preset(first).description
    assert "3 steps of 256 pictures" in Preset(new).card
    assert "It reads keypoints with a sharpness of 3." in Preset(new).card
    assert "Matrices are stored as float16." in Preset(new).card
    assert not (tmp_path / "new_work" / "pictures").exists()

    refused = {"weights": "imagenet"}, {"weights": str(preset)}, {"fine_tuned": ("conv3_",)}, {"embedding_steps": 1}
    for arguments in (*refused, {"domain": "wild"}, {"people": "mesh"}):
        given = {**untrained, "weights": str(first), **arguments}
        if arguments.get("weights") == str(preset):
            given["configuration"] = TINY
        with pytest.raises(ValueError, match="`steps` may be 0 if `weights` is a preset that this made"):
            train_image_encoder(preset, tmp_path / "none", tmp_path / "none_work", mocap, **given)
    assert not (tmp_path / "none_work").exists()


@pytest.mark.slow
def test_it_goes_on_from_a_preset_of_the_demo_and_from_no_other_motion(preset, mocap, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_, **__: None)
    train_image_encoder(preset, tmp_path / "new", tmp_path / "work", mocap, **{**FEW, "weights": str(preset)})
    checksum = Preset(preset).networks["image_encoder"]["sha256"][:8]
    assert f"The image encoder of that preset, {checksum}: its card tells." in Preset(tmp_path / "new").card

    metrics = json.loads((preset / "metrics.json").read_bytes())
    metrics["arguments"]["seed"] += 1
    (tmp_path / "new" / "metrics.json").write_text(json.dumps(metrics))
    more = {**FEW, "weights": str(tmp_path / "new")}
    with pytest.raises(ValueError, match=r"`weights` must be a preset of the motion capture and the seed.*'seed': 5"):
        train_image_encoder(preset, tmp_path / "newer", tmp_path / "other_work", mocap, **more)
    assert not (tmp_path / "other_work").exists()


@pytest.mark.slow
def test_motion_too_short_to_measure_embeddings_by_is_told_before_they_train(preset, mocap, tmp_path, monkeypatch):
    monkeypatch.setattr(module.Embeddings, "frames", 41)
    with pytest.raises(ValueError, match=r"`mocap` must have sequences of 41 frames .* Received: the longest of 40"):
        train_image_encoder(preset, tmp_path / "new", tmp_path / "work", mocap, **FEW, embedding_steps=2)
    assert not (tmp_path / "work" / "training").exists()


def test_people_in_panoramas(preset, mocap, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_, **__: None)
    places = tmp_path / "places"
    places.mkdir()
    for name, grey in (("hall", 10), ("field", 245)):
        picture = np.full((32, 64, 3), grey, "uint8")
        (places / f"{name}.png").write_bytes(tf.io.encode_png(picture).numpy())
    licence = "The panoramas are everybody's."
    for out, more in (("drawn", {}), ("seen", {"panoramas": places, "panorama_licence": licence})):
        train_image_encoder(preset, tmp_path / out, tmp_path / f"work_{out}", mocap, **FEW, **more)
    card = Preset(tmp_path / "seen").card
    assert "in the domain 'studio', most of them in the panoramas field, hall (" in card
    assert licence in card.split("## Licence")[1]
    assert "nothing was trained on, in the panoramas of the training. Errors" in card
    assert "panorama" not in Preset(tmp_path / "drawn").card
    # The same people, elsewhere.
    drawn, seen = (
        data.load_arrays(Preset(tmp_path / out).replay, "train", data.LABELLED_PERSON) for out in ("drawn", "seen")
    )
    np.testing.assert_array_equal(drawn["joints"], seen["joints"])
    behind = (drawn["mask"] == 0) & (seen["mask"] == 0)
    assert abs(drawn["image"].astype(int) - seen["image"])[behind].mean() > 30


@pytest.mark.parametrize("given", [{"panoramas": "places"}, {"panorama_licence": "Everybody's."}])
def test_panoramas_and_their_licence_come_together(preset, mocap, tmp_path, given):
    with pytest.raises(ValueError, match="`panorama_licence` must say where panoramas are from"):
        train_image_encoder(preset, tmp_path / "new", tmp_path / "work", mocap, **FEW, **given)
    assert not (tmp_path / "work").exists()


def test_an_encoder_that_does_not_fit_is_refused_before_pictures_are_made(preset, mocap, tmp_path):
    wide = dataclasses.replace(TINY, name="wide", head_widths=(9,))
    for arguments, message in (
        ({"configuration": wide}, r"`configuration` must be that of the variant 'source'.*'wide', weights=None"),
        ({"weights": "imagenet"}, "`weights` must be None for 'small_resnet'"),
    ):
        with pytest.raises(ValueError, match=message):
            train_image_encoder(preset, tmp_path / "new", tmp_path / "work", mocap, **{**FEW, **arguments})
    assert not (tmp_path / "work").exists()


def test_training_goes_on_for_the_same_embedding_and_pictures_only(preset, mocap, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fit", lambda *_, **__: None)
    train_image_encoder(preset, tmp_path / "new", tmp_path / "work", mocap, **FEW)
    dark = dataclasses.replace(STUDIO, exposure=(0.1, 0.2))
    with pytest.raises(ValueError, match="pictures"):
        train_image_encoder(preset, tmp_path / "dark", tmp_path / "work", mocap, **{**FEW, "domain": dark})
    other = PoseAutoencoder.from_preset(preset)
    other.set_weights([weights + 0.5 for weights in other.get_weights()])
    other.save_to_preset(preset, overwrite=True)
    with pytest.raises(ValueError, match="embedding"):
        train_image_encoder(preset, tmp_path / "other", tmp_path / "work", mocap, **FEW)


def test_other_motion_capture_is_refused(preset, mocap, tmp_path):
    other = tmp_path / "other" / "walks.npz"
    other.parent.mkdir()
    generate_motion_library(10, 40, 1).save(other)
    with pytest.raises(ValueError, match=r"`mocap` must be the motion capture of the preset, 'walks\.npz .*Received"):
        train_image_encoder(preset, tmp_path / "new", tmp_path / "work", other, **FEW)
    with pytest.raises(FileNotFoundError, match="`mocap` must be an existing"):
        train_image_encoder(preset, tmp_path / "new", tmp_path / "work", tmp_path / "none.npz", **FEW)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "bfloat16"}, "`precision` must be one of .*'mixed_float16'.*Received: precision='bfloat16'"),
        ({"images": 5}, "`images` must be at least 6, and other numbers positive. Received: images=5"),
        ({"batch_size": 0}, "other numbers positive.*batch_size=0"),
        ({"steps": -1}, "`steps` must not be negative. Received: steps=-1"),
        ({"embedding_steps": -1}, "`embedding_steps` must not be negative. Received: embedding_steps=-1"),
        ({"fine_tuned": "conv3_"}, "`fine_tuned` must be several texts.*Received: 'conv3_'"),
        ({"fine_tuned": ("conv3_", "res4")}, "`fine_tuned` must begin names of layers.* Received: 'res4'"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(preset, mocap, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        train_image_encoder(preset, tmp_path / "new", tmp_path / "work", mocap, **{**FEW, **arguments})
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
def test_it_trains_in_mixed_precision_and_is_stored_in_full(preset, mocap, tmp_path):
    few = {**FEW, "batch_size": 4, "precision": "mixed_bfloat16"}
    trained = train_image_encoder(preset, tmp_path / "new", tmp_path / "work", mocap, **few)
    assert keras.config.dtype_policy().name == "float32"
    assert {layer.dtype_policy.name for layer in trained._flatten_layers()} == {"float32"}
    source = PoseEstimator.from_preset(preset, "source").image_encoder.get_weights()
    learnt = trained.image_encoder.get_weights()
    assert any(not np.array_equal(one, other) for one, other in zip(learnt, source, strict=True))
    assert "3 steps of 4 pictures in mixed_bfloat16" in Preset(tmp_path / "new").card
