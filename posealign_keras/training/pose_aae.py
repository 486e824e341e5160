"""Stage 1: the adversarial pose auto-encoder."""

import keras
from keras import ops

from posealign_keras.losses import discriminator_loss, generator_loss, joint_distance
from posealign_keras.models import Discriminator, PoseAutoencoder
from posealign_keras.ops import retarget
from posealign_keras.training.multi_objective_model import MultiObjectiveModel
from posealign_keras.training.random_view import RandomView


@keras.saving.register_keras_serializable(package="posealign_keras")
class PoseAAE(MultiObjectiveModel):
    """Trains a pose auto-encoder whose latents fill the cube [-1, 1]^n like uniform samples.

    Objectives, on every batch: `autoencoder` (reconstruction; latents that the discriminator takes for samples of
    the prior; and the cycle z → D_p → E_p → z on samples of the prior, so that each of them decodes to a pose of its
    own) and `discriminator`.

    Args:
        autoencoder: The `PoseAutoencoder` to be trained.
        discriminator: The `Discriminator` of its latents.
        adversarial_weight: Weight, in metres, of the adversarial term.
        cycle_weight: Weight, in metres per unit of latent, of the cycle.
        elevation: Largest elevation of the random cameras in degrees; see `RandomView`.
        seed: Seed of the random views and samples.

    Data:
        x: `(batch, joints, 3)` poses in the axes of a level camera (x right, y down, z forward), metres. They are
            turned, mirrored and given canonical bone lengths here.

    Raises:
        ValueError: If the discriminator is for latents of another size.

    Example:
        >>> stage = PoseAAE(PoseAutoencoder(4, width=16, depth=1), Discriminator(4, width=8), seed=0)
        >>> stage.compile(optimizer="adam")
        >>> poses = np.random.default_rng(0).normal(0, 0.3, (16, 17, 3)).astype("float32")
        >>> history = stage.fit(poses, batch_size=8, epochs=1, verbose=0).history
        >>> {"autoencoder_reconstruction", "discriminator"} <= set(history)
        True

    Reference:
        Kundu et al., NeurIPS 2021, section 3.1.
    """

    def __init__(
        self,
        autoencoder: PoseAutoencoder,
        discriminator: Discriminator,
        adversarial_weight: float = 0.005,
        cycle_weight: float = 0.02,
        elevation: float = 20.0,
        seed: int | None = None,
        name=None,
    ):
        super().__init__(name=name)
        if discriminator.input_dim != autoencoder.latent_dim:
            raise ValueError(
                f"`discriminator` must judge the latents of `autoencoder`, `input_dim={autoencoder.latent_dim}`. "
                f"Received: input_dim={discriminator.input_dim}"
            )
        self.autoencoder = autoencoder
        self.discriminator = discriminator
        self.adversarial_weight = adversarial_weight
        self.cycle_weight = cycle_weight
        self.elevation = elevation
        self.seed = seed
        self.random_view = RandomView(elevation, skeleton=autoencoder.skeleton, seed=seed)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, poses, training=False):
        """Reconstruct poses."""
        return self.autoencoder(poses, training=training)

    def objective_variables(self):
        """The auto-encoder's and the discriminator's variables."""
        return {
            "autoencoder": self.autoencoder.trainable_variables,
            "discriminator": self.discriminator.trainable_variables,
        }

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        """Loss of one objective on a batch of poses."""
        poses = retarget(self.random_view(x), skeleton=self.autoencoder.skeleton)
        latents = self.autoencoder.encode(poses, training=training)
        prior = keras.random.uniform(ops.shape(latents), -1.0, 1.0, dtype="float32", seed=self.seed_generator)
        if name == "discriminator":
            return discriminator_loss(self.discriminator(prior), self.discriminator(ops.stop_gradient(latents)))
        reconstruction = joint_distance(poses, self.autoencoder.decode(latents, training=training))
        samples = self.autoencoder.decode(prior, training=training)
        cycle = ops.mean(ops.abs(self.autoencoder.encode(samples, training=training) - prior))
        adversarial = generator_loss(self.discriminator(latents))
        loss = reconstruction + self.cycle_weight * cycle + self.adversarial_weight * adversarial
        return loss, {"reconstruction": reconstruction, "cycle": cycle, "adversarial": adversarial}
