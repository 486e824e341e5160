"""Colours and the base layout that all figures share.

The colours are those of Okabe and Ito, which people with any common colour blindness can tell apart. Blue and
vermilion mean the person's left and right and nothing else, so methods get the other hues. Backgrounds are
transparent and lines and text mid-grey: the same figure reads on a light and on a dark page.
"""

SIDE_COLOURS = {"left": "#0072B2", "right": "#D55E00", "centre": "#8C8C8C"}
"""Colour of the person's left, right and central bones."""

METHOD_COLOURS = {"true": "#8C8C8C", "source-only": "#CC79A7", "adapted": "#009E73", "oracle": "#E69F00"}
"""Colour of each named method in charts of numbers."""

SERIES_COLOURS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C8C8C", "#B3A300", "#7F6BB3", "#A0522D")
"""Colours of curves whose names have no meaning of their own."""

INK = "#7B828C"
"""Text that has a contrast of about 4 to 1 on white as well as on near-black."""

GRID = "rgba(128, 136, 148, 0.28)"

REFERENCE = "#9AA3AE"
"""Lines that stand back: the true pose behind an estimate, and the floor."""

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def method_colour(name: str, position: int) -> str:
    """Colour of the method called `name`; for a name that has none, one for its `position` that no name has."""
    free = [colour for colour in SERIES_COLOURS if colour not in METHOD_COLOURS.values()]
    return METHOD_COLOURS.get(name, free[position % len(free)])


def base_layout(height: int) -> dict:
    """Layout that every figure starts from.

    Args:
        height: Height of the figure in pixels; the width follows the page.
    """
    return {
        "template": "none",
        "height": height,
        "autosize": True,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": INK},
        "margin": {"l": 8, "r": 8, "t": 40, "b": 8},
        "legend": {"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"},
        "hoverlabel": {"font": {"family": FONT}},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": GRID, "activecolor": INK},
    }


def value_axis(**settings) -> dict:
    """Layout of an axis that carries numbers: faint grid, no frame."""
    return {"gridcolor": GRID, "zeroline": False, "showline": False, "ticks": "", "automargin": True, **settings}


def category_axis(**settings) -> dict:
    """Layout of an axis that carries names: no grid at all."""
    return {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "automargin": True,
        "ticklabelstandoff": 8,
        **settings,
    }
