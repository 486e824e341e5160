"""Embeddings that go on from those of a preset, on motion as a domain varies it."""

import sys

import keras
import numpy as np
import pytest
from tiny_configuration import TINY

pytest.importorskip("tensorflow")

from posealign_keras.data.synthetic import VARIED, generate_motion_library
from posealign_keras.models.preset import Preset
from posealign_keras.presets.embeddings import Embeddings, train_embeddings
from posealign_keras.workspace import Workspace

module = sys.modules[train_embeddings.__module__]

STEPS = 100


@pytest.fixture
def start():
    return fresh()


def fresh():
    """Networks that are the same each time."""
    keras.utils.set_random_seed(0)
    relations = {name: TINY.relation_network(name) for name in ("flip_backward", "pose_flip")}
    return Embeddings(TINY.pose_autoencoder(), TINY.motion_autoencoder(), relations)


@pytest.fixture(scope="module")
def motion():
    return generate_motion_library(12, 60, 0)


def train(start, motion, directory, steps=STEPS):
    return train_embeddings(start, [motion], VARIED, steps, Workspace(directory, {}), seed=0)


def weights(embeddings):
    networks = (embeddings.pose_autoencoder, embeddings.motion_autoencoder, *embeddings.relations.values())
    return [weight for network in networks for weight in network.get_weights()]


@pytest.mark.slow
def test_all_networks_learn_and_are_not_trained_again(start, motion, tmp_path):
    unseen = generate_motion_library(6, 60, 1)
    before, old = start.errors(unseen, 0), [weight.copy() for weight in weights(start)]
    trained = train(start, motion, tmp_path / "work")
    after = trained.errors(unseen, 0)
    assert after["pose_aae"]["test_reconstruction"] < 0.7 * before["pose_aae"]["test_reconstruction"]
    assert after["motion_aae"]["test_reconstruction"] < 0.9 * before["motion_aae"]["test_reconstruction"]
    for name in start.relations:
        assert after["relations"][name]["decoded_error"] < 0.9 * before["relations"][name]["decoded_error"]
    assert all(np.abs(one - other).max() > 0 for one, other in zip(weights(trained), old, strict=True) if one.size > 1)

    # Again: from the workspace, whatever it is to go on from.
    again = train(fresh(), motion, tmp_path / "work")
    for one, other in zip(weights(again), weights(trained), strict=True):
        np.testing.assert_array_equal(one, other)

    # Through a preset and back, as float16.
    trained.save_to_preset(tmp_path / "preset")
    Preset.write(tmp_path / "preset", {}, "Tiny.")
    stored = Embeddings.from_preset(Preset(tmp_path / "preset"))
    assert list(stored.relations) == list(trained.relations)
    for one, other in zip(weights(stored), weights(trained), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=1e-3)


@pytest.mark.slow
def test_after_an_interruption_it_goes_on_to_the_same_networks(motion, tmp_path, monkeypatch):
    expected = weights(train(fresh(), motion, tmp_path / "whole", steps=4))
    trained, fit, last = [], module.fit, "relation_flip_backward"

    def interrupted(model, batches, steps, name, *rest):
        if name == last:
            raise KeyboardInterrupt
        return fit(model, batches, steps, name, *rest)

    monkeypatch.setattr(module, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), motion, tmp_path / "work", steps=4)

    def recorded(model, batches, steps, name, *rest):
        trained.append(name)
        return fit(model, batches, steps, name, *rest)

    monkeypatch.setattr(module, "fit", recorded)
    found = train(fresh(), motion, tmp_path / "work", steps=4)
    names = ["pose_autoencoder", "motion_autoencoder", "relation_flip_backward", "relation_pose_flip"]
    assert trained == names[names.index(last) :]
    for one, other in zip(weights(found), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_what_depends_on_poses_that_are_trained_again_is_forgotten(motion, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(module, "fit", lambda model, batches, steps, name, *_: trained.append(name))
    train(fresh(), motion, tmp_path / "work")
    names = ["pose_autoencoder", "motion_autoencoder", "relation_flip_backward", "relation_pose_flip"]
    assert trained == names
    workspace = Workspace(tmp_path / "work", {})
    workspace.finish("pictures", [], 0.0)
    for lost, expected in ((names[2], names[2:]), (names[0], names)):
        (tmp_path / "work" / f"{lost}.keras").unlink()
        trained.clear()
        train_embeddings(fresh(), [motion], VARIED, STEPS, workspace, 0, dependent=["pictures"])
        assert trained == expected
        assert workspace.finished("pictures") == (lost != names[0])


def test_movements_that_are_too_short_are_refused(start, tmp_path):
    with pytest.raises(ValueError, match=r"`motion` must have a sequence of \d+ frames. Received: the longest of 3"):
        train(start, generate_motion_library(3, 3, 0), tmp_path / "work")
