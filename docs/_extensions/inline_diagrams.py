"""Diagrams become part of their page, so that they take its colours, light or dark.

As a file, a diagram of `docs/images` has a style of its own, which follows the setting of the reader's system; a code
host shows it so. In a page, that style is left out, and `custom.css` says how its classes look.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


class InlineDiagrams(SphinxPostTransform):
    """Replaces the images whose files are drawings of `docs/images` by the drawings themselves."""

    default_priority = 5  # before images are collected for copying
    formats = ("html",)

    def run(self, **_):
        """Replace them in one document."""
        for image in list(self.document.findall(nodes.image)):
            file = Path(self.app.srcdir) / image["uri"]
            if file.suffix == ".svg" and file.parent.name == "images":
                drawing = _STYLE.sub("", file.read_text(encoding="utf-8"))
                figure = nodes.raw("", f'<div class="diagram">{drawing}</div>', format="html")
                paragraph = image.parent
                alone = isinstance(paragraph, nodes.paragraph) and len(paragraph.children) == 1
                (paragraph if alone else image).replace_self(figure)


def setup(app):
    """Register the transform."""
    app.add_post_transform(InlineDiagrams)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
