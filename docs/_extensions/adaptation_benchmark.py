"""The results that `tests/benchmarks/adaptation` writes, as the tables of a benchmark."""

from scatter_drawing import scatter_drawing

_SHIFTS = {
    "wild": "Other people, clothes, places, light and cameras",
    "body": "Round cones to bodies of flesh, in the same studio",
    "real": "Real videos, from the preset `base_synthetic`",
}
_MEASURES = {
    "mpjpe": "MPJPE, mm",
    "pa_mpjpe": "PA-MPJPE, mm",
    "own_mpjpe": "MPJPE on the clips adapted to, mm",
    "own_pa_mpjpe": "PA-MPJPE on them, mm",
}


def from_adaptation(content: dict) -> dict:
    """Put the results of the adaptation benchmark into the format of all benchmarks.

    Args:
        content: What `adaptation.json` holds: `command`, `protocol`, `environment`, `runs` by seed, and `summary` by
            shift of domain, with the means and spreads of each method.

    Returns:
        The format of `docs/benchmarks/README.md`.

    Raises:
        ValueError: If `summary` is missing.
    """
    if not isinstance(content.get("summary"), dict):
        raise ValueError(f"`summary` must be a dictionary by shift of domain. Received: {content.get('summary')!r}")
    seeds = list(content.get("runs", {}))
    tables = [_table(shift, found["methods"]) for shift, found in content["summary"].items()]
    tables += [
        _correlations(shift, found["criteria"]) for shift, found in content["summary"].items() if found.get("criteria")
    ]
    tables += [
        _collapse(shift, found["collapse"]) for shift, found in content["summary"].items() if found.get("collapse")
    ]
    plotted = {
        shift: found["non_localness"] for shift, found in content["summary"].items() if found.get("non_localness")
    }
    protocol = "; ".join(f"{name}: {value}" for name, value in content.get("protocol", {}).items())
    spread = (
        f"± is the standard deviation over {len(seeds)} seeds. Rows without it have one seed alone: read their gap "
        "closed, since seeds differ more than methods do. "
        if len(seeds) > 1
        else "One seed. "
    )
    return {
        "title": "What the adaptation brings",
        "question": "Within a table, every method starts from the same source-trained network, and all that train take "
        "the same number of steps. None but the oracle and the semi-supervised variant sees a label of the target.",
        "command": content["command"],
        "environment": content["environment"],
        "tables": tables,
        "figures": [_non_localness(shift, found) for shift, found in plotted.items()],
        "reading": f"{spread}Gap closed: the share of the way from the source-only network to the oracle. "
        "A collapse is told where the spread of the latents fell below half of the source-only network's. "
        f"Protocol: {protocol}.",
    }


def _table(shift, methods):
    measures = [measure for measure in _MEASURES if any(measure in method for method in methods.values())]
    gaps = [
        name for name in ("mpjpe", "pa_mpjpe") if any(f"{name}_gap_closed" in method for method in methods.values())
    ]
    columns = [
        "method",
        *(_MEASURES[name] for name in measures),
        *(f"gap closed, {_MEASURES[name][:-4]}" for name in gaps),
    ]
    rows = [
        [
            name.replace("_", " "),
            *(_figure(method.get(measure)) for measure in measures),
            *(_share(method.get(f"{gap}_gap_closed")) for gap in gaps),
        ]
        for name, method in methods.items()
    ]
    return {"title": _SHIFTS.get(shift, shift), "columns": columns, "rows": rows}


def _correlations(shift, criteria):
    rows = [[name.replace("_", " "), value] for name, value in criteria.items()]
    title = f"{_SHIFTS.get(shift, shift)}: rank correlation of what needs no label with the MPJPE, over all methods"
    return {"title": title, "columns": ["criterion", "Spearman"], "rows": rows}


def _collapse(shift, methods):
    rows = [
        [
            name.replace("_", " "),
            found["latent_spread"],
            _share(found["flip_symmetric"]),
            "yes" if found["told"] else "no",
        ]
        for name, found in methods.items()
    ]
    columns = [
        "method",
        "spread of the latents, of source-only",
        "poses that are their own mirror image",
        "told",
    ]
    return {"title": f"{_SHIFTS.get(shift, shift)}: collapse", "columns": columns, "rows": rows}


def _non_localness(shift, found):
    points = {name.replace("_", " "): tuple(point) for name, point in found["points"].items()}
    rank = found["rank_correlation"]
    caption = f"{_SHIFTS.get(shift, shift)}: each relation alone. Spearman: {'none' if rank is None else f'{rank:.2f}'}"
    return scatter_drawing(points, "latent distance of its two ends", "gain in MPJPE, mm", caption)


def _figure(value):
    if value is None:
        return None
    mean, spread = value
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {spread:.1f}"


def _share(value):
    return None if value is None else f"{100 * value:.0f} %"
