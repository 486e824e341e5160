"""Presets: networks come back as they were saved, on every backend, and damaged or foreign files are refused."""

import hashlib
import json
import zipfile

import numpy as np
import pytest
from test_configuration import TINY

from posealign_keras.models import (
    ImageEncoder,
    MotionAutoencoder,
    PoseAutoencoder,
    PoseEstimator,
    Preset,
    RelationNetwork,
    preset_names,
)
from posealign_keras.presets import PAPER
from posealign_keras.relations import SlowBackward

RELATIONS = ("pose_flip", "slow_backward")


@pytest.fixture
def networks():
    return [
        TINY.image_encoder(),
        TINY.pose_autoencoder(),
        TINY.motion_autoencoder(),
        *map(TINY.relation_network, RELATIONS),
    ]


@pytest.fixture
def directory(tmp_path, networks):
    for network in networks:
        network.save_to_preset(tmp_path / "preset")
    return tmp_path / "preset"


def loaded(directory, **arguments):
    return [
        *(
            network.from_preset(directory, **arguments)
            for network in (ImageEncoder, PoseAutoencoder, MotionAutoencoder)
        ),
        *(RelationNetwork.from_preset(directory, relation, **arguments) for relation in RELATIONS),
    ]


def test_networks_come_back_as_they_were_saved(directory, networks):
    for saved, read in zip(networks, loaded(directory), strict=True):
        assert {**read.get_config(), "name": 0} == {**saved.get_config(), "name": 0}
        for before, after in zip(saved.get_weights(), read.get_weights(), strict=True):
            assert after.dtype == before.dtype == "float32"
            np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-6)
            if before.ndim < 2:
                np.testing.assert_array_equal(after, before)


def test_relations_keep_their_arguments(tmp_path):
    RelationNetwork(SlowBackward(8), 5, (3,)).save_to_preset(tmp_path)
    assert RelationNetwork.from_preset(tmp_path, "slow_backward").relation.frames == 8


def test_networks_without_weights_are_new(directory, networks):
    new = loaded(directory, load_weights=False)
    assert not np.allclose(new[1].get_weights()[0], networks[1].get_weights()[0], atol=1e-3)
    assert [network.count_params() for network in new] == [network.count_params() for network in networks]


def test_estimators_come_back_as_they_were_saved(tmp_path, networks):
    estimator = PoseEstimator(*networks[:2])
    estimator.save_to_preset(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype("uint8")
    read = PoseEstimator.from_preset(tmp_path)
    np.testing.assert_allclose(read.predict_poses(images), estimator.predict_poses(images), atol=5e-3)


def test_saving_again_replaces_only_what_is_asked_for(directory, networks):
    with pytest.raises(FileExistsError, match=r"holds 'pose_autoencoder' already.*Received: overwrite=False"):
        TINY.pose_autoencoder().save_to_preset(directory)
    other = TINY.pose_autoencoder()
    other.save_to_preset(directory, overwrite=True)
    read = loaded(directory)
    np.testing.assert_allclose(read[1].get_weights()[0], other.get_weights()[0], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(read[0].get_weights()[0], networks[0].get_weights()[0], rtol=1e-3, atol=1e-6)
    assert not [path.name for path in directory.iterdir() if path.name.startswith(".")]


def test_missing_presets_and_networks_are_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"`preset` must be one of \[.*resnet50_paper.*Received: preset='nothing'"
    ):
        PoseEstimator.from_preset("nothing")
    TINY.pose_autoencoder().save_to_preset(tmp_path)
    with pytest.raises(ValueError, match=r"must hold 'image_encoder'.*Received: a preset with \['pose_autoencoder'\]"):
        PoseEstimator.from_preset(tmp_path)


def test_damaged_weights_are_refused(directory):
    path = directory / "pose_autoencoder.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"pose_autoencoder\.npz is damaged"):
        PoseAutoencoder.from_preset(directory)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"pose_autoencoder\.npz"):
        PoseAutoencoder.from_preset(directory)


def with_checksum(directory, entry):
    """Make the index believe in a file of weights as it is now."""
    index = json.loads((directory / "preset.json").read_bytes())
    data = (directory / f"{entry}.npz").read_bytes()
    index["networks"][entry]["sha256"] = hashlib.sha256(data).hexdigest()
    (directory / "preset.json").write_text(json.dumps(index))


def test_weights_of_another_network_are_refused(directory):
    (directory / "pose_autoencoder.npz").write_bytes((directory / "relation_pose_flip.npz").read_bytes())
    with_checksum(directory, "pose_autoencoder")
    with pytest.raises(ValueError, match=r"pose_autoencoder\.npz does not hold the weights of PoseAutoencoder"):
        PoseAutoencoder.from_preset(directory)


def test_nothing_in_a_preset_is_executed(directory):
    class Evil:
        def __reduce__(self):
            return (exec, ("raise SystemExit",))

    path = directory / "pose_autoencoder.npz"
    with zipfile.ZipFile(path) as archive:
        count = len(archive.namelist())
    np.savez(path, **{f"{index:03d}": np.array([Evil()], dtype=object) for index in range(count)})
    with_checksum(directory, "pose_autoencoder")
    with pytest.raises(ValueError, match=r"does not hold the weights of PoseAutoencoder.*pickle"):
        PoseAutoencoder.from_preset(directory)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"format": 2}', b'{"format": 1, "description": "", "networks": {"a": 1}}']
)
def test_damaged_indices_are_refused(tmp_path, content):
    (tmp_path / "preset.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"preset\.json is not a readable preset"):
        Preset(tmp_path)


def test_shipped_presets_are_complete():
    assert "resnet50_paper" in preset_names()
    for name in preset_names():
        preset = Preset(name)
        assert preset.description
        for entry in preset.networks:
            if preset.has_weights(entry):
                assert (preset.directory / f"{entry}.npz").stat().st_size < 10e6
                assert "Limits" in preset.card


def test_the_preset_of_the_paper_has_its_sizes(tmp_path):
    PAPER.save_to_preset(tmp_path)
    assert Preset("resnet50_paper").networks == Preset(tmp_path).networks
    assert ImageEncoder.from_preset("resnet50_paper").image_size == PAPER.image_size
