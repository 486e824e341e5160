"""A finished run of the demo becomes a preset with a card."""

import json

import numpy as np
import pytest

from posealign_keras.models import MotionAutoencoder, PoseEstimator, RelationNetwork
from posealign_keras.presets import describe_preset
from posealign_keras.presets.make_preset import main, make_preset


def test_a_run_becomes_a_preset(run, tmp_path, models, capsys):
    out = tmp_path / "mine"
    words = ["--description", "Tiny networks.", "--data-licence", "Walks may be used.", "--limit", "It is tiny."]
    main([str(run), "--out", str(out), *words])
    assert "pose_autoencoder-" in capsys.readouterr().out
    described = describe_preset(out)
    assert (described["name"], described["description"]) == ("mine", "Tiny networks.")
    for text in (
        "# mine",
        "Tiny networks.",
        "--seed 4",
        "--mocap walks.npz`",
        "| variant `adapted` | 99.9 | 80.0 | 70.0 |",
        "25.5",
    ):
        assert text in described["card"]
    assert "Walks may be used." in described["card"].split("## Licence")[1]
    assert "- It is tiny." in described["card"].split("## Limits")[1]
    assert described["figures"]["target"]["adapted"]["mpjpe"] == 99.9
    assert described["figures"]["storage"]["pictures"] == 9
    assert 0 < described["figures"]["storage"]["mean_joint_change"] < 5
    assert sorted(described["networks"]) == [
        "image_encoder",
        "image_encoder_adapted",
        "image_encoder_source",
        "motion_autoencoder",
        "pose_autoencoder",
        "relation_pose_flip",
    ]
    assert all(network["bytes"] > 0 for network in described["networks"].values())
    for variant, name in ((None, "adapted.keras"), ("adapted", "adapted.keras"), ("source", "source_only.keras")):
        read = PoseEstimator.from_preset(out, variant).image_encoder.get_weights()[0]
        np.testing.assert_allclose(read, models[name].image_encoder.get_weights()[0], rtol=1e-3, atol=1e-6)
    MotionAutoencoder.from_preset(out)
    RelationNetwork.from_preset(out, "pose_flip")


def test_motion_capture_needs_a_word_on_its_licence(run, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(run), "--out", str(tmp_path / "preset")])
    assert "`data_licence` must say where the motion capture 'walks.npz' of the run is from" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["metrics.json", "state.json", "adapted.keras"])
def test_an_unfinished_run_is_refused(run, tmp_path, missing):
    (run / missing).unlink()
    with pytest.raises(FileNotFoundError, match=rf"`run` must be .*finished.* with a {missing}"):
        make_preset(run, tmp_path / "preset", data_licence="Mine.")
    assert not (tmp_path / "preset").exists()


def test_networks_that_the_run_did_not_write_are_refused(run, tmp_path):
    (run / "relation_pose_flip.keras").write_bytes((run / "motion_autoencoder.keras").read_bytes())
    with pytest.raises(ValueError, match=r"relation_pose_flip\.keras is not the file that the run wrote"):
        make_preset(run, tmp_path / "preset", data_licence="Mine.")
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["arguments"]["seed"] = 5
    (run / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(ValueError, match=r"metrics\.json must be of the same run as state\.json"):
        make_preset(run, tmp_path / "preset", data_licence="Mine.")


def test_only_a_preset_is_overwritten_and_only_if_asked_for(run, tmp_path, models):
    out = tmp_path / "preset"
    models["motion_autoencoder.keras"].save_to_preset(out)
    (out / "image_encoder_left.npz").write_text("of an older preset")
    with pytest.raises(FileExistsError, match=r"`out` must be new.*overwrite=False"):
        make_preset(run, out, "Two.", data_licence="Mine.")
    assert make_preset(run, out, "Two.", data_licence="Mine.", overwrite=True).description == "Two."
    assert not (out / "image_encoder_left.npz").exists()
    (tmp_path / "precious").mkdir()
    with pytest.raises(FileExistsError, match=r"`out` must be new, or a preset"):
        make_preset(run, tmp_path / "precious", "Two.", data_licence="Mine.", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious", "preset", "run"]


def test_a_run_that_fails_leaves_nothing(run, tmp_path):
    (run / "samples.npz").write_text("")
    with pytest.raises((ValueError, OSError, EOFError)):
        make_preset(run, tmp_path / "preset", data_licence="Mine.")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
