import numpy as np
import pytest

from posealign_keras.metrics import PCK
from posealign_keras.skeletons import BODY17

ERRORS = np.array([0, 10, 149.999, 150, 151, 200])
JOINTS = [1, 2, 3, 4, 5, 6]


def errors_as_poses(errors):
    """One true pose at the origin, and a prediction whose joints 1, 2, … are off by `errors` millimetres."""
    y_pred = np.zeros((1, 17, 3))
    y_pred[0, JOINTS, 0] = np.asarray(errors) / 1000
    return np.zeros((1, 17, 3), "float32"), y_pred.astype("float32")


def value(metric, *arguments):
    metric.update_state(*arguments)
    return float(metric.result())


def test_errors_strictly_below_the_threshold_are_correct():
    assert value(PCK(joints=JOINTS), *errors_as_poses(ERRORS)) == 50
    assert value(PCK(threshold=10, joints=JOINTS), *errors_as_poses(ERRORS)) == pytest.approx(100 / 6)
    assert value(PCK(threshold=200.1, joints=JOINTS), *errors_as_poses(ERRORS)) == 100


def test_the_mean_over_joints_weighs_the_groups_of_mpi_inf_3dhp_by_their_joints():
    generator = np.random.default_rng(0)
    y_true, y_pred = generator.normal(scale=0.1, size=(2, 50, 17, 3)).astype("float32")
    groups = [["head_top"], ["thorax"]] + [
        [f"l_{name}", f"r_{name}"] for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    ]
    joints = [joint for group in groups for joint in group]
    assert set(BODY17.joint_names) - set(joints) == {"pelvis", "spine", "neck_nose"}
    scores = [value(PCK(joints=group), y_true, y_pred) for group in groups]
    expected = np.average(scores, weights=[len(group) for group in groups])
    np.testing.assert_allclose(value(PCK(joints=joints), y_true, y_pred), expected, rtol=1e-5)


def test_alignment_comes_first():
    y_true = np.random.default_rng(1).normal(scale=0.5, size=(3, 17, 3)).astype("float32")
    assert value(PCK(), y_true, 3 * y_true) < 50
    assert value(PCK(alignment="scale"), y_true, 3 * y_true) == 100
    assert value(PCK(alignment="procrustes"), y_true, 3 * y_true[..., [1, 2, 0]]) == 100
    assert PCK.from_config(PCK(alignment="scale", threshold=80).get_config()).get_config()["alignment"] == "scale"


def test_bad_input_is_refused():
    with pytest.raises(
        ValueError, match=r"`threshold` must be a positive number of millimetres\. Received: threshold=0"
    ):
        PCK(threshold=0)
    with pytest.raises(ValueError, match="`alignment` must be one of"):
        PCK(alignment="best")
