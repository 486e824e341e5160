"""Random camera views of poses, for training on motion capture."""

import math

import keras
from keras import ops

from posealign_keras.ops import mirror, rotate, rotation_about
from posealign_keras.skeletons import get_skeleton


@keras.saving.register_keras_serializable(package="posealign_keras")
class RandomView(keras.layers.Layer):
    """Turns poses as if filmed from a random direction, and mirrors half of them.

    Every element of the batch gets one view: a whole sequence is turned alike.

    Args:
        elevation: Largest elevation of the camera above or below the horizon, in degrees; the azimuth is any.
        mirror_probability: Share of the elements that are mirrored.
        skeleton: The skeleton of the poses, or its name.
        seed: Seed of the random views.

    Call arguments:
        poses: `(batch, joints, 3)` or `(batch, frames, joints, 3)`, root-relative, in the axes of a level camera.

    Returns:
        The poses in the axes of the random cameras, same shape.

    Example:
        >>> poses = np.random.default_rng(0).normal(size=(4, 17, 3)).astype("float32")
        >>> turned = np.asarray(RandomView(seed=0)(poses))
        >>> distances = np.linalg.norm(poses, axis=-1), np.linalg.norm(turned, axis=-1)
        >>> bool(np.allclose(*(np.sort(lengths) for lengths in distances), atol=1e-5))  # left and right may be swapped
        True

    Reference:
        Kundu et al., NeurIPS 2021, supplementary material (augmentation of the motion capture).
    """

    def __init__(
        self, elevation: float = 20.0, mirror_probability: float = 0.5, skeleton="body17", seed=None, **kwargs
    ):
        super().__init__(autocast=False, **kwargs)  # half precision would shift joints by millimetres
        self.elevation = elevation
        self.mirror_probability = mirror_probability
        self.skeleton = get_skeleton(skeleton)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, poses):
        """Turn and mirror poses at random."""
        poses = ops.cast(poses, "float32")
        shape = (ops.shape(poses)[0],) + (1,) * (len(poses.shape) - 3)
        tilt = math.radians(self.elevation)
        azimuth = keras.random.uniform(shape, -math.pi, math.pi, dtype="float32", seed=self.seed_generator)
        elevation = keras.random.uniform(shape, -tilt, tilt, dtype="float32", seed=self.seed_generator)
        mirrored = keras.random.uniform(shape, dtype="float32", seed=self.seed_generator) < self.mirror_probability
        poses = ops.where(mirrored[..., None, None], mirror(poses, self.skeleton), poses)
        return rotate(rotate(poses, rotation_about("y", azimuth)), rotation_about("x", elevation))

    def get_config(self):
        """Arguments that build this layer again."""
        return {
            **super().get_config(),
            "elevation": self.elevation,
            "mirror_probability": self.mirror_probability,
            "skeleton": self.skeleton.name,
            "seed": self.seed,
        }
