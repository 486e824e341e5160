"""What the protocols say, against the descriptions of the data sets."""

from dataclasses import replace

import numpy as np
import pytest

from posealign_keras.evaluation import (
    HUMAN36M_PROTOCOL_1,
    HUMAN36M_PROTOCOL_2,
    HUMAN36M_RELEASED_CODE,
    MPI_INF_3DHP,
    PROTOCOLS,
    PW3D,
    REAL_VIDEO,
    Measure,
    Protocol,
    evaluate_poses,
    get_protocol,
    with_bone_lengths,
)
from posealign_keras.skeletons import BODY17


def joints_of(protocol, name):
    (measure,) = (measure for measure in protocol.measures if measure.name == name)
    return BODY17.indices(measure.joints)


def test_human36m():
    for protocol in (HUMAN36M_PROTOCOL_1, HUMAN36M_PROTOCOL_2):
        assert protocol.subjects == ("S9", "S11")
        assert len(protocol.groups) == 15
        assert protocol.groups[0] == "Directions"
        assert protocol.groups[-1] == "WalkTogether"
        assert (protocol.frame_step, protocol.average, protocol.scale) == (64, "groups", "none")
        assert protocol.joints == BODY17.joint_names
    assert [measure.name for measure in HUMAN36M_PROTOCOL_1.measures] == ["mpjpe", "n_mpjpe"]
    assert [measure.name for measure in HUMAN36M_PROTOCOL_2.measures] == ["pa_mpjpe"]
    assert HUMAN36M_RELEASED_CODE.cameras == ("60457274",)
    assert HUMAN36M_RELEASED_CODE.scale == "bone_lengths"


def test_mpi_inf_3dhp_counts_14_and_17_joints_of_2929_frames():
    # The first 14 joints of its test set, in the order of the package.
    of_test_set = [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]
    for name in ("pck150", "auc"):
        assert sorted(of_test_set[joint] for joint in joints_of(MPI_INF_3DHP, name)) == list(range(14))
    assert joints_of(MPI_INF_3DHP, "mpjpe") == tuple(range(17))
    assert sum(MPI_INF_3DHP.expected_frames) == 2929
    expected = dict(zip(MPI_INF_3DHP.groups, MPI_INF_3DHP.expected_frames, strict=True))
    assert [sum(expected[group] for group in groups) for _, groups in MPI_INF_3DHP.combined] == [1143, 1058, 728]


def test_pw3d_counts_13_of_the_14_usual_joints():
    usual = {3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10}
    assert set(joints_of(PW3D, "pa_mpjpe")) == usual - {BODY17.index("head_top")}


def test_real_video_counts_the_limbs():
    limbs = {f"{side}_{joint}" for side in "lr" for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")}
    assert set(REAL_VIDEO.joints) == limbs
    assert REAL_VIDEO.frames == (0, 70)
    assert any("3 cm" in note for note in REAL_VIDEO.notes)


def test_records_of_ones_own_count_all_joints_of_all_frames():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 0.3, (50, 17, 3))
    truth -= truth[:, :1]
    predicted = truth + rng.normal(0, 0.05, truth.shape)
    predicted -= predicted[:, :1]
    result = evaluate_poses(predicted, truth, "all_joints", sequence=["a"] * 20 + ["b"] * 30)
    distances = 1000 * np.linalg.norm(predicted - truth, axis=-1)
    assert result.num_frames == 50
    assert result.overall["mpjpe"] == pytest.approx(distances.mean(), rel=1e-4)
    assert result.overall["pck150"] == pytest.approx(100 * np.mean(distances < 150), abs=0.2)
    assert result.overall["pa_mpjpe"] < result.overall["n_mpjpe"] <= result.overall["mpjpe"] + 1


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_every_protocol_says_what_it_does(protocol):
    facts = protocol.facts()
    assert {"protocol", "root", "scale", "annotation", "frames", "mean", "source"} <= set(facts)
    assert all(f"joints of {measure.title}" in facts for measure in protocol.measures)
    assert all(facts.values())
    assert Protocol.from_dict(protocol.to_dict()) == protocol


def test_facts_in_words():
    facts = HUMAN36M_RELEASED_CODE.facts()
    assert facts["frames"] == "all; subjects S9, S11; cameras 60457274"
    assert facts["scale"] == "the estimated bone directions are chained with the true bone lengths"
    assert facts["joints of PA-MPJPE (mm)"] == "all 17 of body17"
    assert HUMAN36M_PROTOCOL_1.facts()["frames"] == "one of every 64; subjects S9, S11"
    assert HUMAN36M_PROTOCOL_1.facts()["root"] == "pelvis"
    assert HUMAN36M_PROTOCOL_2.facts()["root"] == "none: the alignment moves the whole pose"
    assert PW3D.facts()["root"] == "centre of r_hip, l_hip"
    assert REAL_VIDEO.facts()["frames"] == "all; from 0 to 69"


def test_protocols_are_found_by_name():
    assert get_protocol("pw3d") is PW3D
    assert get_protocol(PW3D) is PW3D
    assert get_protocol("mpi_inf_3dhp_bone_lengths") == with_bone_lengths(MPI_INF_3DHP)
    with pytest.raises(ValueError, match=r"`name` must be one of \['all_joints', .* Received: name='h36m'"):
        get_protocol("h36m")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": "height"}, "`scale` must be one of"),
        ({"group_by": "weekday"}, "`group_by` must be one of"),
        ({"average": "median"}, "`average` must be one of"),
        ({"measures": ()}, "`measures` must be at least one"),
        ({"measures": (Measure("mpjpe"), Measure("mpjpe", ("r_hip",)))}, "no two of a name"),
        ({"measures": (Measure("mpjpe", ("tail",)),)}, "tail"),
        ({"root": ("tail",)}, "tail"),
        ({"frame_step": 0}, "`frame_step` must be at least 1"),
        ({"frames": (5, 5)}, "`frames` must be the first frame and one after it"),
        ({"expected_frames": (1,)}, "`expected_frames` must have an entry for each of `groups`, 6"),
    ],
)
def test_a_protocol_that_cannot_be(changes, message):
    changes = {"expected_frames": (), **changes}
    with pytest.raises(ValueError, match=message):
        replace(MPI_INF_3DHP, **changes)


def test_an_unknown_measure():
    with pytest.raises(ValueError, match=r"`name` must be one of .*'pck150'\]. Received: name='pck50'"):
        Measure("pck50")
    assert Measure("mpjpe").smaller_is_better
    assert not Measure("auc").smaller_is_better


def test_what_is_no_protocol():
    for wrong in ({}, {"name": 1}, {**PW3D.to_dict(), "colour": "red"}):
        with pytest.raises(ValueError, match="`arguments` must be those of a protocol"):
            Protocol.from_dict(wrong)
