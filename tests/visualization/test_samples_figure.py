"""Samples side by side: joints on their images, people in 3D, unknown joints left out."""

import numpy as np
import pytest

from posealign_keras.skeletons import BODY17
from posealign_keras.visualization import samples_figure
from posealign_keras.visualization.style import SIDE_COLOURS

pytest.importorskip("plotly")


@pytest.fixture
def keypoints(images):
    return np.random.default_rng(1).uniform(0, 16, (len(images), 17, 2))


def overlays(figure, index):
    axis = "x" if index == 0 else f"x{index + 1}"
    return {trace.line.color: trace for trace in figure.data if trace.type == "scatter" and trace.xaxis == axis}


def test_every_bone_is_drawn_over_its_image_on_its_side(images, keypoints):
    figure = samples_figure(images, keypoints)
    for index in range(len(images)):
        traces, found = overlays(figure, index), set()
        for side, colour in SIDE_COLOURS.items():
            points = np.stack([traces[colour].x, traces[colour].y], axis=-1).reshape(-1, 3, 2)
            for near, far, gap in points:
                assert np.isnan(gap).all()
                for edge in BODY17.edges:
                    if np.allclose([near, far], keypoints[index][list(edge)], atol=1e-5):
                        found.add(edge)
                        assert BODY17.sides[edge[1]] == side
        assert found == set(BODY17.edges)


def test_the_image_fills_its_axes_with_its_first_row_on_top(images, keypoints):
    layout = samples_figure(images, keypoints).layout
    assert layout.xaxis.range == (-0.5, 15.5)
    assert layout.yaxis.range == (23.5, -0.5)
    assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]


def test_people_stand_below_their_images_and_unknown_joints_are_left_out(images, poses):
    people = poses["true"].copy()
    people[1, 13] = np.nan
    figure = samples_figure(images, poses=people)
    left = [trace for trace in figure.data if trace.type == "scatter3d" and trace.line.color == SIDE_COLOURS["left"]]
    assert len(left) == 4
    unknown = [np.isnan(np.asarray(trace.x, float)).sum() for trace in left]
    assert unknown[1] == unknown[0] + 1
    assert figure.layout.scene.domain.y[1] <= figure.layout.yaxis.domain[0]
    assert all(np.isfinite(axis.range).all() for axis in (figure.layout.scene.xaxis, figure.layout.scene.zaxis))


def test_captions_are_text_over_the_images_or_over_the_people(images, poses):
    names = ["<b>", "two\nlines", "c", "d"]
    texts = [note.text for note in samples_figure(images, captions=names).layout.annotations]
    assert texts == ["&lt;b&gt;", "two<br>lines", "c", "d"]
    scene = samples_figure(poses=poses["true"], captions=names).layout.scene
    assert [note.text for note in scene.annotations] == texts


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "`images` or `poses`"),
        ({"images": np.zeros((2, 4, 4, 3))}, "`images`"),
        ({"images": np.zeros((2, 4, 4, 3), "uint8"), "keypoints": np.zeros((2, 16, 2))}, "`keypoints`"),
        ({"images": np.zeros((2, 4, 4, 3), "uint8"), "poses": np.zeros((3, 17, 3))}, "`poses`"),
        ({"poses": np.zeros((2, 17, 3)), "captions": ["a"]}, "`captions`"),
    ],
)
def test_wrong_arguments_are_named(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        samples_figure(**arguments)
