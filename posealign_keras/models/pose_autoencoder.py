"""The pose auto-encoder: root-relative joints to a bounded latent and back to a possible skeleton."""

import keras
from keras import ops

from posealign_keras.models.from_preset import FromPreset
from posealign_keras.models.networks import multilayer_perceptron
from posealign_keras.ops import bone_directions, joints_from_bones, unit
from posealign_keras.skeletons import get_skeleton


@keras.saving.register_keras_serializable(package="posealign_keras")
class PoseAutoencoder(FromPreset, keras.Model):
    """E_p and D_p: poses to latents in [-1, 1] and back.

    The encoder looks at bone directions only, so body size does not matter to it. The decoder gives unit bone
    directions and chains them with the skeleton's canonical bone lengths, so every latent is a possible skeleton.

    Args:
        latent_dim: Size of the latent z.
        width: Units of each hidden layer.
        depth: Number of hidden layers of the encoder, and of the decoder.
        skeleton: The skeleton of the poses, or its name.

    Call arguments:
        poses: `(batch, joints, 3)`, root-relative metres, camera frame, the skeleton's joint order.

    Returns:
        Reconstructed poses with canonical bone lengths, `(batch, joints, 3)`.

    Example:
        >>> autoencoder = PoseAutoencoder(width=64)
        >>> tuple(autoencoder.encode(np.zeros((2, 17, 3), "float32")).shape)
        (2, 32)
        >>> tuple(autoencoder.decode(np.zeros((2, 32), "float32")).shape)
        (2, 17, 3)

    Reference:
        Kundu et al., NeurIPS 2021, section 3.1.
    """

    preset_entry = "pose_autoencoder"

    def __init__(self, latent_dim: int = 32, width: int = 1024, depth: int = 3, skeleton="body17", name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.latent_dim = latent_dim
        self.width = width
        self.depth = depth
        self.skeleton = get_skeleton(skeleton)
        bone_values = 3 * self.skeleton.num_bones
        self.encoder = multilayer_perceptron(bone_values, [width] * depth, latent_dim, "tanh", name="pose_encoder")
        self.decoder = multilayer_perceptron(latent_dim, [width] * depth, bone_values, None, name="pose_decoder")
        self.built = True

    def encode(self, poses, training=False):
        """Latents of poses: `(..., joints, 3)` to `(..., latent_dim)` in [-1, 1]."""
        directions = bone_directions(ops.cast(poses, "float32"), self.skeleton)
        leading = ops.shape(directions)[:-2]
        flat = ops.reshape(directions, (-1, 3 * self.skeleton.num_bones))
        return ops.reshape(self.encoder(flat, training=training), (*leading, self.latent_dim))

    def decode(self, latents, training=False):
        """Poses of latents: `(..., latent_dim)` to `(..., joints, 3)`, root-relative metres, camera frame."""
        leading = ops.shape(latents)[:-1]
        flat = ops.reshape(latents, (-1, self.latent_dim))
        raw = ops.reshape(self.decoder(flat, training=training), (*leading, self.skeleton.num_bones, 3))
        return joints_from_bones(unit(raw), skeleton=self.skeleton)

    def call(self, poses, training=False):
        """Reconstruct poses."""
        return self.decode(self.encode(poses, training=training), training=training)

    def get_config(self):
        """Arguments that build this model again."""
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "width": self.width,
            "depth": self.depth,
            "skeleton": self.skeleton.name,
        }
