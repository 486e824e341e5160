"""Stage 1: the pose auto-encoder and its discriminator."""

import keras
import numpy as np
import pytest
import tiny_networks as tiny

from posealign_keras.training import PoseAAE


def stage(rates=(0.01, 0.01), **arguments):
    keras.utils.set_random_seed(0)
    model = PoseAAE(tiny.pose_autoencoder(), tiny.pose_discriminator(), seed=1, **arguments)
    names = ("autoencoder", "discriminator")
    optimizers = {name: keras.optimizers.Adam(float(rate)) for name, rate in zip(names, rates, strict=True)}
    tiny.compile_quickly(model, optimizers)
    return model


def test_reconstruction_and_cycle_improve():
    model = stage()
    history = model.fit(tiny.poses(64), batch_size=32, epochs=30, verbose=0).history
    assert set(history) == {
        "loss",
        "autoencoder",
        "autoencoder_reconstruction",
        "autoencoder_cycle",
        "autoencoder_adversarial",
        "discriminator",
    }
    # Metres: from a skeleton in any attitude to something like a standing person.
    assert history["autoencoder_reconstruction"][-1] < 0.7 * history["autoencoder_reconstruction"][0]
    assert history["autoencoder_cycle"][-1] < 0.9 * history["autoencoder_cycle"][0]
    weights = model.cycle_weight, model.adversarial_weight
    parts = [history[f"autoencoder_{name}"][-1] for name in ("reconstruction", "cycle", "adversarial")]
    expected = parts[0] + weights[0] * parts[1] + weights[1] * parts[2]
    assert history["autoencoder"][-1] == pytest.approx(expected, rel=1e-4)
    # The start of an honest game: two halves by chance cost log 2 each.
    assert abs(history["discriminator"][0] - 2 * np.log(2)) < 0.5


@pytest.mark.parametrize(("rates", "trained", "left"), [((0, 0.1), 1, 0), ((0.1, 0), 0, 1)])
def test_each_objective_trains_its_own_network_only(rates, trained, left):
    model = stage(rates)
    networks = model.autoencoder, model.discriminator
    before = [tiny.arrays(network) for network in networks]
    model.fit(tiny.poses(8), batch_size=4, verbose=0)
    after = [tiny.arrays(network) for network in networks]
    assert after[left] == before[left]
    assert all(one != other for one, other in zip(after[trained], before[trained], strict=True))


def test_the_two_play_against_each_other():
    poses = tiny.poses(64)
    model = stage((0, 0.02))
    discriminator = model.fit(poses, batch_size=64, epochs=40, verbose=0).history["discriminator"]
    assert np.mean(discriminator[-5:]) < np.mean(discriminator[:5]) - 0.1
    fooled = PoseAAE(model.autoencoder, model.discriminator, adversarial_weight=10.0, seed=1)
    optimizers = {"autoencoder": keras.optimizers.Adam(0.01), "discriminator": keras.optimizers.SGD(0.0)}
    tiny.compile_quickly(fooled, optimizers)
    history = fooled.fit(poses, batch_size=64, epochs=40, verbose=0).history
    assert np.mean(history["autoencoder_adversarial"][-5:]) < np.mean(history["autoencoder_adversarial"][:5])
    assert np.mean(history["discriminator"][-5:]) > np.mean(history["discriminator"][:5])


def test_evaluation_reports_the_same_names_and_trains_nothing():
    model = stage()
    before = tiny.snapshot(model)
    results = model.evaluate(tiny.poses(8), batch_size=4, verbose=0, return_dict=True)
    assert {"autoencoder", "autoencoder_reconstruction", "discriminator"} <= set(results)
    assert not tiny.changed(model, before)
    assert model.predict(tiny.poses(8), verbose=0).shape == (8, 17, 3)


def test_a_half_trained_stage_goes_on(tmp_path):
    loaded = tiny.assert_training_goes_on(stage(cycle_weight=0.3), tmp_path / "stage.keras", x=tiny.poses(8))
    assert loaded.cycle_weight == 0.3
    assert loaded.random_view.elevation == 20


def test_latents_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"`discriminator` must .*`input_dim=4`. Received: input_dim=5"):
        PoseAAE(tiny.pose_autoencoder(), tiny.motion_discriminator())
