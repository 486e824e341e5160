"""Everything that is compared: each method takes a source-trained estimator, and adapts it to a target.

A method is a function of an `Experiment`, which returns the adapted estimator. All that train do so for the same number
of steps, on batches of the same sizes, and in the layers of the plan unless their recipe says otherwise.
"""

import dataclasses
import functools
from collections.abc import Callable

import keras
import numpy as np
from rivals import RIVALS, Supervised

from posealign_keras import data
from posealign_keras.experiments.image_stages import compiled_adaptation
from posealign_keras.experiments.training_plan import PAPER_RECIPE, TrainingPlan
from posealign_keras.fitting import fit
from posealign_keras.models import PoseEstimator
from posealign_keras.training.warmed_adam import warmed_adam

CONTRASTIVE = PAPER_RECIPE["contrastive"]
PAPER_RELATIONS = PAPER_RECIPE["relations"]
# Alone, at the rate of the others, the energies make all poses alike.
RATE_OF_ENERGIES = 2e-4
_LABELLED_SHARE = 0.1
_WATCHED = 256


@dataclasses.dataclass(frozen=True)
class Experiment:
    """What a method may use.

    Args:
        estimator: Makes the source-trained `PoseEstimator`, a new one each time.
        motion_autoencoder: Makes the `MotionAutoencoder`.
        relation_network: Makes the `RelationNetwork` of a name.
        clips: `(N, 60, H, W, 3)` unlabelled clips of the target.
        poses: `(N, 60, joints, 3)` their labels, for the oracle and the semi-supervised variant only; `None` without.
        source: Images and poses that are replayed.
        plan: Lengths of training and the default recipe.
        workspace: Where states of the training are kept.
        seed: Seed of everything random.
    """

    estimator: Callable
    motion_autoencoder: Callable
    relation_network: Callable
    clips: np.ndarray
    poses: np.ndarray | None
    source: tuple[np.ndarray, np.ndarray]
    plan: TrainingPlan
    workspace: object
    seed: int

    def start(self, normalized: bool = True) -> PoseEstimator:
        """The source-trained estimator, with the statistics of normalisation of the target if `normalized`."""
        keras.utils.set_random_seed(self.seed)
        estimator = self.estimator()
        if normalized:
            frames = self.clips[:, ::4].reshape(-1, *self.clips.shape[2:])
            frames = np.random.default_rng(self.seed).permutation(frames)[: self.plan.normalization_frames]
            estimator.image_encoder.adapt_normalization(frames, min(128, len(frames)))
        return estimator

    def batches(self, source, clips: bool = False):
        """Endless batches for `Adaptation` and its rivals, with clips or without."""
        plan = self.plan
        return data.load_adaptation(
            self.clips,
            source,
            batch_size=plan.clips_per_batch if clips else 0,
            images_per_batch=plan.images_per_batch,
            source_per_batch=plan.replay_per_batch,
            seed=self.seed,
        )

    def fit(self, name, model, batches, callbacks=()):
        """Train a compiled stage for the number of steps of the plan."""
        fit(model, batches, self.plan.adaptation_steps, name, "loss", self.workspace, True, callbacks)


def source_only(experiment):
    """The source-trained estimator as it is."""
    return experiment.start(normalized=False)


def adabn(experiment):
    """Normalisation statistics of the target, nothing trained."""
    return experiment.start()


class KeepMostConfident(keras.callbacks.Callback):
    """Goes back, after training, to the epoch in which the network trusted itself most: a stop without labels.

    Training that was interrupted and goes on knows of the epochs since then alone.

    Args:
        estimator: The `PoseEstimator` that is trained.
        images: `(N, image_size, image_size, 3)` unlabelled images of the target.
    """

    def __init__(self, estimator, images):
        super().__init__()
        self._estimator, self._images = estimator, images
        self._best, self._weights = self._confidence(), estimator.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        confidence = self._confidence()
        if confidence > self._best:
            self._best, self._weights = confidence, self._estimator.get_weights()

    def on_train_end(self, logs=None):
        self._estimator.set_weights(self._weights)

    def _confidence(self):
        return float(np.mean(self._estimator.estimate_both_ways(self._images)["confidence"]))


def distillation(name, experiment, source=None, stop=False, **recipe):
    """`Adaptation` by a recipe: what of the plan is replaced; with `stop`, the most confident epoch is kept."""
    plan = dataclasses.replace(experiment.plan, **recipe)
    estimator = experiment.start(normalized=bool(plan.normalization_frames))
    model = compiled_adaptation(
        estimator,
        experiment.motion_autoencoder(),
        [experiment.relation_network(relation) for relation in plan.relations],
        plan,
        experiment.seed,
    )
    callbacks = [KeepMostConfident(estimator, _frames(experiment.clips[:, ::15])[:_WATCHED])] if stop else []
    experiment.fit(name, model, experiment.batches(source or experiment.source, model.needs_clips), callbacks)
    return estimator


def rival(name, experiment, rate=1e-3):
    """One of the usual alternatives, or replay alone, from the same start."""
    estimator = experiment.start()
    plan = experiment.plan
    model = RIVALS[name](
        estimator.image_encoder, estimator.pose_autoencoder, plan.adapted_layers, plan.replay_in_target_colours
    )
    steps = plan.adaptation_steps
    model.compile(optimizer={key: warmed_adam(rate, steps) for key in model.objective_variables()})
    experiment.fit(name, model, experiment.batches(experiment.source))
    return estimator


def semi_supervised(experiment):
    """The default recipe, where half of the replay are labelled images of a tenth of the target's clips."""
    labelled = max(1, round(_LABELLED_SHARE * len(experiment.clips)))
    images, poses = (_frames(values[:labelled]) for values in (experiment.clips, experiment.poses))
    source_images, source_poses = experiment.source
    chosen = np.random.default_rng(experiment.seed).integers(len(images), size=len(source_images))
    mixed = np.concatenate([source_images, images[chosen]]), np.concatenate([source_poses, poses[chosen]])
    return distillation("semi_supervised", experiment, mixed)


def oracle(experiment):
    """The start, trained on all labels of the target's clips, with replay."""
    estimator = experiment.start()
    plan = experiment.plan
    model = Supervised(
        estimator.image_encoder, estimator.pose_autoencoder, plan.adapted_layers, plan.replay_in_target_colours
    )
    model.compile(optimizer=warmed_adam(1e-3, plan.adaptation_steps))
    experiment.fit("oracle", model, _labelled_batches(experiment))
    return estimator


def _labelled_batches(experiment):
    rng, plan = np.random.default_rng(experiment.seed), experiment.plan
    images, poses = _frames(experiment.clips), _frames(experiment.poses)
    source_images, source_poses = experiment.source
    while True:
        target = rng.integers(len(images), size=plan.images_per_batch)
        source = rng.integers(len(source_images), size=plan.replay_per_batch)
        yield (
            {
                "images": images[target],
                "poses": poses[target],
                "source_images": source_images[source],
                "source_poses": source_poses[source],
            },
        )


def _frames(values):
    return values.reshape(-1, *values.shape[2:])


def _single(relation):
    recipe = {"relations": (relation,), "energy_weight": 1.0, "teacher_weight": 0.0}
    return functools.partial(distillation, f"only_{relation}", **recipe, adaptation_rate=RATE_OF_ENERGIES)


def _paper(name, stop=False, **recipe):
    recipe = {**PAPER_RECIPE, "adaptation_rate": RATE_OF_ENERGIES, **recipe}
    return functools.partial(distillation, name, stop=stop, **recipe)


BOUNDS = {"source_only": source_only, "oracle": oracle}
DEFAULT = {"default": functools.partial(distillation, "default"), "semi_supervised": semi_supervised}
PAPER_ABLATION = {
    f"paper_{number}_{added}": _paper(f"paper_{number}_{added}", relations=PAPER_RELATIONS[: number - 1])
    for number, added in enumerate(("contrastive", *PAPER_RELATIONS), 1)
}
PAPER_ABLATION["paper_best_by_confidence"] = _paper("paper_best_by_confidence", stop=True)
"""The paper's recipe, energy by energy in the paper's order, and all of it with a stop that needs no label."""

ALTERNATIVES = {
    "adabn": adabn,
    **{name: functools.partial(rival, name) for name in RIVALS},
    "mean_teacher": functools.partial(distillation, "mean_teacher", relations=()),
}
"""All but `adabn` with the replay of the default, in the target's colours."""

WITHOUT = {
    name: functools.partial(distillation, name, **recipe)
    for name, recipe in {
        "default_without_normalization": {"normalization_frames": 0},
        "default_without_replay": {"replay_weight": 0.0},
        "default_without_colours": {"replay_in_target_colours": False},
        "default_in_res3_only": {"adapted_layers": ("conv3_",)},
        "default_on_latents": {"measured_on": "latents"},
        "default_without_mean_teacher": {"teacher_weight": 0.0},
        "default_with_full_weight": {"energy_weight": 1.0},
        "default_with_flip_backward": {"relations": PAPER_RELATIONS[:2]},
        "default_with_all_relations": {"relations": PAPER_RELATIONS},
        "default_with_contrast": {"contrastive": CONTRASTIVE},
    }.items()
}
"""The default, each time without one of the things in which it differs from the paper's recipe, or with more of it."""


def single_relations(names) -> dict[str, Callable]:
    """Every relation alone, from normalised statistics and with replay; and that replay at their rate, with none."""
    return {"only_replay": _only_replay, **{f"only_{name}": _single(name) for name in names}}


def _only_replay(experiment):
    return rival("replay", experiment, RATE_OF_ENERGIES)


COLLAPSE = {
    "collapse": _paper("collapse", adaptation_rate=1e-2, relations=("pose_flip",), contrastive=()),
}
"""A setting that is bad on purpose: one relation of lower order, no contrast, no replay, long steps.

`summary` must tell it from the others: its latents lose their spread.
"""
