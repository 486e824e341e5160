"""Small networks that several models are made of."""

import keras
from keras import layers


def multilayer_perceptron(inputs: int, widths, outputs: int, output_activation=None, activation="gelu", name=None):
    """A built fully connected network.

    Args:
        inputs: Size of the last axis of the input.
        widths: Units of each hidden layer, in order.
        outputs: Units of the last layer, which computes in float32 under mixed precision too.
        output_activation: Activation of the last layer.
        activation: Activation of the hidden layers.
        name: Name of the network.

    Returns:
        A `keras.Sequential` from `(batch, inputs)` to `(batch, outputs)`.
    """
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            *(layers.Dense(width, activation=activation) for width in widths),
            layers.Dense(outputs, activation=output_activation, dtype="float32"),
        ],
        name=name,
    )
