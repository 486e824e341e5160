"""`calibration_figure`: what a confidence is worth."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import SERIES_COLOURS, base_layout, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go


def calibration_figure(calibrations: Mapping[str, Mapping]) -> "go.Figure":
    """Two panels: the error of poses of each confidence, and the error of those that are kept if the others are not.

    Args:
        calibrations: `{name of the confidence: evaluation.calibration(…)}`.

    Returns:
        The figure. Left: bars from the 10th to the 90th percentile, dots at the mean. Right: a useful confidence
        falls to the left, a useless one is level; the dotted line is what knowing the true errors would give.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If there is none.

    Example:
        >>> from posealign_keras.evaluation import calibration
        >>> errors = np.linspace(20, 200, 100)
        >>> figure = calibration_figure({"confidence": calibration(-errors, errors)})
        >>> len(figure.data) > 0
        True
    """
    if not calibrations:
        raise ValueError("`calibrations` must hold at least one. Received: calibrations={}")
    figure = import_plotly("subplots").make_subplots(rows=1, cols=2, horizontal_spacing=0.12)
    figure.update_layout(base_layout(height=340))
    for number, (name, found) in enumerate(calibrations.items()):
        colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
        bins = found["bins"]
        mean = [entry["error"] for entry in bins]
        figure.add_scatter(
            x=[entry["confidence"] for entry in bins],
            y=mean,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [entry["error_90"] - entry["error"] for entry in bins],
                "arrayminus": [entry["error"] - entry["error_10"] for entry in bins],
                "color": colour,
                "thickness": 1.2,
                "width": 3,
            },
            name=f"{name} (Spearman {found['spearman']:.2f})",
            mode="lines+markers",
            line={"color": colour, "width": 2},
            legendgroup=name,
            hovertemplate="confidence %{x:.2f}: %{y:.0f} mm<extra></extra>",
            row=1,
            col=1,
        )
        kept = found["kept"]
        for errors, dash in (("error", "solid"), ("best", "dot")):
            figure.add_scatter(
                x=[100 * entry["share"] for entry in kept],
                y=[entry[errors] for entry in kept],
                mode="lines",
                line={"color": colour, "width": 2, "dash": dash},
                legendgroup=name,
                showlegend=False,
                hovertemplate="%{x:.0f} % kept: %{y:.0f} mm<extra></extra>",
                row=1,
                col=2,
            )
    figure.update_xaxes(value_axis(showgrid=False, title="confidence"), row=1, col=1)
    kept_axis = value_axis(showgrid=False, range=[0, 102], title="poses kept, the most confident ones (%)")
    figure.update_xaxes(kept_axis, row=1, col=2)
    figure.update_yaxes(value_axis(title="error (mm)", rangemode="tozero"))
    return figure
