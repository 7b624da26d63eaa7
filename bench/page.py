"""What a browser paints, in headless Chromium: the first curve, updates a second, and how old the newest tick is."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from bench.harness import Plan, Reach, Row, duration, number
from bench.serving import Served, lacking, served

LABELS = {
    "bokeh": "plain Bokeh, a stream() a tick",
    "panel": "Panel, HoloViews' Buffer",
    "uplot": "limit: uPlot by hand, a websocket",
}
AHEAD = {"bokeh": 2.0, "panel": 1.0}  # times as many updates as these
RATES = (20, 60)
FILLED = 210  # ticks after which both panels are full
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
READY = "() => window.Bokeh != null && [...Bokeh.index.query((view) => view.model.type == 'Figure')].length >= 2"
# Notes every paint of a figure, with its newest tick, once the frame is through; Bokeh paints in an animation frame.
WATCH = """() => {
  window.painted = []
  for (const view of Bokeh.index.query((view) => view.model.type == "Figure")) {
    const paint = view._actual_paint
    view._actual_paint = function (...args) {
      paint.apply(this, args)
      let newest = -1
      for (const {data_source} of this.model.renderers) {
        const ticks = data_source?.get_column("t") ?? []
        if (ticks.length > 0) newest = Math.max(newest, ticks[ticks.length - 1])
      }
      setTimeout(() => painted.push([newest, Date.now()]), 0)
    }
  }
}"""

# Notes the frame after a figure has ticks; looked for from the document's first moment on.
FIRST = """(() => {
  const look = () => {
    const views = window.Bokeh?.index?.query?.((view) => view.model.type == "Figure") ?? []
    const filled = [...views].some((view) =>
      view.model.renderers.some(({data_source}) => (data_source?.get_column("t") ?? []).length > 0))
    const seen = filled || window.painted?.length > 0
    requestAnimationFrame(seen ? () => { window.curve = Date.now() } : look)
  }
  look()
})()"""
OPENINGS = 2


@dataclass(frozen=True)
class Opened:
    """Seconds from the wish to see the page to its first curve, for a browser that keeps nothing of it.

    Attributes:
        first: for the server's first visitor.
        later: for those after him.
    """

    first: float
    later: Sequence[float]

    @property
    def usual(self) -> float:
        """The median of the later ones."""
        return median(self.later)

    def __str__(self) -> str:
        return f"{duration(self.usual)}, the server's first {duration(self.first)}"


@dataclass(frozen=True)
class Seen:
    """What was painted: updates and ticks a second, and the ages of what was newest in each, in milliseconds."""

    updates: float
    ticks: float
    ages: Sequence[float]

    @property
    def age(self) -> float:
        """The 95th percentile."""
        return sorted(self.ages)[int(0.95 * (len(self.ages) - 1))] if self.ages else float("inf")

    def __str__(self) -> str:
        return f"{number(self.updates)} a second, age {number(self.age)} ms, {number(self.ticks)} ticks/s"


def rows(plan: Plan) -> Iterator[Row]:
    """Each page opened, and then at each rate, in turn."""
    seconds = 8 * min(1.0, 0.3 + plan.scale)
    with chromium() as browser:
        yield from _first_curves(browser)
        for rate in RATES:
            mine = _seen(browser, "ours", rate, seconds)
            yield from _own(mine, rate)
            for name, label in LABELS.items():
                absent = lacking(name)
                if absent:
                    yield Row(_work(rate), str(mine), label, "–", "–", "", absent)
                else:
                    yield _beside(mine, _seen(browser, name, rate, seconds), rate, name)


def _first_curves(browser: Browser) -> Iterator[Row]:
    with served("ours") as server:
        _until_first_curve(browser, server)  # the browser's own first page is slow, whoever's it is
    work, mine = "page: from opening it to its first painted curve", _first_curve(browser, "ours")
    for name in ("bokeh", "uplot"):
        label, absent = LABELS[name], lacking(name)
        if absent:
            yield Row(work, str(mine), label, "–", "–", "", absent)
            continue
        theirs = _first_curve(browser, name)
        ratio = mine.usual / theirs.usual
        low, high = min(mine.later) / theirs.usual, max(mine.later) / theirs.usual
        text = f"{number(ratio)} × its time ({number(low)}–{number(high)})"
        yield Row(work, str(mine), label, str(theirs), text, raw={"ours": vars(mine), "theirs": vars(theirs)})


def _first_curve(browser: Browser, name: str) -> Opened:
    with served(name) as server:
        first, *later = (_until_first_curve(browser, server) for _ in range(1 + OPENINGS))
    return Opened(first, later)


def _until_first_curve(browser: Browser, server: Served) -> float:
    page = _tab(browser)
    page.add_init_script(FIRST)
    began = time.time()
    page.goto(f"{server.url}?rate={min(RATES)}")
    page.wait_for_function("() => window.curve != null")
    when: float = page.evaluate("() => curve")
    page.context.close()
    return when / 1e3 - began


def _work(rate: int) -> str:
    return f"page at {rate} ticks/s: painted updates, 95th percentile of their age"


def _own(mine: Seen, rate: int) -> Iterator[Row]:
    raw = {"updates": mine.updates, "median_age": median(mine.ages or [0.0]), "age": mine.age}
    if rate == max(RATES):
        reach = Reach(25, "updates a second")
        yield Row(_work(rate), str(mine), reach=str(reach), verdict=reach.verdict(mine.updates), raw=raw)
    reach = Reach(100, "ms of age", at_most=True)
    yield Row(_work(rate), str(mine), reach=str(reach), verdict=reach.verdict(mine.age), raw=raw)


def _beside(mine: Seen, theirs: Seen, rate: int, name: str) -> Row:
    ratio = mine.updates / theirs.updates if theirs.updates else float("inf")
    # a page can't paint more often than there are ticks, so twice as often is asked where there is room for it
    reach = Reach(AHEAD[name], "× as many") if name in AHEAD and rate == max(RATES) else None
    raw = {"updates": theirs.updates, "age": theirs.age, "ratio": ratio}
    verdict = reach.verdict(ratio) if reach else ""
    return Row(
        _work(rate), str(mine), LABELS[name], str(theirs), f"{number(ratio)} × as many", str(reach or ""), verdict, raw
    )


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium that is there, or Playwright's own."""
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, CHROMIUM)), None) or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


def opened(browser: Browser, server: Served, name: str, rate: int) -> Page:
    """A tab of the page, its paints noted in `window.painted`."""
    page = _tab(browser)
    page.goto(f"{server.url}?rate={rate}")
    if name == "uplot":
        page.wait_for_function("() => window.painted != null")
    else:
        page.wait_for_function(READY)
        page.evaluate(WATCH)
    return page


def _tab(browser: Browser) -> Page:
    """An empty tab of a browser that keeps nothing of earlier ones."""
    return browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US").new_page()


def _seen(browser: Browser, name: str, rate: int, seconds: float) -> Seen:
    with served(name) as server:
        page = opened(browser, server, name, rate)
        page.wait_for_timeout(1000 * (FILLED / rate + 1))
        page.evaluate("() => { painted.length = 0 }")
        page.wait_for_timeout(1000 * seconds)
        painted = page.evaluate("() => painted")
        made = server.made()
        page.context.close()
    fresh: list[tuple[int, float]] = []
    for newest, when in painted:
        if not fresh or newest > fresh[-1][0]:
            fresh.append((newest, when))
    came = fresh[-1][0] - fresh[0][0] if fresh else 0
    return Seen((len(fresh) - 1) / seconds, came / seconds, [when - made.at(newest) for newest, when in fresh])
