"""`relation_figure`: one relation with its faces: on images, on poses, as a pairing of frames, and on latents."""

import html
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.visualization.image_trace import HIDDEN_AXES, check_images, image_trace
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.skeleton_scene import PAGE_WIDTH, SkeletonRow, check_poses, skeleton_traces
from posealign_keras.visualization.style import INK, SERIES_COLOURS, base_layout, category_axis, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from posealign_keras.relations import Relation

# Heights of the faces in pixels, for a relation of lower and of higher order.
_HEIGHTS = {"images": (200, 130), "poses": (240, 150), "pairing": (0, 220), "latents": (120, 120)}
_SPACE, _AXIS_TITLE = 46, 44
_ENDS = ("anchor", "counterpart")
_LATENTS = {"anchor": "z, the anchor's", "predicted": "H(z), predicted", "counterpart": "z⁺, the counterpart's"}
_HALVES = ((0.0, 0.485), (0.515, 1.0))
_END_COLOURS = {"anchor": SERIES_COLOURS[0], "counterpart": SERIES_COLOURS[2]}
# Purple to orange by way of white: told apart with any common colour blindness.
_COLOURS = "PuOr"


def relation_figure(
    relation: "str | Relation", images=None, poses=None, latents: Mapping | None = None, shown: int = 4
) -> "go.Figure":
    """Draw the anchor of a relation on the left, its counterpart on the right, one face of the relation below another.

    Args:
        relation: The `Relation`, or its name.
        images: `(H, W, 3)` uint8 for a relation of lower order, a clip `(T, H, W, 3)` for one of higher order, T at
            least the relation's window; or `None`. The two ends are cut from it here.
        poses: `(17, 3)` or `(T, 17, 3)`, likewise: metres, camera frame, root-relative; or `None`.
        latents: `{"anchor": (D,), "counterpart": (D,)}`, latents in [-1, 1] of the two ends, and if there is one
            `"predicted"`, what a relation network makes of the anchor's; or `None`.
        shown: Number of frames of each end that are drawn for a relation of higher order, evenly spaced.

    Returns:
        The figure. For a relation of higher order it also shows which frame of the clip stands where in both ends.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If there is nothing to draw, or a shape, type or name is wrong.

    Example:
        >>> from posealign_keras.data import to_upright_camera_frame
        >>> from posealign_keras.data.synthetic import generate_motion
        >>> poses = to_upright_camera_frame(generate_motion("walk", 30, np.random.default_rng(0)))
        >>> figure = relation_figure("flip_backward", poses=poses - poses[:, :1])
        >>> figure.write_html("relation.html")  # or `figure.show()`
    """
    from posealign_keras.relations import get_relation  # other figures do without Keras

    relation = get_relation(relation)
    is_higher = relation.order == "higher"
    if shown < 1:
        raise ValueError(f"`shown` must be at least 1. Received: shown={shown}")
    if images is None and poses is None and latents is None and not is_higher:
        raise ValueError("`images`, `poses` or `latents` must be given. Received: None for all of them")
    faces = {
        "images": None if images is None else _image_ends(relation, images, shown),
        "poses": None if poses is None else (relation, _pose_ends(relation, poses, shown)),
        "pairing": relation if is_higher else None,
        "latents": None if latents is None else _checked_latents(latents),
    }
    faces = {name: face for name, face in faces.items() if face is not None}
    heights = {name: _HEIGHTS[name][is_higher] for name in faces}
    total = sum(heights.values()) + _SPACE * len(faces)
    margins = {"t": 8, "b": 84, "l": 8, "r": 8}
    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=total + margins["t"] + margins["b"]))
    top = float(total)
    for name, face in faces.items():
        top -= _SPACE
        # Titles of axes stand below what they belong to.
        bottom = top - heights[name] + (_AXIS_TITLE if name == "pairing" else 0)
        domain = [max(0.0, bottom) / total, top / total]
        _DRAW[name](figure, face, domain)
        for (left, right), text in zip(_HALVES, _captions(relation, name), strict=False):
            _add_caption(figure, text, (left + right) / 2, top / total)
        top -= heights[name]
    legend = {"x": 0.5, "xanchor": "center", "y": 0, "yanchor": "bottom", "yref": "container"}
    return figure.update_layout(legend=legend, margin=margins)


def _captions(relation, face):
    name = html.escape(relation.name.replace("_", " "))
    words = {"images": ("image", "clip"), "poses": ("pose", "motion")}
    if face in words:
        word = words[face][relation.order == "higher"]
        return f"<b>{word}</b>: anchor", f"<b>{word}</b>: counterpart by <i>{name}</i>"
    return ("<b>pairing</b> of frames" if face == "pairing" else "<b>latents</b>",)


def _add_caption(figure, text, x, y):
    place = {"x": x, "y": y, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "bottom"}
    figure.add_annotation(text=text, showarrow=False, font={"color": INK, "size": 14}, **place)


def _image_ends(relation, images, shown):
    images = check_images(images, "images", dimensions=4 if relation.order == "higher" else 3)
    return _drawn_frames(relation.image_pair(images[None]), relation, shown)


def _pose_ends(relation, poses, shown):
    count = len(poses) if relation.order == "higher" else None
    poses = check_poses(poses, "poses", relation.skeleton, count)
    return _drawn_frames(relation.pose_pair(poses[None]), relation, shown)


def _drawn_frames(pair, relation, shown):
    """Both ends, `(2, frames, …)`, with the frames that are drawn."""
    from keras import ops

    ends = np.stack([ops.convert_to_numpy(end) for end in pair])
    if relation.order == "lower":
        return ends
    ends = ends[:, 0]
    return ends[:, np.linspace(0, ends.shape[1] - 1, min(shown, ends.shape[1])).round().astype(int)]


def _checked_latents(latents):
    latents = {name: np.asarray(values, dtype=float) for name, values in latents.items()}
    sizes = {values.shape for values in latents.values()}
    if not {"anchor", "counterpart"} <= set(latents) <= set(_LATENTS) or len(sizes) > 1 or len(sizes.pop()) != 1:
        raise ValueError(
            "`latents` must be {'anchor': (D,), 'counterpart': (D,)}, and perhaps 'predicted'. "
            f"Received: { {name: values.shape for name, values in latents.items()} }"
        )
    return latents


def _draw_images(figure, ends, domain):
    count = ends.shape[1]
    for number, image in enumerate(ends.reshape(-1, *ends.shape[2:])):
        suffix = str(number + 1) if number else ""
        left, right = _HALVES[number // count]
        width = (right - left) / count
        start = left + number % count * width
        figure.add_trace(image_trace(image).update(xaxis=f"x{suffix}", yaxis=f"y{suffix}"))
        figure.update_layout(
            {
                f"xaxis{suffix}": {**HIDDEN_AXES, "domain": [start, start + 0.97 * width], "anchor": f"y{suffix}"},
                f"yaxis{suffix}": {**HIDDEN_AXES, "domain": domain, "anchor": f"x{suffix}"},
            }
        )


def _draw_poses(figure, face, domain):
    relation, ends = face
    pixels = _HEIGHTS["poses"][relation.order == "higher"]
    for number, (end, poses) in enumerate(zip(_ENDS, ends, strict=True)):
        scene = "scene2" if number else "scene"
        row = SkeletonRow({str(index): pose for index, pose in enumerate(poses)}, turn=0.0)
        figure.add_trace(row.floor_trace(scene))
        for index, pose in enumerate(poses):
            is_first = number == 0 and index == 0
            traces = skeleton_traces(pose, relation.skeleton, row.places[str(index)], scene, is_first, end)
            figure.add_traces(traces)
        left, right = _HALVES[number]
        layout = row.layout({}, (right - left) * PAGE_WIDTH / pixels)
        figure.update_layout({scene: {**layout, "domain": {"x": [left, right], "y": domain}}})


def _draw_pairing(figure, relation, domain):
    for end, colour in _END_COLOURS.items():
        frames = relation.anchor_frames() if end == "anchor" else relation.counterpart_frames()
        figure.add_scatter(
            x=np.arange(len(frames)),
            y=frames,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"color": colour, "size": 5},
            name=end,
            hovertemplate=f"{end}, position %{{x}}: frame %{{y}} of the clip<extra></extra>",
            xaxis="x90",
            yaxis="y90",
        )
    figure.update_layout(
        xaxis90=value_axis(title="position in the pair", domain=[0.06, 1], anchor="y90", showgrid=False),
        yaxis90=value_axis(title="frame of the clip", domain=domain, anchor="x90", nticks=5),
    )


def _draw_latents(figure, latents, domain):
    names = [name for name in _LATENTS if name in latents]
    figure.add_heatmap(
        z=[latents[name] for name in names],
        y=[_LATENTS[name] for name in names],
        xgap=1,
        ygap=3,
        zmin=-1,
        zmax=1,
        colorscale=_COLOURS,
        colorbar={"len": domain[1] - domain[0], "y": sum(domain) / 2, "thickness": 10, "tickvals": [-1, 0, 1]},
        hovertemplate="%{y}, dimension %{x}: %{z:.2f}<extra></extra>",
        xaxis="x91",
        yaxis="y91",
    )
    figure.update_layout(
        xaxis91=category_axis(title="dimension", domain=[0.2, 1], anchor="y91"),
        yaxis91=category_axis(domain=domain, anchor="x91", autorange="reversed"),
    )


_DRAW: dict[str, Callable] = {
    "images": _draw_images,
    "poses": _draw_poses,
    "pairing": _draw_pairing,
    "latents": _draw_latents,
}
