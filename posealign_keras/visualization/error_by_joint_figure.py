"""`error_by_joint_figure`: which joints are wrong by how much, before and after."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.skeletons import BODY17, Skeleton, get_skeleton
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.skeleton_scene import joint_label
from posealign_keras.visualization.style import GRID, base_layout, category_axis, method_colour, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go


def error_by_joint_figure(errors: Mapping, skeleton: str | Skeleton = BODY17) -> "go.Figure":
    """A dot per joint and method, joined by a line, the joint with the largest error of the first method on top.

    Args:
        errors: `{name: (17,)}` mean error of every joint in millimetres, in the order of `skeleton`; as
            `{"source-only": …, "adapted": …}`.
        skeleton: The `Skeleton` of the joints, or its registered name.

    Returns:
        The figure: one trace that joins the dots, then one per method.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If there is no method, or a shape is wrong.

    Example:
        >>> errors = {"source-only": np.linspace(50, 250, 17), "adapted": np.linspace(40, 150, 17)}
        >>> len(error_by_joint_figure(errors).data)
        3
    """
    skeleton = get_skeleton(skeleton)
    errors = {name: np.asarray(values, dtype=float) for name, values in errors.items()}
    if not errors:
        raise ValueError("`errors` must hold at least one method. Received: errors={}")
    for name, values in errors.items():
        if values.shape != (skeleton.num_joints,):
            raise ValueError(
                f"`errors[{name!r}]` must have one value per joint ({skeleton.num_joints}). "
                f"Received: errors[{name!r}] of shape {values.shape}"
            )
    order = np.argsort(next(iter(errors.values())), kind="stable")
    labels = [joint_label(skeleton.joint_names[joint]) for joint in order]
    stacked = np.stack(list(errors.values()))[:, order]

    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=26 * len(labels) + 90))
    figure.add_scatter(
        x=np.stack([stacked.min(0), stacked.max(0), np.full(len(labels), np.nan)], axis=1).ravel(),
        y=np.repeat(labels, 3),
        mode="lines",
        line={"color": GRID, "width": 5},
        hoverinfo="skip",
        showlegend=False,
    )
    for position, (name, values) in enumerate(errors.items()):
        figure.add_scatter(
            x=values[order],
            y=labels,
            mode="markers",
            cliponaxis=False,
            marker={"color": method_colour(name, position), "size": 11},
            name=html.escape(name),
            hovertemplate="%{y}: %{x:.1f} mm",
        )
    return figure.update_layout(
        xaxis=value_axis(title="mean error (mm)", rangemode="tozero"),
        yaxis=category_axis(categoryorder="array", categoryarray=labels, dtick=1),
    )
