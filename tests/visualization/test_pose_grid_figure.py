"""People on a grid: everyone in the right place, on the right side, inside the scene."""

import numpy as np
import pytest

from posealign_keras.skeletons import BODY17
from posealign_keras.visualization import pose_figure, pose_grid_figure
from posealign_keras.visualization.style import SIDE_COLOURS

pytest.importorskip("plotly")

ROWS, COLUMNS = 2, 3


@pytest.fixture
def grid(standing):
    """Every person has another size, by which it is known again."""
    sizes = 0.8 + 0.05 * np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS, 1, 1)
    return (standing * sizes).astype("float32")


def people(figure, side):
    """Drawn bones `(ROWS, COLUMNS, bones, 3 points, 3)` of a side."""
    (trace,) = [trace for trace in figure.data if trace.line.color == SIDE_COLOURS[side]]
    points = np.stack([np.asarray(trace[axis], float) for axis in "xyz"], axis=-1)
    return points.reshape(ROWS, COLUMNS, -1, 3, 3)


@pytest.mark.parametrize("side", list(SIDE_COLOURS))
def test_everybody_is_drawn_as_in_a_figure_of_one(grid, side):
    found = people(pose_grid_figure(grid), side)
    for row in range(ROWS):
        for column in range(COLUMNS):
            (alone,) = [
                trace for trace in pose_figure(grid[row, column]).data if trace.line.color == SIDE_COLOURS[side]
            ]
            expected = np.stack([np.asarray(alone[axis], float) for axis in "xyz"], axis=-1).reshape(-1, 3, 3)
            moved = found[row, column] - expected
            np.testing.assert_allclose(
                moved[:, :2], np.broadcast_to(moved[0, 0], moved[:, :2].shape), atol=1e-5, err_msg=f"{row} {column}"
            )


def test_rows_go_down_and_columns_to_the_right(grid):
    middles = np.nanmean(people(pose_grid_figure(np.broadcast_to(grid[:1, :1], grid.shape)), "centre"), axis=(2, 3))
    down = middles[1] - middles[0]
    np.testing.assert_allclose(down[:, :2], 0, atol=1e-6)
    assert np.ptp(grid[0, 0, :, 1]) < -down[0, 2]  # nobody stands on anybody's head
    right = np.diff(middles[0], axis=0)
    np.testing.assert_allclose(right, np.broadcast_to(right[0], right.shape), atol=1e-5)
    assert np.linalg.norm(right[0]) > 1.99 * grid[0, 0, :, 0].max()  # nobody reaches into anybody's place


def test_everything_is_inside_the_scene(grid):
    figure = pose_grid_figure(grid, ["a", "b"], ["c", "d", "e"])
    scene = figure.layout.scene
    for part in (*figure.data, *scene.annotations):
        for axis in "xyz":
            low, high = scene[f"{axis}axis"].range
            assert low < np.nanmin(np.asarray(part[axis], float))
            assert np.nanmax(np.asarray(part[axis], float)) < high
    units = [scene.aspectratio[axis] / np.ptp(scene[f"{axis}axis"].range) for axis in "xyz"]
    np.testing.assert_allclose(units, units[0])


def test_a_wide_grid_is_drawn_smaller(standing):
    def pixels_of_a_metre(columns):
        """A scene is drawn so that its height is a fixed number of units."""
        layout = pose_grid_figure(np.broadcast_to(standing, (4, columns, 17, 3))).layout
        return layout.height * layout.scene.aspectratio.z / np.ptp(layout.scene.zaxis.range)

    assert pixels_of_a_metre(2) == pytest.approx(pixels_of_a_metre(1))
    assert pixels_of_a_metre(20) == pytest.approx(pixels_of_a_metre(10) / 2, rel=0.25)


def test_captions_are_text_at_their_row_and_column(grid):
    notes = pose_grid_figure(grid, ["<first>", ""], ["c", "d", "e"]).layout.scene.annotations
    assert [note.text for note in notes] == ["&lt;first&gt;", "c", "d", "e"]
    assert all(note.z > notes[0].z for note in notes[1:])
    assert notes[0].x < notes[1].x < notes[2].x < notes[3].x


def test_joints_are_named_and_the_legend_says_each_side_once(grid):
    figure = pose_grid_figure(grid)
    legend = [trace.name for trace in figure.data if trace.showlegend]
    assert legend == ["person's left", "person's right", "spine and head"]
    (left,) = [trace for trace in figure.data if trace.line.color == SIDE_COLOURS["left"]]
    assert len(left.text) == len(left.x)
    assert set(left.text) >= {"left wrist", "left ankle"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((np.zeros((2, 17, 3)),), "`poses` must have the shape"),
        ((np.zeros((0, 2, 17, 3)),), "`poses` must have the shape"),
        ((np.full((1, 1, BODY17.num_joints, 3), np.inf),), "`poses` must be finite"),
        ((np.ones((1, 2, 17, 3)), ["a", "b"]), "`row_captions` must be 1 texts"),
        ((np.ones((1, 2, 17, 3)), None, "ab"), "`column_captions` must be 2 texts"),
    ],
)
def test_wrong_arguments_are_named(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        pose_grid_figure(*arguments)
