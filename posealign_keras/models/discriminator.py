"""The discriminator of the adversarial auto-encoders."""

import keras

from posealign_keras.models.networks import multilayer_perceptron


@keras.saving.register_keras_serializable(package="posealign_keras")
class Discriminator(keras.Model):
    """Tells samples of the prior from encoded data by one logit: positive for the prior.

    Args:
        input_dim: Size of the latents that it judges.
        width: Units of each hidden layer.
        depth: Number of hidden layers.

    Call arguments:
        latents: `(batch, input_dim)`.

    Returns:
        Logits, `(batch, 1)`.

    Example:
        >>> discriminator = Discriminator(input_dim=32, width=64)
        >>> discriminator.predict(np.zeros((5, 32)), verbose=0).shape
        (5, 1)
    """

    def __init__(self, input_dim: int, width: int = 512, depth: int = 2, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.input_dim = input_dim
        self.width = width
        self.depth = depth
        self.network = multilayer_perceptron(input_dim, [width] * depth, 1, activation="leaky_relu", name="network")
        self.built = True

    def call(self, latents, training=False):
        """Logits of `(batch, input_dim)`."""
        return self.network(latents, training=training)

    def get_config(self):
        """Arguments that build this model again."""
        return {**super().get_config(), "input_dim": self.input_dim, "width": self.width, "depth": self.depth}
