"""The code blocks of pages in Markdown."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [file for file in sorted(DOCS.rglob("*.md")) if not {"generated", "_build"} & set(file.relative_to(DOCS).parts)]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The code in a language, in the order of the page."""
    return [code for found, code in _BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]
