"""The named settings and what they consist of."""

import pytest

from posealign_keras.evaluation import PW3D, get_protocol
from posealign_keras.experiments import SETTINGS, Setting, TargetTest, TrainingPlan, get_setting


def test_the_papers_five_settings():
    assert {
        name: (setting.source, setting.target, setting.labelled_subjects) for name, setting in SETTINGS.items()
    } == {
        "surreal_to_human36m": (("surreal",), "human36m", ()),
        "human36m_to_mpi_inf_3dhp": (("human36m",), "mpi_inf_3dhp", ()),
        "surreal_to_web": (("surreal",), "web", ()),
        "surreal_human36m_to_web": (("surreal", "human36m"), "web", ()),
        "surreal_to_human36m_semi_supervised": (("surreal",), "human36m", ("S1",)),
    }


def test_what_the_paper_reports():
    reported = {
        name: {test.dataset: dict(test.reported) for test in setting.tests} for name, setting in SETTINGS.items()
    }
    assert reported["surreal_to_human36m"] == {"human36m": {"pa_mpjpe": 86.2, "mpjpe": 97.8}}
    assert reported["surreal_to_human36m_semi_supervised"] == {"human36m": {"pa_mpjpe": 48.2, "mpjpe": 57.6}}
    assert reported["human36m_to_mpi_inf_3dhp"] == {"mpi_inf_3dhp": {"pck150": 89.2, "auc": 58.1, "pa_mpjpe": 80.4}}
    assert reported["surreal_human36m_to_web"] == {
        "mpi_inf_3dhp": {"pck150": 84.9, "auc": 60.1, "pa_mpjpe": 95.2},
        "pw3d": {"pa_mpjpe": 72.1},
    }
    assert not any(reported["surreal_to_web"].values())


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_nobody_is_trained_on_and_tested(setting):
    """Only Human3.6M is trained on and tested: its people are divided, and the protocols name those of the test."""
    for test in setting.tests:
        for name in test.protocols:
            protocol = get_protocol(name)
            assert protocol.dataset == test.dataset
            assert not set(protocol.subjects) & set(setting.labelled_subjects)
            if test.dataset == "human36m":
                assert set(protocol.subjects) == {"S9", "S11"}


def test_the_data_sets_that_a_setting_needs():
    assert get_setting("surreal_human36m_to_web").datasets == ("surreal", "human36m", "web", "mpi_inf_3dhp", "pw3d")
    assert get_setting("surreal_to_human36m").datasets == ("surreal", "human36m")


def test_settings_are_found_by_name():
    setting = get_setting("surreal_to_web")
    assert get_setting(setting) is setting
    with pytest.raises(ValueError, match=r"`name` must be one of \['human36m_to_.* Received: name='web'"):
        get_setting("web")


def test_settings_of_ones_own_are_checked():
    test = TargetTest("pw3d", ("pw3d",))
    own = Setting(name="own", title="Own", source=("surreal",), target="web", tests=(test,))
    assert own.datasets == ("surreal", "web", "pw3d")
    for wrong in ({"source": ()}, {"tests": ()}, {"tests": (test, test)}):
        with pytest.raises(ValueError, match="`source` and `tests` must not be empty"):
            Setting(
                **{"name": "own", "title": "Own", "source": ("surreal",), "target": "web", "tests": (test,), **wrong}
            )
    with pytest.raises(ValueError, match="`protocols` must be of 'pw3d'"):
        TargetTest("pw3d", ("mpi_inf_3dhp",))
    with pytest.raises(ValueError, match="`protocols` must be of 'pw3d', at least one"):
        TargetTest("pw3d", ())
    with pytest.raises(ValueError, match=r"`reported` must be of measures of the protocols, \['mpjpe', 'pa_mpjpe'\]"):
        TargetTest("pw3d", (PW3D.name,), (("auc", 1.0),))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("pose_steps", 0, "positive"),
        ("source_rate", 0.0, "positive"),
        ("source_rate", float("nan"), "positive"),
        ("normalization_frames", -1, "at least 0"),
        ("replay_weight", -0.1, "at least 0"),
    ],
)
def test_a_plan_must_be_possible(name, value, expected):
    with pytest.raises(ValueError, match=f"`{name}` must be {expected}. Received: {name}={value}"):
        TrainingPlan(**{name: value})
    assert TrainingPlan(normalization_frames=0, replay_weight=0.0).replay_weight == 0
