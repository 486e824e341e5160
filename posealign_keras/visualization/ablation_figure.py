"""`ablation_figure`: what each added energy does to the error."""

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import base_layout, category_axis, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go

_METRICS = {"mpjpe": ("MPJPE", "#56B4E9"), "pa_mpjpe": ("PA-MPJPE", "#7F6BB3")}


def ablation_figure(ablation: Sequence[Mapping]) -> "go.Figure":
    """A pair of bars per set of energies, in the order given, the first on top.

    A set that contains the set before it is named by what it adds.

    Args:
        ablation: `[{"energies": [name, …], "mpjpe": millimetres, "pa_mpjpe": millimetres}, …]`. An empty list of
            energies is the source-only network.

    Returns:
        The figure: one trace for the MPJPE and one for the PA-MPJPE.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If there is no entry, or an entry lacks one of the three keys.

    Example:
        >>> steps = [
        ...     {"energies": [], "mpjpe": 193.1, "pa_mpjpe": 127.9},
        ...     {"energies": ["pose_flip"], "mpjpe": 131.6, "pa_mpjpe": 96.6},
        ... ]
        >>> len(ablation_figure(steps).data)
        2
    """
    if not ablation:
        raise ValueError("`ablation` must have at least one entry. Received: ablation=[]")
    for entry in ablation:
        missing = {"energies", *_METRICS} - set(entry)
        if missing:
            raise ValueError(
                f"`ablation` entries must have the keys 'energies', 'mpjpe' and 'pa_mpjpe'. Received: entry={entry!r}"
            )
    before = [None, *(entry["energies"] for entry in ablation[:-1])]
    labels = [
        html.escape(energies_label(entry["energies"], previous))
        for entry, previous in zip(ablation, before, strict=True)
    ]

    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=52 * len(labels) + 90))
    for metric, (name, colour) in _METRICS.items():
        figure.add_bar(
            # Rows are told apart by their place, so that two runs with the same energies stay two rows.
            y=list(range(len(labels))),
            x=[entry[metric] for entry in ablation],
            orientation="h",
            name=name,
            marker={"color": colour, "cornerradius": 3},
            texttemplate="%{x:.1f}",
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"{name} %{{x:.1f}} mm<extra></extra>",
        )
    return figure.update_layout(
        xaxis=value_axis(title="error on the target (mm)", rangemode="tozero"),
        yaxis=category_axis(autorange="reversed", tickmode="array", tickvals=list(range(len(labels))), ticktext=labels),
        bargap=0.32,
        bargroupgap=0.08,
        margin={"r": 48},
    )


def energies_label(energies: Sequence[str], previous: Sequence[str] | None = None) -> str:
    """Words for a set of energies: what it adds to `previous`, where it contains that, or all of it.

    Args:
        energies: Names of energies.
        previous: Names of the energies of the row above, `None` for the first row.
    """
    if not energies:
        return "source only"
    added = [name for name in energies if previous is not None and name not in previous]
    if added and set(previous or ()) < set(energies):
        return "+ " + " + ".join(added).replace("_", " ")
    return " + ".join(energies).replace("_", " ")
