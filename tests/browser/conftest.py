"""A server of the page, one Chromium, and tabs: a test fails on any error that the browser or the server tells of."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from .serving import Loop, PageServer, page_server
from .tab import Tab

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip

# Bokeh looks for who still refers to a closed session's module, and may come upon the copy of `sys.modules` that
# Playwright's look at the stack, in this thread, is just walking through
COPY_OF_MODULES = "has extra unexpected referrers! This could indicate a serious memory leak. Extra referrers: [{'sys':"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # not longer than this folder's tests: while it is open, nobody else in this thread can run an event loop
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, NAMES)), None) or playwright.chromium.executable_path
        if not Path(found).exists():
            pytest.fail(f"there is no Chromium ({', '.join(NAMES)}): run `make chromium`", pytrace=False)
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture(scope="package")
def server(loop: Loop) -> Iterator[PageServer]:
    with page_server(loop) as server:
        yield server


NewTab = Callable[..., Tab]


@pytest.fixture
def new_tab(browser: Browser, server: PageServer, caplog: pytest.LogCaptureFixture) -> Iterator[NewTab]:
    """Makes tabs; when the test is over, none of them, and not the server either, may have told of an error."""
    tabs: list[Tab] = []

    def new(of: PageServer = server, **options: object) -> Tab:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"} | options
        tabs.append(Tab(browser.new_context(**options).new_page(), of))  # type: ignore[arg-type]
        return tabs[-1]

    yield new
    for tab in tabs:
        tab.page.context.close()
    faults = [fault for tab in tabs for fault in tab.faults]
    told = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    faults += [words for words in told if COPY_OF_MODULES not in words]
    assert not faults, "\n".join(faults)


@pytest.fixture
def tab(new_tab: NewTab) -> Tab:
    return new_tab()
