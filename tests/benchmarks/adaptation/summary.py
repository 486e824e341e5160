"""What the results of all seeds say together."""

import numpy as np
from scipy.stats import spearmanr

# Of the spread before, as for `posealign adapt`.
_SMALLEST_SHARE = 0.5
_CRITERIA = ("flip_disagreement", "plausibility", "confidence", "latent_spread", "jitter")


def summary(runs) -> dict:
    """Means and spreads over seeds, gaps closed, what predicts what.

    Args:
        runs: `{seed: {"relations": {name: quality}, "shifts": {shift: {method: result}}}}`.

    Returns:
        `{shift: {"methods": {name: {"mpjpe": [mean, spread], …, "gap_closed": …}}, …}}`. The spread is the standard
        deviation over seeds, None for one seed. `gap_closed` is the share of the distance from source-only to the
        oracle. `criteria` holds the rank correlation of each criterion without labels with the MPJPE over all methods,
        the mean over seeds.
        `non_localness` holds that of the latent distance of a relation with the gain of that relation alone over the
        same replay without any energy. `collapse` holds for each method the spread of the latents as a share of the
        source-only network's, the share of poses that are their own mirror image, and whether the spread fell below
        half in any seed, which `posealign adapt` reports as a collapse.
    """
    shifts: dict = {}
    for name in dict.fromkeys(shift for run in runs.values() for shift in run["shifts"]):
        found = [run["shifts"][name] for run in runs.values() if name in run["shifts"]]
        shifts[name] = {"methods": _methods(found)}
        if name != "real":
            shifts[name]["criteria"] = {criterion: _tracks(found, criterion) for criterion in _CRITERIA}
            shifts[name]["non_localness"] = _non_localness(runs, name)
            shifts[name]["collapse"] = _collapse(found)
    return shifts


def _methods(found):
    methods = {}
    for name in dict.fromkeys(method for results in found for method in results):
        values = [results[name] for results in found if name in results]
        methods[name] = {
            measure: _mean([value[measure] for value in values])
            for measure in ("mpjpe", "pa_mpjpe", "own_mpjpe", "own_pa_mpjpe")
            if measure in values[0]
        }
        bounds = [results for results in found if name in results and {"oracle", "source_only"} <= set(results)]
        for measure in ("mpjpe", "pa_mpjpe") if bounds else ():
            worst, best, reached = (
                np.mean([results[which][measure] for results in bounds]) for which in ("source_only", "oracle", name)
            )
            methods[name][f"{measure}_gap_closed"] = float((worst - reached) / (worst - best))
    return methods


def _collapse(found):
    told: dict = {}
    for name in dict.fromkeys(method for results in found for method in results):
        values = [results for results in found if name in results and "source_only" in results]
        if not values:
            continue
        after, before = ([results[which]["unlabelled"] for results in values] for which in (name, "source_only"))
        shares = [one["latent_spread"] / other["latent_spread"] for one, other in zip(after, before, strict=True)]
        told[name] = {
            "latent_spread": float(np.mean(shares)),
            "flip_symmetric": float(np.mean([one["flip_symmetric"] for one in after])),
            "told": min(shares) < _SMALLEST_SHARE,
        }
    return told


def _mean(values):
    return [float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None]


def _tracks(found, criterion):
    each = []
    for results in found:
        chosen = [result for name, result in results.items() if name != "oracle"]
        values = [result["unlabelled"][criterion] for result in chosen]
        each.append(_rank_correlation(values, [result["mpjpe"] for result in chosen]))
    return None if None in each else float(np.mean(each))


def _non_localness(runs, shift):
    points = {}
    for run in runs.values():
        results = run["shifts"].get(shift, {})
        for relation, quality in run.get("relations", {}).items():
            if f"only_{relation}" in results:
                gain = results["only_replay"]["mpjpe"] - results[f"only_{relation}"]["mpjpe"]
                points.setdefault(relation, []).append((quality["latent_distance"], gain))
    means = {relation: [float(value) for value in np.mean(values, axis=0)] for relation, values in points.items()}
    if len(means) < 3:
        return None
    return {"points": means, "rank_correlation": _rank_correlation(*zip(*means.values(), strict=True))}


def _rank_correlation(first, second):
    if len(first) < 3 or len(set(first)) == 1:
        return None
    return float(spearmanr(first, second).statistic)
