"""The directive `benchmark`: the tables of a file of `docs/benchmarks`, with the command that measured them.

The format of the files is in `docs/benchmarks/README.md`. `adaptation.json`, which `tests/benchmarks/adaptation`
writes, has one of its own, and is turned into the other by `adaptation_benchmark.py`.
"""

import json
from pathlib import Path

from adaptation_benchmark import from_adaptation
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

DIRECTORY = Path(__file__).parents[1] / "benchmarks"
_KEYS = {"title": str, "question": str, "command": str, "environment": dict, "tables": list, "reading": str}


def read_benchmark(file: Path) -> dict:
    """Read the results of a benchmark.

    Args:
        file: The file, `.json`.

    Returns:
        What it holds, in the format of `docs/benchmarks/README.md`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not of that format; the message names the file and the key.
    """
    if not file.is_file():
        raise FileNotFoundError(f"`file` must be a file of results. There is no {file}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} must be JSON: {error}") from error
    if file.name == "adaptation.json":
        content = from_adaptation(content)
    for key, kind in _KEYS.items():
        if not isinstance(content.get(key), kind):
            raise ValueError(f"{file}: `{key}` must be of type {kind.__name__}. Received: {content.get(key)!r}")
    for table in content["tables"]:
        _check_table(file, table)
    return content


def _check_table(file, table):
    columns = table.get("columns")
    if not isinstance(table.get("title"), str) or not isinstance(columns, list) or not columns:
        raise ValueError(f"{file}: a table must have a `title` and `columns`. Received: {table!r}")
    for row in table.get("rows", []):
        if len(row) != len(columns):
            raise ValueError(f"{file}: `rows` of {table['title']!r} must have {len(columns)} cells. Received: {row!r}")


def to_markdown(content: dict) -> list[str]:
    """Lines of Markdown that show the results of a benchmark.

    Args:
        content: As `read_benchmark` returns it.
    """
    lines = [content["question"], ""]
    for table in content["tables"]:
        lines += [f"**{table['title']}**", "", _row(table["columns"]), _row(_alignment(table))]
        lines += [*(_row([_cell(cell) for cell in row]) for row in table["rows"]), ""]
    for figure in content.get("figures", ()):
        lines += [figure, ""]
    facts = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in content["environment"].items())
    return [*lines, content["reading"], "", "```bash", content["command"], "```", "", f"Measured with: {facts}.", ""]


def _row(cells):
    return f"| {' | '.join(cells)} |"


def _alignment(table):
    numbers = [all(not isinstance(row[i], str) for row in table["rows"]) for i in range(len(table["columns"]))]
    return ["--:" if number else "---" for number in numbers]


def _cell(value):
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return str(value).replace("|", "\\|")


class Benchmark(SphinxDirective):
    """Shows the file of a name; `all` shows every file, each under a heading of its own."""

    required_arguments = 1

    def run(self):
        """Parse the Markdown as part of the page."""
        asked = self.arguments[0]
        files = sorted(DIRECTORY.glob("*.json")) if asked == "all" else [DIRECTORY / f"{asked}.json"]
        result = []
        for file in files:
            self.env.note_dependency(str(file))
            content = read_benchmark(file)
            body = nodes.section(ids=[nodes.make_id(file.stem)], names=[file.stem])
            if asked == "all":
                body += nodes.title(text=content["title"])
            self.state.nested_parse(StringList(to_markdown(content), source=str(file)), 0, body)
            result += [body] if asked == "all" else body.children
        self.env.note_dependency(str(DIRECTORY))
        return result


def setup(app):
    """Register the directive."""
    app.add_directive("benchmark", Benchmark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
