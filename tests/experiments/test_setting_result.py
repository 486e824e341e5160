"""The tables of a setting."""

import numpy as np
import pytest

from posealign_keras.evaluation import evaluate_poses
from posealign_keras.experiments import SettingResult, get_setting
from posealign_keras.skeletons import BODY17

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def result():
    setting = get_setting("surreal_human36m_to_web")
    truth = rng.normal(0, 0.4, (4, BODY17.num_joints, 3))
    results = {}
    for model, noise in (("source_only", 0.2), ("normalized", 0.1), ("adapted", 0.05)):
        poses = truth + rng.normal(0, noise, truth.shape)
        results[model] = {
            name: evaluate_poses(poses, truth, name, subject="TS1", sequence="TS1", dataset=test.dataset)
            for test in setting.tests
            for name in test.protocols
        }
    return SettingResult(setting, results, {"seed": 3})


def test_a_table_for_each_protocol_with_the_papers_figures(result):
    tables = result.tables()
    assert list(tables) == ["mpi_inf_3dhp", "mpi_inf_3dhp_bone_lengths", "pw3d", "pw3d_bone_lengths"]
    table = tables["mpi_inf_3dhp"]
    assert table.columns == ("", "PCK@150 (%)", "AUC (%)", "MPJPE (mm)", "PA-MPJPE (mm)")
    assert [row[0] for row in table.rows] == [
        "source-only",
        "+ statistics of the target",
        "adapted",
        "reported in the paper",
    ]
    overall = result.results["adapted"]["mpi_inf_3dhp"].overall
    assert table.rows[2][1:] == tuple(overall[name] for name in ("pck150", "auc", "mpjpe", "pa_mpjpe"))
    assert table.rows[3][1:] == (84.9, 60.1, None, 95.2)
    assert tables["pw3d"].rows[3][1:] == (72.1, None)


def test_a_setting_without_figures_has_no_such_row(result):
    without = SettingResult(get_setting("surreal_to_web"), result.results)
    assert "reported in the paper" not in without.to_markdown()


def test_words_stand_beside_the_figures(result):
    text = result.to_markdown()
    assert text.startswith("# SURREAL and Human3.6M → web videos, tested by transfer\n")
    assert "| reported in the paper | 84.9 | 60.1 | – | 95.2 |" in text
    assert "root: centre of r_hip, l_hip" in text
    assert "not comparable" in text
    assert "Incomplete: 4 frames of TS1, which has 603." in text
    assert result.to_latex().count(r"\begin{tabular}") == 4
    assert r"PCK@150 (\%)" in result.to_latex()


def test_json_and_back(result):
    assert SettingResult.from_json(result.to_json()) == result
    for text in ("", "{}", result.to_json().replace("pw3d", "pw4d")):
        with pytest.raises(ValueError, match=r"`text` must be what `SettingResult.to_json` gives"):
            SettingResult.from_json(text)
