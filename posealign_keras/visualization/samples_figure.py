"""`samples_figure`: several images in a row, with joints drawn over them and people in 3D below them."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.skeletons import BODY17, Skeleton, get_skeleton
from posealign_keras.visualization.image_trace import HIDDEN_AXES, check_images, image_trace
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.skeleton_scene import PAGE_WIDTH, SkeletonRow, skeleton_traces
from posealign_keras.visualization.style import INK, SIDE_COLOURS, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT = 280


def samples_figure(
    images=None,
    keypoints=None,
    poses=None,
    captions: Sequence[str] | None = None,
    skeleton: str | Skeleton = BODY17,
) -> "go.Figure":
    """Show samples side by side: images above, with their joints drawn over them, and poses in 3D below.

    Args:
        images: `(N, H, W, 3)` uint8; or `None`.
        keypoints: `(N, 17, 2)` joints in pixels of the images (the centre of the first pixel at 0), NaN where a joint
            is not known; or `None`.
        poses: `(N, 17, 3)` metres, root-relative, x right, y down, z forward, NaN where a joint is not known; or
            `None`. About four people fit on a page side by side.
        captions: N texts to write above the samples; they may have several lines.
        skeleton: The `Skeleton` of the joints, or its registered name.

    Returns:
        The figure. The person's left is blue, the right vermilion, spine and head grey.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If shapes do not agree, or there are neither images nor poses.

    Example:
        >>> images = np.zeros((2, 16, 16, 3), "uint8")
        >>> figure = samples_figure(images, captions=["first", "second"])
        >>> len(figure.data)
        2
    """
    skeleton = get_skeleton(skeleton)
    if images is None and poses is None:
        raise ValueError("`images` or `poses` must be given. Received: None for both")
    images = None if images is None else check_images(images, "images", dimensions=4)
    count = len(poses if images is None else images)
    poses = _checked("poses", poses, (count, skeleton.num_joints, 3))
    keypoints = _checked("keypoints", keypoints, (count, skeleton.num_joints, 2))
    captions = (
        [""] * count if captions is None else [html.escape(caption).replace("\n", "<br>") for caption in captions]
    )
    if len(captions) != count:
        raise ValueError(f"`captions` must be {count} texts. Received: {len(captions)}")

    rows = (images is not None) + (poses is not None)
    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=_HEIGHT * rows + 40))
    if images is not None:
        _add_images(figure, images, keypoints, captions, skeleton, bottom=0.52 if rows == 2 else 0.0)
    if poses is not None:
        captions = captions if images is None else [""] * count
        _add_people(figure, poses, captions, skeleton, top=0.5 if rows == 2 else 1.0)
    return figure


def _add_images(figure, images, keypoints, captions, skeleton, bottom):
    count = len(images)
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        number = "" if index == 0 else str(index + 1)
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        figure.add_trace(image_trace(image).update(axes))
        if keypoints is not None:
            for side, colour in SIDE_COLOURS.items():
                figure.add_scatter(
                    **_bones(keypoints[index], skeleton, side),
                    mode="lines+markers",
                    line={"color": colour, "width": 3},
                    marker={"color": colour, "size": 5},
                    hoverinfo="skip",
                    showlegend=False,
                    **axes,
                )
        height, width = image.shape[:2]
        domain = [(index + 0.02) / count, (index + 0.98) / count]
        visible = [-0.5, width - 0.5]  # what is drawn beyond the edges of the image is cut off
        figure.update_layout(
            {
                f"xaxis{number}": {**HIDDEN_AXES, "domain": domain, "anchor": f"y{number}", "range": visible},
                f"yaxis{number}": {
                    **HIDDEN_AXES,
                    "domain": [bottom, 0.95],
                    "anchor": f"x{number}",
                    "range": [height - 0.5, -0.5],
                    "scaleanchor": f"x{number}",
                    "constrain": "domain",
                },
            }
        )
        figure.add_annotation(
            text=caption,
            x=sum(domain) / 2,
            y=0.95,
            xref="paper",
            yref="paper",
            xanchor="center",
            yanchor="bottom",
            showarrow=False,
            font={"color": INK},
        )


def _add_people(figure, poses, captions, skeleton, top):
    # A joint that is not known must not decide how far apart the people stand.
    row = SkeletonRow({str(index): np.nan_to_num(pose) for index, pose in enumerate(poses)})
    figure.add_trace(row.floor_trace("scene"))
    for index, pose in enumerate(poses):
        figure.add_traces(skeleton_traces(pose, skeleton, row.places[str(index)], "scene", legend=index == 0))
    texts = {str(index): caption for index, caption in enumerate(captions)}
    figure.update_layout(scene={**row.layout(texts, PAGE_WIDTH / _HEIGHT), "domain": {"x": [0, 1], "y": [0, top]}})


def _bones(points, skeleton, side):
    """Pixels of the bones of a side: near end, far end and a gap for each."""
    edges = np.array([edge for edge in skeleton.edges if skeleton.sides[edge[1]] == side])
    ends = np.concatenate([points[edges], np.full((len(edges), 1, 2), np.nan)], axis=1).reshape(-1, 2)
    return {"x": ends[:, 0], "y": ends[:, 1]}


def _checked(name, values, shape):
    if values is None:
        return None
    values = np.asarray(values, "float32")
    if values.shape != shape:
        raise ValueError(f"`{name}` must have the shape {shape}. Received: {name} of shape {values.shape}")
    return values
