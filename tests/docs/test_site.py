"""The site is built without a warning and without a network; every public name has a page; links lead somewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest
from markdown_code import DOCS
from public_api import public_names

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """Links, anchors and what is loaded."""

    def __init__(self, file):
        super().__init__()
        self.links, self.anchors, self.loaded = [], set(), []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag in ("script", "img", "iframe", "source") and values.get("src"):
            self.loaded.append(values["src"])
        if tag == "link" and values.get("rel") in ("stylesheet", "preload", "icon"):
            self.loaded.append(values["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    # A proxy that refuses: whatever asks the network fails at once.
    environment = {**os.environ, **dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(out)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site):
    return {file: Page(file) for file in site.rglob("*.html")}


def test_every_public_name_has_a_page_with_its_example(site):
    missing = []
    for name in public_names():
        file = site / "reference" / "generated" / f"{name.full_name}.html"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if f'id="{name.full_name}"' not in text or "&gt;&gt;&gt;" not in text:
            missing.append(name.full_name)
    assert missing == []


def test_every_page_is_reached_from_the_front(site, pages):
    seen, waiting = set(), [site / "index.html"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for link in pages[page].links:
            if not urlsplit(link).scheme:
                target = (page.parent / unquote(urlsplit(link).path)).resolve() if urlsplit(link).path else page
                if target in pages and target not in seen:
                    waiting.append(target)
    documents = {file for file in pages if "_modules" not in file.parts and file.name != "search.html"}
    assert documents - seen == set()


def test_links_within_the_site_lead_somewhere(site, pages):
    broken = []
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                broken.append(f"{file.relative_to(site)}: {link}")
    assert broken == []


def test_links_to_elsewhere_are_well_formed(site, pages):
    links = {link for page in pages.values() for link in page.links if urlsplit(link).scheme not in ("", "mailto")}
    assert links
    assert [link for link in links if not re.fullmatch(r"https?://[\w.-]+\.[a-z]{2,}(:\d+)?(/\S*)?", link)] == []


def test_nothing_is_loaded_from_elsewhere(pages):
    assert {source for page in pages.values() for source in page.loaded if urlsplit(source).netloc} == set()


def test_every_tutorial_is_a_page(site, pages):
    notebooks = sorted((DOCS.parent / "tutorials").glob("*.ipynb"))
    for notebook in notebooks:
        page = site / "tutorials" / f"{notebook.stem}.html"
        text = page.read_text(encoding="utf-8")
        assert text.count('<div class="plotly-figure">') == notebook.read_text().count(
            '"application/vnd.plotly.v1+json"'
        )
    assert (site / "_static" / "plotly.min.js").stat().st_size > 1e6


def test_the_help_of_commands_is_shown(site):
    text = (site / "command_line.html").read_text(encoding="utf-8")
    assert "--flip-average" in text
    assert "--skip-damaged" in text
