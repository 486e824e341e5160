"""Makes a preset of the networks of a finished run of `posealign demo`, with a model card.

python -m posealign_keras.presets.make_preset posealign-demo --out posealign_keras/presets/small_synthetic
"""

import argparse
import json
from pathlib import Path

import keras

from posealign_keras.models import Preset
from posealign_keras.relations import list_relations

_CARD = """# {name}

{description}

## What it was trained on

{training}

## Figures

{figures}

Errors in millimetres, on pictures and motion that nothing was trained on. {protocol}

## Limits

- It has seen generated pictures only. On real pictures it is a start for adaptation, and no measuring instrument.
- One person at a time, whole in the picture, from about the height of the eyes.
- Its bodies have the canonical bone lengths: it says nothing about a person's size.
- It must not be used to identify people, or where an error can do harm.

## Licence

The weights are licensed as the package is, Apache-2.0. {licence}
"""
_CMU = (
    "The motion is from the CMU Graphics Lab Motion Capture Database (mocap.cs.cmu.edu; created with funding from NSF "
    "EIA-0196217), which may be used, modified and included in products; the data itself, or converted copies of it, "
    "may not be resold."
)


def make_preset(
    run, out, description: str, name: str | None = None, licence: str = "", overwrite: bool = False
) -> Preset:
    """Turn the networks of a finished run of `posealign demo` into a preset.

    It holds the image encoder trained on the source, the pose and the motion auto-encoder, and the relation networks.

    Args:
        run: Directory of the run.
        out: Directory of the preset.
        description: What the preset is, in a sentence or two.
        name: Name of the preset; by default that of the directory.
        licence: What has to be said of the data beside the licence of the package.
        overwrite: Whether to replace the networks that `out` holds.

    Returns:
        The preset.

    Raises:
        FileNotFoundError: If the run is not finished, or is none.
        FileExistsError: If `out` holds such networks, and `overwrite` is false.
    """
    run, out = Path(run), Path(out)
    try:
        metrics = json.loads((run / "metrics.json").read_bytes())
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"`run` must be the directory of a finished `posealign demo`, with a metrics.json. Received: run={run}"
        ) from error
    load = keras.saving.load_model
    load(run / "source_only.keras").save_to_preset(out, overwrite)
    load(run / "motion_autoencoder.keras").save_to_preset(out, overwrite)
    for relation in list_relations():
        if (run / f"relation_{relation}.keras").exists():
            load(run / f"relation_{relation}.keras").save_to_preset(out, overwrite)
    Preset.describe_as(out, description)
    kept = ("arguments", "environment", "source", "target", "pose_aae", "motion_aae", "relations", "protocol")
    (out / "metrics.json").write_text(json.dumps({name: metrics[name] for name in kept}, indent=1) + "\n")
    (out / "README.md").write_text(_card(name or out.name, description, metrics, licence))
    return Preset(out)


def _card(name, description, metrics, licence):
    source, target = metrics["source"]["source_only"], metrics["target"]["source_only"]
    rows = [
        (
            "pictures of the kind it was trained on, MPJPE (PA-MPJPE)",
            f"{source['mpjpe']:.1f} ({source['pa_mpjpe']:.1f})",
        ),
        ("pictures of another kind, before adaptation", f"{target['mpjpe']:.1f} ({target['pa_mpjpe']:.1f})"),
        ("pose auto-encoder, reconstruction", f"{metrics['pose_aae']['test_reconstruction']:.1f}"),
        ("motion auto-encoder, reconstruction", f"{metrics['motion_aae']['test_reconstruction']:.1f}"),
        *(
            (f"relation `{relation}`, decoded", f"{quality['decoded_error']:.1f}")
            for relation, quality in metrics["relations"].items()
        ),
    ]
    figures = "\n".join(["| what | error |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows)])
    arguments, environment = metrics["arguments"], metrics["environment"]
    command = f"posealign demo --seed {arguments['seed']} --preset {arguments['preset']}"
    if arguments["mocap"]:
        command += f" --mocap {arguments['mocap'].split()[0]}"
    training = (
        f"`{command}`, version {arguments['version']} of the package, on {environment['backend']}, "
        f"{environment['machine']}. Pictures: generated. Motion: {metrics['protocol']['motion']}."
    )
    scale = metrics["protocol"]["scale"].split(";")[0]
    protocol = f"Joints: {metrics['protocol']['joints']}; root: {metrics['protocol']['root']}; scale: {scale}."
    return _CARD.format(
        name=name, description=description, training=training, figures=figures, protocol=protocol, licence=licence
    )


def main(arguments=None) -> None:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="directory of a finished `posealign demo`")
    parser.add_argument("--out", required=True, help="directory of the preset")
    parser.add_argument("--description", required=True, help="what the preset is, in a sentence or two")
    parser.add_argument(
        "--cmu", action="store_true", help="say in the card that the motion is that of the CMU database"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the networks that the directory holds")
    options = parser.parse_args(arguments)
    licence = _CMU if options.cmu else ""
    preset = make_preset(options.run, options.out, options.description, licence=licence, overwrite=options.overwrite)
    print(f"{preset.directory}: {', '.join(sorted(preset.networks))}")


if __name__ == "__main__":
    main()
