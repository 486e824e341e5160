import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from posealign_keras.metrics import PAMPJPE


def value(*arguments):
    metric = PAMPJPE()
    metric.update_state(*arguments)
    return float(metric.result())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.05, 20))
def test_similarity_transforms_of_the_prediction_do_not_matter(seed, scale):
    generator = np.random.default_rng(seed)
    y_true, y_pred = generator.normal(scale=0.4, size=(2, 4, 17, 3))
    turn = Rotation.random(4, rng=generator).as_matrix()
    moved = scale * np.einsum("bij,bkj->bki", turn, y_pred) + generator.normal(size=(4, 1, 3))
    arrays = [pose.astype("float32") for pose in (y_true, y_pred, moved)]
    np.testing.assert_allclose(value(arrays[0], arrays[2]), value(arrays[0], arrays[1]), rtol=2e-3)
    exact = scale * np.einsum("bij,bkj->bki", turn, y_true)
    assert value(arrays[0], exact.astype("float32")) < 0.01


def test_agrees_with_scipy_where_no_reflection_is_needed():
    generator = np.random.default_rng(0)
    y_true = generator.normal(scale=0.4, size=(4, 17, 3))
    y_pred = y_true + generator.normal(scale=0.1, size=y_true.shape)
    expected = []
    for target, predicted in zip(y_true, y_pred, strict=True):
        standard_target, standard_predicted, _ = procrustes(target, predicted)
        size = np.linalg.norm(target - target.mean(0))
        expected.append(1000 * size * np.linalg.norm(standard_target - standard_predicted, axis=-1).mean())
    np.testing.assert_allclose(value(y_true.astype("float32"), y_pred.astype("float32")), np.mean(expected), rtol=1e-4)


def test_a_mirrored_pose_stays_wrong():
    y_true = np.random.default_rng(1).normal(scale=0.4, size=(4, 17, 3)).astype("float32")
    assert value(y_true, y_true * np.array([-1, 1, 1], "float32")) > 100


def test_a_pose_of_one_point_is_compared_at_the_centre_of_the_truth():
    y_true = np.random.default_rng(2).normal(scale=0.4, size=(4, 17, 3)).astype("float32")
    expected = 1000 * np.linalg.norm(y_true - y_true.mean(1, keepdims=True), axis=-1).mean()
    np.testing.assert_allclose(value(y_true, np.zeros_like(y_true)), expected, rtol=1e-5)
