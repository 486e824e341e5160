"""The pose estimator: what a user deploys."""

import keras
import numpy as np

from posealign_keras.models.image_encoder import ImageEncoder
from posealign_keras.models.pose_autoencoder import PoseAutoencoder


@keras.saving.register_keras_serializable(package="posealign_keras")
class PoseEstimator(keras.Model):
    """Person crops to 3D poses: D_p(G(x)).

    Args:
        image_encoder: The `ImageEncoder` G.
        pose_autoencoder: The `PoseAutoencoder` whose decoder D_p turns latents into poses.

    Call arguments:
        images: `(batch, image_size, image_size, 3)`, RGB, values 0 to 255, any dtype.

    Returns:
        `{"pose_3d": (batch, joints, 3), "latent": (batch, latent_dim)}`; poses in metres, root-relative, camera frame
        (x right, y down, z forward), with the canonical bone lengths of the skeleton.

    Raises:
        ValueError: If the two models have different latents.
    """

    def __init__(self, image_encoder: ImageEncoder, pose_autoencoder: PoseAutoencoder, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        if image_encoder.latent_dim != pose_autoencoder.latent_dim:
            raise ValueError(
                "`image_encoder` and `pose_autoencoder` must have the same `latent_dim`. "
                f"Received: {image_encoder.latent_dim} and {pose_autoencoder.latent_dim}"
            )
        self.image_encoder = image_encoder
        self.pose_autoencoder = pose_autoencoder
        self.built = True

    @property
    def skeleton(self):
        """The skeleton of the poses."""
        return self.pose_autoencoder.skeleton

    def call(self, images, training=False):
        """Poses and latents of `(batch, image_size, image_size, 3)` images."""
        latents = self.image_encoder(images, training=training)
        return {"pose_3d": self.pose_autoencoder.decode(latents), "latent": latents}

    def predict_poses(self, images, batch_size: int = 128) -> np.ndarray:
        """Poses of images as one array.

        Args:
            images: `(N, image_size, image_size, 3)`, RGB, values 0 to 255.
            batch_size: Images per step.

        Returns:
            `(N, joints, 3)` float32, metres, root-relative, camera frame.
        """
        return self.predict(images, batch_size=batch_size, verbose=0)["pose_3d"]

    def get_config(self):
        """Arguments that build this model again."""
        return {
            **super().get_config(),
            "image_encoder": keras.saving.serialize_keras_object(self.image_encoder),
            "pose_autoencoder": keras.saving.serialize_keras_object(self.pose_autoencoder),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Build the model that `get_config` described."""
        networks = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("image_encoder", "pose_autoencoder")
        }
        return cls(**{**config, **networks})
