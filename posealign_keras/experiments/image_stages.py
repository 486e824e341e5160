"""Stages 4 to 6, on images: the source, the statistics of the target, the adaptation."""

from collections.abc import Callable

import numpy as np

from posealign_keras import data
from posealign_keras.experiments.setting_run import SettingRun
from posealign_keras.fitting import fit
from posealign_keras.models import PoseEstimator
from posealign_keras.training import Adaptation, RandomPlacement, SourceTraining
from posealign_keras.training.warmed_adam import warmed_adam

# One frame of a clip out of so many serves the statistics: those next to it are nearly the same.
_FRAME_STEP = 4


def train_source(run) -> list[str]:
    """Stage 4: the image encoder, on the labelled source."""
    plan, pose_autoencoder = run.plan, run.embedding.load_model("pose_autoencoder.keras")
    model = SourceTraining(run.configuration.image_encoder(run.weights), pose_autoencoder)
    model.compile(optimizer=warmed_adam(plan.source_rate, plan.source_steps))
    source = run.labelled_images(*run.setting.source)
    options = {"also": ("keypoints",) if run.configuration.keypoints else (), "seed": run.seed, "cache": plan.cache}
    batches = data.load_labelled_images(source, plan.source_batch, plan.augmentation, **options)
    fit(model, batches, plan.source_steps, "source", "supervised", run.workspace, run.verbose)
    run.workspace.save_model("source_only.keras", PoseEstimator(model.image_encoder, pose_autoencoder))
    return ["source_only.keras"]


def normalize(run) -> list[str]:
    """Before stage 5: the image encoder with the statistics of batch normalisation of the target."""
    estimator, wanted = run.workspace.load_model("source_only.keras"), run.plan.normalization_frames
    if wanted:
        clips = data.load_clips(run.unlabelled_clips(run.setting.target), 1, seed=run.seed).as_numpy_iterator()
        frames: list[np.ndarray] = []
        while len(frames) < wanted:
            frames += list(next(clips)[0, ::_FRAME_STEP])
        shuffled = np.random.default_rng(run.seed).permutation(np.stack(frames[:wanted]))
        estimator.image_encoder.adapt_normalization(shuffled, min(128, wanted))
    run.workspace.save_model("normalized.keras", estimator)
    return ["normalized.keras"]


def adapt(run) -> list[str]:
    """Stages 5 and 6: the adaptation to the unlabelled target, with the labels of a part of it if there are some."""
    plan, setting = run.plan, run.setting
    estimator = run.workspace.load_model("normalized.keras")
    relation_networks = [run.embedding.load_model(f"relation_{name}.keras") for name in plan.relations]
    motion_autoencoder = run.embedding.load_model("motion_autoencoder.keras")
    model = compiled_adaptation(estimator, motion_autoencoder, relation_networks, plan, run.seed)
    replayed = (setting.target,) if setting.labelled_subjects else setting.source
    batches = adaptation_batches(
        model,
        plan,
        run.unlabelled_clips(setting.target),
        run.labelled_images(*replayed) if plan.replay_weight else None,
        source_subjects=setting.labelled_subjects or None,
        seed=run.seed,
        cache=plan.cache,
    )
    fit(model, batches, plan.adaptation_steps, "adaptation", "loss", run.workspace, run.verbose)
    run.workspace.save_model("adapted.keras", estimator)
    return ["adapted.keras"]


def compiled_adaptation(
    estimator, motion_autoencoder, relation_networks, plan, seed: int, run_eagerly: bool = False
) -> Adaptation:
    """The `Adaptation` of an estimator by the recipe of a plan, with its optimizers."""
    model = Adaptation(
        estimator.image_encoder,
        estimator.pose_autoencoder,
        motion_autoencoder,
        relation_networks,
        plan.contrastive,
        energy_weight=plan.energy_weight,
        teacher_weight=plan.teacher_weight,
        student_placement=RandomPlacement(seed=seed) if plan.place_student and plan.teacher_weight else None,
        replay_weight=plan.replay_weight,
        replay_in_target_colours=plan.replay_in_target_colours,
        measured_on=plan.measured_on,
        adapted_layers=plan.adapted_layers,
        seed=seed,
    )
    turns = -(-plan.adaptation_steps // len(model.energies))
    optimizers = {energy: warmed_adam(plan.adaptation_rate, turns) for energy in model.energies}
    model.compile(optimizers, run_eagerly=run_eagerly)
    return model


def adaptation_batches(model: Adaptation, plan, clips, source, **options):
    """Endless batches for an `Adaptation`, of the sizes and the augmentation of a plan, with clips if it needs them.

    Args:
        model: The adaptation.
        plan: The `TrainingPlan`.
        clips: As for `data.load_adaptation`, as are `source` and `options`.
        source: What is replayed.
        **options: Further arguments of `data.load_adaptation`.
    """
    known = () if source is None else data.known_beside_poses(source)
    wanted = {"keypoints": model.image_encoder.keypoints, "masks": plan.replay_in_target_places}
    return data.load_adaptation(
        clips,
        source,
        source_also=[name for name in known if wanted[name]],
        batch_size=plan.clips_per_batch if model.needs_clips else 0,
        images_per_batch=plan.images_per_batch,
        source_per_batch=plan.replay_per_batch,
        augmentation=plan.augmentation,
        **options,
    )


STAGES: dict[str, Callable[[SettingRun], list[str]]] = {
    "source": train_source,
    "normalization": normalize,
    "adaptation": adapt,
}
"""The stages in order; each returns the names of the files that it wrote."""
