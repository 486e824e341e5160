"""The stages of the demonstration, in order. Each reads what the ones before it wrote, and writes its own files."""

import dataclasses

import keras
import numpy as np

from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary, to_level_poses
from posealign_keras.data.synthetic import STUDIO, WILD, generate_motion_library
from posealign_keras.data.synthetic.recording import record_clips, record_images
from posealign_keras.evaluation import embed, random_views
from posealign_keras.experiments import PAPER_RECIPE, TrainingPlan
from posealign_keras.experiments.image_stages import adaptation_batches, compiled_adaptation
from posealign_keras.fitting import fit
from posealign_keras.models import PoseEstimator
from posealign_keras.progress import Progress
from posealign_keras.training import MotionAAE, PoseAAE, RelationRegression, SourceTraining
from posealign_keras.training.warmed_adam import warmed_adam
from tfrecords_tools import convert

NORMALIZATION, REPLAY, MEAN_TEACHER = "normalization", "replay", "mean_teacher"
PAPER_RELATIONS = PAPER_RECIPE["relations"]
# Of a plan, the recipe and the sizes of its batches, at a rate for few steps; lengths are in the `Settings`.
PLAN = TrainingPlan(adaptation_rate=1e-3, clips_per_batch=4, replay_per_batch=32, augmentation=None)
MEASURED_RELATIONS = ("pose_flip", "in_plane_rotation", "flip_backward", "slow_backward")

_EPOCHS = 10
_CLIP_FRAMES = 60
_TEST_FRAMES = 30


def make_records(run) -> list[str]:
    """Divide the motion into training, target and test sequences, and write all records of the run."""
    settings, seed, size = run.settings, run.seed, run.configuration.image_size
    path = run.workspace.path("records")
    motion = run.mocap
    if motion is None:
        motion = path / "generated_motion.npz"
        path.mkdir(exist_ok=True)
        generate_motion_library(settings.sequences, settings.sequence_frames, seed).save(motion)
    # No movement is in two of the three: what the networks learn from, what the target videos show, the tests.
    shares = {"train": 0.6, "target": 0.2, "test": 0.2}
    convert("arrays", motion, path, splits=shares, seed=seed, shortest_sequence=1, overwrite=True)
    train, target, test = (MotionLibrary.from_records(path / "pose_sequence", split) for split in shares)
    seeds = [int(state) for state in np.random.SeedSequence(seed).generate_state(4)]
    record_images(
        train, STUDIO, path / "source", "train", settings.source_images, size, seeds[0], Progress("source images")
    )
    record_images(
        test, STUDIO, path / "source", "test", settings.source_test_images, size, seeds[1], Progress("source test")
    )
    clips = (path / "target", "train", settings.target_clips, _CLIP_FRAMES, size, False, seeds[2])
    record_clips(target, WILD, *clips, Progress("target clips, unlabelled"))
    clips = (path / "target", "test", settings.target_test_clips, _TEST_FRAMES, size, True, seeds[3])
    record_clips(test, WILD, *clips, Progress("target test clips"))
    return [str(file.relative_to(run.workspace.directory)) for file in sorted(path.rglob("*")) if file.is_file()]


def train_pose_autoencoder(run) -> list[str]:
    """Stage 1: the pose auto-encoder, on single poses."""
    steps = run.settings.pose_steps
    model = PoseAAE(run.configuration.pose_autoencoder(), run.configuration.pose_discriminator(), seed=run.seed)
    # Both rates decay: a discriminator that goes on at full rate would win in the end, at the cost of reconstruction.
    model.compile(optimizer={"autoencoder": warmed_adam(2e-3, steps), "discriminator": warmed_adam(5e-4, steps)})
    batches = data.load_poses(run.workspace.path("records/pose_sequence"), 256, seed=run.seed, cache=True)
    _fit(run, "pose_aae", model, batches, steps, "autoencoder_reconstruction")
    run.workspace.save_model("pose_autoencoder.keras", model.autoencoder)
    return ["pose_autoencoder.keras"]


def train_motion_autoencoder(run) -> list[str]:
    """Stage 2: the motion auto-encoder, on pose latents computed once."""
    steps, configuration = run.settings.motion_steps, run.configuration
    pose_autoencoder = run.workspace.load_model("pose_autoencoder.keras")
    sequences = to_level_poses(run.motion("train").windows(configuration.motion_frames, stride=5)[0])
    poses = random_views(np.concatenate([sequences] * run.settings.motion_views), run.seed, configuration.skeleton)
    latents = embed(pose_autoencoder.encode, poses)
    model = MotionAAE(
        configuration.motion_autoencoder(), configuration.motion_discriminator(), pose_autoencoder, seed=run.seed
    )
    model.compile(optimizer={"autoencoder": warmed_adam(2e-3, steps), "discriminator": warmed_adam(2e-4)})
    _fit(run, "motion_aae", model, _batches(run, (latents, poses), 64), steps, "autoencoder_reconstruction")
    run.workspace.save_model("motion_autoencoder.keras", model.autoencoder)
    return ["motion_autoencoder.keras"]


def train_relations(run) -> list[str]:
    """Stage 3: one network for each relation, on embeddings computed once."""
    steps = run.settings.relation_steps
    pose_autoencoder = run.workspace.load_model("pose_autoencoder.keras")
    motion_autoencoder = run.workspace.load_model("motion_autoencoder.keras")
    files = []
    for name in MEASURED_RELATIONS:
        network = run.configuration.relation_network(name)
        relation = network.relation
        if relation.order == "lower":
            poses = to_level_poses(run.motion("train").positions)
        else:
            sequences = to_level_poses(run.motion("train").windows(relation.window, stride=6)[0])
            poses = np.concatenate([sequences] * min(2, run.settings.motion_views))
        poses = random_views(poses, run.seed, run.configuration.skeleton)
        ends = []
        for end in relation.pose_pair(poses):
            latents = embed(pose_autoencoder.encode, keras.ops.convert_to_numpy(end))
            ends.append(latents if relation.order == "lower" else embed(motion_autoencoder.encode, latents))
        model = RelationRegression(network)
        model.compile(optimizer=warmed_adam(1e-3, steps))
        _fit(run, f"relation_{name}", model, _batches(run, tuple(ends), 256), steps, "regression")
        files.append(f"relation_{name}.keras")
        run.workspace.save_model(files[-1], network)
    return files


def train_source(run) -> list[str]:
    """Stage 4: the image encoder, on the labelled source."""
    steps = run.settings.source_steps
    pose_autoencoder = run.workspace.load_model("pose_autoencoder.keras")
    model = SourceTraining(run.configuration.image_encoder(), pose_autoencoder)
    model.compile(optimizer=warmed_adam(1e-3, steps))
    batches = data.load_labelled_images(run.workspace.path("records/source"), 64, seed=run.seed, cache=True)
    _fit(run, "source", model, batches, steps, "supervised")
    run.workspace.save_model("source_only.keras", PoseEstimator(model.image_encoder, pose_autoencoder))
    return ["source_only.keras"]


def normalize(run) -> list[str]:
    """Before stage 5: the image encoder with the statistics of batch normalisation of the target."""
    estimator = run.workspace.load_model("source_only.keras")
    clips = data.load_arrays(run.workspace.path("records/target"), "train", data.UNLABELLED_CLIP)["frames"]
    frames = clips[:, ::4].reshape(-1, *clips.shape[2:])
    frames = np.random.default_rng(run.seed).permutation(frames)
    estimator.image_encoder.adapt_normalization(frames, min(128, len(frames)))
    run.workspace.save_model("normalized.keras", estimator)
    return ["normalized.keras"]


def adapt(run) -> list[str]:
    """Stage 5: the adaptation."""
    return _adapt(run, "adaptation", "adapted.keras", PLAN.contrastive, PLAN.relations)


def ablation_rows() -> dict[str, tuple]:
    """The other adaptations: `{stage: (contrastive, relations)}`, without any energy, and with more and more of them.

    The mean teacher and the replay are in all of them, since without those the energies make poses alike.
    """
    rows = [
        ((), ()),
        *(((), PAPER_RELATIONS[:count]) for count in (2, 3)),
        (PAPER_RECIPE["contrastive"], PAPER_RELATIONS),
    ]
    return {f"ablation_{number + 1}": row for number, row in enumerate(rows)}


def adapt_otherwise(run, stage) -> list[str]:
    """One row of the ablation."""
    return _adapt(run, stage, f"{stage}.keras", *ablation_rows()[stage])


def _adapt(run, stage, file, contrastive, relations):
    plan = dataclasses.replace(
        PLAN, adaptation_steps=run.settings.adaptation_steps, contrastive=contrastive, relations=relations
    )
    # The same start, the same batches and the same number of steps for every row of the ablation.
    keras.utils.set_random_seed(run.seed)
    estimator = run.workspace.load_model("normalized.keras")
    motion_autoencoder = run.workspace.load_model("motion_autoencoder.keras")
    networks = [run.workspace.load_model(f"relation_{name}.keras") for name in relations]
    # JAX would compile every operation by itself.
    run_eagerly = not run.settings.compiled and keras.backend.backend() != "jax"
    model = compiled_adaptation(estimator, motion_autoencoder, networks, plan, run.seed, run_eagerly)
    target, source = run.workspace.path("records/target"), run.workspace.path("records/source")
    batches = adaptation_batches(model, plan, target, source, seed=run.seed, cache=True)
    _fit(run, stage, model, batches, plan.adaptation_steps, "loss")
    run.workspace.save_model(file, estimator)
    return [file]


def _batches(run, arrays, size):
    """Endless shuffled batches of arrays in memory."""
    pipeline = data.Pipeline(seed=run.seed)
    return pipeline.batches(pipeline.of_arrays(*arrays, buffer=len(arrays[0])), size)


def _fit(run, name, model, batches, steps, watch):
    run.history[name] = fit(model, batches, steps, name, watch, run.workspace, epochs=_EPOCHS)
