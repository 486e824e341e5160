"""`run_setting`: one of the paper's settings from converted records to its tables."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import keras

import posealign_keras
from posealign_keras.evaluation import evaluate
from posealign_keras.experiments import embedding_stages, image_stages
from posealign_keras.experiments.setting import Setting
from posealign_keras.experiments.setting_result import MODELS, SettingResult
from posealign_keras.experiments.setting_run import SettingRun, check_records
from posealign_keras.experiments.settings import get_setting
from posealign_keras.experiments.training_plan import TrainingPlan
from posealign_keras.presets import Configuration, get_configuration
from posealign_keras.progress import clock
from posealign_keras.workspace import Stopwatch, Workspace


def run_setting(
    setting: str | Setting,
    records: Mapping[str, str | os.PathLike],
    mocap: str | os.PathLike | Sequence[str | os.PathLike],
    out: str | os.PathLike,
    configuration: str | Configuration = "paper",
    plan: TrainingPlan | None = None,
    *,
    embedding: str | os.PathLike | None = None,
    weights=None,
    seed: int = 0,
    batch_size: int = 128,
    fresh: bool = False,
    verbose: bool = True,
) -> SettingResult:
    """Train every stage of the method on the data sets of a setting, and measure it by the setting's protocols.

    Nothing is chosen by the test: every stage has a fixed number of steps. A run that was interrupted goes on after the
    last finished stage, and within a stage after its last epoch. `out` receives all networks as `.keras` files,
    `source_only.keras`, `normalized.keras` and `adapted.keras` among them, and `results.json`, `results.md` and
    `results.tex`.

    Args:
        setting: The `Setting`, or its name.
        records: `{data set: directory}` for all that the setting needs: the `out` of `tfrecords_tools.convert`, with
            its folders `labelled_image` and `unlabelled_clip`. Pictures have the size of the configuration.
        mocap: Directory of `POSE_SEQUENCE` records, or several; split `train`.
        out: Directory of the results.
        configuration: Sizes of the networks, a `Configuration` or its name.
        plan: Lengths of training and the recipe; by default `TrainingPlan()`.
        embedding: Directory of the networks of stages 1 to 3, which know motion capture alone, so that several
            settings, and other choices of relations, may share them; those that are not there yet are trained into
            it. By default `out/embedding`.
        weights: Initial weights of the image encoder, such as `"imagenet"`, see `ImageEncoder`; the paper's are those.
        seed: Seed of everything random.
        batch_size: Images per step of the evaluation.
        fresh: Start over, even if an earlier run with the same arguments has finished stages.
        verbose: Whether to show the progress.

    Returns:
        The `SettingResult`.

    Raises:
        ValueError: If an argument is wrong, the records do not fit the configuration, or `out` holds a run with other
            arguments.
        FileNotFoundError: If records are missing.
        OSError: If the results cannot be written.

    Example:
        >>> records = {"surreal": "records/surreal", "human36m": "records/h36m"}
        >>> result = run_setting(  # doctest: +SKIP
        ...     "surreal_to_human36m", records, "records/cmu/pose_sequence", "s_to_h"
        ... )
        >>> print(result.to_markdown())  # doctest: +SKIP
    """
    setting, configuration, plan = get_setting(setting), get_configuration(configuration), plan or TrainingPlan()
    if configuration.frozen and weights is None:
        raise ValueError(
            f"`weights` must be given for the configuration {configuration.name!r}, since the layers "
            f"{configuration.frozen} of its image encoder never learn. Received: weights=None"
        )
    if setting.labelled_subjects and not plan.replay_weight:
        raise ValueError(
            f"`plan` must have a `replay_weight` above 0: the labels of {', '.join(setting.labelled_subjects)} are "
            f"used by replay. Received: replay_weight={plan.replay_weight}"
        )
    motion = [mocap] if isinstance(mocap, str | os.PathLike) else list(mocap)
    found, motion_found = check_records(setting, configuration, plan, records, motion)
    common = {
        "configuration": asdict(configuration),
        "seed": seed,
        "motion": motion_found,
        "backend": keras.backend.backend(),
        "version": posealign_keras.__version__,
    }
    known = {name: value for name, value in asdict(plan).items() if name != "cache"}
    of_embedding = {name: value for name, value in known.items() if name in TrainingPlan.OF_EMBEDDING}
    arguments = {**common, "plan": known, "setting": asdict(setting), "records": found, "weights": str(weights)}
    run = SettingRun(
        setting=setting,
        configuration=configuration,
        plan=plan,
        records=records,
        mocap=motion,
        workspace=Workspace(out, arguments, fresh),
        embedding=Workspace(
            Path(out) / "embedding" if embedding is None else embedding,
            {**common, "plan": of_embedding},
            fresh and embedding is None,
        ),
        seed=seed,
        weights=weights,
        verbose=verbose,
    )
    networks = _train(run, run.embedding, embedding_stages.stages(plan.relations), [])
    _train(run, run.workspace, image_stages.STAGES, networks)
    results = _measure(run, batch_size)
    result = SettingResult(setting, results, run.workspace.arguments)
    for name, text in (("md", result.to_markdown()), ("tex", result.to_latex()), ("json", result.to_json())):
        run.workspace.path(f"results.{name}").write_text(text, encoding="utf-8")
    return result


def _train(run, workspace, stages, inputs):
    """Train the stages that are not finished, or were with other inputs; returns checksums of what they wrote."""
    names, written = list(stages), []
    for index, (name, stage) in enumerate(stages.items()):
        if workspace.finished(name) and workspace.result(name, "inputs") == inputs:
            written += workspace.result(name, "outputs")
            run.say(f"{name}: finished before")
            continue
        run.say(name)
        workspace.forget(names[index:])
        # Every stage starts from the seed, so that a continued run gives what an uninterrupted one gives.
        keras.utils.set_random_seed(run.seed)
        watch = Stopwatch()
        files = stage(run)
        outputs = [hashlib.sha256(workspace.path(file).read_bytes()).hexdigest() for file in files]
        workspace.finish(name, files, watch.seconds(), inputs=inputs, outputs=outputs)
        written += outputs
        run.say(f"   done in {clock(watch.seconds())}")
    return written


def _measure(run, batch_size):
    results: dict[str, dict] = {}
    for model in MODELS:
        estimator = run.workspace.load_model(f"{model}.keras")
        results[model] = {}
        for test in run.setting.tests:
            (directory,) = run.labelled_images(test.dataset)
            for protocol in test.protocols:
                run.say(f"{model} by {protocol}")
                results[model][protocol] = evaluate(estimator, directory, protocol, batch_size)
    return results
