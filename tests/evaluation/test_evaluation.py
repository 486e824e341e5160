"""Errors of poses, quality of relations, embeddings of many poses."""

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.evaluation import embed, embed_pair, embeddings, pose_errors, random_views, relation_quality
from posealign_keras.models import MotionAutoencoder, PoseAutoencoder
from posealign_keras.relations import FlipBackward, PoseFlip
from posealign_keras.skeletons import BODY17

rng = np.random.default_rng(0)


def poses(*leading):
    joints = rng.normal(0, 0.4, (*leading, 17, 3)).astype("float32")
    return joints - joints[..., :1, :]


def lengths(joints):
    parents, children = np.array(BODY17.edges).T
    return np.linalg.norm(joints[..., children, :] - joints[..., parents, :], axis=-1)


def with_lengths(joints, of):
    """The bone directions of one pose with the bone lengths of another."""
    result = np.zeros_like(joints)
    for bone, (parent, child) in enumerate(BODY17.edges):
        step = joints[:, child] - joints[:, parent]
        step = step / np.linalg.norm(step, axis=-1, keepdims=True) * lengths(of)[:, bone, None]
        result[:, child] = result[:, parent] + step
    return result


def aligned(true, predicted):
    """The prediction after the best similarity transform, written in NumPy (Umeyama 1991)."""
    moved = []
    for a, b in zip(true.astype("float64"), predicted.astype("float64"), strict=True):
        a_centre, b_centre = a.mean(axis=0), b.mean(axis=0)
        u, s, vt = np.linalg.svd((b - b_centre).T @ (a - a_centre))
        sign = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
        scale = (s * np.diag(sign)).sum() / ((b - b_centre) ** 2).sum()
        moved.append(scale * (b - b_centre) @ u @ sign @ vt + a_centre)
    return np.array(moved)


@pytest.mark.parametrize("scale", ["bone_lengths", "none"])
def test_pose_errors_against_numpy(scale):
    true = poses(30)
    predicted = true + rng.normal(0, 0.08, true.shape).astype("float32")
    predicted -= predicted[:, :1]
    compared = with_lengths(predicted, true) if scale == "bone_lengths" else predicted
    errors = 1000 * np.linalg.norm(compared - true, axis=-1)
    results = pose_errors(true, predicted, scale)
    assert set(results) == {"mpjpe", "pa_mpjpe", "pck150", "auc", "per_joint"}
    assert results["mpjpe"] == pytest.approx(errors.mean(), rel=1e-4)
    np.testing.assert_allclose(results["per_joint"], errors.mean(axis=0), rtol=1e-3, atol=1e-3)
    assert results["pck150"] == pytest.approx(100 * (errors < 150).mean(), abs=1e-3)
    curve = [100 * (errors < threshold).mean() for threshold in range(0, 151, 5)]
    assert results["auc"] == pytest.approx(np.mean(curve), abs=0.02)
    procrustes = 1000 * np.linalg.norm(aligned(true, compared) - true, axis=-1).mean()
    assert results["pa_mpjpe"] == pytest.approx(procrustes, rel=1e-3)


def test_scale_rules():
    true = poses(5)
    larger = 1.3 * true + 4  # neither size nor place
    assert pose_errors(true, larger, "bone_lengths")["mpjpe"] == pytest.approx(0, abs=0.01)
    expected = 1000 * 0.3 * np.linalg.norm(true, axis=-1).mean()
    assert pose_errors(true, larger, "none")["mpjpe"] == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match=r"`scale` must be one of .* Received: scale='height'"):
        pose_errors(true, larger, "height")


@pytest.mark.parametrize("scale", ["bone_lengths", "none"])
def test_poses_of_another_number_are_refused(scale):
    with pytest.raises(ValueError, match="`y_true` and `y_pred` must have the same shape"):
        pose_errors(poses(5), poses(1), scale)


class Perfect:
    """Auto-encoder and relation network in one that know everything: the latent is the pose, or the sequence."""

    def __init__(self, relation):
        self.relation = relation

    def encode(self, values):
        return ops.reshape(values, (*values.shape[:-2], -1)) if values.shape[-1] == 3 else values

    def decode(self, latents):
        return ops.reshape(latents, (*latents.shape[:-1], 17, 3))

    def __call__(self, latents):
        latents = ops.convert_to_tensor(latents)
        if self.relation.order == "lower":
            return self.encode(self.relation.transform_poses(self.decode(latents)))
        frames = ops.reshape(latents, (latents.shape[0], -1, 17, 3))
        return ops.reshape(ops.flip(self.relation.transform_poses(frames), axis=1), latents.shape)


class PerfectMotion:
    def encode(self, values):
        return ops.reshape(values, (values.shape[0], -1))

    def decode(self, latents):
        return ops.reshape(latents, (latents.shape[0], -1, 51))


@pytest.mark.parametrize("relation", [PoseFlip(), FlipBackward(4)])
def test_a_perfect_network_has_no_error(relation):
    network = Perfect(relation)
    values = poses(20) if relation.order == "lower" else poses(20, 4)
    quality = relation_quality(network, values, network, PerfectMotion())
    anchor, counterpart = (ops.convert_to_numpy(end) for end in relation.pose_pair(values))
    assert quality["latent_error"] == pytest.approx(0, abs=1e-5)
    assert quality["decoded_error"] == pytest.approx(0, abs=1e-3)
    distance = np.linalg.norm((anchor - counterpart).reshape(20, -1), axis=-1).mean()
    assert quality["latent_distance"] == pytest.approx(distance, rel=1e-4)
    millimetres = 1000 * np.linalg.norm(anchor - counterpart, axis=-1).mean()
    assert quality["identity_error"] == pytest.approx(millimetres, rel=1e-4)


@pytest.mark.parametrize("relation", [PoseFlip(), FlipBackward(4)])
def test_pairs_are_embedded_end_by_end(relation):
    network = Perfect(relation)
    values = poses(20) if relation.order == "lower" else poses(20, 4)
    ends = embed_pair(relation, values, network, PerfectMotion())
    for found, end in zip(ends, relation.pose_pair(values), strict=True):
        np.testing.assert_allclose(found, ops.convert_to_numpy(end).reshape(20, -1), atol=1e-6)


def test_pairs_of_a_relation_by_name_are_those_of_the_relation():
    network, values = Perfect(PoseFlip()), poses(5)
    found, expected = (embed_pair(relation, values, network) for relation in ("pose_flip", PoseFlip()))
    np.testing.assert_array_equal(found, expected)


def test_an_idle_network_is_as_bad_as_the_identity():
    network = Perfect(PoseFlip())
    idle = type("Idle", (Perfect,), {"__call__": lambda self, latents: ops.convert_to_tensor(latents)})(PoseFlip())
    quality = relation_quality(idle, poses(10), network)
    assert quality["decoded_error"] == pytest.approx(quality["identity_error"])
    assert quality["latent_error"] == pytest.approx(quality["latent_distance"])


def test_motion_is_needed_for_relations_of_higher_order():
    network = Perfect(FlipBackward(4))
    with pytest.raises(ValueError, match="`motion_autoencoder` must be given for the relation 'flip_backward'"):
        relation_quality(network, poses(3, 4), network)
    with pytest.raises(ValueError, match="`motion_autoencoder` must be given for the relation 'flip_backward'"):
        embed_pair("flip_backward", poses(3, 30), network)


@pytest.mark.parametrize("pieces", [1, 7, 16])
def test_embedding_in_pieces_equals_at_once(monkeypatch, pieces):
    keras.utils.set_random_seed(0)
    pose, motion = PoseAutoencoder(4, 8, 1), MotionAutoencoder(3, 4, 5, 4, 1)
    single, sequences = poses(50), poses(11, 3)
    expected = [embed(pose.encode, single), embed(lambda values: motion.encode(pose.encode(values)), sequences)]
    monkeypatch.setattr(embeddings, "_POSES_AT_ONCE", pieces)
    assert expected[0].shape == (50, 4)
    assert expected[1].shape == (11, 5)
    np.testing.assert_allclose(embed(pose.encode, single), expected[0], atol=1e-5)
    np.testing.assert_allclose(
        embed(lambda values: motion.encode(pose.encode(values)), sequences), expected[1], atol=1e-5
    )


def test_random_views_have_canonical_bones_and_depend_on_the_seed():
    for values in (poses(6), poses(3, 4)):
        seen = random_views(values, seed=1)
        assert seen.shape == values.shape
        assert seen.dtype == np.float32
        np.testing.assert_allclose(
            lengths(seen), np.broadcast_to(BODY17.bone_lengths[1:], lengths(seen).shape), atol=1e-5
        )
        np.testing.assert_array_equal(seen, random_views(values, seed=1))
        assert abs(seen - random_views(values, seed=2)).max() > 0.1
