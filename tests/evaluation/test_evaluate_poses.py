"""The figures of the protocols, against NumPy written out here."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from posealign_keras.evaluation import (
    HUMAN36M_PROTOCOL_1,
    MPI_INF_3DHP,
    PW3D,
    REAL_VIDEO,
    Measure,
    evaluate_poses,
    with_bone_lengths,
)
from posealign_keras.skeletons import BODY17

rng = np.random.default_rng(0)
ONE = {"subject": "S9", "sequence": "Walking 1"}
EVERY = replace(HUMAN36M_PROTOCOL_1, frame_step=1)
REAL = Path(os.environ.get("POSEALIGN_TEST_DATA", "")) / "real_video"


def poses(count, noise=0.08):
    truth = rng.normal(0, 0.4, (count, 17, 3))
    return truth + rng.normal(0, noise, truth.shape), truth


def distances(predicted, truth, joints=range(17), roots=(0,)):
    """Millimetres, written out: both centred on the root."""
    predicted, truth = (pose - pose[:, list(roots)].mean(axis=1, keepdims=True) for pose in (predicted, truth))
    return 1000 * np.linalg.norm(predicted - truth, axis=-1)[:, list(joints)]


def aligned(predicted, truth, joints):
    """The best similarity transform of each pose by singular values (Umeyama 1991), as distances in millimetres."""
    result = []
    for p, g in zip(predicted[:, joints], truth[:, joints], strict=True):
        known = np.isfinite(g).all(axis=-1)
        p, g = p[known], g[known]
        p, g = p - p.mean(axis=0), g - g.mean(axis=0)
        u, s, vt = np.linalg.svd(p.T @ g)
        if np.linalg.det(u @ vt) < 0:
            u[:, -1] *= -1
            s[-1] *= -1
        result.append(1000 * np.linalg.norm(s.sum() / (p**2).sum() * p @ u @ vt - g, axis=-1))
    return np.concatenate(result)


def along_x(millimetres):
    """A pose for each error, off by it in one joint along x."""
    truth = np.zeros((len(millimetres), 17, 3))
    predicted = truth.copy()
    predicted[:, BODY17.index("l_wrist"), 0] = np.array(millimetres) / 1000
    return predicted, truth


def test_golden_numbers_of_pck_and_auc():
    wrist = replace(
        MPI_INF_3DHP, measures=(Measure("pck150", ("l_wrist",)), Measure("auc", ("l_wrist",)), Measure("mpjpe"))
    )
    result = evaluate_poses(*along_x([0, 10, 149.999, 150, 151, 200]), wrist, subject="TS1", sequence="TS1")
    assert result.overall["pck150"] == pytest.approx(50, abs=1e-9)
    assert result.overall["auc"] == pytest.approx(31.7204, abs=1e-4)
    assert result.overall["mpjpe"] == pytest.approx((10 + 149.999 + 150 + 151 + 200) / 6 / 17, rel=1e-6)


def test_human36m_is_the_mean_of_the_means_of_actions():
    names = ["Walking 1"] * 5 + ["Walking"] * 2 + ["Eating 2"] * 3
    predicted, truth = poses(10)
    predicted[7:] += rng.normal(0, 0.2, (3, 17, 3))
    result = evaluate_poses(predicted, truth, EVERY, subject="S9", sequence=names)
    errors = distances(predicted, truth)
    walking, eating = errors[:7].mean(), errors[7:].mean()
    assert result.groups["Walking"]["mpjpe"] == pytest.approx(walking, rel=1e-5)
    assert result.overall["mpjpe"] == pytest.approx((walking + eating) / 2, rel=1e-5)
    assert abs(result.overall["mpjpe"] - errors.mean()) > 1
    assert result.frames == {"Eating": 3, "Walking": 7}
    assert list(result.groups) == ["Eating", "Walking"]  # in the order of the papers
    centred = [pose - pose[:, :1] for pose in (predicted, truth)]
    scale = (centred[0] * centred[1]).sum(axis=(1, 2)) / (centred[0] ** 2).sum(axis=(1, 2))
    scaled = 1000 * np.linalg.norm(scale[:, None, None] * centred[0] - centred[1], axis=-1)
    assert result.overall["n_mpjpe"] == pytest.approx((scaled[:7].mean() + scaled[7:].mean()) / 2, rel=1e-5)
    wrist = BODY17.index("l_wrist")
    assert result.per_joint["l_wrist"]["mpjpe"] == pytest.approx(errors[:, wrist].mean(), rel=1e-5)
    assert result.notes[0].startswith("Incomplete: there are no frames of Directions, Discussion, Greeting")


def test_mpi_inf_3dhp_pools_frames():
    sequences = ["TS1"] * 4 + ["TS2"] * 2 + ["TS6"]
    predicted, truth = poses(7, 0.15)
    result = evaluate_poses(predicted, truth, "mpi_inf_3dhp", subject=sequences, sequence=sequences)
    fourteen = [joint for joint in range(17) if joint not in (0, 7, 9)]
    errors, counted = distances(predicted, truth), distances(predicted, truth, fourteen)
    rows = {"TS1": slice(0, 4), "TS2": slice(4, 6), "TS6": slice(6, 7)}
    rows |= {"studio, green screen": slice(0, 6), "outdoors": slice(6, 7), "": slice(0, 7)}
    figures = {**result.groups, **result.combined, "": result.overall}
    assert set(figures) == set(rows)
    for name, row in rows.items():
        assert figures[name]["mpjpe"] == pytest.approx(errors[row].mean(), rel=1e-5)
        assert figures[name]["pck150"] == pytest.approx(100 * (counted[row] < 150).mean(), rel=1e-9)
        curve = [100 * (counted[row] < threshold).mean() for threshold in range(0, 151, 5)]
        assert figures[name]["auc"] == pytest.approx(np.mean(curve), rel=1e-5)
        expected = aligned(predicted[row], truth[row], list(range(17))).mean()
        assert figures[name]["pa_mpjpe"] == pytest.approx(expected, rel=1e-4)
    assert "Incomplete: 4 frames of TS1, which has 603." in result.notes


def test_pw3d_is_centred_on_the_hips():
    predicted, truth = poses(6)
    result = evaluate_poses(predicted, truth, "pw3d", sequence="downtown_0")
    joints = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 8]
    assert result.overall["mpjpe"] == pytest.approx(distances(predicted, truth, joints, (1, 4)).mean(), rel=1e-5)
    assert result.overall["pa_mpjpe"] == pytest.approx(aligned(predicted, truth, joints).mean(), rel=1e-4)


def test_unknown_joints_do_not_count():
    draw = np.random.default_rng(1)
    predicted, truth = poses(40)
    truth[draw.random((40, 17)) < 0.1] = np.nan
    validity = draw.random((40, 17)) < 0.95
    known = np.where(validity[..., None], truth, np.nan)
    limbs = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    result = evaluate_poses(predicted, truth, "real_video", validity)
    assert result.frames == {"all": 40}
    assert result.overall["pa_mpjpe"] == pytest.approx(aligned(predicted, known, limbs).mean(), rel=1e-4)
    # MPJPE needs the root as well.
    result = evaluate_poses(predicted, truth, EVERY, validity, **ONE)
    with_root = np.isfinite(known[:, 0]).all(axis=-1)
    expected = np.nanmean(distances(predicted[with_root], known[with_root]))
    assert result.overall["mpjpe"] == pytest.approx(expected, rel=1e-5)


def test_the_true_bone_lengths():
    predicted, truth = poses(5)
    larger = 1.7 * (truth - truth[:, :1]) + 3
    protocol = with_bone_lengths(EVERY)
    assert evaluate_poses(larger, truth, protocol, **ONE).overall["mpjpe"] == pytest.approx(0, abs=0.01)
    assert evaluate_poses(larger, truth, EVERY, **ONE).overall["mpjpe"] > 100
    chained = np.zeros_like(predicted)
    for parent, child in BODY17.edges:
        step = predicted[:, child] - predicted[:, parent]
        length = np.linalg.norm(truth[:, child] - truth[:, parent], axis=-1, keepdims=True)
        chained[:, child] = chained[:, parent] + length * step / np.linalg.norm(step, axis=-1, keepdims=True)
    found = evaluate_poses(predicted, truth, protocol, **ONE).overall["mpjpe"]
    assert found == pytest.approx(distances(chained, truth).mean(), rel=1e-5)
    # A joint that hangs on an unknown one is at an unknown distance.
    truth[:, BODY17.index("l_elbow")] = np.nan
    per_joint = evaluate_poses(predicted, truth, protocol, **ONE).per_joint
    assert {name for name, figures in per_joint.items() if np.isnan(figures["mpjpe"])} == {"l_elbow", "l_wrist"}


def test_frames_of_which_little_is_known_are_left_out():
    predicted, truth = poses(4)
    truth[1, 3:] = np.nan
    result = evaluate_poses(predicted, truth, EVERY, **ONE)
    assert result.left_out == {"fewer than half of the joints are known": 1}
    assert result.num_frames == 3


@pytest.mark.parametrize("step", [1, 5, 3])
def test_one_frame_of_every_64(step):
    """From all frames, and from those that a conversion keeps; each recording by itself, in any order."""
    index = np.arange(0, 200, step)
    predicted, truth = poses(2 * len(index))
    order = rng.permutation(len(truth))
    origins = {"frame_index": np.tile(index, 2), "camera": np.repeat(["a", "b"], len(index))}
    result = evaluate_poses(
        predicted[order],
        truth[order],
        HUMAN36M_PROTOCOL_1,
        **ONE,
        **{name: values[order] for name, values in origins.items()},
    )
    first = [int(np.flatnonzero(index >= start)[0]) for start in (0, 64, 128, 192)]
    chosen = np.array([*first, *(len(index) + np.array(first))])
    expected = distances(predicted[chosen], truth[chosen]).mean()
    assert result.overall["mpjpe"] == pytest.approx(expected, rel=1e-5)
    assert result.left_out == {"not the one of every 64": len(truth) - 8}


def test_other_people_cameras_and_frames_do_not_count():
    predicted, truth = poses(6)
    people = ["S9", "S1", "S11", "S9", "S9", "S9"]
    cameras = ["60457274", "60457274", "60457274", "54138969", "60457274", "60457274"]
    result = evaluate_poses(
        predicted, truth, "human36m_released_code", subject=people, camera=cameras, sequence="Sitting 1"
    )
    assert result.left_out == {"of another subject": 1, "of another camera": 1}
    assert result.num_frames == 4
    result = evaluate_poses(predicted, truth, REAL_VIDEO, frame_index=np.array([68, 69, 70, 71, 0, 1]))
    assert result.left_out == {"not from 0 to 69": 2}
    # Without numbers, the frames of a recording follow each other.
    predicted, truth = poses(75)
    assert evaluate_poses(predicted, truth, REAL_VIDEO, sequence="one").num_frames == 70
    assert evaluate_poses(predicted, truth, REAL_VIDEO, sequence=["one"] * 5 + ["two"] * 70).num_frames == 75


@pytest.mark.parametrize(
    ("protocol", "options", "message"),
    [
        (HUMAN36M_PROTOCOL_1, {"sequence": "Eating"}, "`subject` must be given: the protocol 'human36m_protocol_1'"),
        (HUMAN36M_PROTOCOL_1, {"subject": "S9"}, "`sequence` must be given"),
        (HUMAN36M_PROTOCOL_1, {**ONE, "dataset": "surreal"}, "`dataset` must be 'human36m' for the protocol"),
        (HUMAN36M_PROTOCOL_1, {"subject": "S1", "sequence": "Eating"}, "`joints` must have frames that count"),
        (HUMAN36M_PROTOCOL_1, {**ONE, "subject": ["S9"]}, "`subject` must be one text, or one for each of 3 frames"),
        (HUMAN36M_PROTOCOL_1, {**ONE, "frame_index": np.zeros(3)}, "`frame_index` must be 3 integers"),
        (MPI_INF_3DHP, {"subject": "TS1"}, "`sequence` must be given"),
        ("human36m_released_code", ONE, "`camera` must be given"),
        (PW3D, {"validity": np.ones((3, 16))}, r"`validity` must have shape \(3, 17\)"),
        ("coco", {}, "`name` must be one of"),
    ],
)
def test_what_is_missing_is_told(protocol, options, message):
    with pytest.raises(ValueError, match=message):
        evaluate_poses(*poses(3), protocol, **options)


def test_wrong_shapes_and_numbers_that_are_none():
    predicted, truth = poses(3)
    for wrong in (predicted[:2], predicted[0], predicted[..., :2]):
        with pytest.raises(ValueError, match=r"`poses` and `joints` must both have shape \(N, 17, 3\)"):
            evaluate_poses(wrong, truth, PW3D)
    predicted[1, 5] = np.nan
    with pytest.raises(ValueError, match=r"`poses` must be finite .* NaN or infinity in 1 frames, .* at index 1"):
        evaluate_poses(predicted, truth, PW3D)
    truth[1] = np.nan  # nobody knows where the person is: nothing is missing
    assert evaluate_poses(predicted, truth, PW3D).num_frames == 2


@pytest.mark.skipif(
    not (os.environ.get("POSEALIGN_TEST_DATA") and REAL.is_dir()),
    reason="POSEALIGN_TEST_DATA is not set to a directory with real_video",
)
def test_the_real_videos():
    truth = {f"cam0{number}": np.load(REAL / f"cam0{number}.npz")["joints3d_camera_m"] for number in (1, 2, 3)}
    names = np.repeat(list(truth), 100)
    joints = np.concatenate(list(truth.values()))
    limbs = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    predicted = np.nan_to_num(joints) + rng.normal(0, 0.05, joints.shape)
    result = evaluate_poses(predicted, joints, "real_video", sequence=names)
    assert result.frames == dict.fromkeys(truth, 70)
    assert result.left_out == {"not from 0 to 69": 90}
    counted = [100 * clip + frame for clip in range(3) for frame in range(70)]
    expected = aligned(predicted[counted], joints[counted], limbs).mean()
    assert result.overall["pa_mpjpe"] == pytest.approx(expected, rel=1e-4)
    assert "good to about 3 cm" in result.to_markdown()
    # The same poses in any place, size and direction.
    turned = 2 * predicted[:, :, [1, 2, 0]] + 5
    again = evaluate_poses(turned, joints, "real_video", sequence=names)
    assert again.overall["pa_mpjpe"] == pytest.approx(expected, rel=1e-4)
