"""Image backbones whose layers are named by residual stage, as those of `keras.applications.ResNet50` are."""

from pathlib import Path

import keras
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
