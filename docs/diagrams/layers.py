"""The layers of the package, read from the contracts in `pyproject.toml` that hold them."""

import tomllib
from pathlib import Path

from drawing import Drawing

_COLOURS = (
    "#CC79A7",
    "#CC79A7",
    "#E69F00",
    "#E69F00",
    "#E69F00",
    "#56B4E9",
    "#56B4E9",
    "#009E73",
    "#009E73",
    "#009E73",
)


def contract() -> list[list[str]]:
    """Parts of the package by layer, the highest first; parts of one layer do not know each other."""
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (c for c in pyproject["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [
        [part.strip().removeprefix("posealign_keras.") for part in layer.split("|")] for layer in contract["layers"]
    ]


def layers():
    """The layers, and `data` and `tfrecords_tools` beside them."""
    found = contract()
    height = 44
    drawing = Drawing(760, 60 + len(found) * height, "Layers of the package; imports go down only")
    drawing.text(275, 22, "posealign_keras: imports go down only", 13, soft=True)
    for index, parts in enumerate(found):
        y = 36 + index * height
        width = 530 / len(parts)
        for place, part in enumerate(parts):
            colour = _COLOURS[min(index, len(_COLOURS) - 1)]
            drawing.box(10 + place * width, y, width - 6, height - 8, part, (), colour)
    bottom = 36 + len(found) * height - 8
    drawing.text(655, 22, "beside them", 13, soft=True)
    drawing.box(570, 36, 180, 92, "tfrecords_tools", ("data sets and videos", "into records"), "#8C8C8C")
    drawing.arrow(660, 130, 660, 158)
    drawing.box(570, 162, 180, 92, "data", ("records, readers,", "generated people"), "#8C8C8C")
    drawing.line(f"M660 258V{bottom - 14}", 1.6)
    drawing.arrow(660, bottom - 14, 540, bottom - 14)
    drawing.text(668, bottom - 34, "skeletons only", 12, "start", soft=True)
    return drawing
