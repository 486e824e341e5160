"""`write_report`: one page that shows what a run of the demo measured, made from the files the run left."""

import html
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from posealign_keras.demo.report_files import check_metrics, read_json, read_samples
from posealign_keras.demo.report_words import findings, headline, millimetres, outcome
from posealign_keras.visualization import (
    ablation_figure,
    clip_figure,
    comparison_figure,
    error_by_joint_figure,
    history_figure,
    relations_figure,
)
from posealign_keras.visualization.image_trace import check_images, png_source
from posealign_keras.visualization.page import (
    duration_words,
    html_facts,
    html_figure,
    html_page,
    html_section,
    html_table,
    number_words,
    value_words,
)

_SAMPLE_NETWORKS = ("source_only", "adapted")
_NETWORKS = {"source_only": "source-only", "adapted": "adapted", "oracle": "oracle"}
# Keys of `environment` that say what machine it was, stated beside the results.
_MACHINE = ("machine", "processor", "device", "cpu", "gpu", "platform")
_MOST_SAMPLES = 6
_LEAD = "A 3D pose network, trained on labelled source images, adapted to videos without a single label."
_FRAMES_PER_SECOND = 30


def write_report(directory: str | os.PathLike) -> Path:
    """Write `report.html` from the files in the demo's output directory, and from nothing else.

    The page holds plotly.js, all images and all data, and loads nothing from the network. It appears whole or not
    at all. The same files always give the same page.

    Args:
        directory: Directory with

            - `metrics.json`: errors in millimetres, PCK in percent. `target.source_only` and `target.adapted`, each
              with `mpjpe` and `pa_mpjpe`, are required; `target.oracle`, `source`, `pose_aae`, `motion_aae`,
              `relations`, `ablation`, `collapse`, `per_joint`, `protocol`, `seconds`, `peak_memory_mb`,
              `environment` and `arguments` may be missing, and then so is their part of the page;
            - `history.json`: `{stage: {name: [value of every epoch]}}`;
            - `samples.npz`: `images` `(N, H, W, 3)` uint8 and `true`, `source_only`, `adapted` `(N, 17, 3)`, in
              metres, root-relative, camera frame, BODY17 order; optionally a clip, `clip_images` `(T, H, W, 3)` at
              30 frames per second with `clip_true`, `clip_source_only` and `clip_adapted`, and `source_images`.

    Returns:
        Path of the page.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If one of the three files is missing or does not hold what it should; the message names it.
    """
    directory = Path(directory)
    metrics = check_metrics(read_json(directory / "metrics.json"), directory / "metrics.json")
    history = read_json(directory / "history.json")
    samples = read_samples(directory / "samples.npz")

    # Each part beside the file it is made from, so that an error can name it.
    parts = [
        ("metrics.json", lambda: _summary(metrics)),
        ("metrics.json", lambda: _tiles(metrics)),
        ("metrics.json", lambda: _results(metrics)),
        ("samples.npz", lambda: _samples(samples)),
        ("samples.npz", lambda: _clip(samples)),
        ("metrics.json", lambda: _joints(metrics)),
        ("metrics.json", lambda: _ablation(metrics)),
        ("metrics.json", lambda: _relations(metrics)),
        ("history.json", lambda: _history(history)),
        ("metrics.json", lambda: _costs(metrics)),
        ("metrics.json", lambda: _settings(metrics)),
    ]
    body = "\n".join(_made_from(directory / name, make) for name, make in parts)

    report = directory / "report.html"
    partial = directory / f".report.html.{os.getpid()}"
    try:
        page = html_page(
            "posealign: 3D human pose adapted without labels",
            "3D human pose, adapted without labels",
            f"{_LEAD} {_data_sentence(metrics)}",
            body,
            "Errors are in millimetres. Left and right are the person's own. Made by posealign_keras.",
        )
        partial.write_text(page, encoding="utf-8")
        partial.replace(report)
    finally:
        partial.unlink(missing_ok=True)
    return report


def _made_from(path: Path, make: Callable[[], str]) -> str:
    try:
        return make()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"`directory` must hold a valid {path.name}. Received: {path}: {error!r}") from error


def _data_sentence(metrics: Mapping) -> str:
    data = (metrics.get("protocol") or {}).get("data")
    words = value_words(data).rstrip(".") if data else ""
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _summary(metrics: Mapping) -> str:
    found = outcome(metrics)
    tone = {"untrained": "undefined", "collapsed": "worse"}.get(found, found)
    sentences = "".join(f'<li class="{tone}">{html.escape(words)}</li>' for tone, words in findings(metrics))
    return (
        f'<section class="summary {tone}" aria-label="Summary"><p>{html.escape(headline(metrics))}</p>'
        f'<ul>{sentences}<li class="plain">One run with one seed: a difference of a few millimetres can be chance.'
        f"</li></ul></section>"
    )


def _tiles(metrics: Mapping) -> str:
    target, source = metrics["target"], metrics.get("source") or {}
    tiles = [
        _before_after("Target MPJPE", target, "mpjpe", " mm"),
        _before_after("Target PA-MPJPE", target, "pa_mpjpe", " mm"),
        _before_after("Target PCK@150 mm", target, "pck150", " %", larger_is_better=True),
        _before_after("Source MPJPE", source, "mpjpe", " mm"),
    ]
    for key, name in {"pose_aae": "Pose autoencoder", "motion_aae": "Motion autoencoder"}.items():
        if metrics.get(key):
            error = millimetres(metrics[key]["test_reconstruction"])
            tiles.append(_tile(name, error, "reconstruction of unseen motion"))
    if metrics.get("seconds"):
        tiles.append(_tile("Whole run", duration_words(sum(metrics["seconds"].values())), "wall-clock time"))
    return f'<dl class="tiles">{"".join(tiles)}</dl>'


def _before_after(label: str, networks: Mapping, key: str, unit: str, larger_is_better: bool = False) -> str:
    before, after = ((networks.get(network) or {}).get(key) for network in ("source_only", "adapted"))
    if before is None or after is None:
        return ""
    tone = "gain" if (after > before if larger_is_better else after < before) else "loss"
    change = f'<span class="{tone if after != before else ""}">{f"{after - before:+.1f}".replace("-", "−")}</span>'
    return _tile(label, f"{after:.1f}{unit}", f"{change} from {before:.1f}{unit}")


def _tile(label: str, value: str, detail: str) -> str:
    """One tile; `detail` is HTML."""
    return (
        f'<div class="tile"><dt>{html.escape(label)}</dt><dd class="value">{html.escape(value)}</dd>'
        f'<dd class="detail">{detail}</dd></div>'
    )


def _results(metrics: Mapping) -> str:
    columns = {"mpjpe": "MPJPE", "pa_mpjpe": "PA-MPJPE", "pck150": "PCK@150"}
    rows = [
        [f"{domain}, {name}", *(number_words(metrics[domain][network].get(key)) for key in columns)]
        for domain in ("target", "source")
        for network, name in _NETWORKS.items()
        if (metrics.get(domain) or {}).get(network)
    ]
    table = html_table(["network", *columns.values()], rows)
    stated = {
        **(metrics.get("protocol") or {}),
        **{name: value for name, value in (metrics.get("arguments") or {}).items() if name == "seed"},
        **{name: value for name, value in (metrics.get("environment") or {}).items() if name in _MACHINE},
    }
    protocol = f"<div><h3>How it was measured</h3>{html_facts(stated)}</div>" if stated else ""
    return html_section(
        "Results",
        "Test images. MPJPE and PA-MPJPE in mm, lower is better; PCK@150, joints within 150 mm, in %, higher.",
        f'<div class="pair"><div><h3>Errors</h3>{table}</div>{protocol}</div>',
    )


def _samples(samples: Mapping[str, np.ndarray]) -> str:
    count = len(samples["images"])
    # Evenly spaced, so that nobody has chosen them.
    shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_SAMPLES)).round().astype(int))
    figure = comparison_figure(
        samples["images"][shown], {name: poses[shown] for name, poses in _poses(samples, "").items()}
    )
    note = f"{len(shown)} of {count} target images, evenly spaced in the file and not chosen by their errors."
    caption = (
        "Root-relative poses in 3D, seen from the camera but turned by 20°; drag to turn. "
        "Millimetres: mean joint distance to the true pose. Blue is the person's left, vermilion the right."
    )
    source = samples.get("source_images")
    if source is not None and len(source):
        note += " The network was trained on labelled images of another domain, the source."
    return html_section(
        "Before and after", note, html_figure("samples", figure, caption, "wide") + _source_strip(source)
    )


def _source_strip(images: np.ndarray | None) -> str:
    if images is None or not len(images):
        return ""
    pictures = "".join(
        f'<img src="{png_source(image)}" alt="Source image {number + 1}">'
        for number, image in enumerate(check_images(images, "source_images", dimensions=4)[:12])
    )
    return f'<h3>The source domain, for comparison</h3><div class="strip">{pictures}</div>'


def _clip(samples: Mapping[str, np.ndarray]) -> str:
    if "clip_images" not in samples:
        return ""
    figure = clip_figure(samples["clip_images"], _poses(samples, "clip_"), _FRAMES_PER_SECOND)
    caption = "The thin grey line is the true pose."
    note = f"A target video, {len(samples['clip_images']) / _FRAMES_PER_SECOND:.1f} s at 30 frames per second."
    return html_section("A clip", note, html_figure("clip", figure, caption, "wide"))


def _poses(samples: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    names = {"true": "true"} | {network: _NETWORKS[network] for network in _SAMPLE_NETWORKS}
    return {name: samples[prefix + network] for network, name in names.items()}


def _joints(metrics: Mapping) -> str:
    if not metrics.get("per_joint"):
        return ""
    errors = {_NETWORKS.get(network, network): values for network, values in metrics["per_joint"].items()}
    note = "Mean error of each joint on the target test images, the joint with the largest error first."
    return html_section("Error of each joint", note, html_figure("joints", error_by_joint_figure(errors), "", "medium"))


def _ablation(metrics: Mapping) -> str:
    if not metrics.get("ablation"):
        return ""
    note = (
        "The target error with each set of energies, all trained for the same number of steps, with the source's "
        "supervised loss beside them. Normalization comes before and trains nothing: the statistics of batch "
        "normalisation are those of the target. The only energy of the adapted network is pose flip."
    )
    return html_section(
        "What each energy adds", note, html_figure("ablation", ablation_figure(metrics["ablation"]), "", "medium")
    )


def _relations(metrics: Mapping) -> str:
    if not metrics.get("relations"):
        return ""
    note = (
        "A relation teaches the more, the further it moves a pose in the latent space, and only as well as its network "
        "has learned it: its decoded error must be far below that of leaving the pose unchanged."
    )
    return html_section(
        "The relations", note, html_figure("relations", relations_figure(metrics["relations"]), "", "medium")
    )


def _history(history: Mapping) -> str:
    stages = [(stage, curves) for stage, curves in history.items() if curves]
    if not stages:
        return ""
    figures = "".join(
        html_figure(f"history-{number}", history_figure({stage: curves}), "")
        for number, (stage, curves) in enumerate(stages)
    )
    return html_section(
        "Training, stage by stage",
        "Every logged quantity at the end of each epoch.",
        figures,
    )


def _costs(metrics: Mapping) -> str:
    seconds = metrics.get("seconds") or {}
    memory = metrics.get("peak_memory_mb")
    if not seconds and memory is None:
        return ""
    rows = [[stage.replace("_", " "), duration_words(value)] for stage, value in seconds.items()]
    rows += [["whole run", duration_words(sum(seconds.values()))]] if seconds else []
    rows += [] if memory is None else [["peak memory", f"{memory:,.0f} MB"]]
    return html_section("Time and memory", "", html_table(["stage", "wall-clock time"], rows))


def _settings(metrics: Mapping) -> str:
    names = {"arguments": "Arguments", "environment": "Environment"}
    parts = "".join(
        f"<div><h3>{name}</h3>{html_facts(metrics[key])}</div>" for key, name in names.items() if metrics.get(key)
    )
    return html_section("To repeat this run", "", f'<div class="pair">{parts}</div>') if parts else ""
