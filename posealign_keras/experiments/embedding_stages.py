"""Stages 1 to 3, on motion capture alone: the pose space, the motion space, the relations."""

import functools
import itertools
from collections.abc import Callable

import keras
import numpy as np

from posealign_keras import data
from posealign_keras.evaluation import embed, random_views
from posealign_keras.experiments.setting_run import SettingRun
from posealign_keras.fitting import fit
from posealign_keras.training import MotionAAE, PoseAAE, RelationRegression
from posealign_keras.training.warmed_adam import warmed_adam

# Frames from one window of motion to the next.
_WINDOW_STEP = 5


def stages(relations) -> dict[str, Callable[[SettingRun], list[str]]]:
    """The stages in order, for these relations; each returns the names of the files that it wrote."""
    return {
        "pose_autoencoder": train_pose_autoencoder,
        "motion_autoencoder": train_motion_autoencoder,
        **{f"relation_{name}": functools.partial(train_relation, name=name) for name in relations},
    }


def train_pose_autoencoder(run) -> list[str]:
    """Stage 1: the pose auto-encoder, on single poses."""
    plan, configuration = run.plan, run.configuration
    model = PoseAAE(configuration.pose_autoencoder(), configuration.pose_discriminator(), seed=run.seed)
    model.compile(
        optimizer={
            "autoencoder": warmed_adam(2e-3, plan.pose_steps),
            "discriminator": warmed_adam(5e-4, plan.pose_steps),
        }
    )
    batches = data.load_poses(run.mocap, plan.pose_batch, seed=run.seed, cache=plan.cache)
    fit(model, batches, plan.pose_steps, "pose_autoencoder", "autoencoder_reconstruction", run.embedding, run.verbose)
    run.embedding.save_model("pose_autoencoder.keras", model.autoencoder)
    return ["pose_autoencoder.keras"]


def train_motion_autoencoder(run) -> list[str]:
    """Stage 2: the motion auto-encoder, on pose latents computed once."""
    plan, configuration = run.plan, run.configuration
    pose_autoencoder = run.embedding.load_model("pose_autoencoder.keras")
    poses = _views(run, configuration.motion_frames)
    latents = embed(pose_autoencoder.encode, poses)
    model = MotionAAE(
        configuration.motion_autoencoder(), configuration.motion_discriminator(), pose_autoencoder, seed=run.seed
    )
    model.compile(
        optimizer={
            "autoencoder": warmed_adam(2e-3, plan.motion_steps),
            "discriminator": warmed_adam(2e-4, plan.motion_steps),
        }
    )
    batches = _batches(run, (latents, poses), plan.motion_batch)
    fit(
        model,
        batches,
        plan.motion_steps,
        "motion_autoencoder",
        "autoencoder_reconstruction",
        run.embedding,
        run.verbose,
    )
    run.embedding.save_model("motion_autoencoder.keras", model.autoencoder)
    return ["motion_autoencoder.keras"]


def train_relation(run, name) -> list[str]:
    """Stage 3: the network of one relation, on embeddings computed once."""
    plan, network = run.plan, run.configuration.relation_network(name)
    relation, pose_autoencoder = network.relation, run.embedding.load_model("pose_autoencoder.keras")
    is_lower = relation.order == "lower"
    encode_motion = None if is_lower else run.embedding.load_model("motion_autoencoder.keras").encode
    ends = []
    for end in relation.pose_pair(_views(run, None if is_lower else relation.window)):
        latents = embed(pose_autoencoder.encode, keras.ops.convert_to_numpy(end))
        ends.append(latents if is_lower else embed(encode_motion, latents))
    model = RelationRegression(network)
    model.compile(optimizer=warmed_adam(1e-3, plan.relation_steps))
    batches = _batches(run, tuple(ends), plan.relation_batch)
    fit(model, batches, plan.relation_steps, f"relation_{name}", "regression", run.embedding, run.verbose)
    run.embedding.save_model(f"relation_{name}.keras", network)
    return [f"relation_{name}.keras"]


def _views(run, frames):
    """Poses, or windows of so many frames, drawn from the motion capture, each seen from a random direction."""
    size = min(256, run.plan.windows)
    options = {"seed": run.seed, "verify": False}  # stage 1 has compared the checksums
    if frames is None:
        drawn = data.load_poses(run.mocap, size, **options)
    else:
        drawn = data.load_sequences(run.mocap, size, frames, _WINDOW_STEP, **options)
    pieces = itertools.islice(drawn.as_numpy_iterator(), -(-run.plan.windows // size))
    return random_views(np.concatenate(list(pieces))[: run.plan.windows], run.seed, run.configuration.skeleton)


def _batches(run, arrays, size):
    """Endless shuffled batches of arrays in memory."""
    pipeline = data.Pipeline(seed=run.seed)
    return pipeline.batches(pipeline.of_arrays(*arrays, buffer=len(arrays[0])), size)
