"""`write_report`: a page on an adaptation to own videos, to look at."""

from pathlib import Path

from posealign_keras.fitting import steps_per_epoch
from posealign_keras.visualization import comparison_figure, history_figure
from posealign_keras.visualization.page import (
    duration_words,
    html_facts,
    html_figure,
    html_page,
    html_section,
    html_table,
)

# As `CollapseWatch` logs it.
_SPREAD = "latent_spread"
_CRITERIA = {
    "flip_disagreement_mm": ("poses in a frame and in its mirror image differ by, mm", "lower is better"),
    "confidence": ("confidence", "higher is better"),
    "plausibility": ("plausibility", "higher is better"),
    _SPREAD: ("spread of the latents", "half of the one before would be a collapse"),
}


def write_report(path: Path, images, before, after, history, metrics) -> None:
    """Write the page; it needs no network.

    Args:
        path: The file.
        images: `(n, H, W, 3)` uint8, frames of the videos.
        before: What the estimator of the preset makes of them and of more; see `PoseEstimator.estimate_both_ways`.
        after: What the adapted one makes of them.
        history: `{name: [value of every epoch]}` of the adaptation.
        metrics: What `metrics.json` holds.
    """
    poses = {"before": before["pose_3d"][: len(images)], "after": after["pose_3d"][: len(images)]}
    words = "Frames from all over the videos, and the poses in them, seen from the camera; drag to turn them."
    body = html_section("Before and after", words, html_figure("poses", comparison_figure(images, poses), "", "wide"))
    rows = [
        [name, f"{metrics['before'][key]:.3g}", f"{metrics['after'][key]:.3g}", better]
        for key, (name, better) in _CRITERIA.items()
    ]
    words = (
        "Nothing here is an error: there are no labels to compare with. A network can agree with itself and be wrong, "
        "so look at the pictures too."
    )
    if metrics["collapsed"]:
        words = (
            "The poses have become alike: this adaptation failed. Train for fewer steps, or on more videos. " + words
        )
    body += html_section("Without labels", words, html_table(["", "before", "after", ""], rows))
    losses = {name: values for name, values in history.items() if name != _SPREAD}
    steps = steps_per_epoch(metrics["arguments"]["plan"]["adaptation_steps"])
    words = f"Steps of training in each epoch, over which losses are averaged: {steps}."
    figure = history_figure({"losses": losses, "spread of the latents": {_SPREAD: history[_SPREAD]}})
    body += html_section("Course of the training", words, html_figure("losses", figure, "", "wide"))
    facts = {
        "videos": metrics["arguments"]["videos"],
        "clips": f"{metrics['clips']:,} of {metrics['frames_of_a_clip']} frames",
        "energies": metrics["energies"],
        "beside them": metrics["beside"],
        "start": f"preset {metrics['arguments']['preset']}",
        "time": f"{duration_words(metrics['seconds'])}, {metrics['environment']['machine']}",
    }
    body += html_section("Run", "", html_facts(facts))
    page = html_page(
        "posealign adapt",
        "A pose network adapted to your videos",
        "Without a label: by what must hold between a video and what can be made of it, such as its mirror image.",
        body,
        "Poses are relative to the pelvis. Left and right are the person's own. Made by posealign_keras.",
    )
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
