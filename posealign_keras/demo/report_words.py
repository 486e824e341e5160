"""What the report says in words about its numbers, good or bad."""

import math
from collections.abc import Mapping

COLLAPSED_BELOW = 0.5
"""A latent space whose spread fell below this share of what it was is called collapsed."""

FORGOTTEN_ABOVE = 1.1
"""A source error that grew by more than this factor is called forgetting."""

ALIKE_BELOW = 0.05
"""Poses of different images whose latents spread less than this are alike; those of a trained network spread by 0.4."""

_SAME_WITHIN = 0.01


def millimetres(value: float) -> str:
    """`value` in words: `"119.0 mm"`, or `"not a number"`."""
    return f"{value:.1f} mm" if math.isfinite(value) else "not a number"


def verdict(before: float, after: float) -> str:
    """`"better"`, `"worse"`, `"unchanged"` (within 1 %) or `"undefined"` (a value is not a positive number)."""
    if not (math.isfinite(before) and math.isfinite(after) and before > 0):
        return "undefined"
    if abs(after / before - 1) <= _SAME_WITHIN:
        return "unchanged"
    return "better" if after < before else "worse"


def outcome(metrics: Mapping) -> str:
    """Whether adaptation helped: the `verdict` on the target, or why there is none, `"untrained"` or `"collapsed"`.

    Args:
        metrics: Contents of `metrics.json`; errors in millimetres.
    """
    collapse = metrics.get("collapse")
    if collapse:
        before, after = collapse["latent_spread_source"], collapse["latent_spread_adapted"]
        if before < ALIKE_BELOW:
            return "untrained"
        if after < COLLAPSED_BELOW * before:
            return "collapsed"
    return verdict(*(metrics["target"][network]["mpjpe"] for network in ("source_only", "adapted")))


def headline(metrics: Mapping) -> str:
    """The one sentence that says whether adaptation helped.

    Args:
        metrics: Contents of `metrics.json`; errors in millimetres.
    """
    before, after = (metrics["target"][network]["mpjpe"] for network in ("source_only", "adapted"))
    change = f"{millimetres(before)} before, {millimetres(after)} after"
    match outcome(metrics):
        case "untrained":
            return (
                "Nothing can be said about adaptation: the network was trained too little, and has nearly the same "
                f"pose for all images. Target MPJPE {change}."
            )
        case "collapsed":
            return f"Adaptation failed: it made the poses of different images alike. Target MPJPE {change}."
        case "better":
            return f"Adaptation lowered the target error to {after / before:.2f} of what it was: MPJPE {change}."
        case "worse":
            factor = f"{after / before:.2f} times"
            return f"Adaptation made it worse: the target error rose to {factor} what it was, MPJPE {change}."
        case "unchanged":
            return f"Adaptation changed nothing: target MPJPE {change}."
    return f"The target error is not a number, so this run failed: MPJPE {change}."


def findings(metrics: Mapping) -> list[tuple[str, str]]:
    """What else is to be said, good or bad, one sentence each.

    Args:
        metrics: Contents of `metrics.json`; errors in millimetres.

    Returns:
        `(tone, sentence)` pairs, where `tone` is `"plain"` or `"warning"`.
    """
    return [
        finding
        for part in (_aligned_error, _oracle, _source_error, _collapse)
        for finding in [part(metrics)]
        if finding
    ]


def _aligned_error(metrics):
    target = metrics["target"]
    before, after = target["source_only"]["pa_mpjpe"], target["adapted"]["pa_mpjpe"]
    words = (
        f"With rotation, scale and place aligned (PA-MPJPE): {millimetres(before)} before, {millimetres(after)} after"
    )
    raw = verdict(target["source_only"]["mpjpe"], target["adapted"]["mpjpe"])
    aligned = verdict(before, after)
    if aligned == "undefined":
        return "warning", f"{words}."
    words += f", ratio {after / before:.2f}."
    if {raw, aligned} == {"better", "worse"}:
        return "warning", f"{words} The two measures disagree."
    return ("warning" if aligned == "worse" else "plain"), words


def _oracle(metrics):
    target = metrics["target"]
    if not target.get("oracle"):
        return None
    before, after, oracle = (target[network]["mpjpe"] for network in ("source_only", "adapted", "oracle"))
    words = f"The oracle, trained with the target's labels, reaches {millimetres(oracle)}"
    if verdict(before, oracle) != "better" or not math.isfinite(after):
        return "warning", f"{words}: no better than without adaptation, so it bounds nothing."
    closed = (before - after) / (before - oracle)
    if closed < 0:
        return "plain", f"{words}; adaptation moved away from it."
    return "plain", f"{words}; adaptation, without any label, closed {closed:.0%} of the gap to it."


def _source_error(metrics):
    source = metrics.get("source") or {}
    if not (source.get("source_only") and source.get("adapted")):
        return None
    before, after = source["source_only"]["mpjpe"], source["adapted"]["mpjpe"]
    words = f"On the source itself: {millimetres(before)} before, {millimetres(after)} after."
    if verdict(before, after) == "worse" and after > FORGOTTEN_ABOVE * before:
        return "warning", f"{words} It is for its target now, and worse on its source."
    return "plain", words


def _collapse(metrics):
    collapse = metrics.get("collapse")
    if not collapse:
        return None
    before, after = collapse["latent_spread_source"], collapse["latent_spread_adapted"]
    words = f"Spread of the latent poses: {before:.3g} before, {after:.3g} after"
    if not (math.isfinite(before) and math.isfinite(after) and before > 0):
        return "warning", f"{words}; there is nothing to compare with."
    if before < ALIKE_BELOW:
        return "warning", f"{words}: the poses of different images were alike before the adaptation."
    share = after / before
    if share < COLLAPSED_BELOW:
        return (
            "warning",
            f"{words} ({share:.0%}). The latent space collapsed: the poses of different images became alike.",
        )
    return "plain", f"{words} ({share:.0%}): no collapse."
