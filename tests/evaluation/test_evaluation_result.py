"""Results as tables and as JSON."""

import json
import math

import numpy as np
import pytest

from posealign_keras.evaluation import EvaluationResult, Table, comparison_table, evaluate_poses
from posealign_keras.evaluation.protocols import PW3D

rng = np.random.default_rng(0)


def result_of(noise=0.1, protocol="mpi_inf_3dhp", names=("TS1", "TS1", "TS2")):
    truth = rng.normal(0, 0.4, (len(names), 17, 3))
    return evaluate_poses(truth + rng.normal(0, noise, truth.shape), truth, protocol, subject=names, sequence=names)


def test_a_row_for_each_group_and_the_whole():
    result = result_of()
    table = result.table()
    assert table.columns == ("sequence", "frames", "PCK@150 (%)", "AUC (%)", "MPJPE (mm)", "PA-MPJPE (mm)")
    assert [row[:2] for row in table.rows] == [
        ("TS1", 2),
        ("TS2", 1),
        ("studio, green screen", 3),
        ("all frames", 3),
    ]
    assert table.rows[-1][2:] == tuple(result.overall[name] for name in ("pck150", "auc", "mpjpe", "pa_mpjpe"))


def test_markdown_says_the_protocol():
    text = result_of().to_markdown()
    lines = text.splitlines()
    assert lines[0] == "| sequence | frames | PCK@150 (%) | AUC (%) | MPJPE (mm) | PA-MPJPE (mm) |"
    assert lines[1] == "| --- | ---: | ---: | ---: | ---: | ---: |"
    assert lines[5].startswith("| **all frames** | **3** | **")
    for fact in ("- root: pelvis", "- annotation: univ_annot3", "- scale: none", "strictly below 150 mm"):
        assert fact in text


def test_latex_is_balanced_and_escaped():
    text = result_of().to_latex()
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    assert text.count("{") == text.count("}")
    assert r"PCK@150 (\%)" in text
    assert r"mpi\_inf\_3dhp" in text
    rows = text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()
    assert {line.count("&") for line in rows if line.endswith(r"\\")} == {5}


def test_special_characters():
    table = Table(("a|b", "x"), (("50% & #1_{~}^\\", 1.25), ("none", None), ("nan", math.nan), ("count", 3)), 1)
    assert table.to_markdown().splitlines()[2:] == [
        "| 50% & #1_{~}^\\ | 1.2 |",
        "| none | – |",
        "| nan | – |",
        "| **count** | **3** |",
    ]
    latex = table.to_latex().splitlines()
    assert latex[4] == r"50\% \& \#1\_\{\textasciitilde{}\}\textasciicircum{}\textbackslash{} & 1.2 \\"
    assert latex[5] == r"none & -- \\"
    assert latex[7:] == [r"\midrule", r"count & 3 \\", r"\bottomrule", r"\end{tabular}"]
    with pytest.raises(ValueError, match="`rows` must have 2 cells each"):
        Table(("a", "b"), (("c",),))


def test_json_and_back():
    result = result_of()
    assert EvaluationResult.from_json(result.to_json()) == result
    content = json.loads(result.to_json())
    assert content["overall"] == result.overall
    assert content["facts"]["root"] == "pelvis"


def test_json_without_numbers():
    """No root in any frame: MPJPE is not known."""
    truth = rng.normal(0, 0.4, (2, 17, 3))
    truth[:, 1] = np.nan
    result = evaluate_poses(np.nan_to_num(truth), truth, PW3D)
    assert math.isnan(result.overall["mpjpe"])
    content = json.loads(result.to_json())
    assert content["overall"]["mpjpe"] is None
    again = EvaluationResult.from_json(result.to_json())
    assert math.isnan(again.overall["mpjpe"])
    assert again.overall["pa_mpjpe"] == result.overall["pa_mpjpe"]
    assert "–" in result.to_markdown()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"protocol": {}}', '{"protocol": 3, "overall": 1}'])
def test_what_is_no_result(text):
    with pytest.raises(ValueError, match=r"`text` must be what `EvaluationResult\.to_json` gives"):
        EvaluationResult.from_json(text)


def test_results_side_by_side():
    first = result_of()
    second = result_of(0.01, names=("TS2", "TS6"))
    table = comparison_table({"before": first, "after": second}, "pa_mpjpe")
    assert table.columns == ("PA-MPJPE (mm)", "TS1", "TS2", "TS6", "mean")
    assert table.rows[1] == (
        "after",
        None,
        second.groups["TS2"]["pa_mpjpe"],
        second.groups["TS6"]["pa_mpjpe"],
        second.overall["pa_mpjpe"],
    )
    with pytest.raises(ValueError, match=r"`measure` must be one of .* Received: measure='n_mpjpe'"):
        comparison_table({"before": first}, "n_mpjpe")
    for wrong in ({}, {"one": first, "other": result_of(protocol="pw3d")}):
        with pytest.raises(ValueError, match="`results` must be of one protocol"):
            comparison_table(wrong, "pa_mpjpe")
