"""`clip_figure`: 3D poses, beside their video if there is one, with play, pause and a slider."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from posealign_keras.skeletons import BODY17, Skeleton, get_skeleton
from posealign_keras.visualization.image_trace import HIDDEN_AXES, check_images, image_trace
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.skeleton_scene import PAGE_WIDTH, SkeletonRow, check_poses, skeleton_traces
from posealign_keras.visualization.style import GRID, INK, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Pixels of the figure, and of the button and the slider below.
_HEIGHT, _CONTROLS = 430, 84


def clip_figure(images, poses: Mapping, fps: float = 30.0, skeleton: str | Skeleton = BODY17) -> "go.Figure":
    """Animate a clip: its frames on the left, the poses of every method side by side on the right.

    Where `poses` has a `"true"` pose, it is repeated as a thin line behind each of the others.

    Args:
        images: `(T, H, W, 3)` uint8, the frames of the video; `None` for poses alone.
        poses: `{name: (T, 17, 3)}` in metres, camera frame, root-relative, in the order of `skeleton`.
        fps: Frames per second at which to play.
        skeleton: The `Skeleton` of the joints, or its registered name.

    Returns:
        The figure, with one plotly frame per video frame. It shows the first until it is played.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If shapes do not agree, a type is wrong, a joint is not finite, there is no pose, or `fps`
            is not positive.

    Example:
        >>> from posealign_keras.data import to_upright_camera_frame
        >>> from posealign_keras.data.synthetic import generate_motion
        >>> poses = to_upright_camera_frame(generate_motion("walk", 4, np.random.default_rng(0)))
        >>> poses = poses - poses[:, :1]
        >>> frames = np.zeros((4, 16, 16, 3), "uint8")
        >>> len(clip_figure(frames, {"adapted": poses}).frames)
        4
    """
    skeleton = get_skeleton(skeleton)
    if not poses:
        raise ValueError("`poses` must hold at least one method. Received: poses={}")
    images = None if images is None else check_images(images, "images", dimensions=4)
    count = len(next(iter(poses.values())) if images is None else images)
    poses = {name: check_poses(pose, f"poses[{name!r}]", skeleton, count) for name, pose in poses.items()}
    if not fps > 0:
        raise ValueError(f"`fps` must be positive. Received: fps={fps}")
    go = import_plotly("graph_objects")
    row = SkeletonRow(poses)

    def moving_traces(time: int) -> list:
        traces = [] if images is None else [image_trace(images[time])]
        for position, (name, pose) in enumerate(poses.items()):
            reference = None if name == "true" or "true" not in poses else poses["true"][time]
            legend = position == min(1, len(poses) - 1)
            traces += skeleton_traces(
                pose[time], skeleton, row.places[name], "scene", legend, html.escape(name), reference
            )
        return traces

    moving = [moving_traces(time) for time in range(count)]
    figure = go.Figure(
        data=[row.floor_trace("scene"), *moving[0]],
        frames=[
            go.Frame(data=[_changes(trace) for trace in traces], traces=list(range(1, len(traces) + 1)), name=str(time))
            for time, traces in enumerate(moving)
        ],
        layout=base_layout(height=_HEIGHT),
    )
    captions = {name: f"<b>{html.escape(name)}</b>" for name in poses}
    if images is not None:
        figure.update_layout(xaxis={**HIDDEN_AXES, "domain": [0, 0.2]}, yaxis=HIDDEN_AXES)
    left = 0 if images is None else 0.21
    aspect = (1 - left) * PAGE_WIDTH / (_HEIGHT - figure.layout.margin.t - _CONTROLS)
    return figure.update_layout(
        scene={**row.layout(captions, aspect), "domain": {"x": [left, 1], "y": [0, 1]}},
        margin={"b": _CONTROLS},
        updatemenus=[_buttons(fps)],
        sliders=[_slider(count, fps)],
    )


def _changes(trace):
    """What of a trace differs from frame to frame; the rest would only make the page larger."""
    if trace.type == "image":
        return {"type": "image", "source": trace.source}
    return {"type": "scatter3d", "x": trace.x, "y": trace.y, "z": trace.z}


def _playing(milliseconds: float) -> dict:
    return {
        # Images and 3D scenes change only when they are drawn anew.
        "frame": {"duration": milliseconds, "redraw": True},
        "transition": {"duration": 0},
        "mode": "immediate",
    }


def _buttons(fps: float) -> dict:
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0,
        "y": 0,
        "xanchor": "left",
        "yanchor": "top",
        "pad": {"t": 22, "r": 8},
        "bgcolor": "rgba(128,136,148,0.12)",
        "bordercolor": GRID,
        "font": {"color": INK},
        "buttons": [
            {"label": "▶ Play", "method": "animate", "args": [None, {**_playing(1000 / fps), "fromcurrent": True}]},
            {"label": "❚❚ Pause", "method": "animate", "args": [[None], _playing(0)]},
        ],
    }


def _slider(count: int, fps: float) -> dict:
    return {
        "x": 0.21,
        "len": 0.79,
        "y": 0,
        "yanchor": "top",
        "pad": {"t": 16},
        "ticklen": 0,
        "minorticklen": 0,
        "bgcolor": GRID,
        "bordercolor": "rgba(0,0,0,0)",
        "activebgcolor": INK,
        "font": {"color": "rgba(0,0,0,0)"},
        "currentvalue": {"prefix": "time ", "suffix": " s", "font": {"color": INK}, "xanchor": "right"},
        "steps": [
            {"label": f"{time / fps:.2f}", "method": "animate", "args": [[str(time)], _playing(0)]}
            for time in range(count)
        ],
    }
