"""How embeddings and relation networks are measured."""

import numpy as np
import pytest
from keras import ops

from posealign_keras.data.synthetic import generate_motion_library
from posealign_keras.evaluation import embedding_errors
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
    return generate_motion_library(3, 19, seed=0)


def test_errors_are_those_of_the_networks(motion):
    errors = embedding_errors(Poses(), Motion(), [Flip()], motion, seed=0)
    assert errors["pose_aae"]["test_reconstruction"] == pytest.approx(1000 * SHIFT, rel=1e-3)
    # Three of four frames are kept, one is as far off as the person moved meanwhile.
    assert 1000 * SHIFT < errors["motion_aae"]["test_reconstruction"] < 100
    flip = errors["relations"]["pose_flip"]
    assert flip["decoded_error"] == pytest.approx(1000 * SHIFT, rel=1e-3)
    assert flip["identity_error"] > 100


def test_motion_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match=r"`frames` must not exceed the longest sequence, 3 frames\. .*=4"):
        embedding_errors(Poses(), Motion(), [], generate_motion_library(2, 3, seed=0), seed=0)
