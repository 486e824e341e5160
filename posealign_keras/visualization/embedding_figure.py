"""`embedding_figure`: a map of latents with a picture of each of them."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from posealign_keras.visualization.image_trace import check_images, png_source
from posealign_keras.visualization.plotly_import import import_plotly
from posealign_keras.visualization.style import SERIES_COLOURS, base_layout, value_axis

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SYMBOLS = ("circle", "square", "diamond", "triangle-up")
_HEIGHT = 560
# Half the size of a picture, and the margin around the points, as shares of the larger side of the map.
_PICTURE, _MARGIN = 0.048, 0.1


def embedding_figure(
    latents,
    images=None,
    groups: Sequence[str] | None = None,
    captions: Sequence[str] | None = None,
) -> "go.Figure":
    """A map of latents: points that lie close together have similar latents.

    The map is the plane of their two largest principal components; the axes tell how much of the variance it shows.
    Pictures stand on their points, those of the first points first, where they do not cover one another.

    Args:
        latents: `(N, D)`, N at least 3.
        images: `(N, H, W, 3)` uint8, the picture of each point; or `None`.
        groups: N names, by which the points are coloured; or `None`.
        captions: N texts to show under the pointer; or `None`.

    Returns:
        The figure: a trace for each group, in the order of their first points.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If a shape or length is wrong, or a latent is not finite.

    Example:
        >>> latents = np.random.default_rng(0).uniform(-1, 1, (20, 32))
        >>> groups = ["walk"] * 10 + ["dance"] * 10
        >>> [trace.name for trace in embedding_figure(latents, groups=groups).data]
        ['walk', 'dance']
    """
    latents = np.asarray(latents, dtype=float)
    if latents.ndim != 2 or len(latents) < 3 or latents.shape[1] < 2 or not np.isfinite(latents).all():
        raise ValueError(
            f"`latents` must be finite, of shape (N, D), N at least 3 and D at least 2. "
            f"Received: latents of shape {latents.shape}"
        )
    count = len(latents)
    groups = _checked("groups", groups, count)
    captions = _checked("captions", captions, count)
    if images is not None:
        images = check_images(images, "images", dimensions=4)
        if len(images) != count:
            raise ValueError(f"`images` must be {count}, one per latent. Received: images of shape {images.shape}")
    points, shares = _principal_components(latents)

    figure = import_plotly("graph_objects").Figure(layout=base_layout(height=_HEIGHT))
    texts = ["<br>".join(filter(None, pair)) for pair in zip(groups, captions, strict=True)]
    for number, group in enumerate(dict.fromkeys(groups)):
        members = [index for index in range(count) if groups[index] == group]
        figure.add_scatter(
            x=points[members, 0],
            y=points[members, 1],
            mode="markers",
            marker={
                "color": SERIES_COLOURS[number % len(SERIES_COLOURS)],
                "symbol": _SYMBOLS[number // len(SERIES_COLOURS) % len(_SYMBOLS)],
                "size": 9,
            },
            name=group,
            showlegend=bool(group),
            text=[texts[index] for index in members],
            hovertemplate="%{text}<extra></extra>",
            hoverinfo="skip" if not any(texts) else None,
        )
    extent = np.ptp(points, axis=0).max() or 1.0  # where all latents are one
    if images is not None:
        figure.update_layout(images=_pictures(points, images, extent))
    for axis, ordinal, share, values in zip(("xaxis", "yaxis"), ("first", "second"), shares, points.T, strict=True):
        title = f"{ordinal} principal component ({100 * share:.0f} % of the variance)"
        limits = (values.min() - _MARGIN * extent, values.max() + _MARGIN * extent)
        figure.update_layout({axis: value_axis(title=title, range=limits, showticklabels=False)})
    return figure.update_layout(
        yaxis={"scaleanchor": "x", "constrain": "domain"},
        xaxis={"constrain": "domain"},
    )


def _principal_components(latents):
    """Coordinates `(N, 2)` on the two largest principal components, and their shares of the variance."""
    centred = latents - latents.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    # The sign of a component is arbitrary; this one is the same on every machine.
    largest = np.abs(directions[:2]).argmax(axis=1)
    directions = directions[:2] * np.sign(directions[[0, 1], largest])[:, None]
    return centred @ directions.T, sizes[:2] ** 2 / max(np.sum(sizes**2), np.finfo(float).tiny)


def _pictures(points, images, extent):
    """Pictures on the map, each at its point, none over another."""
    placed: list[int] = []
    for index, point in enumerate(points):
        if all(np.abs(point - points[other]).max() > 2 * _PICTURE * extent for other in placed):
            placed.append(index)
    return [
        {
            "source": png_source(images[index]),
            "xref": "x",
            "yref": "y",
            "x": points[index, 0],
            "y": points[index, 1],
            "sizex": 2 * _PICTURE * extent,
            "sizey": 2 * _PICTURE * extent,
            "xanchor": "center",
            "yanchor": "bottom",  # so that no dot is on a person
            "layer": "below",
        }
        for index in placed
    ]


def _checked(name, texts, count):
    if texts is None:
        return [""] * count
    if isinstance(texts, str) or len(texts) != count:
        raise ValueError(f"`{name}` must be {count} texts. Received: {name}={texts!r}")
    return [html.escape(str(text)) for text in texts]
