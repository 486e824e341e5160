"""The whole spine at a tiny size: interrupted, continued, and measured."""

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from small_videos import write_video

from posealign_keras.cli import main
from posealign_keras.demo import run as demo
from posealign_keras.demo import stages
from posealign_keras.models import PoseEstimator
from posealign_keras.presets import SMALL

TINY = replace(
    demo.QUICK,
    sequences=12,
    sequence_frames=90,
    source_images=70,
    source_test_images=8,
    target_clips=6,
    target_test_clips=2,
    pose_steps=4,
    motion_steps=2,
    relation_steps=2,
    source_steps=2,
    adaptation_steps=6,
)
NETWORKS = replace(
    SMALL, pose_width=16, motion_units=4, relation_widths=(16,), discriminator_width=8, head_widths=(16,)
)
POSE_ERRORS = {"mpjpe", "pa_mpjpe", "pck150"}


@pytest.mark.slow
def test_a_run_that_is_interrupted_and_continued(tmp_path, capsys, monkeypatch):
    out = tmp_path / "posealign-demo"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "QUICK", TINY)
    monkeypatch.setattr(demo, "get_configuration", lambda name: NETWORKS)
    command = ["demo", "--quick", "--seed", "3"]

    def interrupt(run):
        (out / ".motion_autoencoder.partial.keras").write_text("half")
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(stages, "train_motion_autoencoder", interrupt)
        assert main(command) == 130
    assert not (out / "metrics.json").exists()
    capsys.readouterr()

    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "[1/12] records: finished before" in printed
    assert "[2/12] pose_aae: finished before" in printed
    assert "motion_aae: finished before" not in printed
    check_metrics(json.loads((out / "metrics.json").read_text()))
    assert "<html" in (out / "report.html").read_text()
    estimator = keras.saving.load_model(out / "adapted.keras")
    assert isinstance(estimator, PoseEstimator)
    assert estimator.predict_poses(np.zeros((2, 64, 64, 3), "uint8")).shape == (2, 17, 3)

    assert main(command) == 0
    assert capsys.readouterr().out.count("finished before") == 11

    check_readme()
    assert keras.saving.load_model(tmp_path / "mine.keras").predict_poses(np.zeros((2, 64, 64, 3))).shape == (2, 17, 3)


def check_metrics(metrics):
    """The contract of `metrics.json`."""
    for domain in ("source", "target"):
        for network in ("source_only", "adapted"):
            assert metrics[domain][network].keys() >= POSE_ERRORS
    assert metrics["pose_aae"]["test_reconstruction"] > 0
    assert metrics["motion_aae"]["test_reconstruction"] > 0
    assert set(metrics["relations"]) == {"pose_flip", "in_plane_rotation", "flip_backward", "slow_backward"}
    for relation in metrics["relations"].values():
        assert relation.keys() >= {"latent_distance", "decoded_error", "identity_error"}
    rows = metrics["ablation"]
    assert [len(row["energies"]) for row in rows] == [0, 1, 3, 4, 5, 6, 8]
    assert all(set(row["energies"]) < set(following["energies"]) for row, following in itertools.pairwise(rows))
    assert rows[0]["mpjpe"] == metrics["target"]["source_only"]["mpjpe"]
    (adapted,) = (row for row in rows if row["model"] == "adapted")
    assert adapted["energies"] == ["normalization", "replay", "mean_teacher", "pose_flip"]
    assert adapted["mpjpe"] == metrics["target"]["adapted"]["mpjpe"]
    assert set(metrics["collapse"]) == {"latent_spread_source", "latent_spread_adapted"}
    assert set(metrics["seconds"]) == {
        *("records", "pose_aae", "motion_aae", "relations", "source", "adaptation"),
        *("normalization", "ablation_1", "ablation_2", "ablation_3", "ablation_4", "evaluation"),
    }
    assert 0 < metrics["peak_memory_mb"] < 16_000
    assert metrics["arguments"]["seed"] == 3
    assert metrics["environment"]["backend"] == keras.backend.backend()


def check_readme():
    """Run the Python of the README, which begins with what the demo leaves."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    fit, predict = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    rng = np.random.default_rng(0)
    arrays = {
        "images": rng.integers(0, 256, (8, 64, 64, 3)).astype("uint8"),
        "joints": rng.normal(size=(8, 17, 3)).astype("float32"),
        "clips": rng.integers(0, 256, (4, 60, 64, 64, 3)).astype("uint8"),
    }
    exec(compile(fit, "README.md", "exec"), arrays)
    assert arrays["poses"].shape == (8, 17, 3)
    write_video("my_video.mp4", count=3)
    exec(compile(predict, "README.md", "exec"), arrays)
    assert arrays["poses"].shape == (3, 17, 3)
