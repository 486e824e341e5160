"""`pose_figure`: one or several poses of a person in 3D, beside their image."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from posealign_keras.skeletons import BODY17, Skeleton, get_skeleton
from posealign_keras.visualization.image_trace import HIDDEN_AXES, check_images, image_trace
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.skeleton_scene import PAGE_WIDTH, SkeletonRow, check_poses, skeleton_traces
from posealign_keras.visualization.style import base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT = 420


def pose_figure(poses, image=None, skeleton: str | Skeleton = BODY17) -> "go.Figure":
    """Show one pose, or several side by side, upright in a 3D scene that the reader can turn.

    Args:
        poses: `(17, 3)` joints in metres, camera frame (x right, y down, z forward), in the order of `skeleton`;
            or `{name: such a pose}`, each drawn under its name.
        image: Optional `(H, W, 3)` uint8, shown on the left.
        skeleton: The `Skeleton` of the joints, or its registered name.

    Returns:
        The figure. The person's left is blue, the right vermilion, spine and head grey.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If a shape or type is wrong, a joint is not finite, or there is no pose.

    Example:
        >>> from posealign_keras.data import to_upright_camera_frame
        >>> from posealign_keras.data.synthetic import generate_motion
        >>> poses = to_upright_camera_frame(generate_motion("walk", 1, np.random.default_rng(0)))
        >>> poses = poses - poses[:, :1]
        >>> image = np.zeros((64, 64, 3), "uint8")
        >>> figure = pose_figure({"true": poses[0], "estimated": 0.9 * poses[0]}, image)
        >>> figure.write_html("pose.html")  # or `figure.show()`
    """
    skeleton = get_skeleton(skeleton)
    if isinstance(poses, Mapping):
        poses = {name: check_poses(pose, f"poses[{name!r}]", skeleton) for name, pose in poses.items()}
    else:
        poses = {"": check_poses(poses, "poses", skeleton)}
    if not poses:
        raise ValueError("`poses` must hold at least one pose. Received: poses={}")
    row = SkeletonRow(poses)

    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=_HEIGHT))
    figure.add_trace(row.floor_trace("scene"))
    for position, (name, pose) in enumerate(poses.items()):
        figure.add_traces(skeleton_traces(pose, skeleton, row.places[name], "scene", position == 0, html.escape(name)))
    left = 0 if image is None else 0.26
    if image is not None:
        figure.add_trace(image_trace(check_images(image, "image", dimensions=3)))
        figure.update_layout(xaxis={**HIDDEN_AXES, "domain": [0, 0.25]}, yaxis=HIDDEN_AXES)
    margin = figure.layout.margin
    aspect = (1 - left) * PAGE_WIDTH / (_HEIGHT - margin.t - margin.b)
    scene = row.layout({name: html.escape(name) for name in poses}, aspect)
    return figure.update_layout(scene={**scene, "domain": {"x": [left, 1], "y": [0, 1]}})
