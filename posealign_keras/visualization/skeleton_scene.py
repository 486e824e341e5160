"""Skeletons in a 3D scene: from camera-frame joints to plotly traces and the scene that holds them.

plotly draws z upwards, the camera frame has y downwards. Joints are therefore drawn at
(x, y, z)_drawn = (x, z, -y)_camera, a rotation, so that no figure shows a mirrored person, and the scene is looked at
from in front, as the camera did, turned a little so that depth can be seen.
"""

from collections.abc import Mapping

import numpy as np

from posealign_keras.skeletons import Skeleton
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import INK, REFERENCE, SIDE_COLOURS

# The view is turned by this much to the side and raised by this much: enough to see depth, little enough to compare
# with the image. Neighbours stand along the view's own right, so that they stay level and equally far.
_TURN, _RISE = np.radians(20), np.radians(11)
PAGE_WIDTH = 860
"""Pixels that a notebook or a page of the documentation has for a figure, about."""

_FLOOR_SPACING = 0.25
_LEAST_RADIUS = 0.9


def check_poses(poses, name: str, skeleton: Skeleton, count: int | None = None) -> np.ndarray:
    """Return `poses` as an array, if it holds finite joints of `skeleton`.

    Args:
        poses: `(joints, 3)`, or `(count, joints, 3)` where `count` is given; metres, camera frame.
        name: Name of the argument, for the message.
        skeleton: The `Skeleton` that the joints belong to.
        count: Number of poses expected; `None` for a single pose.

    Raises:
        ValueError: If the shape is another, or a coordinate is not finite.
    """
    poses = np.asarray(poses, dtype=np.float32)
    expected = (skeleton.num_joints, 3) if count is None else (count, skeleton.num_joints, 3)
    if poses.shape != expected:
        raise ValueError(f"`{name}` must have the shape {expected}. Received: {name} of shape {poses.shape}")
    if not np.isfinite(poses).all():
        raise ValueError(f"`{name}` must be finite. Received: {name} with {np.sum(~np.isfinite(poses))} other values")
    return poses


def bone_lines(pose: np.ndarray, skeleton: Skeleton, side: str | None, place: np.ndarray) -> dict[str, np.ndarray]:
    """Drawn coordinates of the bones on one side of the body.

    Args:
        pose: `(joints, 3)` metres, camera frame.
        skeleton: The `Skeleton` of the joints.
        side: `"left"`, `"right"` or `"centre"`; `None` for all bones. A bone is on the side of its far end.
        place: `(2,)` drawn metres, right and away, by which the person is moved.

    Returns:
        `x`, `y` and `z`, each `(3 * bones,)`: near end, far end and a gap (NaN) for every bone.
    """
    edges = [edge for edge in skeleton.edges if side is None or skeleton.sides[edge[1]] == side]
    x, y, z = np.moveaxis(pose[np.array(edges)], -1, 0)
    drawn = {"x": x + place[0], "y": z + place[1], "z": -y}
    gap = np.full((len(edges), 1), np.nan, pose.dtype)
    return {axis: np.concatenate([ends, gap], axis=1).ravel() for axis, ends in drawn.items()}


def skeleton_traces(pose, skeleton, place, scene, legend=False, name="", reference=None) -> list:
    """The traces of one person: left, right and central bones, over an optional faint reference.

    Args:
        pose: `(joints, 3)` metres, camera frame.
        skeleton: The `Skeleton` of the joints.
        place: `(2,)` drawn metres, right and away, by which the person is moved.
        scene: Name of the scene in the layout, as `"scene2"`.
        legend: Whether these traces stand in the legend for all of their colour.
        name: Whose pose it is, for the text under the pointer.
        reference: Another pose `(joints, 3)` drawn as a thin line behind this one.

    Returns:
        `plotly.graph_objects.Scatter3d` traces, the reference first if there is one.
    """
    scatter = import_plotly("graph_objects").Scatter3d
    traces = []
    if reference is not None:
        traces.append(
            scatter(
                **bone_lines(reference, skeleton, None, place),
                mode="lines",
                line={"color": REFERENCE, "width": 5},
                opacity=0.6,
                hoverinfo="skip",
                showlegend=legend,
                legendgroup="reference",
                name="true pose",
                scene=scene,
            )
        )
    for side, colour in SIDE_COLOURS.items():
        joints = [
            text
            for parent, child in skeleton.edges
            if skeleton.sides[child] == side
            for text in (joint_label(skeleton.joint_names[parent]), joint_label(skeleton.joint_names[child]), "")
        ]
        if not joints:
            continue
        traces.append(
            scatter(
                **bone_lines(pose, skeleton, side, place),
                mode="lines+markers",
                line={"color": colour, "width": 9},
                marker={"color": colour, "size": 3.6},
                text=joints,
                hovertemplate="%{text}" + f"<extra>{name}</extra>",
                showlegend=legend,
                legendgroup=side,
                name={"left": "person's left", "right": "person's right", "centre": "spine and head"}[side],
                scene=scene,
            )
        )
    return traces


def joint_label(name: str) -> str:
    """A joint's name in words: `l_knee` is `left knee`."""
    side = {"l_": "left ", "r_": "right "}.get(name[:2])
    return (side + name[2:] if side else name).replace("_", " ")


class SkeletonRow:
    """A row of people, side by side in one scene, over one floor.

    One scene for the row rather than one per person: all turn together, and a browser keeps only about 16 of them
    alive on a page.

    Args:
        poses: `{name: (..., joints, 3)}`, metres, camera frame. Leading axes are all frames that the row shows.
        radius: Metres that each person has to either side. By default enough for any turn about the vertical, so that
            neighbours never touch.
        turn: Radians by which the view is turned to the side. With 0 a mirrored pose is the mirror image on the page.
    """

    def __init__(self, poses: Mapping[str, np.ndarray], radius: float | None = None, turn: float = _TURN):
        stacked = np.concatenate([pose.reshape(-1, 3) for pose in poses.values()])
        turning = max(_LEAST_RADIUS, float(np.linalg.norm(stacked[:, [0, 2]], axis=-1).max()) * 1.04)
        self.radius = turning if radius is None else radius
        self.turn = turn
        self.right, self._away = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        self.places = {name: 2 * self.radius * position * self.right for position, name in enumerate(poses)}
        self.floor = -float(stacked[:, 1].max()) - 0.03
        self.top = -float(stacked[:, 1].min()) + 0.05

    def floor_trace(self, scene: str):
        """The floor's grid, under the lowest joint of the row, as a `plotly.graph_objects.Scatter3d`."""
        across = _grid_positions(-self.radius, (2 * len(self.places) - 1) * self.radius)
        deep = _grid_positions(-self.radius, self.radius)
        gap = (np.nan, np.nan)
        lines = [point for x in across for point in ((x, deep[0]), (x, deep[-1]), gap)]
        lines += [point for y in deep for point in ((across[0], y), (across[-1], y), gap)]
        x, y = (np.array(lines) @ np.stack([self.right, self._away])).T
        return import_plotly("graph_objects").Scatter3d(
            x=x,
            y=y,
            z=np.full_like(x, self.floor),
            mode="lines",
            line={"color": REFERENCE, "width": 1},
            opacity=0.5,
            hoverinfo="skip",
            showlegend=False,
            name="floor",
            scene=scene,
        )

    @property
    def width(self) -> float:
        """Metres that the row takes from left to right."""
        return 2 * self.radius * len(self.places)

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Drawn metres that the row takes on each axis; plotly cuts off what is not strictly inside."""
        last = list(self.places.values())[-1]
        reach = self.radius * (np.cos(self.turn) + np.sin(self.turn))
        return {
            "x": (-reach, last[0] + reach),
            "y": (-reach, last[1] + reach),
            "z": (self.floor - 0.05, self.top + 0.2),
        }

    def layout(self, captions: Mapping[str, str], aspect: float | None = None) -> dict:
        """Layout of the row's scene.

        Args:
            captions: `{name: text}` to write above each person.
            aspect: Width over height of the scene's place on the page, for rows that may be too wide for it.
        """
        return {
            **scene_layout(self.ranges(), self.width, aspect, self.turn),
            "annotations": [scene_text(text, (*self.places[name], self.top + 0.1)) for name, text in captions.items()],
        }


def scene_layout(
    ranges: Mapping[str, tuple[float, float]], width: float, aspect: float | None = None, turn: float = _TURN
) -> dict:
    """Layout of a scene that is looked at from in front and fills its place from bottom to top.

    Args:
        ranges: Drawn metres on each axis.
        width: Metres from left to right, as they are seen.
        aspect: Width over height of the scene's place on the page; what is wider than that is drawn smaller. `None` if
            it is wide enough.
        turn: Radians by which the view is turned to the side.
    """
    height = ranges["z"][1] - ranges["z"][0]
    # 1.8 units is what plotly's orthographic view shows from bottom to top, and about 2 from left to right.
    scale = min(1.8 / height, np.inf if aspect is None else 1.95 * aspect / width)
    view = 2 * np.array([np.sin(turn) * np.cos(_RISE), -np.cos(turn) * np.cos(_RISE), np.sin(_RISE)])
    return {
        **{f"{axis}axis": {"visible": False, "showspikes": False, "range": limits} for axis, limits in ranges.items()},
        # Equal metres on all axes.
        "aspectmode": "manual",
        "aspectratio": {axis: scale * (high - low) for axis, (low, high) in ranges.items()},
        "camera": {
            "projection": {"type": "orthographic"},
            "eye": dict(zip("xyz", view, strict=True)),
            "up": {"x": 0, "y": 0, "z": 1},
        },
        "dragmode": "turntable",
        "uirevision": "keep the reader's view",
    }


def scene_text(text: str, position, **settings) -> dict:
    """Text in a scene, at a drawn position `(3,)` in metres."""
    place = dict(zip("xyz", position, strict=True))
    return {**place, "text": text, "showarrow": False, "font": {"color": INK, "size": 13}, **settings}


def _grid_positions(low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, 2 + round((high - low) / _FLOOR_SPACING))[1:-1]
