"""`relations_figure`: how non-local each relation is, and how well its network has learned it."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import SERIES_COLOURS, base_layout, category_axis, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go

_DISTANCE, _ERRORS = "latent_distance", ("decoded_error", "identity_error")


def relations_figure(relations: Mapping[str, Mapping]) -> "go.Figure":
    """Bars over the relations, in two panels if there are errors of networks.

    On the left the non-localness, the mean latent distance between the two ends of a pair: the larger, the more a
    relation can teach. On the right what the relation network leaves: the error of its output, decoded, beside the
    error of leaving the anchor unchanged. A network that has learned its relation is far below that.

    Args:
        relations: `{relation: {"latent_distance": …, "decoded_error": …, "identity_error": …}}`; the distance in
            units of the latent space, the errors in millimetres. The errors may be missing, of all relations alike.

    Returns:
        The figure: one trace of distances, then, if there are any, one of decoded and one of identity errors.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If there is no relation, or a relation lacks one of the keys.

    Example:
        >>> relations = {"pose_flip": {"latent_distance": 3.1, "decoded_error": 26.0, "identity_error": 234.0}}
        >>> len(relations_figure(relations).data)
        3
    """
    if not relations:
        raise ValueError("`relations` must hold at least one relation. Received: relations={}")
    has_errors = any(key in values for values in relations.values() for key in _ERRORS)
    keys = (_DISTANCE, *_ERRORS) if has_errors else (_DISTANCE,)
    for name, values in relations.items():
        if not set(keys) <= set(values):
            raise ValueError(
                f"`relations[{name!r}]` must have the keys {', '.join(map(repr, keys))}. "
                f"Received: relations[{name!r}]={values!r}"
            )
    labels = [html.escape(name.replace("_", " ")) for name in relations]
    columns = {"cols": 2, "column_widths": [0.4, 0.6], "horizontal_spacing": 0.07} if has_errors else {"cols": 1}
    figure = import_plotly("subplots").make_subplots(rows=1, shared_yaxes=True, **columns)
    figure.update_layout(base_layout(height=(64 if has_errors else 32) * len(labels) + 110))
    bars = [
        (1, "latent_distance", "non-localness (latent distance)", SERIES_COLOURS[3], "%{x:.2f}"),
        (2, "decoded_error", "error of the relation network", SERIES_COLOURS[0], "%{x:.0f}"),
        (2, "identity_error", "error of no change", SERIES_COLOURS[4], "%{x:.0f}"),
    ]
    for column, key, name, colour, text in bars[: len(keys)]:
        figure.add_bar(
            y=labels,
            x=[values[key] for values in relations.values()],
            orientation="h",
            name=name,
            marker={"color": colour, "cornerradius": 3},
            texttemplate=text,
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}: {text}<extra>{name}</extra>",
            row=1,
            col=column,
        )
    figure.update_xaxes(value_axis(rangemode="tozero"))
    figure.update_xaxes(title="latent distance between a pair", col=1)
    if has_errors:
        figure.update_xaxes(title="decoded error (mm)", col=2)
    figure.update_yaxes(category_axis(autorange="reversed"))
    return figure.update_layout(bargap=0.35, bargroupgap=0.08, margin={"r": 40})
