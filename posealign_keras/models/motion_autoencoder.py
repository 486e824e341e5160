"""The motion auto-encoder: sequences of pose latents to a bounded motion latent and back."""

import keras
from keras import layers, ops

from posealign_keras.models.from_preset import FromPreset


@keras.saving.register_keras_serializable(package="posealign_keras")
class MotionAutoencoder(FromPreset, keras.Model):
    """E_m and D_m: sequences of pose latents to one motion latent in [-1, 1] and back.

    Encoder and decoder are stacks of bidirectional LSTMs. The encoder reads its latent out of the outputs at all
    frames rather than out of the last states, and the decoder starts from one vector per frame, so neither has to
    carry a whole sequence through its recurrent state.

    Args:
        frames: Length T of the sequences.
        pose_latent_dim: Size of the pose latents z.
        latent_dim: Size of the motion latent v.
        units: Units of each LSTM and direction.
        depth: Number of bidirectional LSTM layers of the encoder, and of the decoder.

    Call arguments:
        pose_latents: `(batch, frames, pose_latent_dim)` at 30 frames per second.

    Returns:
        Reconstructed pose latents in [-1, 1], of the same shape.

    Example:
        >>> autoencoder = MotionAutoencoder(frames=8, pose_latent_dim=4, latent_dim=16, units=8, depth=1)
        >>> motion = np.zeros((2, 8, 4), "float32")
        >>> tuple(autoencoder.encode(motion).shape), autoencoder.predict(motion, verbose=0).shape
        ((2, 16), (2, 8, 4))

    Reference:
        Kundu et al., NeurIPS 2021, section 3.1.
    """

    preset_entry = "motion_autoencoder"

    def __init__(
        self,
        frames: int = 30,
        pose_latent_dim: int = 32,
        latent_dim: int = 128,
        units: int = 128,
        depth: int = 2,
        name=None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.frames = frames
        self.pose_latent_dim = pose_latent_dim
        self.latent_dim = latent_dim
        self.units = units
        self.depth = depth

        # `Bidirectional` copies the layer that it is given. All of these stay alive until the end: while a file is
        # loaded, Keras tells layers apart by their address, and would take a new layer in an old one's place for it.
        # cuDNN's LSTM turns XLA off and cannot be exported to machines without a GPU.
        lstms = [layers.LSTM(units, return_sequences=True, use_cudnn=False) for _ in range(2 * depth)]
        recurrent = [layers.Bidirectional(lstm) for lstm in lstms]

        self.encoder = keras.Sequential(
            [
                keras.Input((frames, pose_latent_dim)),
                *recurrent[:depth],
                layers.Flatten(),
                layers.Dense(latent_dim, activation="tanh", dtype="float32"),
            ],
            name="motion_encoder",
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((latent_dim,)),
                layers.Dense(frames * units),
                layers.Reshape((frames, units)),
                *recurrent[depth:],
                layers.Dense(pose_latent_dim, activation="tanh", dtype="float32"),
            ],
            name="motion_decoder",
        )
        self.built = True

    def encode(self, pose_latents, training=False):
        """Motion latents: `(batch, frames, pose_latent_dim)` to `(batch, latent_dim)` in [-1, 1]."""
        return self.encoder(pose_latents, training=training)

    def decode(self, latents, training=False):
        """Sequences of pose latents: `(batch, latent_dim)` to `(batch, frames, pose_latent_dim)`."""
        return self.decoder(latents, training=training)

    def call(self, pose_latents, training=False):
        """Reconstruct sequences of pose latents."""
        return self.decode(self.encode(ops.cast(pose_latents, "float32"), training=training), training=training)

    def get_config(self):
        """Arguments that build this model again."""
        return {
            **super().get_config(),
            "frames": self.frames,
            "pose_latent_dim": self.pose_latent_dim,
            "latent_dim": self.latent_dim,
            "units": self.units,
            "depth": self.depth,
        }
