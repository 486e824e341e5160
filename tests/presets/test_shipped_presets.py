"""The presets of the package: small, whole, and as good as their cards say."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_configuration import TINY

import posealign_keras
from posealign_keras.data.motion_library import to_upright_camera_frame
from posealign_keras.data.synthetic import STUDIO, VARIED, film, generate_motion_library
from posealign_keras.data.synthetic.mesh.rasterizer_process import RasterizerProcess
from posealign_keras.evaluation import embed, pose_errors, random_views
from posealign_keras.models import MotionAutoencoder, PoseAutoencoder, PoseEstimator, RelationNetwork
from posealign_keras.presets import BASE, PAPER, SMALL, Preset, describe_preset, preset_names
from posealign_keras.presets.model_card import model_card

PACKAGE = Path(posealign_keras.__file__).parent
TRAINED = [name for name in preset_names() if Preset(name).has_weights("image_encoder")]


# What each encoder was trained on.
PICTURES = {
    ("small_synthetic", None): (STUDIO, "cones"),
    ("small_synthetic", "adapted"): (STUDIO, "cones"),
    ("small_synthetic", "source"): (STUDIO, "cones"),
    ("base_synthetic", None): (VARIED, "mesh"),
}


def test_which_there_are():
    assert preset_names() == ["base_synthetic", "resnet50_paper", "small_synthetic"]
    assert TRAINED == ["base_synthetic", "small_synthetic"] == sorted({name for name, _ in PICTURES})


@pytest.mark.parametrize("name", preset_names())
def test_each_has_a_card_and_holds_nothing_but_what_belongs_to_it(name):
    described = describe_preset(name)
    assert described["description"]
    for heading in ("figures", "limits", "licence", "trained"):
        assert heading in described["card"].lower()
    preset = Preset(name)
    weights = [preset.weights_file(entry) for entry in preset.networks if preset.has_weights(entry)]
    assert all(path.stat().st_size < 10e6 for path in weights)
    held = {path.name for path in preset.directory.iterdir()} - {"metrics.json", "replay"}
    assert held == {"preset.json", "README.md", *(path.name for path in weights)}


@pytest.mark.parametrize("name", TRAINED)
def test_cards_are_made_of_the_figures(name):
    preset = Preset(name)
    assert preset.card == model_card(name, preset.description, preset.figures)


def test_all_of_them_together_stay_small():
    assert sum(path.stat().st_size for path in (PACKAGE / "presets").rglob("*") if path.is_file()) < 40e6


def sizes(configuration):
    """Arguments of the constructors of all networks; building those of the paper takes too long."""
    arguments = {
        "image_encoder": {
            "backbone": configuration.backbone,
            "image_size": configuration.image_size,
            "latent_dim": configuration.pose_latent_dim,
            "head_filters": list(configuration.head_filters),
            "head_widths": list(configuration.head_widths),
            "frozen": list(configuration.frozen),
            "keypoints": configuration.keypoints,
            "finer_maps": configuration.finer_maps,
            "sharpness": configuration.sharpness,
        },
        "pose_autoencoder": {
            "latent_dim": configuration.pose_latent_dim,
            "width": configuration.pose_width,
            "depth": configuration.pose_depth,
            "skeleton": configuration.skeleton,
        },
        "motion_autoencoder": {
            "frames": configuration.motion_frames,
            "pose_latent_dim": configuration.pose_latent_dim,
            "latent_dim": configuration.motion_latent_dim,
            "units": configuration.motion_units,
            "depth": 2,
        },
    }
    for name in ("pose_flip", "flip_backward", "slow_backward"):
        relation = configuration.relation(name)
        is_lower = relation.order == "lower"
        arguments[f"relation_{name}"] = {
            "relation": {"relation": name, **relation.get_config()},
            "latent_dim": configuration.pose_latent_dim if is_lower else configuration.motion_latent_dim,
            "widths": list(configuration.relation_widths),
        }
    return arguments


def arguments_in(name):
    return {entry: network["arguments"] for entry, network in describe_preset(name)["networks"].items()}


def test_networks_have_the_sizes_of_the_configurations():
    assert arguments_in("resnet50_paper") == sizes(PAPER)
    small = sizes(SMALL)
    found = arguments_in("small_synthetic")
    assert found["image_encoder_source"] == found["image_encoder_adapted"] == small["image_encoder"]
    assert {entry: found[entry] for entry in small} == small
    base = sizes(BASE)
    found = arguments_in("base_synthetic")
    assert {entry: found[entry] for entry in base} == base


@pytest.mark.parametrize("name", TRAINED)
def test_figures_are_of_keypoints_read_as_they_are_now(name):
    described = describe_preset(name)
    measured = described["figures"].get("image_encoder", {}).get("sharpness") or 1.0
    assert described["networks"]["image_encoder"]["arguments"]["sharpness"] == measured


def test_a_configuration_becomes_a_preset_without_weights(tmp_path):
    assert TINY.save_to_preset(tmp_path, "Tiny.").description == "Tiny."
    assert arguments_in(tmp_path) == sizes(TINY)
    network = RelationNetwork.from_preset(tmp_path, "slow_backward", load_weights=False)
    assert network.relation.frames == TINY.motion_frames


@pytest.fixture(scope="module")
def motion():
    """Generated motion that no network has seen: `(N, 60, 17, 3)` in a world with z up."""
    return np.stack(list(generate_motion_library(24, 60, 123).sequences))


def mean_distance(first, second):
    return 1000 * float(np.linalg.norm(first - second, axis=-1).mean())


@pytest.mark.parametrize("name", TRAINED)
def test_embeddings_are_as_good_as_the_card_says(name, motion):
    """On other motion than the card's, so twice its errors are allowed; networks with shuffled weights are far off."""
    figures = describe_preset(name)["figures"]
    pose_autoencoder = PoseAutoencoder.from_preset(name)
    motion_autoencoder = MotionAutoencoder.from_preset(name)
    sequences = random_views(to_upright_camera_frame(motion[:, :30] - motion[:, :30, :1]), seed=0)
    poses = sequences[:, ::6].reshape(-1, 17, 3)
    reconstruction = mean_distance(embed(pose_autoencoder, poses), poses)
    assert reconstruction < 2 * figures["pose_aae"]["test_reconstruction"]
    rebuilt = embed(lambda values: motion_autoencoder(pose_autoencoder.encode(values)), sequences)
    assert (
        mean_distance(embed(pose_autoencoder.decode, rebuilt), sequences)
        < 2 * figures["motion_aae"]["test_reconstruction"]
    )
    network = RelationNetwork.from_preset(name, "pose_flip")
    anchors, counterparts = map(np.asarray, network.relation.pose_pair(poses))
    related = embed(lambda values: pose_autoencoder.decode(network(pose_autoencoder.encode(values))), anchors)
    assert mean_distance(related, counterparts) < 2 * figures["relations"]["pose_flip"]["decoded_error"]


@pytest.mark.parametrize(("name", "variant"), list(PICTURES))
def test_pictures_tell_the_image_encoders_the_pose(name, variant, motion):
    """Motion and camera are other ones than the card's, so nearer than the best constant pose is all that is asked."""
    domain, people = PICTURES[name, variant]
    estimator = PoseEstimator.from_preset(name, variant)
    poses = motion[:, 30:31]
    rng = np.random.default_rng(0)
    if people == "mesh":
        try:
            RasterizerProcess.shared()
        except (ImportError, RuntimeError) as error:
            pytest.skip(str(error))
    shot = film(poses, [domain.sample_scene(rng) for _ in poses], estimator.image_size, rng, people=people)
    truth = (shot.joints - shot.joints[..., :1, :])[:, 0]
    constant = pose_errors(truth, np.broadcast_to(truth.mean(axis=0), truth.shape))["mpjpe"]
    assert pose_errors(truth, estimator.predict_poses(shot.images[:, 0]))["mpjpe"] < 0.85 * constant


def test_a_wheel_holds_all_of_them(tmp_path):
    pytest.importorskip("hatchling")
    if not (PACKAGE.parent / "pyproject.toml").exists():
        pytest.skip("the package is installed without its sources")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=PACKAGE.parent, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.getinfo(name).file_size for name in archive.namelist()}
    for path in (PACKAGE / "presets").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert packed[str(path.relative_to(PACKAGE.parent))] == path.stat().st_size
