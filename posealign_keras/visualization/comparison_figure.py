"""`comparison_figure`: images, each beside the 3D poses that several methods give for it."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.skeletons import BODY17, Skeleton, get_skeleton
from posealign_keras.visualization.image_trace import HIDDEN_AXES, check_images, image_trace
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.skeleton_scene import SkeletonRow, check_poses, skeleton_traces
from posealign_keras.visualization.style import base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW_HEIGHT = 290


def comparison_figure(
    images, poses: Mapping, errors: Mapping | None = None, skeleton: str | Skeleton = BODY17
) -> "go.Figure":
    """One row per image: the image, then the poses of every method side by side.

    Where `poses` has a `"true"` pose, it is repeated as a thin line behind each of the others. A browser shows
    about 16 rows at a time; more need several figures.

    Args:
        images: `(N, H, W, 3)` uint8.
        poses: `{name: (N, 17, 3)}` in metres, camera frame, root-relative, in the order of `skeleton`; as
            `{"true": …, "source-only": …, "adapted": …}`.
        errors: `{name: (N,)}` in millimetres, written beside the name. By default the mean joint distance to
            the `"true"` pose, where there is one.
        skeleton: The `Skeleton` of the joints, or its registered name.

    Returns:
        The figure.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If shapes do not agree, a type is wrong, a joint is not finite, or there is no pose.

    Example:
        >>> from posealign_keras.data import to_upright_camera_frame
        >>> from posealign_keras.data.synthetic import generate_motion
        >>> poses = to_upright_camera_frame(generate_motion("walk", 2, np.random.default_rng(0)))
        >>> poses = poses - poses[:, :1]
        >>> images = np.zeros((2, 16, 16, 3), "uint8")
        >>> figure = comparison_figure(images, {"true": poses, "adapted": 0.9 * poses})
        >>> len(figure.data) > 0
        True
    """
    skeleton = get_skeleton(skeleton)
    images = check_images(images, "images", dimensions=4)
    count = len(images)
    poses = {name: check_poses(pose, f"poses[{name!r}]", skeleton, count) for name, pose in poses.items()}
    if not poses:
        raise ValueError("`poses` must hold at least one method. Received: poses={}")
    errors = joint_errors(poses) if errors is None else errors
    for name, error in errors.items():
        if name not in poses or np.shape(error) != (count,):
            raise ValueError(
                f"`errors[{name!r}]` must belong to a method of `poses` and have the shape ({count},). "
                f"Received: errors[{name!r}] of shape {np.shape(error)}, methods {list(poses)}"
            )

    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=_ROW_HEIGHT * count + 40))
    row = SkeletonRow(poses)
    for index, image in enumerate(images):
        number = "" if index == 0 else str(index + 1)
        vertical = [1 - (index + 0.98) / count, 1 - (index + 0.02) / count]
        figure.add_trace(image_trace(image).update(xaxis=f"x{number}", yaxis=f"y{number}"))
        figure.add_trace(row.floor_trace(f"scene{number}"))
        for position, (name, pose) in enumerate(poses.items()):
            figure.add_traces(
                skeleton_traces(
                    pose[index],
                    skeleton,
                    row.places[name],
                    f"scene{number}",
                    # The second person is the first with a reference behind, so it stands for all in the legend.
                    legend=index == 0 and position == min(1, len(poses) - 1),
                    name=html.escape(name),
                    reference=None if name == "true" or "true" not in poses else poses["true"][index],
                )
            )
        captions = {name: _caption(name, errors, index) for name in poses}
        figure.update_layout(
            {
                f"xaxis{number}": {**HIDDEN_AXES, "domain": [0, 0.2], "anchor": f"y{number}"},
                f"yaxis{number}": {**HIDDEN_AXES, "domain": vertical, "anchor": f"x{number}"},
                f"scene{number}": {**row.layout(captions), "domain": {"x": [0.21, 1], "y": vertical}},
            }
        )
    return figure


def joint_errors(poses: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Mean distance of the joints to those of `poses["true"]`.

    Args:
        poses: `{name: (N, joints, 3)}` in metres.

    Returns:
        `{name: (N,)}` in millimetres for every name but `"true"`; empty without a `"true"` pose.
    """
    if "true" not in poses:
        return {}
    return {
        name: 1000 * np.linalg.norm(pose - poses["true"], axis=-1).mean(-1)
        for name, pose in poses.items()
        if name != "true"
    }


def _caption(name: str, errors: Mapping, index: int) -> str:
    error = f" · {errors[name][index]:.0f} mm" if name in errors else ""
    return f"<b>{html.escape(name)}</b>{error}"
