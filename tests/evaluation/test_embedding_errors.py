"""How embeddings and relation networks are measured."""

import numpy as np
import pytest
from keras import ops

from posealign_keras.data import to_upright_camera_frame
from posealign_keras.data.synthetic import generate_motion_library
from posealign_keras.evaluation import embedding_errors
from posealign_keras.evaluation.embedding_errors import windows
from posealign_keras.relations import get_relation
from posealign_keras.skeletons import BODY17

SHIFT = 0.005


class Poses:
    """Latents are the joints; decoded ones are 5 mm further right."""

    skeleton = BODY17

    def encode(self, poses):
        return ops.reshape(poses, (*ops.shape(poses)[:-2], 51))

    def decode(self, latents):
        return ops.reshape(latents, (*ops.shape(latents)[:-1], 17, 3)) + np.array([SHIFT, 0, 0], "float32")

    def __call__(self, poses):
        return self.decode(self.encode(poses))


class Motion:
    """Keeps the latents of a movement, but for the last frame, which becomes the first."""

    frames = 4

    def __call__(self, latents):
        return ops.concatenate([latents[:, :-1], latents[:, :1]], axis=1)


class Flip:
    """Mirrors the joints exactly."""

    relation = get_relation("pose_flip")

    def __call__(self, latents):
        return Poses().encode(self.relation.transform_poses(ops.reshape(latents, (-1, 17, 3))))


@pytest.fixture
def motion():
    library = generate_motion_library(3, 19, seed=0)
    return [to_upright_camera_frame(positions - positions[:, :1]) for positions in library.sequences]


def test_errors_are_those_of_the_networks(motion):
    errors = embedding_errors(Poses(), Motion(), [Flip()], motion, seed=0)
    assert errors["pose_aae"]["test_reconstruction"] == pytest.approx(1000 * SHIFT, rel=1e-3)
    # Three of four frames are kept, one is as far off as the person moved meanwhile.
    assert 1000 * SHIFT < errors["motion_aae"]["test_reconstruction"] < 100
    flip = errors["relations"]["pose_flip"]
    assert flip["decoded_error"] == pytest.approx(1000 * SHIFT, rel=1e-3)
    assert flip["identity_error"] > 100


def test_windows_are_cut_from_all_sequences_that_are_long_enough():
    sequences = [np.arange(count)[:, None, None] * np.ones((17, 3)) for count in (7, 3, 5)]
    cut = windows(sequences, 4, 2)
    assert cut.shape == (3, 4, 17, 3)
    assert cut[:, :, 0, 0].tolist() == [[0, 1, 2, 3], [2, 3, 4, 5], [0, 1, 2, 3]]
    with pytest.raises(ValueError, match=r"`motion` must have a sequence of 8 frames\..*the longest of 7"):
        windows(sequences, 8, 2)
