"""Stage 4: supervised training on the labelled source."""

import keras
import numpy as np
from keras import ops

from posealign_keras.models import ImageEncoder, PoseAutoencoder
from posealign_keras.models.keypoint_head import check_keypoints
from posealign_keras.ops.weights import joint_weights
from posealign_keras.relations import PoseFlip
from posealign_keras.training.multi_objective_model import MultiObjectiveModel
from posealign_keras.training.supervised_loss import supervised_loss


@keras.saving.register_keras_serializable(package="posealign_keras")
class SourceTraining(MultiObjectiveModel):
    """Trains the image encoder on labelled images through the frozen pose decoder.

    Objective: `supervised`, the mean joint distance ‖D_p(G(x)) − y‖, where y has canonical bone lengths. An encoder
    that finds keypoints learns from theirs, too, if they are given: the cross-entropy of the heat maps and the mean
    error of the depths, logged as `supervised_heat_maps` and `supervised_depths`, are added with small weights; the
    joint distance by itself is then logged as `supervised_distance`.

    Args:
        image_encoder: The `ImageEncoder` to be trained.
        pose_autoencoder: The trained `PoseAutoencoder`; it is frozen.
        mirror: Whether to mirror half of each batch, images with their poses.
        augmentation: A layer that changes the appearance of images during training, such as `RandomAppearance`.

    Data:
        x: `(batch, image_size, image_size, 3)` person crops, RGB, values 0 to 255.
        y: `(batch, joints, 3)` poses, root-relative, camera frame, metres; or a dictionary of them, as `"joints"`, and
            `"keypoints"` `(batch, joints, 2)`, in image widths from the middle: see `data.load_labelled_images`.
        sample_weight: Optional, `(batch,)`, or `(batch, joints)` such as the validity of the labels: joints of
            weight 0, and those that hang on them, do not count. Keras takes weights of joints beside a dictionary from
            data sets of batches only, not from arrays.

    Raises:
        ValueError: If the pose auto-encoder is for latents of another size, or the encoder finds other joints than it;
            in training, if a dictionary has no `"joints"`.

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
        check_keypoints(image_encoder, pose_autoencoder)
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
        """Mean joint distance on a batch of labelled images, and how well keypoints are found."""
        skeleton = self.pose_autoencoder.skeleton
        keypoints = None
        if isinstance(y, dict):
            if "joints" not in y:
                raise ValueError(f"`y` must hold 'joints'. Received: {sorted(y)}")
            y, keypoints = y["joints"], y.get("keypoints")
        weights = joint_weights(sample_weight, y)
        if training and self.mirror:
            half = x.shape[0] // 2 if x.shape[0] else ops.shape(x)[0] // 2
            x = ops.concatenate([self.pose_flip.transform_images(x[:half]), x[half:]])
            y = ops.concatenate([self.pose_flip.transform_poses(y[:half]), y[half:]])
            swapped = ops.take(weights[:half], np.array(skeleton.mirror), axis=-1)
            weights = ops.concatenate([swapped, weights[half:]])
            if keypoints is not None:
                keypoints = ops.concatenate([self.pose_flip.transform_keypoints(keypoints[:half]), keypoints[half:]])
        if training and self.augmentation is not None:
            x = self.augmentation(x)
        loss, terms = supervised_loss(
            self.image_encoder, self.pose_autoencoder, x, y, weights, keypoints, training=training
        )
        return (loss, terms) if terms else loss
