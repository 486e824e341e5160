"""Docstrings in Markdown become reStructuredText that docutils reads without a complaint, and that says the same."""

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import roles
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_docstrings import to_restructured_text
from public_api import public_names


@pytest.fixture(autouse=True, scope="module")
def _python_role():
    """As in Sphinx: `:py:obj:` is code."""
    roles.register_generic_role("py:obj", nodes.literal)


def read(text):
    source = "\n".join(to_restructured_text(text.split("\n")))
    return publish_doctree(source, settings_overrides={"report_level": 2, "halt_level": 2, "syntax_highlight": "none"})


def literals(tree):
    return [node.astext() for node in tree.findall(nodes.literal)]


def test_code_and_names():
    assert literals(read("Takes `(N, 17, 3)` and the `PoseEstimator`s of `models.PoseEstimator`.")) == [
        "(N, 17, 3)",
        "PoseEstimator",
        "models.PoseEstimator",
    ]


def test_code_over_a_line_break():
    assert literals(read("Shape `(batch,\nframes)` here.")) == ["(batch, frames)"]


def test_a_table():
    tree = read("Faces:\n\n| face | method |\n|---|---|\n| on `x` | `transform_images` |\n\nMore.")
    (table,) = tree.findall(nodes.table)
    assert [entry.astext() for entry in table.findall(nodes.entry)] == ["face", "method", "on x", "transform_images"]
    assert tree.astext().endswith("More.")


def test_fenced_code():
    tree = read("Do:\n```python\nx = `1`\n\ny = 2\n```\nThen stop.")
    (block,) = tree.findall(nodes.literal_block)
    assert block.astext() == "x = `1`\n\ny = 2"
    assert tree.astext().endswith("Then stop.")


def test_a_list_below_a_paragraph():
    tree = read("Two things:\n- one\n- two,\n  on two lines\n- three")
    (found,) = tree.findall(nodes.bullet_list)
    assert len(found.children) == 3


def test_an_example_stays_as_it_is():
    (block,) = read(">>> print('`a`')\n`a`").findall(nodes.doctest_block)
    assert block.astext() == ">>> print('`a`')\n`a`"


@settings(deadline=None)  # the first example takes long on a busy machine
@given(
    st.lists(
        st.text(st.characters(whitelist_categories=("Ll", "Lu", "Nd"), whitelist_characters="()., _-"), min_size=1)
    )
)
def test_code_is_kept_whatever_it_is(pieces):
    codes = [" ".join(piece.split()) for piece in pieces]
    codes = [code for code in codes if code]
    text = "Text " + " and ".join(f"`{code}`" for code in codes) + "."
    assert [code for code in literals(read(text))] == codes


@pytest.mark.parametrize("name", public_names(), ids=lambda name: name.full_name)
def test_no_mark_of_markdown_is_left(name):
    lines = to_restructured_text(name.documentation.splitlines())
    prose = [line for line in lines if not line.lstrip().startswith((">>>", "..."))]
    assert not [line for line in prose if "```" in line.replace("``", "") or line.lstrip().startswith("|")]
