"""`write_report`: a page on the poses in a video, to look at."""

from pathlib import Path

import numpy as np

from posealign_keras.visualization import clip_figure
from posealign_keras.visualization.confidence_figure import confidence_figure
from posealign_keras.visualization.page import duration_words, html_facts, html_figure, html_page, html_section

_SECONDS, _FPS = 12.0, 12.5
# Poses below it are called unsure.
LOW_CONFIDENCE = 0.3


def frames_to_show(found) -> np.ndarray:
    """Indices of the frames that the page plays: up to 12 seconds from the longest stretch with a pose."""
    start, stop = max(found.stretches, key=lambda stretch: stretch[1] - stretch[0])
    ticks = np.arange(0, _SECONDS, 1 / _FPS) + found.times[start]
    ticks = ticks[ticks <= found.times[stop - 1]]
    # The nearest frame at or before each tick; a video that is slower than the page is played at its own rate.
    return np.unique(np.searchsorted(found.times[start:stop], ticks + 1e-9, side="right") - 1 + start)


def write_report(path: Path, found, name: str, pictures, shown, facts, skeleton) -> None:
    """Write the page; it needs no network.

    Args:
        path: The file.
        found: The `VideoPoses`.
        name: Name of the video.
        pictures: `(n, height, width, 3)` uint8, the frames that are played.
        shown: `(n,)` their indices in the video.
        facts: `{name: words}` on the estimator, for the table.
        skeleton: The skeleton of the poses.
    """
    times = found.times[shown]
    fps = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 1.0
    player = clip_figure(pictures, {"estimated": _as_seen(found, shown)}, fps=float(fps), skeleton=skeleton)
    seen = found.seen
    body = html_section(
        "Poses",
        f"{times[0]:.1f} to {times[-1]:.1f} s of the video. On the left the video with the skeleton over it, on the "
        "right the same pose in space; drag to turn it, also while it plays.",
        html_figure("player", player, "Blue is the person's left, vermilion the right.", "wide"),
    )
    body += _confidence(found)
    body += html_section("Video and network", "", html_facts(_video_facts(found, seen) | facts))
    page = html_page(
        f"posealign: {name}",
        f"3D poses in {name}",
        f"{int(seen.sum()):,} of {len(seen):,} frames with a pose.",
        body,
        "Poses are relative to the pelvis. Left and right are the person's own. Made by posealign_keras.",
    )
    path.write_text(page, encoding="utf-8")


def _as_seen(found, shown):
    """Poses as the camera saw them that looked at the person, so that they look as they do in the picture."""
    return found.poses[shown] @ found.rotations[shown].transpose(0, 2, 1)


def _confidence(found):
    values = {"plausibility": found.plausibility}
    known = found.confidence[found.seen]
    words = "Plausibility: how far the pose is one that the network knows; 1 is best. It is no probability."
    if np.isfinite(known).all():
        values = {"confidence": found.confidence, **values}
        low = float((known < LOW_CONFIDENCE).mean())
        words = (
            "Plausibility: how far the pose is one that the network knows. Confidence: that, and how far the poses in "
            f"a frame and in its mirror image agree; {100 * low:.0f} % of the poses have less than {LOW_CONFIDENCE}: "
            "these two differ by 10 cm or more on average. Neither is a probability; both only tell better poses from "
            "worse ones."
        )
    return html_section("Confidence", words, html_figure("confidence", confidence_figure(found.times, values), ""))


def _video_facts(found, seen):
    missing = int((~seen).sum())
    focal = f"focal length {found.intrinsics[0, 0]:.0f} pixels"
    return {
        "length": f"{duration_words(float(found.times[-1]))}, {len(seen):,} frames",
        "frames per second": f"{found.fps:.4g}",
        "frames without a person": f"{missing:,} ({100 * missing / len(seen):.1f} %)",
        "camera": f"given, {focal}" if found.camera_known else f"not known, taken to be a usual one: {focal}",
    }
