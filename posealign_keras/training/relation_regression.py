"""Stage 3: the relation networks."""

import keras

from posealign_keras.losses import relation_energy
from posealign_keras.models import RelationNetwork
from posealign_keras.training.multi_objective_model import MultiObjectiveModel


@keras.saving.register_keras_serializable(package="posealign_keras")
class RelationRegression(MultiObjectiveModel):
    """Trains one relation network by regression on frozen embeddings, from motion capture alone.

    Objective: `regression`, the energy that adaptation minimises later, here over the relation network.

    Args:
        network: The `RelationNetwork` to be trained.

    Data:
        x: `(batch, latent_dim)`, embeddings of the anchors.
        y: `(batch, latent_dim)`, embeddings of their counterparts.

    Example:
        >>> stage = RelationRegression(RelationNetwork("pose_flip", latent_dim=4, widths=(16,)))
        >>> stage.compile(optimizer="adam")
        >>> anchors = np.random.default_rng(0).uniform(-1, 1, (16, 4)).astype("float32")
        >>> sorted(stage.fit(anchors, -anchors, epochs=1, verbose=0).history)
        ['loss', 'regression']

    Reference:
        Kundu et al., NeurIPS 2021, section 3.2.
    """

    def __init__(self, network: RelationNetwork, name=None):
        super().__init__(name=name)
        self.network = network

    def call(self, latents, training=False):
        """Latents of the counterparts."""
        return self.network(latents, training=training)

    def objective_variables(self):
        """The relation network's variables."""
        return {"regression": self.network.trainable_variables}

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        """Distance between the predicted and the true counterpart."""
        return relation_energy(self.network(x, training=training), y)
