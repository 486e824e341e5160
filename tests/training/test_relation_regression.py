"""Stage 3: a relation network learns what its relation does to latents."""

import keras
import numpy as np
import pytest
import tiny_networks as tiny

from posealign_keras.relations import PoseFlip
from posealign_keras.training import RelationRegression


def stage():
    keras.utils.set_random_seed(0)
    model = RelationRegression(tiny.relation_network("pose_flip"))
    tiny.compile_quickly(model, keras.optimizers.Adam(0.02))
    return model


def data(count=32):
    anchors = np.random.default_rng(0).uniform(-0.9, 0.9, (count, tiny.POSE_LATENT)).astype("float32")
    return {"x": anchors, "y": anchors[:, ::-1] * np.float32([1, -1, 1, -1])}


def test_a_signed_permutation_is_learned():
    model, pairs = stage(), data()
    before = model.evaluate(**pairs, verbose=0, return_dict=True)["regression"]
    expected = np.linalg.norm(model.predict(pairs["x"], verbose=0) - pairs["y"], axis=-1).mean()
    assert before == pytest.approx(expected, rel=1e-4)
    history = model.fit(**pairs, batch_size=16, epochs=60, verbose=0, validation_data=tuple(data().values())).history
    assert set(history) == {"loss", "regression", "val_loss", "val_regression"}
    assert history["val_regression"][-1] < 0.4 * before


def test_a_half_trained_stage_goes_on(tmp_path):
    loaded = tiny.assert_training_goes_on(stage(), tmp_path / "stage.keras", **data(8))
    assert isinstance(loaded.network.relation, PoseFlip)
