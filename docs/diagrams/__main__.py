"""Draws the diagrams of the site into `docs/images`: `python docs/diagrams`.

`python docs/diagrams --check` writes nothing, and fails if a file there is not what would be drawn.
"""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

import conventions
import layers
import method
from drawing import Drawing

IMAGES = Path(__file__).parents[1] / "images"
DIAGRAMS: dict[str, Callable[[], Drawing]] = {
    "data": method.data,
    "stages": method.stages,
    "relation": method.relation,
    "energy": method.energy,
    "frames": method.frames,
    "skeleton": conventions.skeleton,
    "layers": layers.layers,
}


def main(arguments: list[str]) -> int:
    """Draw all diagrams, or check them; the exit code."""
    stale = []
    for name, draw in DIAGRAMS.items():
        file, drawn = IMAGES / f"{name}.svg", draw().svg()
        if file.is_file() and file.read_text(encoding="utf-8") == drawn:
            continue
        stale.append(str(file))
        if "--check" not in arguments:
            file.write_text(drawn, encoding="utf-8")
    if "--check" in arguments and stale:
        print(f"not as `python docs/diagrams` draws them: {', '.join(stale)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
