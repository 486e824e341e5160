"""The relation network: what a relation does in the latent space."""

from typing import Self

import keras

from posealign_keras.models.from_preset import FromPreset
from posealign_keras.models.networks import multilayer_perceptron
from posealign_keras.relations import get_relation


@keras.saving.register_keras_serializable(package="posealign_keras")
class RelationNetwork(FromPreset, keras.Model):
    """H_r: the latent of an anchor to the latent of its counterpart, for one relation.

    Args:
        relation: The relation, or its name.
        latent_dim: Size of the latents; `None` takes 32 for a relation of lower order and 128 for one of higher.
        widths: Units of each hidden layer.

    Call arguments:
        latents: `(batch, latent_dim)`, pose latents or motion latents by the order of the relation.

    Returns:
        Latents in [-1, 1], `(batch, latent_dim)`.

    Example:
        >>> network = RelationNetwork("pose_flip", widths=(64,))
        >>> network.latent_dim, network.predict(np.zeros((3, 32)), verbose=0).shape
        (32, (3, 32))
        >>> trained = RelationNetwork.from_preset("small_synthetic", "flip_backward")
        >>> trained.relation
        FlipBackward(frames=30, skeleton='body17')

    Reference:
        Kundu et al., NeurIPS 2021, section 3.2.
    """

    preset_entry = "relation"

    def __init__(self, relation, latent_dim: int | None = None, widths=(1024, 512), name=None, **kwargs):
        relation = get_relation(relation)
        super().__init__(name=name or relation.name, **kwargs)
        self.relation = relation
        self.latent_dim = latent_dim or (32 if relation.order == "lower" else 128)
        self.widths = tuple(widths)
        self.network = multilayer_perceptron(self.latent_dim, self.widths, self.latent_dim, "tanh", name="network")
        self.built = True

    @classmethod
    def from_preset(cls, preset, variant: str, *, load_weights: bool = True, **arguments) -> Self:  # type: ignore[override]
        """Load the network of one relation from a preset.

        Args:
            preset: As for `FromPreset.from_preset`.
            variant: Name of the relation.
            load_weights: As for `FromPreset.from_preset`.
            **arguments: As for `FromPreset.from_preset`.

        Returns:
            The network.

        Raises:
            FileNotFoundError: As `FromPreset.from_preset`.
            ValueError: As `FromPreset.from_preset`.
        """
        return super().from_preset(preset, variant, load_weights=load_weights, **arguments)

    def save_to_preset(self, directory, variant: str | None = None, *, overwrite: bool = False) -> None:
        """Save the network to a preset, by the name of its relation if no other is given; see `FromPreset`."""
        super().save_to_preset(directory, variant or self.relation.name, overwrite=overwrite)

    def arguments_for_preset(self):
        """Arguments of the constructor, as JSON has them."""
        relation = {"relation": self.relation.name, **self.relation.get_config()}
        return {**super().arguments_for_preset(), "relation": relation}

    @classmethod
    def arguments_from_preset(cls, arguments):
        """Arguments of the constructor, of what `arguments_for_preset` gave; only registered relations are built."""
        return {**arguments, "relation": get_relation(**arguments["relation"])}

    def call(self, latents, training=False):
        """Latents of the counterparts of `(batch, latent_dim)`."""
        return self.network(latents, training=training)

    def get_config(self):
        """Arguments that build this model again."""
        return {
            **super().get_config(),
            "relation": keras.saving.serialize_keras_object(self.relation),
            "latent_dim": self.latent_dim,
            "widths": list(self.widths),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Build the network that `get_config` described."""
        relation = keras.saving.deserialize_keras_object(config["relation"], custom_objects=custom_objects)
        return cls(**{**config, "relation": relation})
