"""The results that `tests/benchmarks/adaptation` writes, as the tables of a benchmark."""

_SHIFTS = {
    "wild": "Other people, clothes, places, light and cameras",
    "body": "Round cones to bodies of flesh, in the same studio",
    "real": "Real videos, from the shipped preset",
}
_MEASURES = {"mpjpe": "MPJPE, mm", "pa_mpjpe": "PA-MPJPE, mm"}


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
    protocol = "; ".join(f"{name}: {value}" for name, value in content.get("protocol", {}).items())
    spread = f"± is the standard deviation over {len(seeds)} seeds. " if len(seeds) > 1 else "One seed. "
    return {
        "title": "What the adaptation brings",
        "question": "Every method starts from the same source-trained network and takes the same number of steps. "
        "None but the oracle and the semi-supervised variant sees a label of the target.",
        "command": content["command"],
        "environment": content["environment"],
        "tables": tables,
        "reading": f"{spread}Gap closed: the share of the way from the source-only network to the oracle. "
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


def _figure(value):
    if value is None:
        return None
    mean, spread = value
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {spread:.1f}"


def _share(value):
    return None if value is None else f"{100 * value:.0f} %"
