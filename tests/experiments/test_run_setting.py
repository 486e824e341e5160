"""The settings end to end, on a few frames of each data set in its true format."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from posealign_keras.experiments import PAPER_RECIPE, SETTINGS, SettingResult, TrainingPlan, get_setting, run_setting
from posealign_keras.models import PoseEstimator

# The pictures of the data sets are grey with one dot: their statistics, of no variance, would put all latents to ±1,
# where nothing is learned any more. One setting has them nevertheless.
PLAN = TrainingPlan(
    pose_steps=1,
    pose_batch=8,
    motion_steps=1,
    motion_batch=4,
    windows=12,
    relation_steps=1,
    relation_batch=8,
    source_steps=1,
    source_batch=4,
    normalization_frames=0,
    adaptation_steps=6,
    clips_per_batch=2,
    images_per_batch=4,
    replay_per_batch=4,
    adaptation_rate=0.05,
    relations=PAPER_RECIPE["relations"],
    contrastive=PAPER_RECIPE["contrastive"],
    adapted_layers=("conv3_", "conv4_"),
)
# Settings differ in data and tests alone: all energies are trained in one of them.
SHORT = replace(PLAN, relations=("pose_flip",), contrastive=(), teacher_weight=0.0, adaptation_steps=1)
# The networks without images are the same in all settings: they are trained once.
ON_ALL_BACKENDS = "surreal_to_human36m_semi_supervised"
IS_TENSORFLOW = keras.backend.backend() == "tensorflow"
OTHERS = [name for name in SETTINGS if IS_TENSORFLOW and name not in (ON_ALL_BACKENDS, "surreal_to_human36m")]


@pytest.fixture(scope="module")
def embedding(tmp_path_factory):
    return tmp_path_factory.mktemp("embedding")


@pytest.fixture
def run(records, configuration, embedding, without_graphs, tmp_path):
    def run(setting, plan=PLAN, **options):
        mocap = records["motion"] / "pose_sequence"
        options = {"out": tmp_path / "out", "embedding": embedding, "verbose": False, **options}
        return run_setting(setting, records, mocap, configuration=configuration, plan=plan, **options)

    return run


def changed(directory, one, other):
    """Names of the weights in which two estimators differ."""
    models = [keras.saving.load_model(directory / f"{name}.keras", compile=False) for name in (one, other)]
    assert all(isinstance(model, PoseEstimator) for model in models)
    pairs = zip(models[0].weights, models[1].weights, strict=True)
    return {first.path for first, second in pairs if not np.array_equal(first, second)}


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX compiles for minutes; it is tested stage by stage")
@pytest.mark.parametrize("name", [ON_ALL_BACKENDS, *OTHERS])
def test_from_records_to_tables(name, run, tmp_path):
    setting = get_setting(name)
    result = run(name, PLAN if name == ON_ALL_BACKENDS else SHORT)
    assert set(result.results) == {"source_only", "normalized", "adapted"}
    for results in result.results.values():
        assert set(results) == {protocol for test in setting.tests for protocol in test.protocols}
        assert all(np.isfinite(list(one.overall.values())).all() for one in results.values())
    frames = {name: one.frames for name, one in result.results["adapted"].items()}
    if "human36m" in (test.dataset for test in setting.tests):
        # One frame of every 64 from each of three recordings; all frames of the two that the frontal camera filmed.
        assert frames["human36m_protocol_1"] == frames["human36m_protocol_2"] == {"Directions": 2, "WalkDog": 1}
        assert frames["human36m_released_code"] == {"Directions": 16, "WalkDog": 16}
    else:
        assert frames["mpi_inf_3dhp"] == {"TS1": 3, "TS2": 3}
    if "pw3d" in frames:
        assert frames["pw3d"] == {"walking_00_0": 12}
    # The layers of the plan adapt, and no others.
    adapted = changed(tmp_path / "out", "normalized", "adapted")
    assert {path[: len("conv3_")] for path in adapted} == set(PLAN.adapted_layers)
    assert (tmp_path / "out" / "results.md").read_text() == result.to_markdown()
    assert (tmp_path / "out" / "results.tex").read_text() == result.to_latex()
    assert SettingResult.from_json((tmp_path / "out" / "results.json").read_text()) == result
    assert not list((tmp_path / "out").rglob("epoch_*"))  # states of unfinished stages


@pytest.mark.slow
@pytest.mark.skipif(not IS_TENSORFLOW, reason="no backend has a part in it: once is enough")
def test_goes_on_where_it_stopped(run, records, tmp_path, capsys):
    plan = replace(SHORT, normalization_frames=8)
    result = run("surreal_to_human36m", plan)
    normalized = changed(tmp_path / "out", "source_only", "normalized")
    assert {path.rpartition("/")[2] for path in normalized} == {"moving_mean", "moving_variance"}
    (tmp_path / "out" / "adapted.keras").unlink()
    again = run("surreal_to_human36m", plan, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert "source: finished before" in lines
    assert "pose_autoencoder: finished before" in lines
    assert "adaptation" in lines
    assert again.results["source_only"] == result.results["source_only"]
    with pytest.raises(ValueError, match=r"holds a run with other arguments .*seed: 0 there, 1 now"):
        run("surreal_to_human36m", plan, seed=1, embedding=tmp_path / "other")


@pytest.mark.parametrize(
    ("setting", "changes", "message"),
    [
        ("surreal_to_web", {"plan": replace(PLAN, replay_weight=0.0)}, None),
        (ON_ALL_BACKENDS, {"plan": replace(PLAN, replay_weight=0.0)}, "`plan` must have a `replay_weight` above 0"),
        ("surreal_to_mars", {}, "`name` must be one of"),
        ("surreal_to_web", {"without": "web"}, "`records` must name a directory for each of surreal, web"),
        ("surreal_to_web", {"image_size": 32}, "must have pictures of 32 x 32 .* Received: 16 x 16"),
        ("surreal_to_web", {"motion_frames": 6}, "must have clips of one length, at least 12 frames"),
        ("surreal_to_web", {"motion_frames": 20}, "`mocap` must have sequences of at least 40 frames"),
        ("S7", {}, "must have labelled images of S7 for the setting"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_trained(
    records, configuration, tmp_path, setting, changes, message, monkeypatch
):
    class Trained(Exception):
        pass

    def train(*arguments):
        raise Trained

    monkeypatch.setattr("posealign_keras.experiments.embedding_stages.train_pose_autoencoder", train)
    if setting == "S7":
        setting = replace(get_setting(ON_ALL_BACKENDS), labelled_subjects=("S7",))
    sizes = {name: value for name, value in changes.items() if name in ("image_size", "motion_frames")}
    known = {name: path for name, path in records.items() if name != changes.get("without")}
    arguments = (setting, known, records["motion"] / "pose_sequence", tmp_path / "out")
    options = {"configuration": replace(configuration, **sizes), "plan": changes.get("plan", PLAN)}
    with pytest.raises(Trained if message is None else ValueError, match=message):
        run_setting(*arguments, **options)


def test_missing_records_are_named(records, configuration, tmp_path):
    records = {**records, "web": records["motion"]}
    with pytest.raises(FileNotFoundError, match=r"No complete split 'train': .*unlabelled_clip"):
        run_setting("surreal_to_web", records, records["motion"] / "pose_sequence", tmp_path, configuration, PLAN)
