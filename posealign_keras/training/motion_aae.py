"""Stage 2: the adversarial motion auto-encoder."""

import keras
from keras import ops

from posealign_keras.losses import discriminator_loss, generator_loss, joint_distance
from posealign_keras.models import Discriminator, MotionAutoencoder, PoseAutoencoder
from posealign_keras.training.multi_objective_model import MultiObjectiveModel


@keras.saving.register_keras_serializable(package="posealign_keras")
class MotionAAE(MultiObjectiveModel):
    """Trains a motion auto-encoder on sequences of frozen pose latents.

    Objectives, on every batch: `autoencoder` (reconstruction, measured on the decoded poses and on the pose latents,
    and motion latents that the discriminator takes for uniform samples of [-1, 1]^n) and `discriminator`.

    Args:
        autoencoder: The `MotionAutoencoder` to be trained.
        discriminator: The `Discriminator` of its latents.
        pose_autoencoder: The trained `PoseAutoencoder`; it is frozen.
        adversarial_weight: Weight, in metres, of the adversarial term.
        latent_weight: Weight, in metres per unit of latent, of the reconstruction of the pose latents.
        seed: Seed of the samples of the prior.

    Data:
        x: `(batch, frames, pose_latent_dim)`, the pose latents E_p(Y), computed once for the whole training.
        y: `(batch, frames, joints, 3)`, the poses Y with canonical bone lengths, camera frame, metres.

    Raises:
        ValueError: If the discriminator or the pose auto-encoder is for latents of another size.

    Example:
        >>> motion = MotionAutoencoder(frames=4, pose_latent_dim=4, latent_dim=8, units=4, depth=1)
        >>> stage = MotionAAE(motion, Discriminator(8, width=8), PoseAutoencoder(4, width=16, depth=1), seed=0)
        >>> stage.compile(optimizer="adam")
        >>> poses = np.random.default_rng(0).normal(0, 0.3, (8, 4, 17, 3)).astype("float32")
        >>> latents = np.stack([stage.pose_autoencoder.encode(clip) for clip in poses])
        >>> history = stage.fit(latents, poses, batch_size=8, epochs=1, verbose=0).history
        >>> {"autoencoder_reconstruction", "discriminator"} <= set(history)
        True

    Reference:
        Kundu et al., NeurIPS 2021, section 3.1.
    """

    def __init__(
        self,
        autoencoder: MotionAutoencoder,
        discriminator: Discriminator,
        pose_autoencoder: PoseAutoencoder,
        adversarial_weight: float = 0.001,
        latent_weight: float = 0.1,
        seed: int | None = None,
        name=None,
    ):
        super().__init__(name=name)
        if discriminator.input_dim != autoencoder.latent_dim:
            raise ValueError(
                f"`discriminator` must judge the latents of `autoencoder`, `input_dim={autoencoder.latent_dim}`. "
                f"Received: input_dim={discriminator.input_dim}"
            )
        if pose_autoencoder.latent_dim != autoencoder.pose_latent_dim:
            raise ValueError(
                f"`pose_autoencoder` must have the pose latents of `autoencoder`, "
                f"`latent_dim={autoencoder.pose_latent_dim}`. Received: latent_dim={pose_autoencoder.latent_dim}"
            )
        self.autoencoder = autoencoder
        self.discriminator = discriminator
        self.pose_autoencoder = pose_autoencoder
        self.pose_autoencoder.trainable = False
        self.adversarial_weight = adversarial_weight
        self.latent_weight = latent_weight
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, pose_latents, training=False):
        """Reconstruct sequences of pose latents."""
        return self.autoencoder(pose_latents, training=training)

    def objective_variables(self):
        """The motion auto-encoder's and the discriminator's variables."""
        return {
            "autoencoder": self.autoencoder.trainable_variables,
            "discriminator": self.discriminator.trainable_variables,
        }

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        """Loss of one objective on a batch of sequences."""
        motion = self.autoencoder.encode(x, training=training)
        if name == "discriminator":
            prior = keras.random.uniform(ops.shape(motion), -1.0, 1.0, dtype="float32", seed=self.seed_generator)
            return discriminator_loss(self.discriminator(prior), self.discriminator(ops.stop_gradient(motion)))
        pose_latents = self.autoencoder.decode(motion, training=training)
        reconstruction = joint_distance(y, self.pose_autoencoder.decode(pose_latents))
        latent = ops.mean(ops.abs(pose_latents - x))
        adversarial = generator_loss(self.discriminator(motion))
        loss = reconstruction + self.latent_weight * latent + self.adversarial_weight * adversarial
        return loss, {"reconstruction": reconstruction, "latent": latent, "adversarial": adversarial}
