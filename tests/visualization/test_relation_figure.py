"""The diagram of a relation: what it draws is what the relation makes."""

import base64
import io

import numpy as np
import pytest

from posealign_keras.relations import get_relation
from posealign_keras.skeletons import BODY17
from posealign_keras.visualization import pose_figure, relation_figure
from posealign_keras.visualization.style import SIDE_COLOURS

pytest.importorskip("plotly")

FRAMES = 60


@pytest.fixture
def clip():
    return np.random.default_rng(0).integers(0, 256, (FRAMES, 12, 12, 3), dtype=np.uint8)


@pytest.fixture
def motion(standing):
    return np.stack([standing * (0.9 + 0.002 * time) for time in range(FRAMES)])


def pictures(figure):
    image = pytest.importorskip("PIL.Image")
    sources = [trace.source for trace in figure.data if trace.type == "image"]
    return np.stack([np.asarray(image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))) for source in sources])


def lefts(figure, scene):
    traces = [trace for trace in figure.data if trace.type == "scatter3d" and trace.scene == scene]
    return [trace for trace in traces if trace.line.color == SIDE_COLOURS["left"]]


def test_an_image_is_drawn_beside_its_mirror_image(clip):
    drawn = pictures(relation_figure("pose_flip", clip[0]))
    np.testing.assert_array_equal(drawn, [clip[0], clip[0][:, ::-1]])


def test_frames_of_a_clip_are_those_of_the_pair_in_its_order(clip):
    drawn = pictures(relation_figure("slow_backward", clip, shown=3))
    # Every second frame of 60; the middle 30 backwards: first, middle and last of each.
    np.testing.assert_array_equal(drawn, clip[[0, 28, 58, 44, 30, 15]])


def test_the_pose_on_the_right_is_the_counterpart(standing):
    waving = standing.copy()
    waving[BODY17.index("l_wrist"), :2] += [-0.2, -0.3]
    figure = relation_figure("pose_flip", poses=waving)
    expected = pose_figure(np.asarray(get_relation("pose_flip").transform_poses(waving)))
    (found,), (wanted,) = lefts(figure, "scene2"), lefts(expected, "scene")
    for axis in "xyz":
        np.testing.assert_allclose(found[axis], wanted[axis], atol=1e-5)
    assert not np.allclose(*(np.nan_to_num(lefts(figure, scene)[0].x) for scene in ("scene", "scene2")))


def test_both_ends_of_a_motion_are_rows_of_people(motion):
    figure = relation_figure("flip_backward", poses=motion, shown=4)
    assert [len(lefts(figure, scene)) for scene in ("scene", "scene2")] == [4, 4]
    assert figure.layout.scene.domain.x[1] < figure.layout.scene2.domain.x[0]


def test_pairing_shows_which_frame_stands_where():
    figure = relation_figure("slow_backward")
    anchor, counterpart = figure.data
    np.testing.assert_array_equal(anchor.y, np.arange(0, 60, 2))
    np.testing.assert_array_equal(counterpart.y, np.arange(44, 14, -1))


def test_latents_are_rows_from_the_anchor_to_the_counterpart():
    latents = {"counterpart": [0.1, 0.2], "anchor": [0.3, 0.4], "predicted": [0.5, 0.6]}
    (heatmap,) = relation_figure("pose_flip", latents=latents).data
    np.testing.assert_allclose(heatmap.z, [[0.3, 0.4], [0.5, 0.6], [0.1, 0.2]])
    assert (heatmap.zmin, heatmap.zmax) == (-1, 1)


def test_faces_stand_below_one_another_and_are_named(clip, motion):
    latents = {"anchor": np.zeros(8), "counterpart": np.zeros(8)}
    layout = relation_figure("flip_backward", clip, motion, latents).layout
    tops = [layout.yaxis.domain[1], layout.scene.domain.y[1], layout.yaxis90.domain[1], layout.yaxis91.domain[1]]
    assert tops == sorted(tops, reverse=True)
    bottoms = [layout.yaxis.domain[0], layout.scene.domain.y[0], layout.yaxis90.domain[0], layout.yaxis91.domain[0]]
    assert all(bottom > top for bottom, top in zip(bottoms, tops[1:], strict=False))
    texts = " ".join(note.text for note in layout.annotations)
    for word in ("clip", "motion", "pairing", "latents", "flip backward"):
        assert word in texts


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"relation": "pose_flip"}, "`images`, `poses` or `latents`"),
        ({"relation": "unheard_of"}, "`relation`"),
        ({"relation": "pose_flip", "images": np.zeros((2, 4, 4, 3), "uint8")}, "`images`"),
        ({"relation": "slow_backward", "images": np.zeros((20, 4, 4, 3), "uint8")}, "at least 60 frames"),
        ({"relation": "pose_flip", "poses": np.zeros((16, 3))}, "`poses`"),
        ({"relation": "pose_flip", "latents": {"anchor": [1.0]}}, "`latents`"),
        ({"relation": "pose_flip", "latents": {"anchor": [1.0], "counterpart": [1.0, 0.0]}}, "`latents`"),
        ({"relation": "backward", "shown": 0}, "`shown`"),
    ],
)
def test_wrong_arguments_are_named(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        relation_figure(**arguments)
