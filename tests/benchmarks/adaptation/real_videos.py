"""The third shift: the preset for real pictures on real videos whose joints are known from several views."""

import functools

import methods
import numpy as np

from posealign_keras import data
from posealign_keras.evaluation import REAL_VIDEO, evaluate_poses
from posealign_keras.experiments import PAPER_RECIPE
from posealign_keras.models import MotionAutoencoder, RelationNetwork
from posealign_keras.own_videos.adapt import replayed_records, starting_estimator
from posealign_keras.own_videos.person_clips import record_person_clips
from posealign_keras.workspace import Stopwatch

_PRESET = "base_synthetic"
_VIDEOS = ("*.mp4", "*.mov", "*.avi")


def real_video_results(folder, workspace, plan, seed) -> dict:
    """Adapt the preset to all videos of a folder together, and measure it on each.

    Args:
        folder: Videos, each with a file `.npz` of the same name beside it, which holds `boxes_xyxy_px` `(T, 4)` and
            `joints3d_camera_m` `(T, 17, 3)`, NaN where unknown.
        workspace: `Workspace` of the results.
        plan: Lengths of training.
        seed: Seed of everything random.

    Returns:
        `{method: {"pa_mpjpe": mean over the videos, "videos": {name: PA-MPJPE}}}`, millimetres.
    """
    videos = sorted(path for pattern in _VIDEOS for path in folder.glob(pattern))
    if not videos:
        raise FileNotFoundError(f"`folder` must hold videos. Received: folder={str(folder)!r}")
    image_size = starting_estimator(_PRESET).image_size
    directories, length = record_person_clips(videos, workspace.path(f"real/{_PRESET}/clips"), image_size)
    clips = [data.load_arrays(directory, "train", data.UNLABELLED_CLIP)["frames"] for directory in directories]
    possible = [name for name in PAPER_RECIPE["relations"] if _relation(name).relation.window <= length]
    paper = {**PAPER_RECIPE, "relations": possible, "contrastive": (), "adaptation_rate": methods.RATE_OF_ENERGIES}
    replay = data.load_arrays(replayed_records(_PRESET, workspace, image_size, seed), "train", data.LABELLED_IMAGE)
    experiment = methods.Experiment(
        estimator=lambda: starting_estimator(_PRESET),
        motion_autoencoder=lambda: MotionAutoencoder.from_preset(_PRESET),
        relation_network=_relation,
        clips=np.concatenate(clips),
        poses=None,
        source=(replay["image"], replay["joints"]),
        plan=plan,
        workspace=workspace,
        seed=seed,
    )
    chosen = {
        "source_only": methods.source_only,
        "adabn": methods.adabn,
        "mean_teacher": methods.ALTERNATIVES["mean_teacher"],
        "default": methods.DEFAULT["default"],
        "paper_without_contrast": functools.partial(methods.distillation, "real_paper", **paper),
    }
    results = {}
    for name, method in chosen.items():
        stage = f"real from {_PRESET}: {name}"
        if not workspace.finished(stage):
            print(f"[seed {seed}] {stage}", flush=True)
            watch = Stopwatch()
            errors = _errors(method(experiment), videos)
            result = {"pa_mpjpe": float(np.mean(list(errors.values()))), "videos": errors}
            workspace.finish(stage, [], watch.seconds(), result=result)
        results[name] = workspace.result(stage, "result")
        print(f"   real {name}: {results[name]['pa_mpjpe']:.1f} {results[name]['videos']}", flush=True)
    return results


def _relation(name):
    return RelationNetwork.from_preset(_PRESET, name)


def _errors(estimator, videos):
    errors = {}
    for video in videos:
        with np.load(video.with_suffix(".npz"), allow_pickle=False) as labels:
            boxes, joints = labels["boxes_xyxy_px"], labels["joints3d_camera_m"]
        poses = estimator.predict_video(video, boxes=boxes)
        errors[video.stem] = evaluate_poses(poses, joints, REAL_VIDEO, sequence=video.stem).overall["pa_mpjpe"]
    return errors
