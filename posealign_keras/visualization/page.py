"""HTML pages of figures and tables that need no network. Everything not called HTML here is text and is escaped."""

import html
import json
import math
from collections.abc import Mapping
from pathlib import Path

from posealign_keras.visualization.plotly_import import import_plotly

# Nothing may be loaded from anywhere: the page holds all it needs.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:"
)


def html_section(title: str, note: str, content: str) -> str:
    """A card of the page; `content` is HTML, `title` and `note` are text."""
    note = f'<p class="note">{html.escape(note)}</p>' if note else ""
    return f"<section><h2>{html.escape(title)}</h2>{note}{content}</section>"


def html_figure(identifier: str, figure, caption: str, width: str = "") -> str:
    """A plotly figure with a caption under it.

    Args:
        identifier: The figure's address in the page, told apart from all others.
        figure: A `plotly.graph_objects.Figure`.
        caption: Text; may be empty.
        width: `"wide"` or `"medium"` for a figure that scrolls sideways rather than become narrower than it can be.
    """
    drawing = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        auto_play=False,
        div_id=identifier,
        config={
            "responsive": True,
            "scrollZoom": False,
            "displaylogo": False,
            "plotlyServerURL": "",
            "displayModeBar": any(trace.type == "scatter3d" for trace in figure.data),
            "modeBarButtons": [["resetCameraDefault3d"]],
        },
    )
    caption = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure><div class="scroll {width}">{drawing}</div>{caption}</figure>'


def html_table(columns: list[str], rows: list[list[str]]) -> str:
    """A table with names in the first column and numbers in the others."""
    head = "".join(
        f'<th scope="col"{" class=number" if position else ""}>{html.escape(column)}</th>'
        for position, column in enumerate(columns)
    )
    body = "".join(
        f'<tr><th scope="row">{html.escape(first)}</th>'
        + "".join(f'<td class="number">{html.escape(cell)}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def html_facts(facts: Mapping) -> str:
    """A table of names and what they stand for, as words."""
    named = {str(name).replace("_", " "): value_words(value) for name, value in facts.items()}
    rows = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(words)}</td></tr>'
        for name, words in named.items()
    )
    return f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>'


def value_words(value) -> str:
    """Anything that JSON can hold, in words."""
    if isinstance(value, list):
        return ", ".join(map(value_words, value))
    return value if isinstance(value, str) else json.dumps(value)


def number_words(value: float | None) -> str:
    """`value` with one decimal, a dash where there is none."""
    return "–" if value is None else f"{value:.1f}"


def duration_words(seconds: float) -> str:
    """`seconds` in the units that fit: `"42.1 s"`, `"23 min 28 s"`, `"1 h 01 min"`."""
    if not math.isfinite(seconds) or seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def html_page(title: str, heading: str, lead: str, body: str, footer: str) -> str:
    """The whole page.

    Args:
        title: Title of the window.
        heading: Heading of the page.
        lead: What it is about, in a sentence or two.
        body: Its sections, as HTML.
        footer: A last line.
    """
    style = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(title)}</title>
<style>{style}</style>
<script>{import_plotly("offline").get_plotlyjs()}</script>
</head>
<body>
<header>
<h1>{html.escape(heading)}</h1>
<p class="lead">{html.escape(lead)}</p>
</header>
<main>
<noscript><p class="warning">The figures need JavaScript; the tables do not.</p></noscript>
{body}
</main>
<footer>{html.escape(footer)}</footer>
</body>
</html>
"""
