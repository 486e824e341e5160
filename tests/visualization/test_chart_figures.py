"""The figures of numbers: losses, errors of joints, ablation, relations."""

import numpy as np
import pytest

from posealign_keras.skeletons import BODY17
from posealign_keras.visualization import ablation_figure, error_by_joint_figure, history_figure, relations_figure
from posealign_keras.visualization.ablation_figure import energies_label

pytest.importorskip("plotly")


class TestHistoryFigure:
    def test_one_curve_per_quantity_from_epoch_one(self):
        figure = history_figure({"pose_aae": {"loss": [3, 2, 1], "cycle": [1, 1, 1]}, "source": {"loss": [5, 4]}})
        assert [trace.name for trace in figure.data] == ["loss", "cycle", "loss"]
        np.testing.assert_array_equal(figure.data[0].x, [1, 2, 3])
        np.testing.assert_array_equal(figure.data[0].y, [3, 2, 1])

    def test_each_stage_has_its_own_panel_and_legend(self):
        figure = history_figure({name: {"loss": [1.0, 2.0]} for name in ("a_b", "c", "<d>")})
        assert [trace.legend or "legend" for trace in figure.data] == ["legend", "legend2", "legend3"]
        assert len({(trace.xaxis, trace.yaxis) for trace in figure.data}) == 3
        assert [title.text for title in figure.layout.annotations] == ["<b>a b</b>", "<b>c</b>", "<b>&lt;d&gt;</b>"]
        # Each legend stands beside its own panel, right of the curves.
        legends = figure.layout.legend, figure.layout.legend2, figure.layout.legend3
        assert all(legend.x > 1 and legend.xanchor == "left" for legend in legends)
        assert [legend.y for legend in legends] == [
            axis.domain[1] for axis in (figure.layout.yaxis, figure.layout.yaxis2, figure.layout.yaxis3)
        ]

    def test_a_panel_is_as_high_as_its_legend(self):
        heights = [history_figure({"a": {str(i): [1.0] for i in range(count)}}).layout.height for count in (3, 20)]
        assert heights[0] == 300
        assert heights[1] >= 20 * 20

    def test_scale_is_logarithmic_where_values_are_positive_and_far_apart(self):
        figure = history_figure({"a": {"x": [100, 1]}, "b": {"x": [2, 1]}, "c": {"x": [100, -1]}})
        assert [figure.layout[axis].type for axis in ("yaxis", "yaxis2", "yaxis3")] == ["log", "linear", "linear"]

    def test_what_is_not_finite_leaves_a_gap(self):
        figure = history_figure({"a": {"loss": [1, np.inf, None, 2]}})
        np.testing.assert_array_equal(figure.data[0].y, [1, np.nan, np.nan, 2])

    def test_a_stage_without_curves_is_an_empty_panel(self):
        assert len(history_figure({"a": {}}).data) == 0

    def test_bad_history(self):
        with pytest.raises(ValueError, match="`history`"):
            history_figure({})
        with pytest.raises(ValueError, match=r"`history\['a'\]\['loss'\]`.*Received"):
            history_figure({"a": {"loss": "high"}})
        with pytest.raises(ValueError, match=r"`history\['a'\]\['loss'\]`.*Received"):
            history_figure({"a": {"loss": 1.0}})


class TestErrorByJointFigure:
    def test_each_dot_has_the_joint_s_error(self):
        errors = {"source-only": np.arange(17) * 10.0, "adapted": np.arange(17)[::-1] * 5.0}
        figure = error_by_joint_figure(errors)
        for trace in figure.data[1:]:
            for joint, error in zip(trace.y, trace.x, strict=True):
                side = {"left ": "l_", "right ": "r_"}
                name = joint
                for words, prefix in side.items():
                    name = name.replace(words, prefix)
                assert errors[trace.name][BODY17.index(name.replace(" ", "_"))] == error

    def test_largest_error_of_the_first_method_is_on_top(self):
        figure = error_by_joint_figure({"a": np.arange(17), "b": np.zeros(17)})
        assert figure.layout.yaxis.categoryarray[-1] == "right wrist"

    def test_lines_join_least_and_largest(self):
        figure = error_by_joint_figure({"a": np.full(17, 3.0), "b": np.full(17, 1.0), "c": np.full(17, 2.0)})
        np.testing.assert_array_equal(figure.data[0].x, np.tile([1, 3, np.nan], 17))

    def test_bad_errors(self):
        with pytest.raises(ValueError, match=r"`errors\['a'\]`.*17"):
            error_by_joint_figure({"a": [1, 2]})
        with pytest.raises(ValueError, match="`errors`"):
            error_by_joint_figure({})


class TestAblationFigure:
    ROWS = [
        {"energies": [], "mpjpe": 154.0, "pa_mpjpe": 111.0},
        {"energies": ["lower_order_contrastive"], "mpjpe": 140.0, "pa_mpjpe": 105.0},
        {"energies": ["lower_order_contrastive", "pose_flip"], "mpjpe": 130.0, "pa_mpjpe": 100.0},
        {"energies": ["pose_flip"], "mpjpe": 160.0, "pa_mpjpe": 138.0},
    ]

    def test_bars_are_the_errors_in_the_order_given(self):
        figure = ablation_figure(self.ROWS)
        assert [trace.name for trace in figure.data] == ["MPJPE", "PA-MPJPE"]
        assert list(figure.data[0].x) == [154, 140, 130, 160]
        assert list(figure.data[1].x) == [111, 105, 100, 138]
        assert figure.layout.yaxis.autorange == "reversed"

    def test_rows_are_named_by_what_they_add(self):
        labels = ablation_figure(self.ROWS).layout.yaxis.ticktext
        assert list(labels) == ["source only", "+ lower order contrastive", "+ pose flip", "pose flip"]

    @pytest.mark.parametrize(
        ("energies", "previous", "label"),
        [
            ([], None, "source only"),
            (["a", "b"], None, "a + b"),
            (["a", "b"], [], "+ a + b"),
            (["a", "b"], ["b"], "+ a"),
            (["a"], ["a"], "a"),
            (["a", "c"], ["a", "b"], "a + c"),
        ],
    )
    def test_labels(self, energies, previous, label):
        assert energies_label(energies, previous) == label

    def test_bad_ablation(self):
        with pytest.raises(ValueError, match="`ablation`"):
            ablation_figure([])
        with pytest.raises(ValueError, match=r"`ablation`.*pa_mpjpe.*Received"):
            ablation_figure([{"energies": [], "mpjpe": 1.0}])


class TestRelationsFigure:
    def test_bars_of_distance_and_of_both_errors(self):
        figure = relations_figure(
            {
                "pose_flip": {"latent_distance": 2.0, "decoded_error": 20.0, "identity_error": 200.0},
                "slow_backward": {"latent_distance": 3.0, "decoded_error": 60.0, "identity_error": 170.0},
            }
        )
        assert [list(trace.x) for trace in figure.data] == [[2, 3], [20, 60], [200, 170]]
        assert all(list(trace.y) == ["pose flip", "slow backward"] for trace in figure.data)
        assert figure.data[0].xaxis != figure.data[1].xaxis == figure.data[2].xaxis

    def test_distances_alone_are_one_panel(self):
        figure = relations_figure({"pose_flip": {"latent_distance": 2.0}, "backward": {"latent_distance": 3.0}})
        assert [list(trace.x) for trace in figure.data] == [[2, 3]]
        assert "xaxis2" not in figure.layout

    def test_bad_relations(self):
        with pytest.raises(ValueError, match="`relations`"):
            relations_figure({})
        with pytest.raises(ValueError, match=r"`relations\['a'\]`.*identity_error.*Received"):
            relations_figure({"a": {"latent_distance": 1, "decoded_error": 2}})
        with pytest.raises(ValueError, match=r"`relations\['b'\]`.*decoded_error.*Received"):
            relations_figure(
                {"a": {"latent_distance": 1, "decoded_error": 2, "identity_error": 3}, "b": {"latent_distance": 1}}
            )
        with pytest.raises(ValueError, match=r"`relations\['a'\]`.*latent_distance.*Received"):
            relations_figure({"a": {}})
