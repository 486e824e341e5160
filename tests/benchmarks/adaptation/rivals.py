"""The usual alternatives to relation distillation, as stages on the same engine, over the same layers and data.

Each of them minimises the supervised loss on replayed source images, as `Adaptation` does with `replay_weight=1`, in
the colours of the target if it does, and pulls the latents of both domains together. Inputs are those of
`Adaptation`: `"images"`, `"source_images"` and `"source_poses"`.
"""

import keras
from keras import ops

from posealign_keras.losses import discriminator_loss, generator_loss, joint_distance
from posealign_keras.models import Discriminator
from posealign_keras.ops import retarget_labels
from posealign_keras.training import MultiObjectiveModel
from posealign_keras.training.colour_transfer import in_colours_of


class Alignment(MultiObjectiveModel):
    """What the rivals share: replay of the source, and the latents of both domains.

    Args:
        image_encoder: The source-trained `ImageEncoder`.
        pose_autoencoder: The trained `PoseAutoencoder`; frozen.
        adapted_layers: As for `Adaptation`.
        in_target_colours: As `replay_in_target_colours` of `Adaptation`.
        weight: Weight of the alignment beside the supervised loss in metres.
    """

    def __init__(
        self,
        image_encoder,
        pose_autoencoder,
        adapted_layers=("conv3_",),
        in_target_colours: bool = False,
        weight: float = 1.0,
        name=None,
    ):
        super().__init__(name=name)
        self.image_encoder = image_encoder
        self.pose_autoencoder = pose_autoencoder
        self.adapted_layers = adapted_layers
        self.in_target_colours = in_target_colours
        self.weight = weight
        pose_autoencoder.trainable = False
        image_encoder.train_only(adapted_layers)

    def objective_variables(self):
        return {"encoder": self.image_encoder.trainable_variables}

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        source, target = self._latents(x)
        labels, weights = retarget_labels(x["source_poses"], None, self.pose_autoencoder.skeleton)
        replay = joint_distance(labels, self.pose_autoencoder.decode(source), weights)
        alignment = self.alignment(source, target)
        return replay + self.weight * alignment, {"replay": replay, "alignment": alignment}

    def alignment(self, source, target):
        """Distance of the two domains, given latents `(batch, latent_dim)` of each."""
        raise NotImplementedError

    def _latents(self, x):
        source = x["source_images"]
        if self.in_target_colours:
            source = in_colours_of(source, x["images"])
        return self.image_encoder(source), self.image_encoder(x["images"])


class Replay(Alignment):
    """No alignment, for comparison: what it brings to go on with learning from the source."""

    def alignment(self, source, target):
        return ops.zeros(())


class CorrelationAlignment(Alignment):
    """Deep CORAL: equal covariances, and here equal means too.

    Reference:
        Sun and Saenko, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", 2016.
    """

    def alignment(self, source, target):
        def moments(latents):
            mean = ops.mean(latents, axis=0, keepdims=True)
            return mean, ops.matmul(ops.transpose(latents - mean), latents - mean) / (ops.shape(latents)[0] - 1)

        (mean_s, covariance_s), (mean_t, covariance_t) = moments(source), moments(target)
        size = source.shape[1]
        means = ops.sum(ops.square(mean_s - mean_t)) / size
        return means + ops.sum(ops.square(covariance_s - covariance_t)) / (4 * size)


class MeanDiscrepancy(Alignment):
    """Maximum mean discrepancy with Gaussian kernels of several widths.

    Reference:
        Long et al., "Learning Transferable Features with Deep Adaptation Networks", 2015.
    """

    def alignment(self, source, target):
        def squares(first, second):
            return ops.sum(ops.square(first[:, None] - second[None]), axis=-1)

        both = ops.concatenate([source, target])
        # Latents that are all alike have no width to divide by.
        width = ops.stop_gradient(ops.mean(squares(both, both))) + 1e-6

        def similarity(first, second):
            distances = squares(first, second) / width
            return sum(ops.mean(ops.exp(-distances / factor)) for factor in (0.25, 0.5, 1.0, 2.0, 4.0)) / 5

        return similarity(source, source) + similarity(target, target) - 2 * similarity(source, target)


class DomainAdversary(Alignment):
    """DANN: a discriminator tells the domains apart, the encoder makes that hard.

    The encoder is trained against the discriminator's inverted labels, which has the fixed point of a reversed
    gradient without its vanishing where the discriminator wins.

    Reference:
        Ganin et al., "Domain-Adversarial Training of Neural Networks", 2016.
    """

    def __init__(self, *args, weight: float = 0.005, **kwargs):
        super().__init__(*args, weight=weight, **kwargs)
        self.discriminator = Discriminator(self.image_encoder.latent_dim, 128)

    def objective_variables(self):
        return {**super().objective_variables(), "discriminator": self.discriminator.trainable_variables}

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        if name == "encoder":
            return super().compute_objective(name, x)
        source, target = (ops.stop_gradient(latents) for latents in self._latents(x))
        return discriminator_loss(self.discriminator(source), self.discriminator(target))

    def alignment(self, source, target):
        return generator_loss(self.discriminator(target))


class Supervised(Alignment):
    """The oracle: labels of the target's images beside those of the source. It needs `"poses"` of the `"images"`."""

    def alignment(self, source, target):
        raise NotImplementedError("the oracle has labels instead")

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        losses = {}
        for latents, what in zip(self._latents(x), ("source_poses", "poses"), strict=True):
            labels, weights = retarget_labels(x[what], None, self.pose_autoencoder.skeleton)
            losses[what] = joint_distance(labels, self.pose_autoencoder.decode(latents), weights)
        return losses["source_poses"] + losses["poses"], losses


RIVALS: dict[str, type[keras.Model]] = {
    "replay": Replay,
    "coral": CorrelationAlignment,
    "mmd": MeanDiscrepancy,
    "dann": DomainAdversary,
}
