"""The three figures that draw skeletons: one pose, comparison rows, an animated clip."""

import base64
import io

import numpy as np
import pytest

from posealign_keras.skeletons import BODY17
from posealign_keras.visualization import clip_figure, comparison_figure, pose_figure
from posealign_keras.visualization.style import SIDE_COLOURS

pytest.importorskip("plotly")

LEFT, RIGHT = "#0072B2", "#D55E00"


def bones(figure, scene="scene"):
    """Traces of skeletons, without floors and true poses behind."""
    return [
        trace
        for trace in figure.data
        if trace.type == "scatter3d" and trace.mode == "lines+markers" and trace.scene == scene
    ]


def of_colour(traces, colour):
    return [trace for trace in traces if trace.line.color == colour]


def drawn(trace):
    return np.stack([np.asarray(trace[axis], float) for axis in "xyz"], axis=-1)


def decode(source):
    image = pytest.importorskip("PIL.Image")
    return np.asarray(image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))


class TestPoseFigure:
    def test_one_person_is_a_floor_and_three_sides(self, standing):
        figure = pose_figure(standing)
        assert [trace.name for trace in figure.data] == ["floor", "person's left", "person's right", "spine and head"]

    def test_every_bone_is_drawn_once_on_its_side(self, standing):
        traces = bones(pose_figure(standing))
        found = set()
        for side, colour in SIDE_COLOURS.items():
            (trace,) = of_colour(traces, colour)
            for near, far, gap in drawn(trace).reshape(-1, 3, 3):
                assert np.isnan(gap).all()
                for edge in BODY17.edges:
                    ends = standing[list(edge)] @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
                    if np.allclose([near, far], ends, atol=1e-6):
                        found.add(edge)
                        assert BODY17.sides[edge[1]] == side
        assert found == set(BODY17.edges)

    def test_person_stands_upright_with_the_left_on_the_image_s_right(self, standing):
        traces = bones(pose_figure(standing))
        (left,), (right,), (centre,) = (of_colour(traces, colour) for colour in (LEFT, RIGHT, SIDE_COLOURS["centre"]))
        assert np.nanmax(left.x) > 0.5
        assert np.nanmin(right.x) < -0.5
        assert np.nanmax(centre.z) > 0.6  # the head is up
        assert np.nanmin(left.z) < -0.8  # a foot is down
        assert np.nanmin(left.y) < -0.1  # the knee, in front of the body, is near the viewer

    def test_drawing_is_a_rotation_not_a_mirror_image(self):
        rng = np.random.default_rng(0)
        pose = rng.normal(size=(17, 3)).astype(np.float32)
        (left,) = of_colour(bones(pose_figure(pose)), LEFT)
        near, far = drawn(left).reshape(-1, 3, 3)[:, 0], drawn(left).reshape(-1, 3, 3)[:, 1]
        edges = np.array([edge for edge in BODY17.edges if BODY17.sides[edge[1]] == "left"])
        rotation, *_ = np.linalg.lstsq(pose[edges].reshape(-1, 3), np.stack([near, far], 1).reshape(-1, 3), rcond=None)
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-5)
        assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-5)

    def test_the_viewer_stands_where_the_camera_was(self, standing):
        camera = pose_figure(standing).layout.scene.camera
        assert camera.eye.y < -1.5  # the camera looks along its z, which is drawn along y
        assert abs(camera.eye.x) < -camera.eye.y
        assert camera.up.z == 1

    def test_metres_are_equally_long_on_all_axes(self, standing):
        scene = pose_figure({"a": standing, "b": standing}).layout.scene
        units = [scene.aspectratio[axis] / np.ptp(scene[f"{axis}axis"].range) for axis in "xyz"]
        np.testing.assert_allclose(units, units[0])

    def test_everything_is_inside_the_scene(self, poses):
        figure = pose_figure({name: pose[0] for name, pose in poses.items()})
        scene = figure.layout.scene
        for trace in figure.data:
            for axis in "xyz":
                low, high = scene[f"{axis}axis"].range
                assert low < np.nanmin(trace[axis])
                assert np.nanmax(trace[axis]) < high

    def test_people_stand_apart_and_are_named(self, standing):
        figure = pose_figure({"true": standing, "<b>": standing})
        lefts = of_colour(bones(figure), LEFT)
        step = drawn(lefts[1]) - drawn(lefts[0])
        step = step[~np.isnan(step[:, 0])]
        np.testing.assert_allclose(step, np.broadcast_to(step[0], step.shape), atol=1e-5)
        assert np.linalg.norm(step[0]) > np.nanmax(drawn(lefts[0])[:, 0]) * 2
        assert [note.text for note in figure.layout.scene.annotations] == ["true", "&lt;b&gt;"]

    def test_floor_lies_just_below_the_lowest_joint(self, standing):
        floor = pose_figure(standing).data[0]
        assert np.ptp(floor.z) == 0
        assert -standing[:, 1].max() - 0.1 < floor.z[0] < -standing[:, 1].max()

    def test_image_is_kept_exactly(self, standing, images):
        figure = pose_figure(standing, images[0])
        (image,) = [trace for trace in figure.data if trace.type == "image"]
        np.testing.assert_array_equal(decode(image.source), images[0])
        assert figure.layout.scene.domain.x[0] >= figure.layout.xaxis.domain[1]

    @pytest.mark.parametrize(
        ("poses", "message"),
        [
            (np.zeros((16, 3)), "`poses`.*shape"),
            (np.full((17, 3), np.nan), "`poses`.*finite"),
            ({}, "`poses`.*Received"),
            ({"a": np.zeros((2, 17, 3))}, r"`poses\['a'\]`"),
        ],
    )
    def test_bad_poses(self, poses, message):
        with pytest.raises(ValueError, match=message):
            pose_figure(poses)

    @pytest.mark.parametrize("image", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)])
    def test_bad_image(self, standing, image):
        with pytest.raises(ValueError, match=r"`image`.*uint8.*Received"):
            pose_figure(standing, image)


class TestComparisonFigure:
    def test_one_scene_and_one_image_per_row(self, images, poses):
        figure = comparison_figure(images, poses)
        assert sum(trace.type == "image" for trace in figure.data) == 4
        for scene in ("scene", "scene2", "scene3", "scene4"):
            assert len(bones(figure, scene)) == 9
            assert len(of_colour(bones(figure, scene), LEFT)) == 3

    def test_rows_go_down_in_the_order_given(self, images, poses):
        figure = comparison_figure(images, poses)
        tops = [figure.layout[f"scene{number}"].domain.y[1] for number in ("", 2, 3, 4)]
        assert tops == sorted(tops, reverse=True)
        for index, trace in enumerate(trace for trace in figure.data if trace.type == "image"):
            np.testing.assert_array_equal(decode(trace.source), images[index])
            assert figure.layout[trace.yaxis.replace("y", "yaxis")].domain[1] == tops[index]

    def test_the_true_pose_stands_behind_each_estimate(self, images, poses):
        figure = comparison_figure(images, poses)
        references = [t for t in figure.data if t.type == "scatter3d" and t.legendgroup == "reference"]
        assert len(references) == 8
        assert len([trace for trace in references if trace.showlegend]) == 1
        first = drawn(references[0]).reshape(-1, 3, 3)[:, 0]
        (own,) = [trace for trace in of_colour(bones(figure), LEFT) if "source-only" in trace.hovertemplate]
        assert np.linalg.norm(first[0, :2] - drawn(own)[0, :2]) == pytest.approx(0.1, abs=1e-5)

    def test_errors_are_the_mean_joint_distance(self, images, poses):
        texts = [note.text for note in comparison_figure(images, poses).layout.scene.annotations]
        assert texts == ["<b>true</b>", "<b>source-only</b> · 100 mm", "<b>adapted</b> · 50 mm"]

    def test_errors_can_be_given(self, images, poses):
        figure = comparison_figure(images, poses, errors={"adapted": [1, 2, 3, 4]})
        assert figure.layout.scene3.annotations[2].text == "<b>adapted</b> · 3 mm"
        assert figure.layout.scene3.annotations[1].text == "<b>source-only</b>"

    def test_without_a_true_pose_there_is_no_error(self, images, poses):
        figure = comparison_figure(images, {"mine": poses["adapted"]})
        assert figure.layout.scene.annotations[0].text == "<b>mine</b>"
        assert {trace.name for trace in bones(figure) if trace.showlegend} >= {"person's left", "person's right"}

    def test_bad_arguments(self, images, poses):
        with pytest.raises(ValueError, match=r"`poses\['true'\]`.*\(3, 17, 3\)"):
            comparison_figure(images[:3], poses)
        with pytest.raises(ValueError, match=r"`errors\['other'\]`.*Received"):
            comparison_figure(images, poses, errors={"other": [1, 2, 3, 4]})
        with pytest.raises(ValueError, match=r"`images`.*uint8"):
            comparison_figure(images / 255, poses)
        with pytest.raises(ValueError, match="`poses`"):
            comparison_figure(images, {})


class TestClipFigure:
    def test_every_frame_changes_the_image_and_every_bone(self, images, poses):
        figure = clip_figure(images, poses)
        assert len(figure.frames) == 4
        for time, frame in enumerate(figure.frames):
            assert len(frame.traces) == len(frame.data) == len(figure.data) - 1  # all but the floor
            np.testing.assert_array_equal(decode(frame.data[0].source), images[time])
            for index, change in zip(frame.traces, frame.data, strict=True):
                assert change.type == figure.data[index].type

    def test_a_frame_shows_what_a_figure_of_it_would(self, images, poses):
        figure = clip_figure(images, poses)
        late = clip_figure(images[2:], {name: pose[2:] for name, pose in poses.items()})
        # The first person stands at the origin in both.
        for change, trace in zip(figure.frames[2].data[1:4], late.data[2:5], strict=True):
            np.testing.assert_array_equal(drawn(change), drawn(trace))

    def test_poses_alone_need_no_images(self, poses):
        figure = clip_figure(None, poses)
        assert len(figure.frames) == 4
        assert {trace.type for trace in figure.data} == {"scatter3d"}
        assert figure.layout.scene.domain.x == (0, 1)
        beside = clip_figure(np.zeros((4, 8, 8, 3), np.uint8), poses)
        for change, other in zip(figure.frames[3].data, beside.frames[3].data[1:], strict=True):
            np.testing.assert_array_equal(drawn(change), drawn(other))

    def test_a_long_row_is_drawn_smaller_so_that_it_fits(self, standing):
        def size_of_a_metre(people):
            scene = clip_figure(None, {str(index): standing[None] for index in range(people)}).layout.scene
            return scene.aspectratio.z / np.ptp(scene.zaxis.range)

        assert size_of_a_metre(2) == pytest.approx(size_of_a_metre(1))
        assert size_of_a_metre(20) == pytest.approx(size_of_a_metre(10) / 2)

    def test_plays_at_the_given_rate_and_can_be_paused_and_scrubbed(self, images, poses):
        layout = clip_figure(images, poses, fps=25).layout
        play, pause = layout.updatemenus[0].buttons
        assert play.args[0] is None
        assert play.args[1]["frame"] == {"duration": 40, "redraw": True}
        assert list(pause.args[0]) == [None]
        steps = layout.sliders[0].steps
        assert [step.label for step in steps] == ["0.00", "0.04", "0.08", "0.12"]
        assert [list(step.args[0]) for step in steps] == [["0"], ["1"], ["2"], ["3"]]

    def test_bad_arguments(self, images, poses):
        with pytest.raises(ValueError, match=r"`fps`.*Received: fps=0"):
            clip_figure(images, poses, fps=0)
        with pytest.raises(ValueError, match=r"`poses\['true'\]`"):
            clip_figure(images[:2], poses)
        with pytest.raises(ValueError, match="`poses`"):
            clip_figure(images, {})
        with pytest.raises(ValueError, match=r"`poses\['adapted'\]`.*\(4, 17, 3\)"):
            clip_figure(None, {**poses, "adapted": poses["adapted"][:3]})
