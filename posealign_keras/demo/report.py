"""`write_report`: one page that shows what a run of the demo measured, made from the files the run left."""

import html
import json
import math
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from posealign_keras.demo.report_words import findings, headline, millimetres, verdict
from posealign_keras.visualization import (
    ablation_figure,
    clip_figure,
    comparison_figure,
    error_by_joint_figure,
    history_figure,
    relations_figure,
)
from posealign_keras.visualization.image_trace import check_images, png_source
from posealign_keras.visualization.plotly_import import import_plotly

_NETWORKS = {"source_only": "source-only", "adapted": "adapted", "oracle": "oracle"}
_MOST_SAMPLES = 6
_FRAMES_PER_SECOND = 30

# Nothing may be loaded from anywhere: the page holds all it needs. plotly compiles its 3D shaders' helpers, which
# is what 'unsafe-eval' allows.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)


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
    metrics = _check_metrics(_read_json(directory / "metrics.json"), directory / "metrics.json")
    history = _read_json(directory / "history.json")
    samples = _read_samples(directory / "samples.npz")

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
        partial.write_text(_page(body, metrics), encoding="utf-8")
        partial.replace(report)
    finally:
        partial.unlink(missing_ok=True)
    return report


# ---------------------------------------------------------------------------------------------- reading


def _read_json(path: Path) -> dict:
    try:
        contents = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"`directory` must hold a readable {path.name}. Received: {path}: {error}") from error
    if not isinstance(contents, dict):
        raise ValueError(
            f"`directory` must hold a {path.name} with a JSON object. Received: {path} with {type(contents).__name__}"
        )
    return contents


def _check_metrics(metrics: dict, path: Path) -> dict:
    for network in ("source_only", "adapted"):
        for name in ("mpjpe", "pa_mpjpe"):
            try:
                value = metrics["target"][network][name]
            except (KeyError, TypeError):
                value = None
            if not isinstance(value, int | float):
                raise ValueError(
                    f"`directory` must hold a metrics.json with the number target.{network}.{name}. "
                    f"Received: {path} with {value!r} there"
                )
    return metrics


def _read_samples(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            samples = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ValueError(f"`directory` must hold a readable samples.npz. Received: {path}: {error}") from error
    required = {"images", "true", *_SAMPLE_NETWORKS}
    if any(name.startswith("clip_") for name in samples):
        required |= {f"clip_{name}" for name in required}
    missing = sorted(required - set(samples))
    if missing:
        raise ValueError(f"`directory` must hold a samples.npz with the arrays {missing}. Received: {path} without")
    return samples


_SAMPLE_NETWORKS = ("source_only", "adapted")


def _made_from(path: Path, make: Callable[[], str]) -> str:
    try:
        return make()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"`directory` must hold a valid {path.name}. Received: {path}: {error!r}") from error


# ------------------------------------------------------------------------------------------------ parts


def _summary(metrics: Mapping) -> str:
    target = metrics["target"]
    tone = verdict(target["source_only"]["mpjpe"], target["adapted"]["mpjpe"])
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
        tiles.append(_tile("Whole run", _duration(sum(metrics["seconds"].values())), "wall-clock time"))
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
        [f"{domain}, {name}", *(_number(metrics[domain][network].get(key)) for key in columns)]
        for domain in ("target", "source")
        for network, name in _NETWORKS.items()
        if (metrics.get(domain) or {}).get(network)
    ]
    table = _table(["network", *columns.values()], rows)
    stated = {
        **(metrics.get("protocol") or {}),
        **{name: value for name, value in (metrics.get("arguments") or {}).items() if name == "seed"},
        **{name: value for name, value in (metrics.get("environment") or {}).items() if name in _MACHINE},
    }
    protocol = f"<div><h3>How it was measured</h3>{_facts(stated)}</div>" if stated else ""
    return _section(
        "Results",
        "Test images. MPJPE and PA-MPJPE in mm, lower is better; PCK@150, joints within 150 mm, in %, higher.",
        f'<div class="pair"><div><h3>Errors</h3>{table}</div>{protocol}</div>',
    )


_MACHINE = ("machine", "processor", "device", "cpu", "gpu", "platform")


def _samples(samples: Mapping[str, np.ndarray]) -> str:
    count = len(samples["images"])
    # Evenly spaced, so that nobody has chosen them.
    shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_SAMPLES)).round().astype(int))
    figure = comparison_figure(
        samples["images"][shown], {name: poses[shown] for name, poses in _poses(samples, "").items()}
    )
    note = f"{len(shown)} of {count} target test images, evenly spaced in the file and not chosen by their errors."
    caption = (
        "Root-relative poses in 3D, seen from the camera but turned by 20°; drag to turn. "
        "Millimetres: mean joint distance to the true pose. Blue is the person's left, vermilion the right."
    )
    source = samples.get("source_images")
    if source is not None and len(source):
        note += " The network was trained on labelled images of another domain, the source."
    return _section("Before and after", note, _figure("samples", figure, caption, "wide") + _source_strip(source))


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
    caption = "Every frame is estimated on its own, without smoothing. The thin grey line is the true pose."
    note = f"A target test video, {len(samples['clip_images']) / _FRAMES_PER_SECOND:.1f} s at 30 frames per second."
    return _section("A clip", note, _figure("clip", figure, caption, "wide"))


def _poses(samples: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    names = {"true": "true"} | {network: _NETWORKS[network] for network in _SAMPLE_NETWORKS}
    return {name: samples[prefix + network] for network, name in names.items()}


def _joints(metrics: Mapping) -> str:
    if not metrics.get("per_joint"):
        return ""
    errors = {_NETWORKS.get(network, network): values for network, values in metrics["per_joint"].items()}
    note = "Mean error of each joint on the target test images, the joint with the largest error first."
    return _section("Error of each joint", note, _figure("joints", error_by_joint_figure(errors), "", "medium"))


def _ablation(metrics: Mapping) -> str:
    if not metrics.get("ablation"):
        return ""
    note = "The target error with more and more of the energies, each run from the same source network."
    return _section(
        "What each energy adds", note, _figure("ablation", ablation_figure(metrics["ablation"]), "", "medium")
    )


def _relations(metrics: Mapping) -> str:
    if not metrics.get("relations"):
        return ""
    note = (
        "A relation teaches the more, the further it moves a pose in the latent space, and only as well as its network "
        "has learned it: its decoded error must be far below that of leaving the pose unchanged."
    )
    return _section("The relations", note, _figure("relations", relations_figure(metrics["relations"]), "", "medium"))


def _history(history: Mapping) -> str:
    stages = [(stage, curves) for stage, curves in history.items() if curves]
    if not stages:
        return ""
    figures = "".join(
        _figure(f"history-{number}", history_figure({stage: curves}), "")
        for number, (stage, curves) in enumerate(stages)
    )
    return _section(
        "Training, stage by stage",
        "Every logged quantity at the end of each epoch.",
        f'<div class="pair">{figures}</div>',
    )


def _costs(metrics: Mapping) -> str:
    seconds = metrics.get("seconds") or {}
    memory = metrics.get("peak_memory_mb")
    if not seconds and memory is None:
        return ""
    rows = [[stage.replace("_", " "), _duration(value)] for stage, value in seconds.items()]
    rows += [["whole run", _duration(sum(seconds.values()))]] if seconds else []
    rows += [] if memory is None else [["peak memory", f"{memory:,.0f} MB"]]
    return _section("Time and memory", "", _table(["stage", "wall-clock time"], rows))


def _settings(metrics: Mapping) -> str:
    names = {"arguments": "Arguments", "environment": "Environment"}
    parts = "".join(
        f"<div><h3>{name}</h3>{_facts(metrics[key])}</div>" for key, name in names.items() if metrics.get(key)
    )
    return _section("To repeat this run", "", f'<div class="pair">{parts}</div>') if parts else ""


# ------------------------------------------------------------------------------------------------- HTML


def _section(title: str, note: str, content: str) -> str:
    """A card of the page; `content` is HTML, `title` and `note` are text."""
    note = f'<p class="note">{html.escape(note)}</p>' if note else ""
    return f"<section><h2>{html.escape(title)}</h2>{note}{content}</section>"


def _figure(identifier: str, figure, caption: str, width: str = "") -> str:
    drawing = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        auto_play=False,
        div_id=identifier,
        config={
            "responsive": True,
            "scrollZoom": False,
            "displaylogo": False,
            "plotlyServerURL": "",
            "displayModeBar": any(trace.type == "scatter3d" for trace in figure.data),
            "modeBarButtons": [["resetCameraDefault3d"]],
        },
    )
    caption = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure><div class="scroll {width}">{drawing}</div>{caption}</figure>'


def _table(columns: list[str], rows: list[list[str]]) -> str:
    """A table with names in the first column and numbers in the others."""
    head = "".join(
        f'<th scope="col"{" class=number" if position else ""}>{html.escape(column)}</th>'
        for position, column in enumerate(columns)
    )
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f'<td class="number">{html.escape(cell)}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _facts(facts: Mapping) -> str:
    rows = "".join(
        f'<tr><th scope="row">{html.escape(str(name).replace("_", " "))}</th><td>{html.escape(_text(value))}</td></tr>'
        for name, value in facts.items()
    )
    return f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>'


def _text(value) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _duration(seconds: float) -> str:
    if not math.isfinite(seconds) or seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _page(body: str, metrics: Mapping) -> str:
    data = (metrics.get("protocol") or {}).get("data")
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    lead = "A 3D pose network, trained on labelled source images, adapted to videos without a single label."
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>posealign: 3D human pose adapted without labels</title>
<style>{style}</style>
<script>{import_plotly("offline").get_plotlyjs()}</script>
</head>
<body>
<header>
<h1>3D human pose, adapted without labels</h1>
<p class="lead">{html.escape(lead)}{f" {html.escape(_text(data))}." if data else ""}</p>
</header>
<main>
<noscript><p class="warning">The figures need JavaScript; all errors are in the tables too.</p></noscript>
{body}
</main>
<footer>Errors are in millimetres. Left and right are the person's own. Made by posealign_keras.</footer>
</body>
</html>
"""
