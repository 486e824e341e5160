"""The notebooks of `tutorials/` as pages, with the outputs that are stored in them: nothing is executed.

They are copied to `docs/tutorials` (which git ignores) by each build. Their plotly figures become drawings of
`plotly_figures.js`, which loads the plotly.js of the plotly package from this site, so no network is needed; the stored
picture of a figure is shown until it is drawn, and where there is no JavaScript.
"""

import html
import json
import re
from pathlib import Path

_PLOTLY = "application/vnd.plotly.v1+json"
_LINK_INTO_DOCS = re.compile(r"\]\((?:\.\./)+docs/")


def _copy_notebooks(app):
    target = Path(app.srcdir) / "tutorials"
    target.mkdir(exist_ok=True)
    notebooks = {file.name: file for file in sorted((Path(app.srcdir).parent / "tutorials").glob("*.ipynb"))}
    for stale in set(target.glob("*.ipynb")) - {target / name for name in notebooks}:
        stale.unlink()
    for name, file in notebooks.items():
        text = json.dumps(for_site(json.loads(file.read_text(encoding="utf-8"))))
        copy = target / name
        if not copy.is_file() or copy.read_text(encoding="utf-8") != text:  # what did not change is not read again
            copy.write_text(text, encoding="utf-8")


def for_site(notebook: dict) -> dict:
    """A notebook as the site shows it.

    Args:
        notebook: The notebook, as JSON has it.

    Returns:
        The notebook with figures that need no network, and with links into `docs/` that lead to the pages of the site.
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = _LINK_INTO_DOCS.sub("](../", "".join(cell["source"]))
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if _PLOTLY in data:
                output["data"] = {"text/html": _figure(data[_PLOTLY], data.get("image/png"))}
    return notebook


def _figure(figure, picture):
    # "</" would end the script early; in JSON, "<\/" is the same.
    content = json.dumps({name: figure[name] for name in ("data", "layout", "frames") if name in figure})
    content = content.replace("</", "<\\/")
    picture = "".join(picture).replace("\n", "") if picture else None
    shown = f'<img alt="{html.escape(_title(figure))}" src="data:image/png;base64,{picture}">' if picture else ""
    return f'<div class="plotly-figure">{shown}<script type="application/json">{content}</script></div>'


def _title(figure):
    title = figure.get("layout", {}).get("title", {})
    text = title.get("text") if isinstance(title, dict) else title
    return text or "figure"


def _write_plotly(app, exception):
    """Put plotly.js beside the pages; it is loaded by pages with figures only."""
    if exception is None and app.builder.format == "html":
        from plotly.offline import get_plotlyjs

        (Path(app.outdir) / "_static" / "plotly.min.js").write_text(get_plotlyjs(), encoding="utf-8")


def setup(app):
    """Copy before Sphinx looks for pages; write plotly.js when all other static files are there."""
    app.connect("builder-inited", _copy_notebooks)
    app.connect("build-finished", _write_plotly)
    app.add_js_file("plotly_figures.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
