import numpy as np
import pytest
from keras import ops

from posealign_keras.metrics import joint_errors
from posealign_keras.ops import similarity_procrustes
from posealign_keras.skeletons import BODY17


def array(tensor):
    return ops.convert_to_numpy(tensor)


def poses(seed, *leading):
    return np.random.default_rng(seed).normal(scale=0.4, size=(*leading, 17, 3)).astype("float32")


def test_errors_are_distances_after_centring_in_millimetres():
    y_true, y_pred = poses(0, 2, 5), poses(1, 2, 5)
    difference = (y_pred - y_pred[..., :1, :]) - (y_true - y_true[..., :1, :])
    expected = 1000 * np.linalg.norm(difference, axis=-1)
    np.testing.assert_allclose(array(joint_errors(y_true, y_pred)), expected, rtol=1e-5)
    np.testing.assert_array_equal(array(joint_errors(y_true, y_pred))[..., 0], 0)


def test_joints_and_root_by_name_or_index():
    y_true, y_pred = poses(2, 4), poses(3, 4)
    by_name = array(joint_errors(y_true, y_pred, joints=("head", "l_wrist"), root="thorax"))
    by_index = array(joint_errors(y_true, y_pred, joints=(10, 13), root=8))
    np.testing.assert_array_equal(by_name, by_index)
    np.testing.assert_array_equal(by_index, array(joint_errors(y_true, y_pred, root=8))[:, [10, 13]])
    hips = array(joint_errors(y_true, y_pred, root=("r_hip", "l_hip")))
    centred = [pose - pose[:, [1, 4]].mean(1, keepdims=True) for pose in (y_true, y_pred)]
    np.testing.assert_allclose(hips, 1000 * np.linalg.norm(centred[1] - centred[0], axis=-1), rtol=1e-4)


def test_alignment_sees_the_reported_joints_only():
    y_true, y_pred = poses(4, 4), poses(5, 4)
    joints = [3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10]
    aligned = array(similarity_procrustes(y_pred[:, joints], y_true[:, joints]))
    expected = 1000 * np.linalg.norm(aligned - y_true[:, joints], axis=-1)
    np.testing.assert_allclose(array(joint_errors(y_true, y_pred, joints, alignment="procrustes")), expected, rtol=1e-3)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="`alignment` must be one of"):
        joint_errors(poses(0), poses(0), alignment="rigid")
    with pytest.raises(ValueError, match="`y_true` and `y_pred` must have the same shape"):
        joint_errors(poses(0, 2), poses(0, 1))
    with pytest.raises(ValueError, match=r"`y_pred` must have shape \(\.\.\., 17, 3\)"):
        joint_errors(poses(0), poses(0)[:16])
    with pytest.raises(ValueError, match=f"no joint 'tail'. Its joints: {BODY17.joint_names[0]}"):
        joint_errors(poses(0), poses(0), joints=["tail"])
