"""`adapt`: from a video and a preset to an adapted estimator, and what it says where that is impossible."""

import dataclasses
import json
import sys

import keras
import numpy as np
import pytest
from small_videos import boxes, picture, write_sound, write_video
from tiny_configuration import TINY

from posealign_keras.models import PoseEstimator
from posealign_keras.own_videos import adapt, starting_estimator
from posealign_keras.own_videos.adapt import PLAN

pytest.importorskip("tensorflow")
module = sys.modules[adapt.__module__]

MOTION_OF_A_SECOND = dataclasses.replace(TINY, motion_frames=30)
QUICK = dataclasses.replace(PLAN, adaptation_steps=6, clips_per_batch=2, images_per_batch=4, replay_per_batch=4)


@pytest.fixture(autouse=True)
def few_replayed_pictures(monkeypatch):
    monkeypatch.setattr(module, "_REPLAYED_IMAGES", 16)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    keras.utils.set_random_seed(0)
    directory = tmp_path_factory.mktemp("preset")
    PoseEstimator(MOTION_OF_A_SECOND.image_encoder(), MOTION_OF_A_SECOND.pose_autoencoder()).save_to_preset(directory)
    MOTION_OF_A_SECOND.motion_autoencoder().save_to_preset(directory)
    for relation in QUICK.relations:
        MOTION_OF_A_SECOND.relation_network(relation).save_to_preset(directory)
    return directory


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """1.5 seconds, with a file of boxes beside it."""
    path = write_video(tmp_path_factory.mktemp("video") / "walk.mp4", count=45)
    np.savez(path.with_suffix(".npz"), boxes_xyxy_px=boxes(45))
    return path


@pytest.mark.slow
def test_an_estimator_is_adapted_to_a_video(video, preset, tmp_path, capsys):
    file = adapt(video, tmp_path / "out", preset, plan=QUICK)
    estimator = keras.saving.load_model(file)
    poses = estimator.predict_poses(np.stack([picture(number) for number in range(2)]))
    assert poses.shape == (2, 17, 3)
    before = PoseEstimator.from_preset(preset)
    assert any(
        not np.array_equal(one, other) for one, other in zip(estimator.get_weights(), before.get_weights(), strict=True)
    )
    # The embedding is frozen.
    for one, other in zip(estimator.pose_autoencoder.get_weights(), before.pose_autoencoder.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_bytes())
    assert metrics["energies"] == ["pose_flip"]
    assert metrics["beside"] == ["mean_teacher", "replay"]
    assert metrics["frames_of_a_clip"] == 30
    assert metrics["arguments"]["plan"]["adaptation_steps"] == QUICK.adaptation_steps
    assert set(metrics["before"]) == set(metrics["after"])
    assert "in each epoch, over which losses are averaged: 1." in (tmp_path / "out" / "report.html").read_text()
    assert "http" not in (tmp_path / "out" / "report.html").read_text().split("<body>")[1].split("plotly")[0]

    # As if it had been interrupted before the report: nothing is trained anew.
    written = file.stat().st_mtime_ns
    (tmp_path / "out" / "report.html").unlink()
    capsys.readouterr()
    adapt(video, tmp_path / "out", preset, plan=QUICK)
    assert file.stat().st_mtime_ns == written
    assert (tmp_path / "out" / "report.html").exists()
    # What the adaptation took is still known.
    assert json.loads((tmp_path / "out" / "metrics.json").read_bytes())["seconds"] == metrics["seconds"] > 0
    assert "adaptation:" not in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"run with other arguments.*seed"):
        adapt(video, tmp_path / "out", preset, plan=QUICK, seed=1)


def test_it_starts_from_the_network_that_knows_the_replayed_pictures(preset, tmp_path):
    keras.utils.set_random_seed(1)
    usual = PoseEstimator.from_preset(preset)
    other = PoseEstimator(MOTION_OF_A_SECOND.image_encoder(), usual.pose_autoencoder)
    usual.save_to_preset(tmp_path)
    other.save_to_preset(tmp_path, "source")

    def starts_from(estimator):
        start = starting_estimator(tmp_path)
        return all(
            np.allclose(*pair, atol=1e-3) for pair in zip(start.get_weights(), estimator.get_weights(), strict=True)
        )

    assert starts_from(other)  # pictures of the studio would be generated
    (tmp_path / "replay").mkdir()
    assert starts_from(usual)


def test_videos_without_a_clip_are_refused(preset, tmp_path):
    short = write_video(tmp_path / "short.mp4", count=10)
    with pytest.raises(ValueError, match=r"`videos` must show a person for a second at least.*short\.mp4"):
        adapt(short, tmp_path / "out", preset, plan=QUICK)
    assert not (tmp_path / "out" / "adapted.keras").exists()
    nobody = write_video(tmp_path / "nobody.mp4", count=40)
    with pytest.raises(ValueError, match=r"The detector 'hog' may have lost them.*nobody\.mp4"):
        adapt(nobody, tmp_path / "out2", preset, plan=QUICK, boxes="hog")


def test_what_cannot_be_read_is_named(preset, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`videos` must exist. There is no .*missing\.mp4"):
        adapt(tmp_path / "missing.mp4", tmp_path / "out", preset)
    with pytest.raises(ValueError, match=r"`videos` must be a file or folder on this machine; download it first"):
        adapt(["https://example.com/walk.mp4"], tmp_path / "out", preset)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(ValueError, match=r"broken\.mp4"):
        adapt(tmp_path / "broken.mp4", tmp_path / "out", preset)
    with pytest.raises(ValueError, match=r"sound\.mp4"):
        adapt(write_sound(tmp_path / "sound.mp4"), tmp_path / "out2", preset)


def test_presets_must_hold_all_networks(video, tmp_path):
    PoseEstimator(MOTION_OF_A_SECOND.image_encoder(), MOTION_OF_A_SECOND.pose_autoencoder()).save_to_preset(
        tmp_path / "poor"
    )
    with pytest.raises(ValueError, match=r"`preset` must hold trained motion_autoencoder, relation_pose_flip"):
        adapt(video, tmp_path / "out", tmp_path / "poor")
    with pytest.raises(FileNotFoundError, match="`preset` must be one of"):
        adapt(video, tmp_path / "out", "nothing")
    assert not (tmp_path / "out").exists()


def test_few_clips_serve_for_less():
    plan = dataclasses.replace(PLAN, contrastive=("lower_order_contrastive",))
    windows = {"pose_flip": 1, "slow_backward": 60}
    many = module._fitting(plan, windows, count=16, length=60)
    assert many == dataclasses.replace(plan, relations=("pose_flip", "slow_backward"))
    few = module._fitting(plan, windows, count=15, length=30)
    assert few == dataclasses.replace(plan, contrastive=(), normalization_frames=0)
