"""The third shift: the preset for real pictures on real videos whose joints are known from several views."""

import dataclasses

import keras
import numpy as np

from posealign_keras.evaluation import REAL_VIDEO, evaluate_poses
from posealign_keras.own_videos import PLAN, adapt
from posealign_keras.own_videos.adapt import starting_estimator
from posealign_keras.own_videos.person_clips import SHORT, record_person_clips, spread_frames
from posealign_keras.workspace import Stopwatch

_PRESET = "base_synthetic"
_VIDEOS = ("*.mp4", "*.mov", "*.avi")
REAL_PROTOCOL = (
    f"{REAL_VIDEO.title}; all videos together, from `{_PRESET}`, by the plan of `posealign adapt`, longer than that of "
    "the other shifts; one seed. On these videos it was decided that few clips are not normalised by, that people are "
    "set into the target's places, that the student sees other places than the teacher, how the two looks at a picture "
    "are put together, and much of the preset: that it finds keypoints first, how sharply it reads them, how large its "
    "pictures are, and that it learns from people in photographs, with caps, bare chests and varied poses"
)
# As `posealign adapt` does it; without the relation. Not by the paper's recipe: there are too few clips to contrast,
# and too short ones for `slow_backward`.
_CORE = {"default": PLAN, "mean_teacher": dataclasses.replace(PLAN, relations=())}
# Where the student sees what the teacher sees; without the target's places.
_WITHOUT = {
    "default_with_student_in_place": dataclasses.replace(PLAN, place_student=False),
    "default_without_places": dataclasses.replace(PLAN, replay_in_target_places=False),
}


def real_video_results(folder, workspace, seed, which="all") -> dict:
    """Adapt the preset to all videos of a folder together, and measure it on each.

    Args:
        folder: Videos, each with a file `.npz` of the same name beside it, which holds `boxes_xyxy_px` `(T, 4)` and
            `joints3d_camera_m` `(T, 17, 3)`, NaN where unknown.
        workspace: `Workspace` of the results.
        seed: Seed of everything random.
        which: `"core"` leaves out the default without its parts.

    Returns:
        `{method: {"pa_mpjpe": mean over the videos, "videos": {name: PA-MPJPE}}}`, millimetres.
    """
    videos = sorted(path for pattern in _VIDEOS for path in folder.glob(pattern))
    if not videos:
        raise FileNotFoundError(f"`folder` must hold videos. Received: folder={str(folder)!r}")
    path = workspace.path(f"real/{_PRESET}")

    def adabn():
        estimator = starting_estimator(_PRESET)
        clips, _ = record_person_clips(videos, path / "clips", estimator.image_size, lengths=(SHORT,))
        frames = spread_frames(clips, 4096, seed)
        estimator.image_encoder.adapt_normalization(frames, min(128, len(frames)))
        return estimator

    def adapted(name, plan):
        return keras.saving.load_model(adapt(videos, path / name, _PRESET, plan=plan, seed=seed))

    plans = _CORE if which == "core" else {**_CORE, **_WITHOUT}
    chosen = {
        "source_only": lambda: starting_estimator(_PRESET),
        "adabn": adabn,
        **{name: lambda name=name, plan=plan: adapted(name, plan) for name, plan in plans.items()},
    }
    results = {}
    for name, method in chosen.items():
        stage = f"real from {_PRESET}: {name}"
        if not workspace.finished(stage):
            print(f"[seed {seed}] {stage}", flush=True)
            watch = Stopwatch()
            errors = _errors(method(), videos)
            result = {"pa_mpjpe": float(np.mean(list(errors.values()))), "videos": errors}
            workspace.finish(stage, [], watch.seconds(), result=result)
        results[name] = workspace.result(stage, "result")
        print(f"   real {name}: {results[name]['pa_mpjpe']:.1f} {results[name]['videos']}", flush=True)
    return results


def _errors(estimator, videos):
    errors = {}
    for video in videos:
        with np.load(video.with_suffix(".npz"), allow_pickle=False) as labels:
            boxes, joints = labels["boxes_xyxy_px"], labels["joints3d_camera_m"]
        poses = estimator.predict_video(video, boxes=boxes)
        errors[video.stem] = evaluate_poses(poses, joints, REAL_VIDEO, sequence=video.stem).overall["pa_mpjpe"]
    return errors
