"""Makes a preset of the networks of a finished run of `posealign demo`, with a model card.

python -m posealign_keras.presets.make_preset posealign-demo --out my_preset
"""

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from posealign_keras.models import PoseEstimator
from posealign_keras.models.preset import INDEX, Preset
from posealign_keras.presets.model_card import add_limits, write_figures
from posealign_keras.whole_directory import whole_directory

ESTIMATORS = {"adapted.keras": "adapted", "source_only.keras": "source"}
"""The estimators of a run, and the variants that they are in a preset. The usual one is the first of them."""

_KEPT = ("arguments", "environment", "source", "target", "pose_aae", "motion_aae", "relations", "protocol")


def make_preset(
    run: str | os.PathLike,
    out: str | os.PathLike,
    description: str | None = None,
    data_licence: str | None = None,
    limits: Sequence[str] = (),
    overwrite: bool = False,
) -> Preset:
    """Turn the networks of a finished run of `posealign demo` into a preset with figures and a model card.

    It holds the image encoder as it was adapted to the pictures of the target, which is the usual one and the variant
    `"adapted"`, that of the source as the variant `"source"`, the pose and the motion auto-encoder, and all relation
    networks of the run. `train_image_encoder` makes another preset with a better one.

    Args:
        run: Directory of the run.
        out: Directory of the preset; it appears whole or not at all.
        description: What the preset is, in a sentence or two; `None` makes one of the run's arguments.
        data_licence: Where the motion capture is from, and what its licence says; needed if the run had any.
        limits: What else the networks cannot do, a sentence each, for the card.
        overwrite: Whether to replace a preset, all of it.

    Returns:
        The preset.

    Raises:
        FileNotFoundError: If the run is not finished, or is none.
        FileExistsError: If there is something at `out` already, and it is no preset or `overwrite` is false.
        ValueError: If files of the run are not those that it wrote, or `data_licence` is missing.
        OSError: If the preset cannot be written.
    """
    run, out = Path(run), Path(out).absolute()
    metrics = _read_json(run / "metrics.json", run)
    files = _check_networks(run, metrics["arguments"])
    mocap = metrics["arguments"]["mocap"]
    if mocap and not data_licence:
        raise ValueError(
            f"`data_licence` must say where the motion capture {mocap.split()[0]!r} of the run is from, and what its "
            f"licence says. Received: data_licence={data_licence!r}"
        )
    if out.exists() and not (overwrite and (out / INDEX).is_file()):
        raise FileExistsError(
            f"`out` must be new, or a preset and `overwrite` true. Received: out={str(out)!r}, overwrite={overwrite}"
        )
    with whole_directory(out) as new:
        networks = {file: keras.saving.load_model(run / file, compile=False) for file in files}
        for file, network in networks.items():
            network.save_to_preset(new, ESTIMATORS.get(file))
        next(iter(networks.values())).save_to_preset(new)  # the first of them is the usual one, too
        description = description or (
            f"All networks of the configuration `{metrics['arguments']['preset']}`, trained by `posealign demo` on "
            f"generated pictures and {'motion capture' if mocap else 'generated motion'}."
        )
        Preset.write(new, {}, description)
        figures = {name: metrics[name] for name in _KEPT} | {
            "storage": _change_by_storing(run, networks, new),
            "data_licence": data_licence,
            "limits": list(limits),
        }
        write_figures(new, out.name, figures)
    return Preset(out)


def _read_json(path, run):
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"`run` must be the directory of a finished `posealign demo`, with a {path.name}. Received: run={run}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _check_networks(run, arguments):
    """Names of the files of networks that belong to a preset, after a look at whether they are what the run wrote."""
    state = _read_json(run / "state.json", run)
    if state["arguments"] != arguments:
        raise ValueError(f"{run / 'metrics.json'} must be of the same run as state.json. Received: {arguments}")
    written = {name: checksum for stage in state["stages"].values() for name, checksum in stage["files"].items()}
    relations = sorted(name for name in written if name.startswith("relation_"))
    wanted = [*ESTIMATORS, "motion_autoencoder.keras", *relations]
    for name in wanted:
        if name not in written or not (run / name).is_file():
            raise FileNotFoundError(f"`run` must be finished, with a {name}. Received: run={run}")
        if hashlib.sha256((run / name).read_bytes()).hexdigest() != written[name]:
            raise ValueError(f"{run / name} is not the file that the run wrote")
    return wanted


def _change_by_storing(run, networks, preset):
    """`change_by_storing` of the estimators of a run, on its pictures."""
    with np.load(run / "samples.npz", allow_pickle=False) as samples:
        images = np.concatenate([samples[name] for name in ("images", "clip_images", "source_images")])
    pairs = [(networks[file], PoseEstimator.from_preset(preset, variant)) for file, variant in ESTIMATORS.items()]
    return change_by_storing(pairs, images)


def change_by_storing(pairs: Sequence[tuple[PoseEstimator, PoseEstimator]], images: np.ndarray) -> dict[str, float]:
    """How far joints move because weights have fewer digits in a preset, in millimetres.

    Args:
        pairs: Estimators, each as it was trained and as it was stored.
        images: `(N, height, width, 3)` pictures.

    Returns:
        Mean and largest change, and the number of pictures.
    """
    distances = []
    for estimators in pairs:
        poses = [ops.convert_to_numpy(estimator(images)["pose_3d"]) for estimator in estimators]
        distances.append(1000 * np.linalg.norm(poses[1] - poses[0], axis=-1))
    return {
        "pictures": len(images),
        "mean_joint_change": float(np.mean(distances)),
        "largest_joint_change": float(np.max(distances)),
    }


def main(arguments=None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description="Makes a preset of a finished run of `posealign demo`.")
    parser.add_argument("run", metavar="RUN", help="directory of the run")
    parser.add_argument("--out", required=True, metavar="DIR", help="directory of the preset")
    parser.add_argument("--description", metavar="TEXT", help="what the preset is, in a sentence or two")
    parser.add_argument(
        "--data-licence",
        metavar="TEXT",
        help="where the motion capture of the run is from, and what its licence says; needed if it had any",
    )
    add_limits(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace a preset")
    options = parser.parse_args(arguments)
    try:
        preset = make_preset(**vars(options))
    except (ValueError, OSError) as error:
        parser.error(str(error))
    for entry in preset.networks:
        print(f"{preset.weights_file(entry)}: {preset.weights_file(entry).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
