"""Trains an image encoder on pictures that are more like real ones, for the embedding of a preset.

python -m posealign_keras.presets.train_image_encoder old_preset --out new_preset --work DIR --mocap mocap17.npz \
    --panoramas DIR
"""

import argparse
import dataclasses
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

import keras

import posealign_keras
from posealign_keras import data
from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.synthetic import Domain, generate_motion_library, get_domain, read_panoramas
from posealign_keras.data.synthetic.recording import record_images
from posealign_keras.evaluation import pose_errors
from posealign_keras.fitting import fit
from posealign_keras.models import ImageEncoder, MotionAutoencoder, PoseAutoencoder, PoseEstimator, RelationNetwork
from posealign_keras.models.preset import REPLAY, Preset
from posealign_keras.presets.configuration import Configuration, get_configuration
from posealign_keras.presets.make_preset import change_by_storing
from posealign_keras.presets.model_card import add_limits, write_figures
from posealign_keras.progress import Progress
from posealign_keras.training import SourceTraining
from posealign_keras.training.warmed_adam import warmed_adam
from posealign_keras.whole_directory import whole_directory
from posealign_keras.workspace import Stopwatch, Workspace, fingerprint
from tfrecords_tools import convert

# How the motion is divided: as in the demonstration, so that what nothing was trained on there is not here either.
_SHARES = {"train": 0.6, "target": 0.2, "test": 0.2}
# Of the pictures, so many parts are of each motion: captured, and generated.
_PARTS = {"train": 3, "target": 1, "generated": 2}
_REPLAYED_OF = "train"
# The variant of a preset that a small encoder starts from.
_START = "source"
_STEPS = 6_000
_BATCH = 32
_AUGMENTATION = data.ImageAugmentation(zoom=(0.8, 1.2), shift=0.08)
_DESCRIPTION = (
    "An image encoder of the configuration `{configuration}`, trained on {images} generated pictures of the domain "
    "`{domain}`, with the embeddings and relation networks of `{old}`."
)
_KEPT = ("arguments", "environment", "pose_aae", "motion_aae", "relations", "data_licence")


def train_image_encoder(
    preset: str | os.PathLike,
    out: str | os.PathLike,
    work: str | os.PathLike,
    mocap: str | os.PathLike,
    *,
    configuration: str | Configuration = "base",
    weights: str | None = "imagenet",
    domain: str | Domain = "varied",
    people: str = "mesh",
    images: int = 24_000,
    test_images: int = 1_500,
    replayed: int = 500,
    steps: int = _STEPS,
    panoramas: str | os.PathLike | None = None,
    panorama_licence: str = "",
    limits: Sequence[str] = (),
    fresh: bool = False,
) -> PoseEstimator:
    """Train an image encoder on generated pictures, for the embedding of a preset, and make a preset of both.

    The new preset holds the embeddings and relation networks of the old one, which must be one that `make_preset` made
    of a run with motion capture; the new encoder; some of its pictures, to be replayed in adaptations; figures and a
    card. An interrupted run goes on where it stopped.

    Args:
        preset: Name or directory of the preset whose embedding is used.
        out: Directory of the new preset; it appears whole or not at all.
        work: Directory of pictures and states of the training.
        mocap: The motion capture of the preset's run; what was not trained on there is not trained on here.
        configuration: The configuration whose image encoder is trained, or its name.
        weights: What it starts from, as in `ImageEncoder`; `None` starts from the preset's variant `"source"`, which
            must then be of the same configuration.
        domain: The `Domain` of the pictures, or its name.
        people: Who is in them, see `film`.
        images: Pictures to train on.
        test_images: Pictures to measure by.
        replayed: Pictures that go into the preset.
        steps: Steps of training.
        panoramas: Directory of photographs in which most of the people stand, see `read_panoramas`; `None` for none.
        panorama_licence: Where these are from and what may be done with them, for the card; needed with panoramas.
        limits: What the networks cannot do, a sentence each, for the card.
        fresh: Start over.

    Returns:
        The estimator.

    Raises:
        FileNotFoundError: If the preset, the motion capture or a panorama does not exist.
        FileExistsError: If there is something at `out` already.
        ImportError: If what draws the people or reads the weights is not installed.
        ValueError: If the preset is not of a run with this motion capture, a panorama cannot be read, or an argument
            does not fit.
        OSError: If something cannot be written.
    """
    found, mocap, out = Preset(preset), Path(mocap), Path(out).absolute()
    configuration = get_configuration(configuration)
    figures = found.figures
    if not mocap.exists():
        raise FileNotFoundError(f"`mocap` must be an existing .npz file. Received: mocap={str(mocap)!r}")
    if out.exists():
        raise FileExistsError(f"`out` must be new. Received: out={str(out)!r}")
    wanted = figures.get("arguments", {}).get("mocap")
    if wanted != fingerprint(mocap):
        raise ValueError(
            f"`mocap` must be the motion capture of the preset, {wanted!r}. Received: mocap={fingerprint(mocap)!r}"
        )
    if (panoramas is None) != (not panorama_licence):
        raise ValueError(
            "`panorama_licence` must say where panoramas are from and what may be done with them, and only then. "
            f"Received: panoramas={panoramas!r}, panorama_licence={panorama_licence!r}"
        )
    seed = figures["arguments"]["seed"]
    keras.utils.set_random_seed(seed)
    domain = get_domain(domain)
    if panoramas is not None:
        domain = dataclasses.replace(domain, panoramas=read_panoramas(panoramas))
    encoder, start = _encoder(found, configuration, weights)
    settings = {
        "configuration": configuration.name,
        "backbone": configuration.backbone,
        "start": start,
        "domain": domain.name,
        "people": people,
        "panoramas": [panorama.name for panorama in domain.panoramas],
        "images": images,
        "test_images": test_images,
        "steps": steps,
    }
    arguments = {
        **settings,
        "replayed": replayed,
        "seed": seed,
        "backend": keras.backend.backend(),
        "version": posealign_keras.__version__,
        # What names and numbers above do not tell.
        "sizes": str(configuration),
        "pictures": str(domain),
        "training": f"batches of {_BATCH}, {_AUGMENTATION}",
        "embedding": found.networks[PoseAutoencoder.entry()]["sha256"],
    }
    workspace = Workspace(work, arguments, fresh)
    _record_pictures(workspace, mocap, domain, people, arguments, configuration.image_size)
    if not workspace.finished("training"):
        watch = Stopwatch()
        estimator = PoseEstimator(encoder, PoseAutoencoder.from_preset(preset))
        model = SourceTraining(estimator.image_encoder, estimator.pose_autoencoder)
        model.compile(optimizer=warmed_adam(1e-3, steps))
        folders = [workspace.path(f"pictures/{part}") for part in _PARTS]
        options = {"also": ("keypoints",) if encoder.keypoints else (), "seed": seed, "cache": True}
        batches = data.load_labelled_images(folders, _BATCH, _AUGMENTATION, **options)
        fit(model, batches, steps, "image_encoder", "supervised", workspace)
        workspace.save_model("estimator.keras", estimator)
        machine = f"{platform.machine()}, {os.cpu_count()} cores"
        workspace.finish("training", ["estimator.keras"], watch.seconds(), machine=machine)
    estimator = workspace.load_model("estimator.keras")
    test = data.load_arrays(workspace.path("pictures/test"), "train", data.LABELLED_IMAGE)
    errors = pose_errors(test["joints"], estimator.predict_poses(test["image"]), skeleton=estimator.skeleton)
    del errors["per_joint"]
    trained = {
        **settings,
        "seed": seed,
        "test": errors,
        "machine": workspace.result("training", "machine"),
        "backend": keras.backend.backend(),
    }
    with whole_directory(out) as new:
        _copy_embeddings(found, new)
        estimator.image_encoder.save_to_preset(new)
        Preset.write(new, {}, _DESCRIPTION.format(**settings, old=found.directory.name))
        shutil.copytree(workspace.path("replay"), new / REPLAY)
        shown = test["image"][:128]
        figures = {
            **{name: figures[name] for name in _KEPT if name in figures},
            "image_encoder": trained,
            "protocol": {
                **{name: figures["protocol"][name] for name in ("joints", "root")},
                "scale": figures["protocol"]["scale"].split(";")[0],
                "data": f"generated pictures in the domain {domain.name!r}, of motion that nothing was trained on"
                + (", most of them in the panoramas of the training" if domain.panoramas else ""),
                "frames": test_images,
                "selection": "none: a fixed number of steps",
            },
            "panorama_licence": panorama_licence,
            "limits": list(limits),
            "storage": change_by_storing([(estimator, PoseEstimator.from_preset(new))], shown),
        }
        write_figures(new, out.name, figures)
    return estimator


def _encoder(preset, configuration, weights):
    """The encoder to be trained, and what it starts from."""
    if weights is None:
        encoder, start = ImageEncoder.from_preset(preset.directory, _START), f"variant {_START}"
        if encoder.arguments_for_preset() != configuration.image_encoder().arguments_for_preset():
            raise ValueError(
                f"`configuration` must be that of the variant {_START!r} of the preset where `weights` is None. "
                f"Received: configuration={configuration.name!r}, weights=None"
            )
        return encoder, start
    encoder = configuration.image_encoder(weights)
    return encoder, weights if weights == "imagenet" else fingerprint(weights)


def _copy_embeddings(preset, new):
    """The auto-encoders and relation networks of a preset, into a new one."""
    for network in (PoseAutoencoder, MotionAutoencoder):
        network.from_preset(preset.directory).save_to_preset(new)
    prefix = f"{RelationNetwork.preset_entry}_"
    for entry in preset.networks:
        if entry.startswith(prefix):
            name = entry.removeprefix(prefix)
            RelationNetwork.from_preset(preset.directory, name).save_to_preset(new, name)


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
            # What is replayed is set into other places.
            masks = folder == "replay"
            record_images(libraries[library], domain, path, "train", *numbers, people=people, masks=masks)
            files = [str(file.relative_to(workspace.directory)) for file in sorted(path.iterdir())]
            workspace.finish(folder, files, watch.seconds())


def main(arguments=None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", help="name or directory of a preset of a run with motion capture")
    parser.add_argument("--out", required=True, metavar="DIR", help="directory of the new preset")
    parser.add_argument("--work", required=True, metavar="DIR", help="directory of pictures and states of training")
    parser.add_argument("--mocap", required=True, metavar="FILE", help="the motion capture of that run")
    parser.add_argument("--configuration", default="base", help="whose encoder is trained (default: %(default)s)")
    parser.add_argument(
        "--weights",
        default="imagenet",
        type=lambda text: None if text == "none" else text,
        help="what it starts from: imagenet, a file of weights, or none for the preset's variant source",
    )
    parser.add_argument("--domain", default="varied", help="where people are filmed (default: %(default)s)")
    parser.add_argument("--people", default="mesh", help="who is filmed, mesh or cones (default: %(default)s)")
    for name, default in (("images", 24_000), ("test-images", 1_500), ("replayed", 500), ("steps", _STEPS)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help="default: %(default)s")
    parser.add_argument("--panoramas", metavar="DIR", help="photographs of places all around, in which people stand")
    parser.add_argument(
        "--panorama-licence", default="", metavar="TEXT", help="where they are from and what may be done with them"
    )
    add_limits(parser)
    parser.add_argument("--fresh", action="store_true", help="start over")
    options = parser.parse_args(arguments)
    try:
        train_image_encoder(**vars(options))
    except (ValueError, OSError, ImportError) as error:
        parser.error(str(error))
    print(Preset(options.out).card)


if __name__ == "__main__":
    main()
