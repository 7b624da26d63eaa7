"""A tab that shows the page: what a person does in it, what it holds, and the session behind it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from laws import assert_same_bits
from playwright.sync_api import ConsoleMessage, Page

from stream_adam import simulate

from .serving import LONG, PageServer

Columns = dict[str, np.ndarray[Any, Any]]
MILLISECONDS = 1000 * LONG
ORIGINAL = ("t", "g", "m", "m_hat", "sqrt_v", "sqrt_v_hat", "direction")

READ = """name => {
  const source = Bokeh.documents[0].get_model_by_name(name)
  if (source == null) return null
  const columns = {}
  for (const column of source.columns()) {
    const bytes = new Uint8Array(Float64Array.from(source.get_column(column)).buffer)
    let text = ""
    for (const byte of bytes) text += String.fromCharCode(byte)
    columns[column] = btoa(text)
  }
  return columns
}"""
NEWEST = """name => {
  const ticks = Bokeh?.documents?.[0]?.get_model_by_name(name)?.get_column("t") ?? []
  return ticks.length == 0 ? -1 : ticks[ticks.length - 1]
}"""
TEXT = """() => {  // what is written anywhere on the page, behind shadow roots as well
  const texts = []
  const walk = (node) => {
    if (node.nodeType == Node.TEXT_NODE) texts.push(node.textContent)
    if (["STYLE", "SCRIPT"].includes(node.nodeName)) return
    if (node.shadowRoot != null) walk(node.shadowRoot)
    for (const child of node.childNodes) walk(child)
  }
  walk(document.body)
  return texts.join(" ").replace(/\\s+/g, " ")
}"""


class Tab:
    """One tab of the page. Whatever goes wrong in its console is kept in `faults`, but for what is `forgiven`."""

    def __init__(self, page: Page, server: PageServer) -> None:
        self.page = page
        self.server = server
        self.faults: list[str] = []
        self.forgiven: tuple[str, ...] = ()
        page.set_default_timeout(MILLISECONDS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._blame(f"page error: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._blame(f"console: {message.text} ({message.location.get('url', '')})")

    def _blame(self, fault: str) -> None:
        if not any(words in fault for words in self.forgiven):
            self.faults.append(fault)

    # The page, and the session behind it

    def open(self, *query: tuple[str, object]) -> Tab:
        """Open the page with this query."""
        return self.go(self.server.url(*query))

    def go(self, url: str) -> Tab:
        before = set(self.server.sessions())
        self.page.goto(url)
        self.page.wait_for_function("() => Bokeh?.documents?.[0]?.get_model_by_name('visible')?.active")
        self.session = self.server.new_session(before)
        self.until(lambda session: session.running.is_awake)
        self.page.wait_for_function("() => !document.querySelector('main.waiting')")
        return self

    def ask(self, question: Callable[[Any], Any]) -> Any:
        """Something about the session, asked in the server's thread."""
        return self.server.call(lambda: question(self.session))

    def until(self, condition: Callable[[Any], object], what: str = "waited in vain") -> None:
        """Wait for something about the session, asked in the server's thread."""
        self.server.wait(lambda: condition(self.session), what)

    @property
    def tick(self) -> int:
        """The tick that comes next, on the server."""
        return int(self.ask(lambda session: session.running.run.tick))

    # What it shows

    def data(self, name: str = "rolling") -> Columns:
        columns = self.page.evaluate(READ, name)
        assert columns is not None, f"there is no '{name}'"
        return {column: np.frombuffer(base64.b64decode(text), "<f8") for column, text in columns.items()}

    def newest(self, name: str = "rolling") -> int:
        """The newest tick that the panel has; -1 without any."""
        return int(self.page.evaluate(NEWEST, name))

    def text(self) -> str:
        return str(self.page.evaluate(TEXT))

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query, keep_blank_values=True)

    def wait_text(self, text: str) -> None:
        self.page.wait_for_function(f"text => ({TEXT})().includes(text)", arg=text)

    def wait_query(self, name: str, *values: str) -> None:
        """Until the URL has these values for the parameter."""
        self.page.wait_for_function(
            "([name, values]) => String(new URLSearchParams(location.search).getAll(name)) == String(values)",
            arg=[name, list(values)],
        )

    def wait_past(self, tick: int, name: str = "rolling") -> None:
        """Until the panel has that tick, or a later one."""
        self.page.wait_for_function(f"([name, tick]) => ({NEWEST})(name) >= tick", arg=[name, tick])

    def wait_still(self) -> int:
        """Until every panel has come to the last tick of a paused run; the number of its ticks."""
        self.until(lambda session: session.running.transport.state.name == "PAUSED", "the run was not paused")
        tick = self.tick
        for lane in range(self.ask(lambda session: len(session.view.experiment.lanes))):
            suffix = f":{lane + 1}" if lane else ""
            for name, last in ((f"rolling{suffix}", tick - 1), (f"first{suffix}", min(tick, 200) - 1)):
                self.page.wait_for_function(f"([name, last]) => ({NEWEST})(name) == last", arg=[name, last])
        assert self.tick == tick
        return tick

    # What a person does

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def pause(self) -> int:
        """Pause, and wait until the panels stand; the number of ticks."""
        self.press("Pause")
        self.wait_query("paused", "1")
        return self.wait_still()

    def type_source(self, text: str) -> None:
        field = self.page.get_by_label("Source", exact=True)
        field.fill(text)
        field.press("Enter")

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def turn(self, slider: str, *keys: str) -> None:
        """Move a slider with keys, and wait until the server has heard of it."""
        handle = self.page.get_by_role("slider", name=slider, exact=True)
        for key in keys:
            before = self.page.url
            handle.press(key)
            self.page.wait_for_function("url => location.href != url", arg=before)

    def drag(self, place: str, argument: object, across: float) -> None:
        """Drag what is at the place that a script gives, slowly, until it is held."""
        follow = self.page.get_by_role("button", name="Follow")
        for _ in range(8):  # a busy page may still be laying itself out under the first attempt
            x, y = self.page.evaluate(place, argument)
            self.page.mouse.move(x, y)
            self.page.mouse.down()
            for step in range(1, 11):
                self.page.mouse.move(x + across * step / 10, y)
                self.page.wait_for_timeout(30)  # frames come on the way
            self.page.mouse.up()
            self.page.wait_for_timeout(500)
            if follow.is_enabled():
                return
        raise AssertionError("eight drags have moved nothing")

    # The law

    def recipe(self, lane: int = 0) -> dict[str, Any]:
        """What the URL says, as `simulate` takes it."""
        query = self.query
        return {
            "source": query["source"][0],
            "strategy": query["strategy"][lane],
            "seed": int(query["seed"][0]),
            "theta0": self.theta0,
        }

    @property
    def theta0(self) -> float | tuple[float, ...]:
        """Where the run starts, as the URL says."""
        weights = tuple(map(float, self.query["theta0"][0].split(",")))
        return weights if len(weights) > 1 else weights[0]

    def expected(self, ticks: int, lane: int = 0) -> Columns:
        """What the URL's recipe gives, as the panels have it: of the component that the URL names."""
        run: Mapping[str, Any] = simulate(**self.recipe(lane), ticks=ticks)
        if "component" in self.query:
            number = self.query["component"][0]
            own = [name for name in run if name == "t" or name.endswith(f".{number}")]
            run = {name.removesuffix(f".{number}"): run[name] for name in own}
        with np.errstate(invalid="ignore"):
            roots = {f"sqrt_{name}": np.sqrt(run[name]) for name in run if name in {"v", "v_hat"}}
        return {**run, **roots}

    def assert_reproduced(self, ticks: int, lane: int = 0) -> None:
        """Both panels of the lane are what the URL's recipe gives, to the bit."""
        run = self.expected(ticks, lane)
        window = int(self.query["window"][0])
        suffix = f":{lane + 1}" if lane else ""
        for name, start, stop in ((f"first{suffix}", 0, 200), (f"rolling{suffix}", max(0, ticks - window), ticks)):
            data = self.data(name)
            assert len(data) > 2
            for column, values in data.items():
                assert_same_bits(values, run[column][start:stop], f"{name}, {column}")
