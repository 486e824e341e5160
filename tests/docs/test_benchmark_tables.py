"""Files of benchmark results: those that there are, the format, and what is refused."""

import json
import re

import pytest
from adaptation_benchmark import from_adaptation
from benchmark_tables import DIRECTORY, read_benchmark, to_markdown

CONTENT = {
    "title": "Speed",
    "question": "How fast?",
    "command": "python measure.py",
    "environment": {"machine": "x86_64, 2 cores"},
    "tables": [
        {"title": "On a processor", "columns": ["what", "ms", "n"], "rows": [["a|b", 12.345, 3], ["c", None, 4]]}
    ],
    "reading": "Fast enough.",
}
ADAPTATION = {
    "command": "python tests/benchmarks/adaptation --short",
    "protocol": {"root": "pelvis"},
    "environment": {"backend": "tensorflow"},
    "runs": {"0": {}, "1": {}},
    "summary": {
        "wild": {
            "methods": {
                "source_only": {"mpjpe": [200.0, 10.0], "pa_mpjpe": [120.0, None], "mpjpe_gap_closed": 0.0},
                "oracle": {"mpjpe": [100.0, 5.0], "pa_mpjpe": [80.0, 2.0], "mpjpe_gap_closed": 1.0},
            },
            "criteria": {"flip_disagreement": 0.75, "jitter": None},
            "collapse": {"bad_one": {"latent_spread": 0.25, "flip_symmetric": 0.9, "told": True}},
            "non_localness": {"points": {"pose_flip": [4.0, -2.0], "slow": [1.0, 3.0]}, "rank_correlation": None},
        }
    },
}


def write(tmp_path, content, name="speed.json"):
    file = tmp_path / name
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize("file", sorted(DIRECTORY.glob("*.json")), ids=lambda file: file.stem)
def test_what_is_there_can_be_shown(file):
    content = read_benchmark(file)
    assert content["tables"]
    assert content["command"] in "\n".join(to_markdown(content))


def test_markdown(tmp_path):
    lines = to_markdown(read_benchmark(write(tmp_path, CONTENT)))
    assert "| what | ms | n |" in lines
    assert "| --- | --: | --: |" in lines
    assert "| a\\|b | 12.3 | 3 |" in lines
    assert "| c | – | 4 |" in lines
    assert "Measured with: machine: x86_64, 2 cores." in lines


def test_the_adaptation_benchmark(tmp_path):
    content = read_benchmark(write(tmp_path, ADAPTATION, "adaptation.json"))
    first, second, third = content["tables"]
    assert first["columns"] == ["method", "MPJPE, mm", "PA-MPJPE, mm", "gap closed, MPJPE"]
    assert first["rows"] == [
        ["source only", "200.0 ± 10.0", "120.0", "0 %"],
        ["oracle", "100.0 ± 5.0", "80.0 ± 2.0", "100 %"],
    ]
    assert second["rows"] == [["flip disagreement", 0.75], ["jitter", None]]
    assert third["rows"] == [["bad one", 0.25, "90 %", "yes"]]
    assert "2 seeds" in content["reading"]
    assert "root: pelvis" in content["reading"]


def test_a_relation_with_more_distance_stands_further_right_and_one_with_more_gain_higher(tmp_path):
    content = read_benchmark(write(tmp_path, ADAPTATION, "adaptation.json"))
    (figure,) = content["figures"]
    assert figure in to_markdown(content)
    circles = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', figure)
    (flip_x, flip_y), (slow_x, slow_y) = (map(float, circle) for circle in circles)
    assert flip_x > slow_x
    assert flip_y > slow_y  # counted from above
    assert "pose flip: -2.0" in figure
    assert "Spearman: none" in figure


def test_an_adaptation_benchmark_without_a_summary():
    with pytest.raises(ValueError, match=r"`summary` must be a dictionary .* Received: None"):
        from_adaptation({"command": "", "environment": {}})


@pytest.mark.parametrize("key", ["title", "question", "command", "environment", "tables", "reading"])
def test_a_missing_key(tmp_path, key):
    content = {name: value for name, value in CONTENT.items() if name != key}
    with pytest.raises(ValueError, match=rf"speed\.json: `{key}` must be of type .* Received: None"):
        read_benchmark(write(tmp_path, content))


def test_a_row_of_another_length(tmp_path):
    tables = [{"title": "T", "columns": ["a", "b"], "rows": [["x"]]}]
    with pytest.raises(ValueError, match="`rows` of 'T' must have 2 cells"):
        read_benchmark(write(tmp_path, {**CONTENT, "tables": tables}))


def test_no_json(tmp_path):
    (tmp_path / "speed.json").write_text("{")
    with pytest.raises(ValueError, match="must be JSON"):
        read_benchmark(tmp_path / "speed.json")


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no"):
        read_benchmark(tmp_path / "nothing.json")
