"""A finished run of the demo becomes a preset with a card."""

import json

import pytest
from test_configuration import TINY

from posealign_keras.models import MotionAutoencoder, PoseEstimator, RelationNetwork
from posealign_keras.presets.make_preset import main, make_preset


@pytest.fixture
def run(tmp_path):
    """What a finished run leaves, of tiny networks."""
    directory = tmp_path / "run"
    directory.mkdir()
    PoseEstimator(TINY.image_encoder(), TINY.pose_autoencoder()).save(directory / "source_only.keras")
    TINY.motion_autoencoder().save(directory / "motion_autoencoder.keras")
    TINY.relation_network("pose_flip").save(directory / "relation_pose_flip.keras")
    errors = {"source_only": {"mpjpe": 101.26, "pa_mpjpe": 80.04}}
    metrics = {
        "source": errors,
        "target": errors,
        "pose_aae": {"test_reconstruction": 20.0},
        "motion_aae": {"test_reconstruction": 50.0},
        "relations": {"pose_flip": {"decoded_error": 25.5}},
        "protocol": {"joints": "all 17", "root": "pelvis", "scale": "true bones; more", "motion": "generated"},
        "arguments": {"seed": 4, "preset": "small", "mocap": "walks.npz 0123", "version": "1"},
        "environment": {"backend": "jax", "machine": "two cores"},
        "seconds": {"records": 1},
    }
    (directory / "metrics.json").write_text(json.dumps(metrics))
    return directory


def test_a_run_becomes_a_preset(run, tmp_path, capsys):
    out = tmp_path / "mine"
    main([str(run), "--out", str(out), "--description", "Tiny networks.", "--cmu"])
    assert "image_encoder, motion_autoencoder, pose_autoencoder, relation_pose_flip" in capsys.readouterr().out
    card = (out / "README.md").read_text()
    for words in ("# mine", "Tiny networks.", "--seed 4", "--mocap walks.npz`", "101.3 (80.0)", "25.5"):
        assert words in card
    assert "CMU Graphics Lab" in card
    assert "seconds" not in json.loads((out / "metrics.json").read_text())
    PoseEstimator.from_preset(out)
    MotionAutoencoder.from_preset(out)
    RelationNetwork.from_preset(out, "pose_flip")


def test_an_unfinished_run_is_refused(run, tmp_path):
    (run / "metrics.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"`run` must be the directory of a finished `posealign demo`"):
        make_preset(run, tmp_path / "preset", "")
    assert not (tmp_path / "preset").exists()


def test_a_preset_is_not_overwritten_unasked(run, tmp_path):
    make_preset(run, tmp_path / "preset", "One.")
    with pytest.raises(FileExistsError, match="holds 'image_encoder' already"):
        make_preset(run, tmp_path / "preset", "Two.")
    assert make_preset(run, tmp_path / "preset", "Two.", overwrite=True).description == "Two."
