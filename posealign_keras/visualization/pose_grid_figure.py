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

# A tall grid must fit onto a screen, a flat one may be larger.
_ROW_HEIGHT, _FLAT_ROW_HEIGHT, _FLAT_ROWS = 150, 240, 3
_MARGIN = 96
_GAP, _CAPTION_GAP, _LEAST_RADIUS = 0.1, 0.4, 0.5


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
        row_captions: A text for each row, written above its left end.
        column_captions: A text for each column, written above it.
        skeleton: The `Skeleton` of the joints, or its registered name.

    Returns:
        The figure. The person's left is blue, the right vermilion, spine and head grey.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If the shape is another, a joint is not finite, or the captions are not one per row or column.

    Example:
        >>> from posealign_keras.models import PoseAutoencoder
        >>> decode = PoseAutoencoder.from_preset("small_synthetic").decode
        >>> latents = np.random.default_rng(0).uniform(-1, 1, (6, 32)).astype("float32")
        >>> poses = keras.ops.convert_to_numpy(decode(latents)).reshape(2, 3, 17, 3)
        >>> figure = pose_grid_figure(poses)
        >>> figure.write_html("grid.html")  # or `figure.show()`
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

    # Most people need less room than the one who reaches furthest, whose hand may reach to a neighbour.
    reach = np.linalg.norm(poses[..., [0, 2]], axis=-1).max(axis=-1)
    radius = max(_LEAST_RADIUS, float(np.quantile(reach, 0.8)))
    first_row = SkeletonRow({str(column): poses[:, column] for column in range(columns)}, radius)
    drop = first_row.top - first_row.floor + (_CAPTION_GAP if any(row_captions) else _GAP)
    # Lower rows are the first one, moved down: y points downwards.
    moved = poses + np.array([0, drop, 0], np.float32) * np.arange(rows)[:, None, None, None]
    pixels = min(_FLAT_ROW_HEIGHT if rows <= _FLAT_ROWS else _ROW_HEIGHT, 1.15 * PAGE_WIDTH * drop / first_row.width)
    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=round(pixels * rows) + _MARGIN))
    for row in range(rows):
        floor = first_row.floor_trace("scene")
        figure.add_trace(floor.update(z=np.asarray(floor.z) - row * drop))
    people = [
        skeleton_traces(moved[row, column], skeleton, first_row.places[str(column)], "scene", legend=True)
        for row in range(rows)
        for column in range(columns)
    ]
    figure.add_traces([_merged(same_side) for same_side in zip(*people, strict=True)])
    aspect = PAGE_WIDTH / (figure.layout.height - _MARGIN / 2)
    return figure.update_layout(scene=_layout(first_row, drop, row_captions, column_captions, aspect))


def _merged(traces):
    """One trace for the same bones of all people: a hundred traces would make the page slow."""
    joined = {axis: np.concatenate([trace[axis] for trace in traces]) for axis in "xyz"}
    return traces[0].update(text=[joint for trace in traces for joint in trace.text], **joined)


def _layout(first_row, drop, row_captions, column_captions, aspect):
    ranges = first_row.ranges()
    ranges["z"] = (ranges["z"][0] - drop * (len(row_captions) - 1), ranges["z"][1])
    places = list(first_row.places.values())
    # Rows are named above their heads, from the left end on, and columns above that.
    left = places[0] - first_row.radius * first_row.right
    above = first_row.top + 0.12
    highest = above + (_CAPTION_GAP - _GAP if any(row_captions) else 0)
    ranges["z"] = (ranges["z"][0], highest + 0.1)
    captions = [
        *(
            scene_text(text, (*left, above - row * drop), xanchor="left", xshift=12)
            for row, text in enumerate(row_captions)
        ),
        *(scene_text(text, (*place, highest)) for place, text in zip(places, column_captions, strict=True)),
    ]
    layout = scene_layout(ranges, first_row.width, aspect)
    return {**layout, "annotations": [caption for caption in captions if caption["text"]]}


def _checked(name, captions, count):
    if captions is None:
        return [""] * count
    if isinstance(captions, str) or len(captions) != count:
        raise ValueError(f"`{name}` must be {count} texts. Received: {name}={captions!r}")
    return [html.escape(str(caption)) for caption in captions]
