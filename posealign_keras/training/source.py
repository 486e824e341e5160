"""Stage 4: supervised training on the labelled source."""

import keras
import numpy as np

from posealign_keras.losses import joint_distance
from posealign_keras.models import ImageEncoder, PoseAutoencoder
from posealign_keras.ops import retarget_labels
from posealign_keras.ops.weights import joint_weights
from posealign_keras.relations import PoseFlip
from posealign_keras.training.multi_objective_model import MultiObjectiveModel


@keras.saving.register_keras_serializable(package="posealign_keras")
class SourceTraining(MultiObjectiveModel):
    """Trains the image encoder on labelled images through the frozen pose decoder.

    Objective: `supervised`, the mean joint distance ‖D_p(G(x)) − y‖, where y has canonical bone lengths.

    Args:
        image_encoder: The `ImageEncoder` to be trained.
        pose_autoencoder: The trained `PoseAutoencoder`; it is frozen.
        mirror: Whether to mirror half of each batch, images with their poses.
        augmentation: A layer that changes the appearance of images during training, such as `RandomAppearance`.

    Data:
        x: `(batch, image_size, image_size, 3)` person crops, RGB, values 0 to 255.
        y: `(batch, joints, 3)` poses, root-relative, camera frame, metres.
        sample_weight: Optional, `(batch,)`, or `(batch, joints)` such as the validity of the labels: joints of
            weight 0, and those that hang on them, do not count.

    Raises:
        ValueError: If the pose auto-encoder is for latents of another size.

    Example:
        >>> encoder = ImageEncoder("small_resnet", 16, 4, head_filters=(), head_widths=(8,))
        >>> stage = SourceTraining(encoder, PoseAutoencoder(4, width=16, depth=1))
        >>> stage.compile(optimizer="adam")
        >>> rng = np.random.default_rng(0)
        >>> images = rng.integers(0, 256, (8, 16, 16, 3), "uint8")
        >>> poses = rng.normal(0, 0.3, (8, 17, 3)).astype("float32")
        >>> sorted(stage.fit(images, poses, batch_size=4, epochs=1, verbose=0).history)
        ['loss', 'supervised']

    Reference:
        Kundu et al., NeurIPS 2021, section 3.3.
    """

    def __init__(
        self,
        image_encoder: ImageEncoder,
        pose_autoencoder: PoseAutoencoder,
        mirror: bool = True,
        augmentation: keras.layers.Layer | None = None,
        name=None,
    ):
        super().__init__(name=name)
        if pose_autoencoder.latent_dim != image_encoder.latent_dim:
            raise ValueError(
                "`pose_autoencoder` must have the latents of `image_encoder`, "
                f"`latent_dim={image_encoder.latent_dim}`. Received: latent_dim={pose_autoencoder.latent_dim}"
            )
        self.image_encoder = image_encoder
        self.pose_autoencoder = pose_autoencoder
        self.pose_autoencoder.trainable = False
        self.mirror = mirror
        self.augmentation = augmentation
        self.pose_flip = PoseFlip(pose_autoencoder.skeleton)

    def call(self, images, training=False):
        """Poses of images."""
        return self.pose_autoencoder.decode(self.image_encoder(images, training=training))

    def objective_variables(self):
        """The image encoder's variables."""
        return {"supervised": self.image_encoder.trainable_variables}

    def compute_objective(self, name, x, y=None, sample_weight=None, training=True):
        """Mean joint distance on a batch of labelled images."""
        skeleton = self.pose_autoencoder.skeleton
        weights = joint_weights(sample_weight, y)
        if training and self.mirror:
            half = x.shape[0] // 2 if x.shape[0] else keras.ops.shape(x)[0] // 2
            x = keras.ops.concatenate([self.pose_flip.transform_images(x[:half]), x[half:]])
            y = keras.ops.concatenate([self.pose_flip.transform_poses(y[:half]), y[half:]])
            swapped = keras.ops.take(weights[:half], np.array(skeleton.mirror), axis=-1)
            weights = keras.ops.concatenate([swapped, weights[half:]])
        if training and self.augmentation is not None:
            x = self.augmentation(x)
        poses, weights = retarget_labels(y, weights, skeleton)
        return joint_distance(poses, self(x, training=training), weights)
