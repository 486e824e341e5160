"""Presets: networks come back as they were saved, on every backend, and damaged or foreign files are refused."""

import hashlib
import io
import json
import os
import shutil
import zipfile

import keras
import numpy as np
import pytest
from tiny_configuration import TINY

from posealign_keras.models import ImageEncoder, MotionAutoencoder, PoseAutoencoder, PoseEstimator, RelationNetwork
from posealign_keras.presets import Preset
from posealign_keras.relations import SlowBackward

RELATIONS = ("pose_flip", "slow_backward")


@pytest.fixture(scope="module")
def networks():
    return [
        TINY.image_encoder(),
        TINY.pose_autoencoder(),
        TINY.motion_autoencoder(),
        *map(TINY.relation_network, RELATIONS),
    ]


@pytest.fixture(scope="module")
def saved(tmp_path_factory, networks):
    directory = tmp_path_factory.mktemp("saved")
    for network in networks:
        network.save_to_preset(directory)
    return directory


@pytest.fixture
def directory(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "preset")


def loaded(directory, **arguments):
    return [
        *(
            network.from_preset(directory, **arguments)
            for network in (ImageEncoder, PoseAutoencoder, MotionAutoencoder)
        ),
        *(RelationNetwork.from_preset(directory, relation, **arguments) for relation in RELATIONS),
    ]


def weights_file(directory, entry="pose_autoencoder"):
    return Preset(directory).weights_file(entry)


def change_index(directory, change):
    """Let `change` alter what the index says of the pose auto-encoder."""
    index = json.loads((directory / "preset.json").read_bytes())
    change(index["networks"]["pose_autoencoder"])
    (directory / "preset.json").write_text(json.dumps(index))


def replace_weights(directory, data):
    """Give the pose auto-encoder other weights, of which the index knows, as one with bad intentions would do it."""
    digest = hashlib.sha256(data).hexdigest()
    change_index(directory, lambda network: network.update(sha256=digest))
    weights_file(directory).write_bytes(data)


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


def test_arguments_can_be_replaced(directory):
    network = PoseAutoencoder.from_preset(directory, load_weights=False, width=11)
    assert (network.width, network.latent_dim) == (11, TINY.pose_latent_dim)
    with pytest.raises(ValueError, match=r"'pose_autoencoder' in .* does not build .* with \{'wide': 3\}"):
        PoseAutoencoder.from_preset(directory, wide=3)
    with pytest.raises(ValueError, match=r"does not hold the weights of this PoseAutoencoder"):
        PoseAutoencoder.from_preset(directory, width=11)


def test_estimators_come_back_as_they_were_saved(tmp_path, networks):
    estimator = PoseEstimator(*networks[:2])
    estimator.save_to_preset(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype("uint8")
    read = PoseEstimator.from_preset(tmp_path)
    np.testing.assert_allclose(read.predict_poses(images), estimator.predict_poses(images), atol=5e-3)


def test_variants_lie_beside_each_other(directory, networks):
    other = TINY.image_encoder()
    # Its pose auto-encoder is there already, the same in every number, and no obstacle.
    PoseEstimator(other, networks[1]).save_to_preset(directory, "other")
    for variant, expected in ((None, networks[0]), ("other", other)):
        read = PoseEstimator.from_preset(directory, variant).image_encoder
        np.testing.assert_allclose(read.get_weights()[0], expected.get_weights()[0], rtol=1e-3, atol=1e-6)
    with pytest.raises(ValueError, match=r"must have 'image_encoder_third'.*Received.*'image_encoder_other'"):
        ImageEncoder.from_preset(directory, "third")
    with pytest.raises(ValueError, match=r"letters, digits and '_'.*Received: 'image_encoder_\.\./up'"):
        other.save_to_preset(directory, "../up")


def test_saving_again_replaces_only_what_is_asked_for(directory, networks):
    networks[1].save_to_preset(directory)
    other = TINY.pose_autoencoder()
    with pytest.raises(FileExistsError, match=r"holds 'pose_autoencoder' already.*Received: overwrite=False"):
        other.save_to_preset(directory)
    before = weights_file(directory)
    other.save_to_preset(directory, overwrite=True)
    read = loaded(directory)
    np.testing.assert_allclose(read[1].get_weights()[0], other.get_weights()[0], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(read[0].get_weights()[0], networks[0].get_weights()[0], rtol=1e-3, atol=1e-6)
    assert not before.exists()
    assert {path.name for path in directory.iterdir()} == {
        "preset.json",
        *(weights_file(directory, entry).name for entry in Preset(directory).networks),
    }


@pytest.mark.parametrize("failing", [1, 2])
def test_an_interrupted_save_leaves_the_preset_as_it_was(directory, networks, monkeypatch, failing):
    """Whether the file of weights cannot take its place, or the index afterwards."""
    replace, calls = os.replace, []

    def fail(*paths):
        calls.append(paths)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        replace(*paths)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        TINY.pose_autoencoder().save_to_preset(directory, overwrite=True)
    monkeypatch.undo()
    assert len(calls) == failing
    read = PoseAutoencoder.from_preset(directory)
    np.testing.assert_allclose(read.get_weights()[0], networks[1].get_weights()[0], rtol=1e-3, atol=1e-6)
    assert not [path.name for path in directory.iterdir() if path.name.startswith(".")]


def test_several_networks_are_written_together_or_not_at_all(tmp_path, networks):
    networks[1].save_to_preset(tmp_path)
    with pytest.raises(FileExistsError):
        PoseEstimator(networks[0], TINY.pose_autoencoder()).save_to_preset(tmp_path)
    assert list(Preset(tmp_path).networks) == ["pose_autoencoder"]


def test_numbers_beyond_float16_and_infinite_ones(tmp_path):
    network = TINY.pose_autoencoder()
    weight = network.weights[0]
    value = network.get_weights()[0]
    value[0, 0] = 1e5
    weight.assign(value)
    network.save_to_preset(tmp_path)
    np.testing.assert_array_equal(PoseAutoencoder.from_preset(tmp_path).get_weights()[0], value)
    value[0, 0] = np.nan
    weight.assign(value)
    with pytest.raises(ValueError, match=r"'pose_autoencoder' cannot be saved: all weights must be finite"):
        network.save_to_preset(tmp_path, overwrite=True)


def test_missing_presets_and_networks_are_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"`preset` must be one of \[.*resnet50_paper.*Received: preset='nothing'"
    ):
        PoseEstimator.from_preset("nothing")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError, match=r"`preset` must be"):
        PoseEstimator.from_preset(tmp_path / "file")
    TINY.pose_autoencoder().save_to_preset(tmp_path)
    with pytest.raises(ValueError, match=r"must have 'image_encoder'.*Received: a preset with \['pose_autoencoder'\]"):
        PoseEstimator.from_preset(tmp_path)


def test_a_preset_without_weights_says_so():
    with pytest.raises(ValueError, match=r"no weights of 'pose_autoencoder'; `load_weights=False`"):
        PoseAutoencoder.from_preset("resnet50_paper")


def test_damaged_weights_are_refused(directory):
    path = weights_file(directory)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"pose_autoencoder-.*\.npz is damaged"):
        PoseAutoencoder.from_preset(directory)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"pose_autoencoder-.*\.npz is missing"):
        PoseAutoencoder.from_preset(directory)


def arrays_of(directory):
    with np.load(weights_file(directory)) as arrays:
        return dict(arrays)


def packed(arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit",))


def with_objects(arrays):
    return packed({name: np.array([Evil()], dtype=object) for name in arrays})


def with_another_shape(arrays):
    return packed({**arrays, "000": arrays["000"].T})


def with_integers(arrays):
    return packed({**arrays, "000": arrays["000"].astype("int64")})


def with_one_missing(arrays):
    return packed({name: value for name, value in arrays.items() if name != "001"})


def with_nan(arrays):
    return packed({**arrays, "000": np.full_like(arrays["000"], np.nan)})


def with_a_huge_array(arrays):
    """A header that promises more memory than any machine has."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**50,)})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in arrays:
            archive.writestr(f"{name}.npy", header.getvalue())
    return file.getvalue()


def with_half_a_file(arrays):
    return packed(arrays)[:-200]


@pytest.mark.parametrize(
    "spoil",
    [
        with_objects,
        with_another_shape,
        with_integers,
        with_one_missing,
        with_nan,
        with_a_huge_array,
        with_half_a_file,
    ],
)
def test_files_that_are_not_the_weights_of_the_network_are_refused(directory, spoil):
    replace_weights(directory, spoil(arrays_of(directory)))
    with pytest.raises(ValueError, match=r"pose_autoencoder-.*\.npz does not hold the weights of this PoseAutoencoder"):
        PoseAutoencoder.from_preset(directory)


@pytest.mark.parametrize("arguments", [{"weights": "/etc/passwd"}, {"dtype": "float16"}, {"width": "wide"}, {"n": 1}])
def test_a_preset_chooses_sizes_and_nothing_else(directory, arguments):
    change_index(directory, lambda network: network["arguments"].update(arguments))
    with pytest.raises(ValueError, match=r"'pose_autoencoder' in .*preset does not build a `PoseAutoencoder`"):
        PoseAutoencoder.from_preset(directory)


def test_a_preset_cannot_name_a_file_to_read_or_a_class(directory):
    index = json.loads((directory / "preset.json").read_bytes())
    index["networks"]["image_encoder"]["arguments"]["weights"] = "/etc/passwd"
    index["networks"]["relation_pose_flip"]["arguments"]["relation"] = {"relation": "os.system"}
    (directory / "preset.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match=r"it has no arguments \['weights'\]"):
        ImageEncoder.from_preset(directory)
    with pytest.raises(ValueError, match=r"`relation` must be one of"):
        RelationNetwork.from_preset(directory, "pose_flip")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"format": 2}',
        b'{"format": 1, "description": "", "networks": {"a": 1}}',
        b'{"format": 1, "description": "", "networks": {"a": {"arguments": {}, "sha256": "../../x"}}}',
        b"[" * 100_000,
    ],
)
def test_damaged_indices_are_refused(tmp_path, content):
    (tmp_path / "preset.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"preset\.json is not a readable preset"):
        Preset(tmp_path)


def test_presets_of_one_backend_are_those_of_all(directory):
    """What is stored depends on the numbers alone: the arrays have the order of the weights of the Keras layers."""
    arrays = list(arrays_of(directory).values())
    autoencoder = PoseAutoencoder.from_preset(directory)
    layers = [layer for part in (autoencoder.encoder, autoencoder.decoder) for layer in part.layers]
    expected = [array for layer in layers for array in layer.get_weights()]
    assert len(arrays) == len(expected)
    for stored, value in zip(arrays, expected, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(value), stored.astype("float32"))
