"""`history_figure`: how the losses of each stage went."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import SERIES_COLOURS, base_layout, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go

_PANEL_HEIGHT, _LEGEND_ROW = 300, 20
# Up to so many epochs have a tick each.
_EACH_TICKED = 12


def history_figure(history: Mapping[str, Mapping]) -> "go.Figure":
    """One panel per training stage with a curve for every logged quantity.

    A panel's scale is logarithmic where its values are all positive and spread over more than a factor of 30, so
    that a small loss is not hidden below a large one.

    Args:
        history: `{stage: {name: values}}` with one value per epoch, as `keras.callbacks.History.history` holds
            it. Values that are not finite leave a gap.

    Returns:
        The figure, one panel above the other, each with its legend beside it.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If there is no stage, or the values of a name are not a list of numbers.

    Example:
        >>> len(history_figure({"pose auto-encoder": {"loss": [0.5, 0.2, 0.1]}}).data)
        1
    """
    if not history:
        raise ValueError("`history` must hold at least one stage. Received: history={}")
    rows = len(history)
    figure = import_plotly("subplots").make_subplots(
        rows=rows,
        cols=1,
        vertical_spacing=0.35 / rows if rows > 1 else 0,
        subplot_titles=[f"<b>{html.escape(stage.replace('_', ' '))}</b>" for stage in history],
    )
    longest = max(len(curves) for curves in history.values())
    figure.update_layout(base_layout(height=max(_PANEL_HEIGHT, 100 + _LEGEND_ROW * longest) * rows))
    for index, (stage, curves) in enumerate(history.items()):
        position = {"row": index + 1, "col": 1}
        curves = {name: _numbers(values, stage, name) for name, values in curves.items()}
        legend = f"legend{index + 1 if index else ''}"
        for number, (name, values) in enumerate(curves.items()):
            figure.add_scatter(
                x=np.arange(1, len(values) + 1),
                y=values,
                name=html.escape(name.replace("_", " ")),
                mode="lines+markers" if len(values) < 3 else "lines",
                line={"color": SERIES_COLOURS[number % len(SERIES_COLOURS)], "width": 2.25},
                legend=legend,
                showlegend=True,
                hovertemplate="%{y:.4g}",
                **position,
            )
        epochs = max((len(values) for values in curves.values()), default=1)
        whole = {"dtick": 1} if epochs <= _EACH_TICKED else {}  # plotly would put the same number at halves, rounded
        axis = value_axis(showgrid=False, title="epoch", rangemode="tozero", tickformat="d", **whole)
        figure.update_xaxes(axis, **position)
        figure.update_yaxes(value_axis(**_scale(curves.values())), **position)
        panel = figure.get_subplot(**position)
        beside = {"orientation": "v", "x": 1.01, "y": panel.yaxis.domain[1], "xanchor": "left", "yanchor": "top"}
        figure.update_layout({legend: beside})
    # A page that gets a scroll bar later on is a little narrower than what plotly has measured.
    return figure.update_layout(hovermode="x unified", margin={"r": 24})


def _numbers(values, stage: str, name: str) -> np.ndarray:
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        numbers = np.empty(())
    if numbers.ndim != 1:
        raise ValueError(
            f"`history[{stage!r}][{name!r}]` must be a list of numbers, one per epoch. "
            f"Received: history[{stage!r}][{name!r}]={values!r}"
        )
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _scale(curves) -> dict:
    values = np.concatenate([np.empty(0), *curves])
    values = values[np.isfinite(values)]
    if not (values.size and values.min() > 0 and values.max() > 30 * values.min()):
        return {"type": "linear", "nticks": 6}
    decades = np.log10(values.max() / values.min())
    return {"type": "log", "dtick": "D2" if decades < 2 else 1, "tickformat": "~g"}
