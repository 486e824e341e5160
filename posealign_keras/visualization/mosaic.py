"""`mosaic`: a small picture made of coloured letters, for places where a figure can show nothing but text."""

import itertools

import numpy as np

MOSAIC_FONT = {"family": "monospace", "size": 5}
"""The font in which tiles are square, and leave hardly a gap."""

_TILES = 20
# Two full blocks are about as wide as a line of text is high.
_TILE = "██"
# Steps of colour that `#rgb` can say: runs of one colour are longer than with all colours, and the text is shorter.
_STEP = 17


def mosaic(image: np.ndarray, tiles: int = _TILES) -> str:
    """A picture as text in plotly's dialect of HTML, whose labels under the pointer can hold no pictures.

    Args:
        image: `(H, W, 3)` uint8.
        tiles: Number of tiles along the longer side; the picture has no more than it has pixels.

    Returns:
        Lines of coloured blocks, divided by `<br>`, to be shown in `MOSAIC_FONT`.
    """
    scale = min(1, tiles / max(image.shape[:2]))
    rows, columns = (max(1, round(scale * length)) for length in image.shape[:2])
    bands = np.array_split(image.astype(float), rows, axis=0)
    colours = np.stack([[block.mean(axis=(0, 1)) for block in np.array_split(band, columns, axis=1)] for band in bands])
    lines = []
    for line in np.round(colours / _STEP).astype(int):
        names = ["#" + "".join(f"{digit:x}" for digit in colour) for colour in line]
        runs = [(name, len(list(run))) for name, run in itertools.groupby(names)]
        lines.append("".join(f'<span style="color:{name}">{_TILE * length}</span>' for name, length in runs))
    return "<br>".join(lines)
