"""Stage 2: the motion auto-encoder on frozen pose latents."""

import keras
import numpy as np
import pytest
import tiny_networks as tiny

from posealign_keras.models import MotionAutoencoder
from posealign_keras.training import MotionAAE


def stage(rates=(0.02, 0.02), **arguments):
    keras.utils.set_random_seed(0)
    model = MotionAAE(
        tiny.motion_autoencoder(), tiny.motion_discriminator(), tiny.pose_autoencoder(), seed=1, **arguments
    )
    names = ("autoencoder", "discriminator")
    optimizers = {name: keras.optimizers.Adam(float(rate)) for name, rate in zip(names, rates, strict=True)}
    tiny.compile_quickly(model, optimizers)
    return model


def data(model, count=16):
    """Paths between two latents, and their poses: what a perfect motion auto-encoder reconstructs without error."""
    start, end = np.random.default_rng(0).uniform(-0.9, 0.9, (2, count, 1, tiny.POSE_LATENT))
    latents = (start + np.linspace(0, 1, tiny.FRAMES)[:, None] * (end - start)).astype("float32")
    return {"x": latents, "y": keras.ops.convert_to_numpy(model.pose_autoencoder.decode(latents))}


def test_reconstruction_improves_and_the_pose_decoder_stays():
    model = stage(latent_weight=1.0)
    before = tiny.arrays(model.pose_autoencoder)
    history = model.fit(**data(model), batch_size=8, epochs=40, verbose=0).history
    assert history["autoencoder_reconstruction"][-1] < 0.8 * history["autoencoder_reconstruction"][0]
    assert history["autoencoder_latent"][-1] < 0.8 * history["autoencoder_latent"][0]
    assert tiny.arrays(model.pose_autoencoder) == before
    assert not model.pose_autoencoder.trainable_variables
    weights = model.latent_weight, model.adversarial_weight
    parts = [history[f"autoencoder_{name}"][-1] for name in ("reconstruction", "latent", "adversarial")]
    expected = parts[0] + weights[0] * parts[1] + weights[1] * parts[2]
    assert history["autoencoder"][-1] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("rates", "trained", "left"), [((0, 0.1), 1, 0), ((0.1, 0), 0, 1)])
def test_each_objective_trains_its_own_network_only(rates, trained, left):
    model = stage(rates)
    networks = model.autoencoder, model.discriminator
    before = [tiny.arrays(network) for network in networks]
    model.fit(**data(model), batch_size=8, verbose=0)
    after = [tiny.arrays(network) for network in networks]
    assert after[left] == before[left]
    assert all(one != other for one, other in zip(after[trained], before[trained], strict=True))


def test_reconstruction_is_measured_on_decoded_poses():
    model = stage(adversarial_weight=0.0, latent_weight=0.0)
    batch = data(model, 4)
    decoded = keras.ops.convert_to_numpy(model.pose_autoencoder.decode(model(batch["x"])))
    expected = np.linalg.norm(decoded - batch["y"], axis=-1).mean()
    results = model.evaluate(**batch, batch_size=4, verbose=0, return_dict=True)
    assert results["autoencoder"] == pytest.approx(expected, rel=1e-4)
    assert model.predict(batch["x"], verbose=0).shape == (4, tiny.FRAMES, tiny.POSE_LATENT)


def test_a_half_trained_stage_goes_on(tmp_path):
    model = stage(latent_weight=0.3)
    loaded = tiny.assert_training_goes_on(model, tmp_path / "stage.keras", **data(model, 8))
    assert loaded.latent_weight == 0.3
    assert not loaded.pose_autoencoder.trainable_variables
    assert tiny.arrays(loaded.pose_autoencoder) == tiny.arrays(model.pose_autoencoder)


def test_latents_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"`discriminator` must .*`input_dim=5`. Received: input_dim=4"):
        MotionAAE(tiny.motion_autoencoder(), tiny.pose_discriminator(), tiny.pose_autoencoder())
    with pytest.raises(ValueError, match=r"`pose_autoencoder` must .*`latent_dim=3`. Received: latent_dim=4"):
        MotionAAE(
            MotionAutoencoder(4, pose_latent_dim=3, latent_dim=5, units=4, depth=1),
            tiny.motion_discriminator(),
            tiny.pose_autoencoder(),
        )
