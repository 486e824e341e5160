"""`adapt`: an estimator for the people, the light and the camera of somebody's own videos, without a label."""

import dataclasses
import os
import platform
from pathlib import Path

import keras
import numpy as np

import posealign_keras
from posealign_keras import data
from posealign_keras.data.synthetic import STUDIO, generate_motion_library
from posealign_keras.data.synthetic.recording import record_images
from posealign_keras.experiments.image_stages import adaptation_batches, compiled_adaptation
from posealign_keras.experiments.training_plan import TrainingPlan
from posealign_keras.fitting import fit
from posealign_keras.models import ImageEncoder, MotionAutoencoder, PoseEstimator, RelationNetwork
from posealign_keras.models.preset import INDEX, Preset
from posealign_keras.own_videos.person_clips import LONG, SHORT, record_person_clips, spread_frames
from posealign_keras.own_videos.report import write_report
from posealign_keras.progress import Progress, clock
from posealign_keras.training import CollapseWatch
from posealign_keras.video.open_video import video_path
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.workspace import Stopwatch, Workspace, fingerprint

PLAN = TrainingPlan(
    adaptation_steps=200,
    clips_per_batch=4,
    images_per_batch=12,
    replay_per_batch=12,
    adaptation_rate=3e-4,
    place_student=True,
    normalization_frames=4096,
    # People are set into what is at the edges of the videos' pictures: nothing black.
    augmentation=data.ImageAugmentation(zoom=(0.8, 1.2), shift=0.08, beyond="mirrored"),
)
"""How much an adaptation to own videos trains: some minutes on two cores, however long the videos are.

Example:
    >>> import dataclasses
    >>> longer = dataclasses.replace(PLAN, adaptation_steps=1000)
    >>> longer.relations, longer.teacher_weight
    (('pose_flip',), 1.0)
"""

# A guess. With fewer, which is less than about nine seconds, pictures are of few moments: a contrast would push the
# same one apart from itself, and statistics of normalisation would be those of a few poses.
_ENOUGH_CLIPS = 16
# Up to these, all frames that there are fit into memory, decoded.
_CLIPS_IN_MEMORY = 200
_REPLAYED_IMAGES = 2000
_WATCHED_FRAMES = 256
_SAMPLES = 8
_SOURCE = "source"


def adapt(
    videos,
    out: str | os.PathLike,
    preset: str | os.PathLike = "base_synthetic",
    *,
    boxes=None,
    plan: TrainingPlan = PLAN,
    seed: int = 0,
    fresh: bool = False,
) -> Path:
    """Adapt the estimator of a preset to videos, without any label.

    The person in the videos is cut out (`clips/`), and the image encoder is adapted by the statistics of the videos'
    normalisation, the energies of the relations and the mean teacher, while labelled pictures are replayed in the
    videos' colours, and in their places where the person's pixels are known: those of the preset, or generated ones
    (`source/`). The network sees the videos' pictures turned, zoomed and shifted, and learns what the teacher sees in
    them as they are. An interrupted run goes on where it stopped.

    What the videos are too short for is left out: `slow_backward` without clips of two seconds; with fewer than 16
    clips the contrastive energies and the statistics of normalisation, which would be those of a few poses.

    Args:
        videos: Path of a video, of a folder of videos or of numbered pictures; or several.
        out: Directory of the results: `adapted.keras`, a `PoseEstimator`; `metrics.json`; `report.html`; and what the
            run needs to go on.
        preset: Name or directory of a preset that holds all networks. If it has no pictures to be replayed, it must
            have been trained on pictures of the `STUDIO`.
        boxes: Where the person is: a `.csv` or `.json` file of boxes, or `.npz` for a single video; or the name of a
            detector, such as `"hog"` or `"yolo:WEIGHTS.pt"`. By default a file `.npz` of the video's name beside it, or
            else the person fills the picture.
        plan: Lengths, batches and recipe of the adaptation.
        seed: Seed of everything random.
        fresh: Start over, even if an earlier run with the same arguments has finished stages.

    Returns:
        Path of `adapted.keras`. Beside it lies the preset's `motion_autoencoder.keras`, with which `predict` smooths.

    Raises:
        ImportError: If what reads videos, or plotly, is not installed.
        FileNotFoundError: If a file or the preset does not exist.
        ValueError: If a video is a URL, a file cannot be read, no person is seen for a second, the preset lacks
            networks, or `out` holds a run with other arguments.
        OSError: If the results cannot be written.

    Example:
        >>> from posealign_keras.own_videos import write_example_video
        >>> path = write_example_video("person.mp4", seconds=20)  # doctest: +SKIP
        >>> adapted = adapt(path, "mine")  # doctest: +SKIP
        >>> keras.saving.load_model(adapted).predict_video(path, path.with_suffix(".npz")).shape  # doctest: +SKIP
        (600, 17, 3)
    """
    import_plotly("graph_objects")
    given = [videos] if isinstance(videos, str | os.PathLike) else videos
    paths = [video_path(video, "videos") for video in given]
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"`videos` must exist. There is no {path}")
    estimator = starting_estimator(preset)
    missing = [entry for entry in _needed(plan) if not _holds(Preset(preset), entry)]
    if missing:
        raise ValueError(f"`preset` must hold trained {', '.join(missing)}. Received: preset={str(preset)!r}")
    arguments = {
        "videos": [f"{path.name}, {os.stat(path).st_size} bytes" for path in paths],
        "boxes": None if boxes is None else str(boxes),
        "preset": str(preset),
        "networks": fingerprint(Preset(preset).directory / INDEX),
        "plan": {name: value for name, value in dataclasses.asdict(plan).items() if name != "cache"},
        "seed": seed,
        "backend": keras.backend.backend(),
        "version": posealign_keras.__version__,
    }
    workspace = Workspace(out, arguments, fresh)
    keras.utils.set_random_seed(seed)
    watch = Stopwatch()
    print(f"posealign adapt: into {workspace.directory.resolve()}", flush=True)
    # Conversions and records know themselves what of them is finished.
    windows = _windows(plan, preset)
    clips, length = record_person_clips(
        paths, workspace.path("clips"), estimator.image_size, boxes, _clip_lengths(windows)
    )
    source = replayed_records(preset, workspace, estimator.image_size, seed)
    count = sum(data.Manifest.load(directory, "train").num_records for directory in clips)
    plan = _fitting(plan, windows, count, length)
    frames = spread_frames(clips, max(plan.normalization_frames, _WATCHED_FRAMES), seed)
    watched = frames[:_WATCHED_FRAMES]
    before = estimator.estimate_both_ways(watched)
    print(f"   {count:,} clips of {length / 30:.0f} s; {', '.join([*_energies(plan), *_beside(plan)])}", flush=True)
    if count < _ENOUGH_CLIPS:
        print(
            f"   fewer than {_ENOUGH_CLIPS} clips: no statistics of normalisation from them, and no contrast",
            flush=True,
        )
    if not workspace.finished("adaptation"):
        history = _train(estimator, frames, clips, source, preset, plan, seed, count, workspace)
        workspace.save_model("adapted.keras", estimator)
        # `predict` looks for it beside the estimator.
        workspace.save_model("motion_autoencoder.keras", MotionAutoencoder.from_preset(preset))
        files = ["adapted.keras", "motion_autoencoder.keras"]
        workspace.finish("adaptation", files, watch.seconds(), history=history)
    after = workspace.load_model("adapted.keras").estimate_both_ways(watched)
    metrics = {
        "before": _criteria(before),
        "after": _criteria(after),
        "collapsed": bool(_criteria(after)["latent_spread"] < 0.5 * _criteria(before)["latent_spread"]),
        "clips": count,
        "frames_of_a_clip": length,
        "energies": _energies(plan),
        "beside": _beside(plan),
        "seconds": workspace.seconds()["adaptation"],
        "environment": {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "keras": keras.__version__},
        "arguments": workspace.arguments,
    }
    workspace.save_json("metrics.json", metrics)
    history = workspace.result("adaptation", "history")
    write_report(workspace.path("report.html"), watched[:_SAMPLES], before, after, history, metrics)
    print(f"   done in {clock(watch.seconds())}. Report: {workspace.path('report.html').resolve()}", flush=True)
    return workspace.path("adapted.keras")


def starting_estimator(preset: str | os.PathLike = "base_synthetic") -> PoseEstimator:
    """The estimator of a preset that `adapt` starts from: the one that has seen the pictures that are replayed.

    Args:
        preset: Name or directory of a preset.

    Returns:
        The usual one, if the preset holds pictures to be replayed. Otherwise pictures of the `STUDIO` are generated,
        and the variant `source` knows those, where there is one.

    Raises:
        FileNotFoundError: If there is no such preset.
        ValueError: If it has no such networks or no weights of them, or is damaged.

    Example:
        >>> starting_estimator("base_synthetic").image_size
        160
    """
    found = Preset(preset)
    is_of_studio = found.replay is None and ImageEncoder.entry(_SOURCE) in found.networks
    return PoseEstimator.from_preset(preset, _SOURCE if is_of_studio else None)


def replayed_records(preset: str | os.PathLike, workspace: Workspace, image_size: int, seed: int = 0) -> Path:
    """Labelled pictures that `starting_estimator` was trained on, for it to remember while it adapts.

    Args:
        preset: Name or directory of a preset.
        workspace: Where pictures are generated (`source/`) if the preset holds none.
        image_size: Height and width of the generated pictures.
        seed: Seed of the generated people.

    Returns:
        Directory of records of labelled images, split `train`.
    """
    held = Preset(preset).replay
    if held is not None:
        return held
    directory = workspace.path("source")
    if not workspace.finished("source"):
        watch, library = Stopwatch(), generate_motion_library(sequences=60, frames=120, seed=seed)
        shown = Progress("replayed pictures")
        record_images(library, STUDIO, directory, "train", _REPLAYED_IMAGES, image_size, seed, shown)
        workspace.finish("source", _files(workspace, directory), watch.seconds())
    return directory


def _train(estimator, frames, clips, source, preset, plan, seed, count, workspace):
    if plan.normalization_frames:
        estimator.image_encoder.adapt_normalization(frames, min(128, len(frames)))
    relations = [RelationNetwork.from_preset(preset, name) for name in plan.relations]
    model = compiled_adaptation(estimator, MotionAutoencoder.from_preset(preset), relations, plan, seed)
    batches = adaptation_batches(model, plan, clips, source, seed=seed, cache=count <= _CLIPS_IN_MEMORY)
    collapse = CollapseWatch(frames[:_WATCHED_FRAMES])
    return fit(model, batches, plan.adaptation_steps, "adaptation", "loss", workspace, True, [collapse])


def _files(workspace, directory):
    return [str(path.relative_to(workspace.directory)) for path in sorted(directory.iterdir())]


def _windows(plan, preset):
    """Frames that each relation of a plan looks at."""
    networks = {name: RelationNetwork.from_preset(preset, name, load_weights=False) for name in plan.relations}
    return {name: network.relation.window for name, network in networks.items()}


def _clip_lengths(windows):
    """The lengths of clips that may serve, the best one first: long ones only where a relation wants them."""
    return (LONG, SHORT) if max(windows.values(), default=0) > SHORT else (SHORT,)


def _fitting(plan, windows, count, length):
    """The plan without what the clips are too short or too few for."""
    relations = tuple(name for name, window in windows.items() if window <= length)
    if count < _ENOUGH_CLIPS:
        plan = dataclasses.replace(plan, contrastive=(), normalization_frames=0)
    return dataclasses.replace(plan, relations=relations)


def _energies(plan):
    return [*plan.contrastive, *plan.relations]


def _beside(plan):
    """What goes with every energy."""
    weights = {
        "normalization": plan.normalization_frames,
        "mean_teacher": plan.teacher_weight,
        "replay": plan.replay_weight,
    }
    return [name for name, weight in weights.items() if weight]


def _needed(plan):
    return ["motion_autoencoder", *(f"relation_{name}" for name in plan.relations)]


def _holds(preset, entry):
    return entry in preset.networks and preset.has_weights(entry)


def _criteria(estimate):
    """What can be said of estimates without any label."""
    return {
        "confidence": float(np.mean(estimate["confidence"])),
        "flip_disagreement_mm": 1000 * float(np.mean(estimate["disagreement"])),
        "plausibility": float(np.mean(estimate["plausibility"])),
        "latent_spread": float(np.std(estimate["latent"], axis=0).mean()),
    }
