"""Trains an image encoder for a preset on pictures that are more like real ones, and makes it the usual one.

python -m posealign_keras.presets.train_image_encoder my_preset --work DIR --mocap mocap17.npz
"""

import argparse
import json
import os
import platform
import shutil
from pathlib import Path

import keras

import posealign_keras
from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.synthetic import generate_motion_library, get_domain
from posealign_keras.data.synthetic.recording import record_images
from posealign_keras.evaluation import pose_errors
from posealign_keras.fitting import fit
from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator
from posealign_keras.models.preset import CARD, FIGURES, REPLAY, Preset
from posealign_keras.presets.model_card import model_card
from posealign_keras.progress import Progress
from posealign_keras.training import SourceTraining
from posealign_keras.training.warmed_adam import warmed_adam
from posealign_keras.workspace import Stopwatch, Workspace, fingerprint
from tfrecords_tools import convert

# How the motion is divided: as in the demonstration, so that what nothing was trained on there is not here either.
_SHARES = {"train": 0.6, "target": 0.2, "test": 0.2}
# Of the pictures, so many parts are of each motion: captured, and generated.
_PARTS = {"train": 3, "target": 1, "generated": 2}
_REPLAYED_OF = "train"
# The variant that training starts from.
_START = "source"
_STEPS = 8_000
_AUGMENTATION = "crops and colours"


def train_image_encoder(
    preset: str | os.PathLike,
    work: str | os.PathLike,
    mocap: str | os.PathLike,
    *,
    domain: str = "varied",
    people: str = "mesh",
    images: int = 24_000,
    test_images: int = 1_500,
    replayed: int = 1_500,
    steps: int = _STEPS,
    fresh: bool = False,
) -> PoseEstimator:
    """Train an image encoder on generated pictures, for the embedding of a preset, and put it there.

    The preset must be one that `make_preset` made of a run with motion capture. Training starts from its variant
    `"source"`, which has learnt to see people in plain pictures and so finds them sooner in varied ones. The new
    encoder becomes the usual one; variants stay. Some of the pictures go with it, to be replayed in adaptations.
    Figures and card tell of it. An interrupted run goes on where it stopped.

    Args:
        preset: Directory of the preset.
        work: Directory of pictures and states of the training.
        mocap: The motion capture of the preset's run; what was not trained on there is not trained on here.
        domain: Name of the `Domain` of the pictures.
        people: Who is in them, see `film`.
        images: Pictures to train on.
        test_images: Pictures to measure by.
        replayed: Pictures that go into the preset.
        steps: Steps of training.
        fresh: Start over.

    Returns:
        The estimator.

    Raises:
        FileNotFoundError: If the preset or the motion capture does not exist.
        ValueError: If the preset is not of a run with this motion capture.
        OSError: If something cannot be written.
    """
    found, mocap = Preset(preset), Path(mocap)
    figures = found.figures
    if not mocap.exists():
        raise FileNotFoundError(f"`mocap` must be an existing .npz file. Received: mocap={str(mocap)!r}")
    wanted = figures.get("arguments", {}).get("mocap")
    if wanted != fingerprint(mocap):
        raise ValueError(
            f"`mocap` must be the motion capture of the preset, {wanted!r}. Received: mocap={fingerprint(mocap)!r}"
        )
    seed = figures["arguments"]["seed"]
    settings = {
        "start": _START,
        "augmentation": _AUGMENTATION,
        "domain": domain,
        "people": people,
        "images": images,
        "test_images": test_images,
        "steps": steps,
    }
    arguments = {**settings, "replayed": replayed, "seed": seed, "backend": keras.backend.backend()}
    workspace = Workspace(work, {**arguments, "version": posealign_keras.__version__}, fresh)
    keras.utils.set_random_seed(seed)
    autoencoder = PoseAutoencoder.from_preset(preset)
    encoder = ImageEncoder.from_preset(preset, _START)
    _record_pictures(workspace, mocap, get_domain(domain), people, arguments, encoder.image_size)
    if not workspace.finished("training"):
        watch = Stopwatch()
        model = SourceTraining(encoder, autoencoder)
        model.compile(optimizer=warmed_adam(1e-3, steps))
        folders = [workspace.path(f"pictures/{part}") for part in _PARTS]
        batches = data.load_labelled_images(folders, 64, data.ImageAugmentation(), seed=seed, cache=True)
        fit(model, batches, steps, "image_encoder", "supervised", workspace)
        workspace.save_model("estimator.keras", PoseEstimator(encoder, autoencoder))
        workspace.finish("training", ["estimator.keras"], watch.seconds())
    estimator = workspace.load_model("estimator.keras")
    test = data.load_arrays(workspace.path("pictures/test"), "train", data.LABELLED_IMAGE)
    errors = pose_errors(test["joints"], estimator.predict_poses(test["image"]), skeleton=estimator.skeleton)
    del errors["per_joint"]
    estimator.image_encoder.save_to_preset(found.directory, overwrite=True)
    _replace_folder(workspace.path("replay"), found.directory / REPLAY)
    figures["image_encoder"] = {
        **settings,
        "seed": seed,
        "test": errors,
        "seconds": round(workspace.seconds()["training"]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "backend": keras.backend.backend(),
    }
    (found.directory / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    card = model_card(found.directory.name, found.description, figures)
    (found.directory / CARD).write_text(card, encoding="utf-8")
    return estimator


def _record_pictures(workspace, mocap, domain, people, arguments, size):
    """Record all pictures, each set once."""
    motion, seed, total = workspace.path("motion"), arguments["seed"], sum(_PARTS.values())
    convert("arrays", mocap, motion, splits=_SHARES, seed=seed, shortest_sequence=1, overwrite=True)
    libraries = {split: MotionLibrary.from_records(motion / "pose_sequence", split) for split in _SHARES}
    libraries["generated"] = generate_motion_library(240, 120, seed)
    sets = {
        **{f"pictures/{part}": (part, arguments["images"] * share // total) for part, share in _PARTS.items()},
        "pictures/test": ("test", arguments["test_images"]),
        "replay": (_REPLAYED_OF, arguments["replayed"]),
    }
    for index, (folder, (library, count)) in enumerate(sets.items()):
        if not workspace.finished(folder):
            watch, path = Stopwatch(), workspace.path(folder)
            numbers = (count, size, 1000 * seed + index, Progress(folder))
            record_images(libraries[library], domain, path, "train", *numbers, people=people)
            files = [str(file.relative_to(workspace.directory)) for file in sorted(path.iterdir())]
            workspace.finish(folder, files, watch.seconds())


def _replace_folder(source, destination):
    partial = destination.with_name(f".{destination.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    shutil.rmtree(destination, ignore_errors=True)
    partial.rename(destination)


def main(arguments=None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", help="directory of a preset that `make_preset` made of a run with motion capture")
    parser.add_argument("--work", required=True, metavar="DIR", help="directory of pictures and states of training")
    parser.add_argument("--mocap", required=True, metavar="FILE", help="the motion capture of that run")
    parser.add_argument("--domain", default="varied", help="where people are filmed (default: %(default)s)")
    parser.add_argument("--people", default="mesh", help="who is filmed, mesh or cones (default: %(default)s)")
    for name, default in (("images", 24_000), ("test-images", 1_500), ("replayed", 1_500), ("steps", _STEPS)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help="default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="start over")
    options = parser.parse_args(arguments)
    try:
        train_image_encoder(**vars(options))
    except (ValueError, OSError, ImportError) as error:
        parser.error(str(error))
    print(Preset(options.preset).card)


if __name__ == "__main__":
    main()
