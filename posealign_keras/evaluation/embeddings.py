"""Poses as seen by random cameras, and their embeddings, computed once for a whole training."""

import numpy as np
from keras import ops

from posealign_keras.ops import retarget
from posealign_keras.skeletons import get_skeleton
from posealign_keras.training import RandomView

_POSES_AT_ONCE = 32768


def random_views(poses, seed: int, skeleton="body17") -> np.ndarray:
    """Turn poses or sequences as if filmed from random directions, and give them canonical bone lengths.

    Args:
        poses: `(N, joints, 3)` or `(N, T, joints, 3)`, in the axes of a level camera (x right, y down, z forward).
        seed: Seed of the views.
        skeleton: The skeleton of the poses, or its name.

    Returns:
        Float32 array of the same shape: root-relative, metres, camera frame.

    Example:
        >>> poses = np.random.default_rng(0).normal(size=(3, 17, 3))
        >>> random_views(poses, seed=0).shape
        (3, 17, 3)
    """
    skeleton = get_skeleton(skeleton)
    random_view = RandomView(skeleton=skeleton, seed=seed)
    return _in_pieces(lambda piece: retarget(random_view(piece), skeleton=skeleton), poses)


def embed(encode, values) -> np.ndarray:
    """Apply `encode`, such as `PoseAutoencoder.encode`, to an array of any length.

    Args:
        encode: Function of a batch.
        values: `(N, ...)` array.

    Returns:
        The results as one array.

    Example:
        >>> from posealign_keras.models import PoseAutoencoder
        >>> autoencoder = PoseAutoencoder(latent_dim=4, width=16, depth=1)
        >>> embed(autoencoder.encode, np.zeros((5, 17, 3), "float32")).shape
        (5, 4)
    """
    return _in_pieces(encode, values)


def _in_pieces(function, values):
    step = max(1, _POSES_AT_ONCE // (values.shape[1] if values.ndim == 4 else 1))
    return np.concatenate([ops.convert_to_numpy(function(values[i : i + step])) for i in range(0, len(values), step)])
