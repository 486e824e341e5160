"""The relation network: what a relation does in the latent space."""

import keras

from posealign_keras.models.networks import multilayer_perceptron
from posealign_keras.models.preset import FromPreset, Preset
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
    def from_preset(  # type: ignore[override]  # one preset holds several of them
        cls, preset, relation: str = "pose_flip", load_weights: bool = True, **arguments
    ):
        """Load the network of one relation from a preset; see `FromPreset.from_preset`.

        Args:
            preset: Name of a preset, or a directory.
            relation: Name of the relation.
            load_weights: Whether to load the weights.
            **arguments: Replace arguments of the constructor.
        """
        return cls._read(Preset(preset), f"{cls.preset_entry}_{relation}", load_weights, **arguments)

    @classmethod
    def _read(cls, preset, entry, load_weights, **arguments):
        relation = get_relation(**preset.arguments(entry)["relation"])
        return super()._read(preset, entry, load_weights, **{"relation": relation, **arguments})

    def describe(self):
        """Name of the network in a preset, and the arguments of its constructor as JSON has them."""
        entry, arguments = super().describe()
        relation = {"relation": self.relation.name, **self.relation.get_config()}
        return f"{entry}_{self.relation.name}", {**arguments, "relation": relation}

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
