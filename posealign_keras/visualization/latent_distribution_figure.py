"""`latent_distribution_figure`: how latents fill their space, beside the prior that they should fill it like."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import INK, base_layout, method_colour, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go

_BINS = 40
# Density, and standard deviation, of the uniform distribution on [-1, 1].
_PRIOR_DENSITY, _PRIOR_SPREAD = 0.5, 1 / np.sqrt(3)


def latent_distribution_figure(latents: Mapping) -> "go.Figure":
    """Two panels: the distribution of all values of the latents, and the spread of each of their dimensions.

    Dotted lines are the prior, the uniform distribution on [-1, 1]. Where latents collapse, that is, where different
    inputs get the same latent, the curve on the right falls to 0.

    Args:
        latents: `{name: (N, D)}`, latents in [-1, 1] of N inputs, such as those of two encoders.

    Returns:
        The figure: for every name a density over values, and standard deviations in falling order.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If there are none, or an array has another shape, fewer than two rows, or values outside [-1, 1].

    Example:
        >>> rng = np.random.default_rng(0)
        >>> latents = {"healthy": rng.uniform(-1, 1, (100, 8)), "collapsed": rng.uniform(-0.1, 0.1, (100, 8))}
        >>> figure = latent_distribution_figure(latents)
        >>> sorted({trace.name for trace in figure.data})
        ['collapsed', 'healthy', 'prior']
    """
    if not latents:
        raise ValueError("`latents` must hold at least one array. Received: latents={}")
    figure = import_plotly("subplots").make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    figure.update_layout(base_layout(height=340))
    edges = np.linspace(-1, 1, _BINS + 1)
    for position, (name, values) in enumerate(latents.items()):
        values = _checked(name, values)
        label = html.escape(name)
        line = {"color": method_colour(name, position), "width": 2.25}
        density = np.histogram(values, edges, density=True)[0]
        figure.add_scatter(
            x=(edges[1:] + edges[:-1]) / 2,
            y=density,
            line={**line, "shape": "hvh"},
            name=label,
            legendgroup=label,
            mode="lines",
            hovertemplate="value %{x:.2f}: density %{y:.2f}<extra></extra>",
            row=1,
            col=1,
        )
        spread = np.sort(values.std(axis=0))[::-1]
        figure.add_scatter(
            x=np.arange(1, len(spread) + 1),
            y=spread,
            line=line,
            name=label,
            legendgroup=label,
            showlegend=False,
            mode="lines",
            hovertemplate="dimension %{x}: %{y:.2f}<extra></extra>",
            row=1,
            col=2,
        )
    for column, level in enumerate((_PRIOR_DENSITY, _PRIOR_SPREAD), start=1):
        figure.add_hline(level, line={"color": INK, "width": 1.5, "dash": "dot"}, row=1, col=column)
    figure.add_scatter(x=[None], y=[None], mode="lines", line={"color": INK, "dash": "dot"}, name="prior")
    figure.update_xaxes(value_axis(title="value of a latent dimension", showgrid=False, range=[-1, 1]), col=1)
    figure.update_xaxes(value_axis(title="dimension, the most spread out first", showgrid=False), col=2)
    figure.update_yaxes(value_axis(title="density", rangemode="tozero"), col=1)
    figure.update_yaxes(value_axis(title="standard deviation", rangemode="tozero"), col=2)
    return figure


def _checked(name, values):
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or len(values) < 2 or not (np.abs(values) <= 1).all():
        raise ValueError(
            f"`latents[{name!r}]` must have the shape (N, D), at least two rows, and values in [-1, 1]. "
            f"Received: latents[{name!r}] of shape {values.shape}"
        )
    return values
