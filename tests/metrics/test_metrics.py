"""What all pose metrics share; what is special to one of them is tested in the file named after it.

Most tests use 4, 8 or 12 frames, since JAX compiles each operation anew for each shape.
"""

import keras
import numpy as np
import pytest
from keras import ops

from posealign_keras.metrics import AUC, MPJPE, NMPJPE, PAMPJPE, PCK, joint_errors
from posealign_keras.skeletons import Skeleton

METRICS = [MPJPE, PAMPJPE, NMPJPE, PCK, AUC]


def poses(seed, *leading):
    return np.random.default_rng(seed).normal(scale=0.08, size=(*leading, 17, 3)).astype("float32")


def value(metric, *arguments, **keywords):
    metric.update_state(*arguments, **keywords)
    return float(metric.result())


@pytest.mark.parametrize("metric_class", METRICS)
def test_batches_of_any_size_give_the_same_as_all_frames_at_once(metric_class):
    y_true, y_pred = poses(0, 12), poses(1, 12)
    mask = np.random.default_rng(2).integers(0, 2, (12, 17)).astype("float32")
    for weights in (None, mask):
        batches = metric_class()
        for part in (slice(0, 4), slice(4, 12)):
            batches.update_state(y_true[part], y_pred[part], None if weights is None else weights[part])
        whole = value(metric_class(), y_true, y_pred, weights)
        np.testing.assert_allclose(float(batches.result()), whole, rtol=1e-5)
        batches.reset_state()
        assert np.isnan(float(batches.result()))


@pytest.mark.parametrize("metric_class", METRICS)
def test_clips_give_the_same_as_their_frames(metric_class):
    y_true, y_pred = poses(0, 12), poses(1, 12)
    weights = np.random.default_rng(2).uniform(size=3).astype("float32")
    clips = [pose.reshape(3, 4, 17, 3) for pose in (y_true, y_pred)]
    expected = value(metric_class(), y_true, y_pred, np.repeat(weights, 4))
    np.testing.assert_allclose(value(metric_class(), *clips, weights), expected, rtol=1e-5)


@pytest.mark.parametrize("metric_class", METRICS)
def test_frames_and_joints_of_weight_zero_do_not_count(metric_class):
    y_true, y_pred = poses(3, 8), poses(4, 8)
    expected = value(metric_class(), y_true[:4], y_pred[:4])
    y_true[4:] = np.nan
    np.testing.assert_allclose(value(metric_class(), y_true, y_pred, [1, 1, 1, 1, 0, 0, 0, 0]), expected, rtol=1e-5)
    y_true, y_pred = y_true[:4], y_pred[:4]
    joints = [0, 1, 2, 4, 8, 11]
    mask = np.zeros((4, 17), "float32")
    mask[:, joints] = 1
    expected = value(metric_class(joints=joints), y_true, y_pred)
    y_true[:, 16] = np.nan
    np.testing.assert_allclose(value(metric_class(), y_true, y_pred, mask), expected, rtol=1e-4)


@pytest.mark.parametrize("metric_class", METRICS)
def test_translation_does_not_matter(metric_class):
    y_true, y_pred = poses(5, 4), poses(6, 4)
    moved = y_pred + np.array([1, -2, 4], "float32")
    np.testing.assert_allclose(
        value(metric_class(), y_true, moved), value(metric_class(), y_true, y_pred), rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize("metric_class", METRICS)
def test_configurations_return(metric_class):
    metric = metric_class(joints=("head", "l_wrist", 8), root=("l_hip", "r_hip"), name="chosen")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert type(again) is metric_class
    assert again.get_config() == metric.get_config()
    y_true, y_pred = poses(7, 4), poses(8, 4)
    assert value(again, y_true, y_pred) == value(metric, y_true, y_pred)


@pytest.mark.parametrize("metric_class", METRICS)
def test_half_precision_predictions_are_compared_in_float32(metric_class):
    y_true, y_pred = poses(9, 4), poses(10, 4).astype("float16")
    result = value(metric_class(), y_true, ops.convert_to_tensor(y_pred))
    np.testing.assert_allclose(result, value(metric_class(), y_true, y_pred.astype("float32")), rtol=1e-6)
    assert metric_class().total.dtype == "float32"


class Offset(keras.layers.Layer):
    """Adds one trainable number to a pose."""

    def build(self, _):
        self.offset = self.add_weight(shape=(17, 3), initializer="zeros")

    def call(self, inputs):
        return inputs + self.offset


@pytest.mark.parametrize(("policy", "jit_compile"), [("float32", False), ("mixed_bfloat16", "auto")])
def test_all_metrics_work_in_fit_and_evaluate(policy, jit_compile):
    y_true, inputs = poses(11, 8), poses(12, 8)
    weights = np.random.default_rng(13).integers(0, 2, (8, 17)).astype("float32")
    model = keras.Sequential([Offset(dtype=policy)])
    model.compile(
        "sgd",
        "mse",
        metrics=[MPJPE(), PCK(threshold=100), AUC()],
        weighted_metrics=[PAMPJPE(), NMPJPE()],
        jit_compile=jit_compile,
    )
    history = model.fit(inputs, y_true, sample_weight=weights, batch_size=4, epochs=1, verbose=0)
    assert np.isfinite([values[-1] for values in history.history.values()]).all()
    results = model.evaluate(inputs, y_true, sample_weight=weights, batch_size=4, return_dict=True, verbose=0)
    y_pred = model.predict(inputs, batch_size=4, verbose=0)
    expected = {
        "mpjpe": value(MPJPE(), y_true, y_pred),
        "pck": value(PCK(threshold=100), y_true, y_pred),
        "auc": value(AUC(), y_true, y_pred),
        "pa_mpjpe": value(PAMPJPE(), y_true, y_pred, weights),
        "n_mpjpe": value(NMPJPE(), y_true, y_pred, weights),
    }
    np.testing.assert_allclose([results[name] for name in expected], list(expected.values()), rtol=2e-2)


def test_state_can_be_updated_without_side_effects():
    y_true, y_pred = poses(14, 4), poses(15, 4)
    metric = MPJPE()
    variables = [variable.value for variable in metric.variables]
    for _ in range(2):
        variables = metric.stateless_update_state(variables, y_true, y_pred)
    expected = ops.mean(joint_errors(y_true, y_pred))
    np.testing.assert_allclose(float(metric.stateless_result(variables)), float(expected), rtol=1e-5)
    assert np.isnan(float(metric.result()))


def test_another_skeleton():
    chain = Skeleton("chain", ("root", "middle", "end"), (-1, 0, 1), (0, 1, 2), (0, 1, 1))
    y_pred = np.array([[[0, 0, 0], [0, 0, 0.01], [0, 0, 0.02]]])
    np.testing.assert_allclose(value(MPJPE(skeleton=chain), np.zeros((1, 3, 3)), y_pred), 10, rtol=1e-6)


@pytest.mark.parametrize("metric_class", METRICS)
def test_bad_input_is_refused(metric_class):
    with pytest.raises(ValueError, match="has no joint 'tail'"):
        metric_class(joints=["tail"])
    with pytest.raises(ValueError, match="`joints` must be names or indices from 0 to 16"):
        metric_class(joints=[17])
    with pytest.raises(ValueError, match="`weights` must fit"):
        metric_class().update_state(poses(0, 2), poses(0, 2), np.ones(3))
