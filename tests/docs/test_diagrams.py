"""Diagrams are those that the code draws, and show what the package has."""

import subprocess
import sys
import tomllib
from xml.etree import ElementTree

import pytest
from markdown_code import DOCS

IMAGES = sorted((DOCS / "images").glob("*.svg"))


def test_they_are_as_they_would_be_drawn():
    done = subprocess.run(
        [sys.executable, str(DOCS / "diagrams"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.stem)
def test_each_has_a_title_and_nothing_outside_of_it(file):
    root = ElementTree.parse(file).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text
    width, height = map(float, root.get("viewBox").split()[2:])
    for box in root.iter(f"{space}rect"):
        x, y, w, h = (float(box.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
    for text in root.iter(f"{space}text"):
        assert 0 <= float(text.get("x")) <= width
        assert 0 <= float(text.get("y")) <= height


def test_the_layers_are_those_of_the_contract():
    pyproject = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    parts = [
        part.strip().removeprefix("posealign_keras.")
        for contract in contracts
        if contract["type"] == "layers"
        for layer in contract["layers"]
        for part in layer.split("|")
    ]
    words = {text.text for text in ElementTree.parse(DOCS / "images" / "layers.svg").getroot().iter() if text.text}
    assert len(parts) > 5
    assert set(parts) <= words


def test_every_diagram_is_on_a_page():
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert [file.name for file in IMAGES if f"images/{file.name}" not in text] == []
