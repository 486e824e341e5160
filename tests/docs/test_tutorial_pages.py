"""Notebooks as the site shows them: figures without a network, links that lead to pages."""

import json
import re

from tutorial_notebooks import for_site


def notebook(**output):
    cells = [
        {"cell_type": "markdown", "source": ["See [presets](../docs/presets.md) and ", "[next](01_pose.ipynb)."]},
        {"cell_type": "code", "source": "figure", "outputs": [{"output_type": "display_data", **output}]},
    ]
    return for_site({"cells": cells, "metadata": {}})


FIGURE = {
    "data": [{"type": "scatter", "y": [1, 2], "text": "</script><b>"}],
    "layout": {"title": {"text": 'A "title"'}},
    "frames": [{"name": "0"}],
    "config": {"plotlyServerURL": "https://plot.ly"},
}


def test_links_lead_to_pages():
    assert notebook()["cells"][0]["source"] == "See [presets](../presets.md) and [next](01_pose.ipynb)."


def test_a_figure_is_kept_and_needs_no_network():
    output = notebook(
        data={"application/vnd.plotly.v1+json": FIGURE, "text/html": "<script src=cdn>", "image/png": "QUJD\n"}
    )
    data = output["cells"][1]["outputs"][0]["data"]
    assert list(data) == ["text/html"]
    html = data["text/html"]
    (content,) = re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert json.loads(content) == {name: FIGURE[name] for name in ("data", "layout", "frames")}
    assert 'src="data:image/png;base64,QUJD"' in html
    assert 'alt="A &quot;title&quot;"' in html
    assert "http" not in html


def test_a_figure_without_a_picture():
    output = notebook(data={"application/vnd.plotly.v1+json": {"data": [], "layout": {}}})
    html = output["cells"][1]["outputs"][0]["data"]["text/html"]
    assert "<img" not in html


def test_other_outputs_stay():
    data = {"text/plain": "3", "image/png": "QUJD"}
    assert notebook(data=dict(data))["cells"][1]["outputs"][0]["data"] == data
    assert notebook(text="printed")["cells"][1]["outputs"][0]["text"] == "printed"
