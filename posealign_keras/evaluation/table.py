"""`Table`: rows and columns as Markdown and LaTeX."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows of names and numbers.

    Args:
        columns: Titles of the columns. The first one holds names, the others numbers.
        rows: As many cells each; `None` and NaN are shown as a dash, floats with one decimal.
        final_rows: How many rows at the end are set apart, such as a mean.

    Raises:
        ValueError: If a row has another number of cells than there are columns.

    Example:
        >>> print(Table(("seed", "MPJPE"), (("0", 131.94), ("mean", None)), final_rows=1).to_markdown())
        | seed | MPJPE |
        | --- | ---: |
        | 0 | 131.9 |
        | **mean** | **–** |
    """

    columns: tuple[str, ...]
    rows: tuple[Sequence[Cell], ...]
    final_rows: int = 0

    def __post_init__(self):
        wrong = [row for row in self.rows if len(row) != len(self.columns)]
        if wrong:
            raise ValueError(f"`rows` must have {len(self.columns)} cells each. Received: {wrong[0]}")

    def to_markdown(self) -> str:
        """A table of GitHub's Markdown, with a line break at the end."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)]]
        for number, row in enumerate(self.rows):
            cells = [_text(cell).replace("|", r"\|") for cell in row]
            is_final = number >= len(self.rows) - self.final_rows
            lines.append([f"**{cell}**" for cell in cells] if is_final else cells)
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def to_latex(self) -> str:
        """A `tabular` with the rules of the package `booktabs`, with a line break at the end."""
        lines = [rf"\begin{{tabular}}{{l{'r' * (len(self.columns) - 1)}}}", r"\toprule", _latex_row(self.columns)]
        lines.append(r"\midrule")
        for number, row in enumerate(self.rows):
            if self.final_rows and number and number == len(self.rows) - self.final_rows:
                lines.append(r"\midrule")
            lines.append(_latex_row(row))
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def latex_text(text: str) -> str:
    """Text whose special characters LaTeX shows as they are."""
    return "".join(_LATEX.get(character, character) for character in text)


def _latex_row(row):
    return " & ".join(latex_text(_text(cell)).replace("–", "--") for cell in row) + r" \\"


def _text(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    return f"{cell:.1f}" if isinstance(cell, float) else str(cell)
