"""Latents: their distribution, and a map of them."""

import numpy as np
import pytest

from posealign_keras.visualization import embedding_figure, latent_distribution_figure

pytest.importorskip("plotly")


@pytest.fixture
def latents():
    """Spread out most along the third dimension, then along the first."""
    return np.random.default_rng(0).uniform(-1, 1, (60, 4)) * [0.5, 0.05, 1.0, 0.1]


class TestLatentDistributionFigure:
    def test_densities_have_area_one_and_the_prior_is_flat(self):
        uniform = np.random.default_rng(0).uniform(-1, 1, (20000, 4))
        figure = latent_distribution_figure({"uniform": uniform, "narrow": 0.3 * uniform})
        for density in figure.data[0:4:2]:
            assert np.sum(density.y) * np.diff(density.x)[0] == pytest.approx(1)
        np.testing.assert_allclose(figure.data[0].y, 0.5, atol=0.05)

    def test_spread_falls_from_the_most_to_the_least_spread_dimension(self, latents):
        spread = latent_distribution_figure({"a": latents}).data[1]
        np.testing.assert_allclose(spread.y, latents.std(axis=0)[[2, 0, 3, 1]])

    def test_collapsed_latents_have_no_spread(self):
        figure = latent_distribution_figure({"a": np.full((5, 3), 0.2)})
        np.testing.assert_allclose(figure.data[1].y, 0, atol=1e-12)

    @pytest.mark.parametrize(
        "values", [np.zeros((3,)), np.zeros((1, 3)), np.full((3, 3), 1.5), np.full((3, 3), np.nan)]
    )
    def test_wrong_latents_are_named(self, values):
        with pytest.raises(ValueError, match=r"`latents\['a'\]`.*Received"):
            latent_distribution_figure({"a": values})

    def test_nothing_is_refused(self):
        with pytest.raises(ValueError, match="`latents`"):
            latent_distribution_figure({})


class TestEmbeddingFigure:
    def test_map_is_the_plane_of_most_variance(self, latents):
        figure = embedding_figure(latents)
        points = np.stack([figure.data[0].x, figure.data[0].y], axis=-1)
        covariance = np.linalg.eigvalsh(np.cov(latents.T, bias=True))[::-1]
        np.testing.assert_allclose(points.var(axis=0), covariance[:2], rtol=1e-6)
        assert abs(np.corrcoef(points.T)[0, 1]) < 1e-9
        share = 100 * covariance[0] / covariance.sum()
        assert f"({share:.0f} % of the variance)" in figure.layout.xaxis.title.text

    def test_map_does_not_depend_on_the_signs_that_a_decomposition_happens_to_have(self, latents):
        turned = embedding_figure(latents[::-1])
        np.testing.assert_allclose(turned.data[0].x[::-1], embedding_figure(latents).data[0].x)

    def test_every_group_is_a_trace_of_its_own_points(self, latents):
        groups = ["<b>" if index % 3 else "a" for index in range(60)]
        figure = embedding_figure(latents, groups=groups, captions=[str(index) for index in range(60)])
        assert [trace.name for trace in figure.data] == ["a", "&lt;b&gt;"]
        assert [text.split("<br>")[1] for text in figure.data[0].text] == [str(index) for index in range(0, 60, 3)]
        assert len({(trace.marker.color, trace.marker.symbol) for trace in figure.data}) == 2

    def test_many_groups_still_look_different(self, latents):
        figure = embedding_figure(latents[:30], groups=[str(index) for index in range(30)])
        assert len({(trace.marker.color, trace.marker.symbol) for trace in figure.data}) == 30

    def test_pictures_stand_at_their_points_and_do_not_cover_one_another(self, latents, images):
        pictures = np.tile(images, (15, 1, 1, 1))
        figure = embedding_figure(latents, pictures)
        points = {(x, y) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)}
        placed = [(picture.x, picture.y) for picture in figure.layout.images]
        assert len(placed) > 3
        assert set(placed) <= points
        size = figure.layout.images[0].sizex
        for index, one in enumerate(placed):
            for other in placed[:index]:
                assert np.abs(np.subtract(one, other)).max() > size

    def test_latents_that_are_all_one_are_drawn(self):
        figure = embedding_figure(np.zeros((4, 3)))
        assert np.ptp(figure.layout.xaxis.range) > 0

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            ({"latents": np.zeros((2, 4))}, "`latents`"),
            ({"latents": np.full((4, 4), np.nan)}, "`latents`"),
            ({"images": np.zeros((3, 4, 4, 3), "uint8")}, "`images` must be 4"),
            ({"groups": ["a"]}, "`groups` must be 4 texts"),
            ({"captions": "abcd"}, "`captions` must be 4 texts"),
        ],
    )
    def test_wrong_arguments_are_named(self, arguments, expected):
        with pytest.raises(ValueError, match=expected):
            embedding_figure(**{"latents": np.eye(4), **arguments})
