"""The Python of the recipes runs as it is written, a page from top to bottom."""

import keras
import pytest
from markdown_code import DOCS, blocks

RUN = [*sorted((DOCS / "recipes").glob("*.md")), *([DOCS / "faq.md"] if keras.backend.backend() == "tensorflow" else [])]
NEEDS_TENSORFLOW = ("own_data", "semi_supervised")


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_page_runs(page, in_an_empty_directory, capsys):
    if page.stem in NEEDS_TENSORFLOW and keras.backend.backend() != "tensorflow":
        pytest.skip("records are read by TensorFlow; tested on that backend")
    code = blocks(page, "python")
    assert code
    names: dict = {"__name__": "recipe"}
    for block in code:
        exec(compile(block, str(page), "exec"), names)
