"""The Python of the recipes, and of the questions, runs as it is written, a page from top to bottom."""

import pytest
from markdown_code import DOCS, blocks

RUN = [*sorted((DOCS / "recipes").glob("*.md")), DOCS / "faq.md"]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_page_runs(page, in_an_empty_directory, capsys):
    code = blocks(page, "python")
    assert code
    names: dict = {"__name__": "recipe"}
    for block in code:
        exec(compile(block, str(page), "exec"), names)
