"""Markup in a browser: in the page's address, in its fields, and in a figure that is a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.conftest import ARGUMENTS, NAMES
from browser.serving import Loop, page_server
from browser.tab import Tab
from playwright.sync_api import Page, Request, sync_playwright

from faults import Tally, hostile, wide
from faults.test_markup import WORDS, runs
from server_app import export
from stream_adam.engine import Run

# what a text would have made of the page, behind shadow roots as well
ALIEN = """() => {
  const found = window.alerted === undefined ? [] : [`alert(${window.alerted})`]
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const given = [...element.attributes]
      const alien = given.some(({name, value}) => /^on|^srcdoc$/.test(name) || /^javascript:/.test(value))
      if (alien || element.matches("img[src=x], iframe, mjx-container, b")) found.push(element.outerHTML.slice(0, 200))
      if (element.shadowRoot != null) walk(element.shadowRoot)
    }
  }
  walk(document)
  return found
}"""
WATCHED = "window.alert = (number) => { window.alerted = number }"
SHOWN = "text => Bokeh.documents[0].get_model_by_name('source').value == text"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    loop = Loop()
    with page_server(loop) as server, sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, NAMES)), None) or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = browser.new_page()
        page.add_init_script(WATCHED)
        yield Tab(page, server)
        browser.close()
    loop.stop()


@pytest.fixture
def outside(tab: Tab) -> Iterator[list[str]]:
    """What the page has asked of others than its server."""
    here, asked = tab.server.url().rpartition("/")[0], list[str]()

    def ask(request: Request) -> None:
        if not request.url.removeprefix("blob:").startswith((here, "data:", "file:")):
            asked.append(request.url)

    tab.page.on("request", ask)
    yield asked
    tab.page.remove_listener("request", ask)


def said(text: str) -> str:
    """As a field of one line has it, and as an address can have it."""
    return " ".join(text.encode(errors="replace").decode().replace("\x00", "").split())[:400]


def assert_nothing_alien(page: Page, outside: list[str]) -> None:
    assert page.evaluate(ALIEN) == []
    assert outside == []


def test_a_word_of_the_address(tab: Tab, outside: list[str], tally: Tally) -> None:
    """Markup in a word of the page's address, in a browser"""
    texts = [said(text) for text in hostile.texts(wide(short=len(WORDS), all=110))]
    for at in range(0, len(texts), len(WORDS)):
        words = dict(zip(WORDS, texts[at:], strict=False))
        tab.open(*words.items())
        tab.wait_past(2)
        with tally.trying(f"{words!r:.200}"):
            assert_nothing_alien(tab.page, outside)
            tally.survived(len(words) - 1)


def test_a_field(tab: Tab, outside: list[str], tally: Tally) -> None:
    """Markup in a field of the page, in a browser"""
    tab.open(("rate", 20))
    for text in map(said, hostile.texts(wide(short=10, all=90))):
        with tally.trying(f"{text!r:.80}"):
            for field in ("Start (theta0)", "Source"):
                where = tab.page.get_by_label(field, exact=True)
                where.fill(text)
                where.press("Enter")
            tab.page.wait_for_function(SHOWN, arg=text.strip())
            tab.wait_past(tab.tick + 1)
            assert_nothing_alien(tab.page, outside)


def test_a_figure_that_is_a_page(tab: Tab, outside: list[str], tally: Tally, tmp_path: Path) -> None:
    """Markup in a recording's name and column, in a figure that is a page, in a browser"""
    path = tmp_path / "figure.html"
    for source, experiment in runs(wide(short=5, all=30), tmp_path, tally):
        export.write_html(path, experiment, Run(experiment).complete(2), window=2, y_range=None)
        tab.page.goto(path.as_uri())
        tab.page.wait_for_function("() => Bokeh?.index?.roots?.length > 0")
        assert_nothing_alien(tab.page, outside)
        assert tab.page.title() == f"stream_adam: {source}"
