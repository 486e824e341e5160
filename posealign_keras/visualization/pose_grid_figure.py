"""`pose_grid_figure`: many people on a grid, such as a walk through a latent space in two directions."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.skeletons import BODY17, Skeleton, get_skeleton
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.skeleton_scene import (
    PAGE_WIDTH,
    SkeletonRow,
    scene_layout,
    scene_text,
    skeleton_traces,
)
from posealign_keras.visualization.style import base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW_HEIGHT = 150
_GAP = 0.1


def pose_grid_figure(
    poses,
    row_captions: Sequence[str] | None = None,
    column_captions: Sequence[str] | None = None,
    skeleton: str | Skeleton = BODY17,
) -> "go.Figure":
    """Show poses on a grid, all in one 3D scene, so that they turn together.

    Args:
        poses: `(rows, columns, 17, 3)` joints in metres, camera frame (x right, y down, z forward), in the order of
            `skeleton`; the first row is on top. Up to about 60 people can still be told apart.
        row_captions: A text for each row, written at its left.
        column_captions: A text for each column, written above it.
        skeleton: The `Skeleton` of the joints, or its registered name.

    Returns:
        The figure. The person's left is blue, the right vermilion, spine and head grey.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If the shape is another, a joint is not finite, or the captions are not one per row or column.

    Example:
    >>> pose_grid_figure(pose_autoencoder.decode(np.random.uniform(-1, 1, (4, 6, 32)))).show()
    """
    skeleton = get_skeleton(skeleton)
    poses = np.asarray(poses, dtype=np.float32)
    if poses.ndim != 4 or poses.shape[2:] != (skeleton.num_joints, 3) or 0 in poses.shape:
        raise ValueError(
            f"`poses` must have the shape (rows, columns, {skeleton.num_joints}, 3). "
            f"Received: poses of shape {poses.shape}"
        )
    if not np.isfinite(poses).all():
        raise ValueError(f"`poses` must be finite. Received: poses with {np.sum(~np.isfinite(poses))} other values")
    rows, columns = poses.shape[:2]
    row_captions = _checked("row_captions", row_captions, rows)
    column_captions = _checked("column_captions", column_captions, columns)

    first_row = SkeletonRow({str(column): poses[:, column] for column in range(columns)})
    drop = first_row.top - first_row.floor + _GAP
    # Lower rows are the first one, moved down: y points downwards.
    moved = poses + np.array([0, drop, 0], np.float32) * np.arange(rows)[:, None, None, None]
    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=_ROW_HEIGHT * rows + 70))
    for row in range(rows):
        floor = first_row.floor_trace("scene")
        figure.add_trace(floor.update(z=np.asarray(floor.z) - row * drop))
    people = [
        skeleton_traces(moved[row, column], skeleton, first_row.places[str(column)], "scene", legend=True)
        for row in range(rows)
        for column in range(columns)
    ]
    figure.add_traces([_merged(same_side) for same_side in zip(*people, strict=True)])
    aspect = PAGE_WIDTH / figure.layout.height
    return figure.update_layout(scene=_layout(first_row, drop, row_captions, column_captions, aspect))


def _merged(traces):
    """One trace for the same bones of all people: a hundred traces would make the page slow."""
    joined = {axis: np.concatenate([trace[axis] for trace in traces]) for axis in "xyz"}
    return traces[0].update(text=[joint for trace in traces for joint in trace.text], **joined)


def _layout(first_row, drop, row_captions, column_captions, aspect):
    ranges = first_row.ranges()
    ranges["z"] = (ranges["z"][0] - drop * (len(row_captions) - 1), ranges["z"][1])
    places = list(first_row.places.values())
    # Half a place to the left of the first person.
    beside = places[0] - first_row.radius * first_row.right
    captions = [
        *(scene_text(text, (*beside, -row * drop), xanchor="left") for row, text in enumerate(row_captions)),
        *(scene_text(text, (*place, first_row.top + 0.1)) for place, text in zip(places, column_captions, strict=True)),
    ]
    layout = scene_layout(ranges, first_row.width, aspect)
    return {**layout, "annotations": [caption for caption in captions if caption["text"]]}


def _checked(name, captions, count):
    if captions is None:
        return [""] * count
    if isinstance(captions, str) or len(captions) != count:
        raise ValueError(f"`{name}` must be {count} texts. Received: {name}={captions!r}")
    return [html.escape(str(caption)) for caption in captions]
