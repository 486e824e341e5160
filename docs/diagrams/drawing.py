"""`Drawing`: an SVG of boxes, arrows, words and people, which reads on a light and on a dark page."""

from xml.sax.saxutils import escape

import numpy as np

from posealign_keras.skeletons import BODY17
from posealign_keras.visualization.style import FONT, SIDE_COLOURS

# As a file, on a code host; in the pages of the site, `custom.css` has its say instead.
_STYLE = """
.ink{fill:#1f2328}.soft{fill:#59636e}.panel{fill:#f6f8fa;stroke:#d1d9e0}.line{fill:none;stroke:#59636e}.head{fill:#59636e}
@media(prefers-color-scheme:dark){
.ink{fill:#f0f6fc}.soft{fill:#9198a1}.panel{fill:#151b23;stroke:#3d444d}.line{stroke:#9198a1}.head{fill:#9198a1}}
""".replace("\n", "")


class Drawing:
    """An SVG, put together from above to below; lengths are pixels.

    Args:
        width: Width of the drawing.
        height: Height of the drawing.
        title: What it shows, for those who do not see it.
    """

    def __init__(self, width: int, height: int, title: str):
        self._size = width, height
        self._title = title
        self._parts: list[str] = []

    def text(self, x, y, words, size=14, anchor="middle", soft=False, bold=False):
        """Write one line, whose middle, start or end is at (x, y)."""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" class="{"soft" if soft else "ink"}" font-size="{size}" '
            f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
        )

    def box(self, x, y, width, height, title="", lines=(), colour=None):
        """Draw a box with a title and smaller lines below it; `colour` marks its left edge."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="7" class="panel" stroke-width="1.2"/>'
        )
        if colour:
            self._parts.append(f'<rect x="{x:g}" y="{y:g}" width="6" height="{height:g}" rx="3" fill="{colour}"/>')
        words = [*([title] if title else []), *lines]
        first = y + height / 2 - 9 * (len(words) - 1) + 5
        for index, line in enumerate(words):
            is_title = bool(title) and index == 0
            self.text(x + width / 2, first + 18 * index, line, 14 if is_title else 12, soft=not is_title, bold=is_title)

    def arrow(self, x, y, to_x, to_y, label="", dashed=False, both=False):
        """Draw an arrow, with a label beside its middle."""
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        start = ' marker-start="url(#back)"' if both else ""
        self._parts.append(
            f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" class="line" stroke-width="1.6"{dashes}{start} '
            'marker-end="url(#tip)"/>'
        )
        if label:
            upright = abs(to_x - x) < abs(to_y - y)
            middle = (x + to_x) / 2 + (8 if upright else 0), (y + to_y) / 2 + (4 if upright else -7)
            self.text(*middle, label, 12, anchor="start" if upright else "middle", soft=True)

    def person(self, joints, x, y, height=90, numbers=False):
        """Draw a skeleton of 17 joints `(17, 2)` (x right, y down, metres), its pelvis at (x, y).

        Args:
            joints: Joints in `BODY17` order; the person's left is blue, the right vermilion.
            x: Place of the pelvis.
            y: Place of the pelvis.
            height: Pixels of a person of 1.75 m.
            numbers: Whether to write the index beside each joint.
        """
        places = np.asarray(joints, float) * height / 1.75 + (x, y)
        width = max(2.0, height / 36)
        for parent, child in BODY17.edges:
            (ax, ay), (bx, by) = places[parent], places[child]
            self._parts.append(
                f'<path d="M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}" stroke="{SIDE_COLOURS[BODY17.sides[child]]}" '
                f'stroke-width="{width:.1f}" stroke-linecap="round"/>'
            )
        for index, (place_x, place_y) in enumerate(places):
            self._parts.append(
                f'<circle cx="{place_x:.1f}" cy="{place_y:.1f}" r="{width * 0.9:.1f}" '
                f'fill="{SIDE_COLOURS[BODY17.sides[index]]}"/>'
            )
        for index, (place_x, place_y) in enumerate(places if numbers else ()):
            side = -1 if BODY17.sides[index] == "right" else 1
            up = 11 if BODY17.sides[index] == "centre" else -5  # clear of the bones that leave to both sides
            self.text(place_x + side * 1.6 * width, place_y - up, str(index), 13, "start" if side > 0 else "end")

    def latent(self, x, y, values, width=80, height=34):
        """Draw a latent as bars between -1 and 1, the middle of the whole at (x, y)."""
        step = width / len(values)
        for index, value in enumerate(values):
            size = abs(value) * height / 2
            self._parts.append(
                f'<rect x="{x - width / 2 + index * step:.1f}" y="{y - size if value > 0 else y:.1f}" '
                f'width="{0.7 * step:.1f}" height="{size:.1f}" fill="#009E73"/>'
            )
        self._parts.append(f'<path d="M{x - width / 2:g} {y:g}h{width:g}" class="line" stroke-width="0.8"/>')

    def line(self, path, width=1.2):
        """Draw a path of SVG."""
        self._parts.append(f'<path d="{path}" class="line" stroke-width="{width:g}"/>')

    def svg(self) -> str:
        """The file."""
        width, height = self._size
        tip = '<path d="M0 0L8 4L0 8z" class="head"/>'
        marker = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" font-family="{escape(FONT)}"><title>{escape(self._title)}</title><style>{_STYLE}</style>'
            f'<defs><marker id="tip" {marker}>{tip}</marker><marker id="back" {marker}>{tip}</marker></defs>\n'
            + "\n".join(self._parts)
            + "\n</svg>\n"
        )
