"""`confidence_figure`: how much an estimator trusts its poses, over the time of a video."""

from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import SERIES_COLOURS, base_layout, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go

_MOST_POINTS = 2000


def confidence_figure(times, values) -> "go.Figure":
    """Curves over the time of a video; gaps where there is no value.

    Args:
        times: `(T,)` seconds, increasing.
        values: `{name: (T,)}` from 0 to 1, NaN where the person is not seen. Of long videos, the lowest value of every
            piece is shown.

    Returns:
        The figure.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If a length differs from that of `times`, or there is no frame.

    Example:
        >>> times = np.arange(90) / 30
        >>> len(confidence_figure(times, {"confidence": np.full(90, 0.7), "plausibility": np.full(90, 0.9)}).data)
        2
    """
    times = np.asarray(times, float)
    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=240))
    if not len(times):
        raise ValueError("`times` must hold at least one frame. Received: times=[]")
    starts = np.unique(np.linspace(0, len(times), _MOST_POINTS + 1).astype(int)[:-1])
    for number, (name, course) in enumerate(values.items()):
        course = np.asarray(course, float)
        if course.shape != times.shape:
            raise ValueError(f"`values[{name!r}]` must have shape {times.shape}. Received: {course.shape}")
        # `minimum` gives NaN where one value of the piece is NaN: a gap, however short, is seen.
        lowest = np.minimum.reduceat(course, starts)
        figure.add_scatter(
            x=times[starts],
            y=np.where(np.isfinite(lowest), lowest, np.nan),
            name=name,
            mode="lines+markers" if len(starts) < 3 else "lines",
            line={"color": SERIES_COLOURS[number], "width": 2},
            showlegend=True,
            hovertemplate="%{y:.2f}",
        )
    figure.update_xaxes(value_axis(showgrid=False, title="time (s)"))
    figure.update_yaxes(value_axis(range=[-0.02, 1.02], nticks=5, title="from 0 (none) to 1"))
    return figure.update_layout(hovermode="x unified")
