"""Trains an image encoder on pictures that are more like real ones, for the embedding of a preset.

python -m posealign_keras.presets.train_image_encoder old_preset --out new_preset --work DIR --mocap mocap17.npz \
    --panoramas DIR
"""

import argparse
import contextlib
import dataclasses
import functools
import inspect
import os
import platform
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

import posealign_keras
from posealign_keras.data.motion_library import MotionLibrary
from posealign_keras.data.synthetic import Domain, generate_motion_library, get_domain, read_panoramas
from posealign_keras.data.synthetic.drawing import Drawing
from posealign_keras.data.synthetic.recording import record_images
from posealign_keras.evaluation import pose_errors
from posealign_keras.fitting import fit
from posealign_keras.models import ImageEncoder, PoseAutoencoder, PoseEstimator
from posealign_keras.models.preset import INDEX, REPLAY, Preset, preset_names
from posealign_keras.presets.configuration import Configuration, get_configuration
from posealign_keras.presets.embeddings import Embeddings, train_embeddings
from posealign_keras.presets.make_preset import change_by_storing
from posealign_keras.presets.model_card import add_limits, write_figures
from posealign_keras.presets.picture_batches import drawn_size, picture_batches
from posealign_keras.progress import Progress
from posealign_keras.training import RandomAppearance, SourceTraining
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
_TRAINING = "training"
_DRAWN = ("pictures", "test")
_CORES_OF_TRAINING = 2
# What the figures tell of how a domain varies poses; its name does not.
_POSES = ("other_limbs", "limb_turn", "lean", "limbs", "elevation", "roll")
_PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_DESCRIPTION = (
    "An image encoder of the configuration `{configuration}`, trained {more}on {images} generated pictures of the "
    "domain `{domain}`, with the embeddings and relation networks of `{old}`{further}."
)
_KEPT = ("arguments", "environment", "pose_aae", "motion_aae", "relations", "embeddings", "data_licence")


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
    images: int = 96_000,
    test_images: int = 1_500,
    replayed: int = 400,
    steps: int = 10_000,
    batch_size: int = 256,
    learning_rate: float = 2e-3,
    precision: str = "float32",
    fine_tuned: Sequence[str] = (),
    embedding_steps: int = 0,
    panoramas: str | os.PathLike | None = None,
    panorama_licence: str = "",
    limits: Sequence[str] = (),
    fresh: bool = False,
) -> PoseEstimator:
    """Train an image encoder on generated pictures, for the embedding of a preset, and make a preset of both.

    The new preset holds the embeddings and relation networks of the old one, as they were or trained further; the new
    encoder; some more such pictures, to be replayed in adaptations; figures and a card. The old one must be one that
    `make_preset` made of a run with motion capture, or this function of such a one. An interrupted run goes on where it
    stopped, on another machine or backend too, if `work` is taken along: only the motion, which comes first, and the
    pictures to be replayed, which come last, need TensorFlow.

    Args:
        preset: Name or directory of the preset whose embedding is used.
        out: Directory of the new preset; it appears whole or not at all.
        work: Directory of pictures and states of the training.
        mocap: The motion capture of the preset's run; what was not trained on there is not trained on here.
        configuration: The configuration whose image encoder is trained, or its name.
        weights: What it starts from, as in `ImageEncoder`; or the name or directory of a preset, from whose image
            encoder it goes on. `None` starts from the variant `"source"` of `preset`. An image encoder of a preset must
            be of the same configuration; only keypoints may have been read with another sharpness there.
        domain: The `Domain` of the pictures, or its name.
        people: Who is in them, see `film`.
        images: Pictures to train on. The training begins with the first tenth of them, while the others are drawn; if
            it ends before they all are, the card says how many there were.
        test_images: Pictures to measure by.
        replayed: Pictures that go into the preset.
        steps: Steps of training. With 0 the image encoder is kept, and measured as the configuration reads its
            keypoints; `weights` must then be a preset that this made, of the pose auto-encoder of `preset` and of such
            pictures.
        batch_size: Pictures in each of them.
        learning_rate: The highest one, after a warm-up; it falls to 0.
        precision: The dtype policy of Keras while it trains, `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`; the
            preset is of float32.
        fine_tuned: Convolutions that learn, by what their names begin with, see `ImageEncoder.train_only`; fully
            connected layers learn, too, and normalisation keeps its statistics. By default all that is not frozen.
        embedding_steps: Steps by which the embeddings and relation networks go on first, on the motion of the pictures
            and on that as the domain varies it, see `train_embeddings`; 0 leaves them as they are.
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
        ValueError: If a preset is not of a run with this motion capture, a panorama cannot be read, or an argument does
            not fit.
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
    if precision not in _PRECISIONS:
        raise ValueError(f"`precision` must be one of {_PRECISIONS}. Received: precision={precision!r}")
    if images < sum(_PARTS.values()) or min(test_images, replayed, batch_size) < 1:
        raise ValueError(
            f"`images` must be at least {sum(_PARTS.values())}, and other numbers positive. Received: images={images}, "
            f"test_images={test_images}, replayed={replayed}, batch_size={batch_size}"
        )
    if steps < 0:
        raise ValueError(f"`steps` must not be negative. Received: steps={steps}")
    if embedding_steps < 0:
        raise ValueError(f"`embedding_steps` must not be negative. Received: embedding_steps={embedding_steps}")
    seed = figures["arguments"]["seed"]
    keras.utils.set_random_seed(seed)
    domain = get_domain(domain)
    if panoramas is not None:
        domain = dataclasses.replace(domain, panoramas=read_panoramas(panoramas))
    if not steps:
        _check_untrained(found, weights, fine_tuned, embedding_steps, configuration, domain, people)
    encoder, start, before = _encoder(found, configuration, weights)
    _check_fine_tuned(encoder, fine_tuned)
    embeddings = Embeddings.from_preset(found)
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
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "precision": precision,
        "fine_tuned": list(fine_tuned),
        "embedding_steps": embedding_steps,
        "sharpness": configuration.sharpness if configuration.keypoints else None,
    }
    arguments = {
        **settings,
        "replayed": replayed,
        "seed": seed,
        "version": posealign_keras.__version__,
        # What names and numbers above do not tell.
        "sizes": str(configuration),
        "pictures": str(domain),
        "embedding": [
            network["sha256"] for entry, network in found.networks.items() if not entry.startswith(ImageEncoder.entry())
        ],
        "before": before,
    }
    workspace = Workspace(work, arguments, fresh)
    if fresh:
        for folder in _DRAWN:
            shutil.rmtree(workspace.path(folder), ignore_errors=True)
    motion = _Motion(workspace, mocap, seed)
    draw = functools.partial(_draw, workspace, motion, domain=domain, people=people, seed=seed)
    size = configuration.image_size
    if embedding_steps:
        learnt, unseen = [motion[part] for part in _PARTS], motion["test"]
        if unseen.lengths.max() < embeddings.frames:
            raise ValueError(
                f"`mocap` must have sequences of {embeddings.frames} frames among those to measure by, a fifth of it. "
                f"Received: the longest of {unseen.lengths.max()}"
            )
        embeddings = train_embeddings(
            embeddings, learnt, domain, embedding_steps, workspace, seed, dependent=[_TRAINING]
        )
        history = [*figures.get("embeddings", []), {"steps": embedding_steps, "domain": domain.name}]
        figures = {**figures, "embeddings": history, **embeddings.errors(unseen, seed + 1)}
    if steps and not workspace.finished(_TRAINING):
        watch = Stopwatch()
        parts = {part: images * share // sum(_PARTS.values()) for part, share in _PARTS.items()}
        # On many cores, some are left to the training.
        processes = max(1, (os.cpu_count() or 1) - _CORES_OF_TRAINING)
        with draw(_DRAWN[0], parts, size=drawn_size(size), processes=processes) as drawing:
            drawing.wait(max(1, images // 10))
            _train(encoder, embeddings.pose_autoencoder, drawing.pictures, workspace)
            how = {"machine": _machine(encoder), "backend": keras.backend.backend(), "images": len(drawing.pictures)}
        workspace.finish(_TRAINING, ["estimator.keras"], watch.seconds(), **how)
    if steps:
        estimator = workspace.load_model("estimator.keras")
    else:
        estimator = PoseEstimator(encoder, embeddings.pose_autoencoder)
    with draw(_DRAWN[1], {"test": test_images}, size=size) as drawing:
        drawing.wait()
    pictures, joints, _ = (np.stack(values) for values in zip(*drawing.pictures, strict=True))
    errors = pose_errors(joints, estimator.predict_poses(pictures), skeleton=estimator.skeleton)
    del errors["per_joint"]
    if not workspace.finished("replay"):
        watch = Stopwatch()
        path = workspace.path("replay")
        # What is replayed is set into other places, so it comes with masks.
        numbers = (replayed, size, 1000 * seed, Progress("replay"))
        record_images(motion[_REPLAYED_OF], domain, path, "train", *numbers, people=people, masks=True)
        workspace.finish("replay", _files(workspace, path), watch.seconds())
    licences = [panorama_licence]
    if before:
        licences.insert(0, before.pop("panorama_licence"))
    if steps:
        trained = {
            **settings,
            "seed": seed,
            "poses": {name: getattr(domain, name) for name in _POSES},
            **{name: workspace.result(_TRAINING, name) for name in ("machine", "backend", "images")},
            **({"before": before} if before else {}),
        }
    else:  # it is what it was
        trained = {name: value for name, value in before.items() if name != "sha256"}
        trained |= {name: settings[name] for name in ("test_images", "sharpness")}
    trained["test"] = errors
    text = _DESCRIPTION.format(
        **trained,
        more="further " if trained.get("before") else "",
        old=found.directory.name,
        further=", trained further" if embedding_steps else "",
    )
    with whole_directory(out) as new:
        embeddings.save_to_preset(new)
        estimator.image_encoder.save_to_preset(new)
        Preset.write(new, {}, text)
        shutil.copytree(workspace.path("replay"), new / REPLAY)
        shown = pictures[:128]
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
            "panorama_licence": " ".join(dict.fromkeys(filter(None, licences))),
            "limits": list(limits),
            # What was stored before is not changed by it any more.
            **({"storage": change_by_storing([(estimator, PoseEstimator.from_preset(new))], shown)} if steps else {}),
        }
        write_figures(new, out.name, figures)
    return estimator


def _encoder(preset, configuration, weights):
    """The encoder to be trained, what it starts from, and what is known of that if it is of another preset."""
    before, reading = None, {"sharpness": configuration.sharpness}  # which no weight depends on
    if weights is None:
        encoder, kind, name = ImageEncoder.from_preset(preset.directory, _START, **reading), "variant", _START
    elif _is_preset(weights):
        other = Preset(weights)
        encoder, kind, name = ImageEncoder.from_preset(other.directory, **reading), "preset", other.directory.name
        figures = other.figures
        origin, wanted = (
            {name: known.get("arguments", {}).get(name) for name in ("mocap", "seed")}
            for known in (figures, preset.figures)
        )
        if origin != wanted:
            raise ValueError(
                f"`weights` must be a preset of the motion capture and the seed of `preset`, {wanted}, or what is "
                f"measured by may have been trained on. Received: {origin} of {str(weights)!r}"
            )
        before = {
            **figures.get("image_encoder", {}),
            "sha256": other.networks[ImageEncoder.entry()]["sha256"],
            "panorama_licence": figures.get("panorama_licence", ""),
        }
    else:
        return configuration.image_encoder(weights), weights if weights == "imagenet" else fingerprint(weights), None
    if encoder.arguments_for_preset() != configuration.image_encoder().arguments_for_preset():
        raise ValueError(
            f"`configuration` must be that of the {kind} {name!r}, whose image encoder it goes on from. "
            f"Received: configuration={configuration.name!r}, weights={weights!r}"
        )
    return encoder, f"{kind} {name}", before


def _is_preset(weights):
    return weights in preset_names() or (Path(weights) / INDEX).is_file()


def _check_fine_tuned(encoder, prefixes):
    """Refuse names that begin no layer that could learn, before anything is drawn or trained."""
    if isinstance(prefixes, str):
        raise ValueError(f"`fine_tuned` must be several texts, such as ('conv4_',). Received: {prefixes!r}")
    for prefix in prefixes:
        try:
            encoder.train_only((prefix,))
        except ValueError as error:
            raise ValueError(f"`fine_tuned` must begin names of layers that may learn. Received: {prefix!r}") from error
    encoder.trainable = True


def _check_untrained(found, weights, fine_tuned, embedding_steps, configuration, domain, people):
    """Refuse to keep an encoder that was trained otherwise than it would be measured, or if more is to be trained."""
    wanted = {
        "configuration": configuration.name,
        "domain": domain.name,
        "people": people,
        "panoramas": [panorama.name for panorama in domain.panoramas],
    }
    known, same = {}, False
    if weights is not None and _is_preset(weights):
        other, entry = Preset(weights), PoseAutoencoder.entry()
        known = {name: other.figures.get("image_encoder", {}).get(name) for name in wanted}
        same = other.networks[entry]["sha256"] == found.networks[entry]["sha256"]
    if not same or known != wanted or fine_tuned or embedding_steps:
        raise ValueError(
            "`steps` may be 0 if `weights` is a preset that this made, of the same pose auto-encoder and of "
            f"{wanted}, and nothing is to be trained further. Received: weights={weights!r}, of {known}, "
            f"fine_tuned={tuple(fine_tuned)}, embedding_steps={embedding_steps}"
        )


class _Motion:
    """The motion libraries by the names of `_PARTS`, and `"test"`; they are files, since TensorFlow makes them."""

    def __init__(self, workspace, mocap, seed):
        self._workspace = workspace
        if not workspace.finished("motion"):
            watch = Stopwatch()
            records = workspace.path("records")
            convert("arrays", mocap, records, splits=_SHARES, seed=seed, shortest_sequence=1, overwrite=True)
            for split in _SHARES:
                MotionLibrary.from_records(records / "pose_sequence", split).save(self._path(split))
            generate_motion_library(240, 120, seed).save(self._path("generated"))
            shutil.rmtree(records)
            names = [self._path(name).name for name in (*_SHARES, "generated")]
            workspace.finish("motion", names, watch.seconds())

    def __getitem__(self, name):
        return MotionLibrary.load(self._path(name), useful_frames=1)

    def _path(self, name):
        return self._workspace.path(f"motion_{name}.npz")


def _draw(workspace, motion, folder, parts, *, domain, size, people, seed, processes=None):
    """Draw pictures of some motions, as many as is said of each; those that an interrupted run drew are kept."""
    seed = 1000 * seed + zlib.crc32(folder.encode()) % 1000
    libraries = [(motion[part], count) for part, count in parts.items()]
    return Drawing(workspace.path(folder), libraries, domain, size, seed, people, processes, Progress(folder))


def _files(workspace, path):
    return [str(file.relative_to(workspace.directory)) for file in sorted(path.iterdir())]


def _train(encoder, pose_autoencoder, pictures, workspace):
    """Train an encoder, and keep the estimator of it in the workspace, in float32 whatever it was trained in."""
    steps, batch_size, rate, precision, fine_tuned, seed = (
        workspace.arguments[name]
        for name in ("steps", "batch_size", "learning_rate", "precision", "fine_tuned", "seed")
    )
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        trained = type(encoder).from_config(encoder.get_config())
    finally:
        keras.config.set_dtype_policy(before)
    trained.set_weights(encoder.get_weights())
    if fine_tuned:
        trained.train_only(fine_tuned, fully_connected=True)
    model = SourceTraining(trained, pose_autoencoder, augmentation=RandomAppearance(seed=seed))
    model.compile(optimizer=warmed_adam(rate, steps))
    batches = picture_batches(pictures, batch_size, encoder.image_size, seed, keypoints=bool(encoder.keypoints))
    fit(model, batches, steps, "image_encoder", "supervised", workspace)
    encoder.set_weights(trained.get_weights())
    workspace.save_model("estimator.keras", PoseEstimator(encoder, pose_autoencoder))


def _machine(encoder):
    """What it was trained on, in words."""
    parts = [platform.machine(), f"{os.cpu_count()} cores"]
    device = str(getattr(encoder.weights[0].value, "device", "")).lower()
    if "cuda" in device or "gpu" in device:
        # Whichever backend, there is one way to ask for the name of a GPU.
        query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            names = subprocess.run(query, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
            parts += names[:1]
    return ", ".join(parts)


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
        help="what it starts from: imagenet, a file of weights, a preset, or none for the variant source of PRESET",
    )
    parser.add_argument("--domain", default="varied", help="where people are filmed (default: %(default)s)")
    parser.add_argument("--people", default="mesh", help="who is filmed, mesh or cones (default: %(default)s)")
    defaults = inspect.signature(train_image_encoder).parameters
    for name in ("images", "test_images", "replayed", "steps", "batch_size", "learning_rate", "embedding_steps"):
        default = defaults[name].default
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(default), default=default, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--precision",
        default="float32",
        choices=_PRECISIONS,
        help="dtype policy of the training (default: %(default)s)",
    )
    parser.add_argument(
        "--fine-tuned",
        nargs="+",
        default=(),
        metavar="PREFIX",
        help="which convolutions learn, such as conv4_, while normalisation keeps its statistics (default: all)",
    )
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
