"""The page as a person meets it: what is seen is what `simulate` gives for what the URL says, to the bit."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from laws import assert_same_bits
from playwright.sync_api import ViewportSize, expect

from stream_adam import simulate
from stream_adam.presets import PRESETS
from stream_adam.strategies import STRATEGIES, as_strategy

from .serving import Loop, page_server
from .tab import ORIGINAL, Tab

if TYPE_CHECKING:
    from .conftest import NewTab

DEFAULT = "swinging_soft() + normal(0.5)"
CLOSED = "2*theta + normal(0.1)"
FAST = ("rate", 200)
PHONE: ViewportSize = {"width": 390, "height": 844}
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
ORIGINAL_WORDS = (
    "noisy gradient component (σ = 0.50)",
    'v (v ~ "1st moment", "mean")',
    "v with bias correction",
    '√(s) (s ~ "2nd moment", "spread"))',
    "√(s with bias correction)",
    "regularized gradient component",
)
HTML = "<img src=x onerror=alert(1)><script>alert(2)</script> $$\\href{javascript:alert(3)}{x}$$"

# in the browser: every change of a panel's data whose newest tick is older than the one before
WATCH_JUMPS = """() => {
  const source = Bokeh.documents[0].get_model_by_name("rolling")
  let latest = -1
  window.jumps = []
  const look = () => {
    const ticks = source.get_column("t")
    const newest = ticks.length == 0 ? -1 : ticks[ticks.length - 1]
    if (newest < latest) window.jumps.push([latest, newest])
    latest = newest
  }
  source.streaming.connect(look)
  source.properties.data.change.connect(look)
}"""
X_RANGES = """() => {  // of the oscilloscopes
  const figures = [...Bokeh.index.query((view) => view.model.type == "Figure")].map((view) => view.model)
  return figures.filter(({title}) => title.text.includes(" ticks")).map(({x_range}) => [x_range.start, x_range.end])
}"""
MIDDLE = """() => {  // where on the screen the running panel is
  const view = [...Bokeh.index.query((view) => view.model.type == "Figure")][1]
  const box = view.canvas_view.el.getBoundingClientRect()
  return [box.left + box.width / 2, box.top + box.height / 2]
}"""
MARK = """(name) => {  // where on the screen a series' newest mark is
  const views = [...Bokeh.index.query(({model}) => model.type == "GlyphRenderer" && model.name == name)]
  const {model, parent} = views[0]
  const {x, y} = model.glyph
  const [t, value] = [x, y].map(({field}) => model.data_source.get_column(field).at(-1))
  parent.el.scrollIntoView()
  const box = parent.canvas_view.el.getBoundingClientRect()
  return [box.left + parent.frame.x_scale.compute(t), box.top + parent.frame.y_scale.compute(value)]
}"""
SET_VISIBILITY = """state => {
  Object.defineProperty(document, "visibilityState", {value: state, configurable: true})
  document.dispatchEvent(new Event("visibilitychange"))
}"""
LIE = """([name, value]) => {  // sent as a change of the model that no check of the browser's has seen
  const page = Bokeh.documents[0]
  const model = page.get_model_by_name(name)
  let Change
  const grab = (event) => { Change ??= event.constructor }
  page.on_change(grab)
  page.get_model_by_name("painted").value += 1
  page.remove_on_change(grab)
  const lie = new Change(page, model, name == "visible" ? "active" : "value", value)
  lie.sync = true
  page._trigger_on_change(lie)
}"""
ALIEN_ELEMENTS = """() => {  // behind shadow roots as well
  const found = []
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const text = element.outerHTML.slice(0, 200)
      if (element.matches("img[src=x], [onerror], iframe, mjx-container") || /^<script[^]*alert/.test(text)) {
        found.push(text)
      }
      if (element.shadowRoot != null) walk(element.shadowRoot)
    }
  }
  walk(document)
  return found
}"""


def other_query(url: str, **changes: object) -> list[tuple[str, object]]:
    """The query of the URL with other values."""
    return [(name, changes.get(name, value)) for name, value in parse_qsl(urlsplit(url).query)]


# What is seen ---------------------------------------------------------------------------------------------------


def test_first_look(tab: Tab) -> None:
    tab.open()
    tab.wait_past(30)
    ticks = tab.pause()
    run = simulate(DEFAULT, "adam_zero_based", seed=1, ticks=ticks)
    expected = {**run, "sqrt_v": np.sqrt(run["v"]), "sqrt_v_hat": np.sqrt(run["v_hat"])}
    for name in ("first", "rolling"):
        data = tab.data(name)
        assert set(data) == set(ORIGINAL)
        for column in ORIGINAL:
            assert_same_bits(data[column], expected[column], f"{name}, {column}")
    text = tab.text()
    assert [words for words in ORIGINAL_WORDS if words not in text] == []
    defaults = {
        "source": [DEFAULT],
        "strategy": ["adam_zero_based"],
        "seed": ["1"],
        "theta0": ["0"],
        "window": ["200"],
        "rate": ["20"],
    }
    assert {name: tab.query[name] for name in defaults} == defaults


def test_nothing_is_loaded_that_the_page_has_no_use_for(tab: Tab) -> None:
    tab.open(("paused", 1))
    loaded = tab.page.evaluate("() => Array.from(document.scripts, (script) => new URL(script.src || 'x:').pathname)")
    assert [Path(path).name for path in loaded if path] == ["bokeh.min.js", "bokeh-widgets.min.js"]


# The keys -------------------------------------------------------------------------------------------------------


def test_pause_step_back_and_reset(tab: Tab) -> None:
    tab.open(FAST)
    tab.wait_past(10)
    ticks = tab.pause()
    before = tab.data()
    tab.page.wait_for_timeout(200)  # 40 ticks' time
    assert tab.tick == ticks
    assert_same_bits(tab.data()["t"], before["t"])

    for _ in range(3):
        tab.press("Step")
    tab.until(lambda session: session.running.run.tick >= ticks + 3)
    assert tab.wait_still() == ticks + 3
    tab.assert_reproduced(ticks + 3)
    once = tab.data()

    tab.press("Back")
    tab.until(lambda session: session.running.run.tick == ticks + 2)
    tab.wait_still()
    tab.assert_reproduced(ticks + 2)
    tab.press("Step")
    tab.until(lambda session: session.running.run.tick == ticks + 3)
    tab.wait_still()
    again = tab.data()
    assert all((once[column] == again[column]).all() for column in ORIGINAL)

    tab.press("Reset")
    tab.until(lambda session: session.running.run.tick == 0)
    tab.wait_still()
    assert len(tab.data("first")["t"]) == len(tab.data()["t"]) == 0
    tab.press("Back")  # there is nothing before tick 0
    tab.press("Play")
    tab.wait_past(20)
    tab.assert_reproduced(tab.pause())


def test_back_over_the_end_of_the_first_panel_and_over_a_change(tab: Tab) -> None:
    tab.open(("source", "line(5) + normal(1)"), ("rate", 2000), ("window", 50))
    tab.wait_past(250)
    tab.pause()
    tab.turn("beta1", "PageUp")
    changed = tab.tick
    for _ in range(2):
        tab.press("Step")
    tab.until(lambda session: session.running.run.tick == changed + 2)
    tab.wait_still()
    tab.assert_reproduced(changed + 2)
    for _ in range(4):
        tab.press("Back")
    tab.until(lambda session: session.running.run.tick == changed - 2)
    assert tab.wait_still() == changed - 2
    tab.assert_reproduced(changed - 2)
    assert len(tab.data()["t"]) == 50
    for _ in range(4):
        tab.press("Step")
    tab.until(lambda session: session.running.run.tick == changed + 2)
    tab.wait_still()
    tab.assert_reproduced(changed + 2)


def test_keyboard_shortcuts(tab: Tab) -> None:
    tab.open(FAST)
    tab.wait_past(5)
    keyboard = tab.page.keyboard
    keyboard.press("Space")
    tab.wait_query("paused", "1")
    ticks = tab.wait_still()
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    tab.until(lambda session: session.running.run.tick == ticks + 2)
    keyboard.press("ArrowLeft")
    tab.until(lambda session: session.running.run.tick == ticks + 1)
    tab.wait_still()
    keyboard.press("r")
    tab.until(lambda session: session.running.run.tick == 0)

    # a button that was clicked keeps the focus: the other keys go on as before, and space presses it only once
    tab.press("Play")
    tab.wait_past(5)
    ticks = tab.pause()
    keyboard.press("ArrowRight")
    tab.until(lambda session: session.running.run.tick == ticks + 1, "→ does nothing after a click on a button")
    keyboard.press("Space")
    tab.wait_query("paused", "0")

    dialog = tab.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_hidden()
    keyboard.press("?")
    expect(dialog).to_be_visible()
    keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    tab.page.get_by_label("Source", exact=True).press("Space")
    tab.page.get_by_label("Source", exact=True).press("r")
    tick = tab.tick
    tab.wait_past(tick + 5)
    assert tab.query["paused"] == ["0"]


# The recipe -----------------------------------------------------------------------------------------------------


def test_a_slider_acts_without_losing_state(tab: Tab, new_tab: NewTab) -> None:
    tab.open(("rate", 60), ("window", 5000))
    tab.wait_past(20)
    tab.page.evaluate(WATCH_JUMPS)
    run = simulate(DEFAULT, "adam_zero_based", seed=1, ticks=20)
    for keys in (["PageDown"], ["ArrowLeft", "ArrowLeft", "ArrowLeft"], ["Home"], ["PageUp", "ArrowRight"]):
        tab.turn("beta2", *keys)
        tab.wait_past(tab.tick + 10)
    tab.turn("beta1", "PageDown")
    tab.wait_past(tab.tick + 10)
    ticks = tab.pause()
    tab.assert_reproduced(ticks)
    data = tab.data()
    assert_same_bits(data["sqrt_v"][:20], np.sqrt(run["v"]))
    assert_same_bits(data["t"], np.arange(ticks))
    assert tab.page.evaluate("window.jumps") == []
    assert "step(" in tab.query["strategy"][0]

    # the same address shows the same run from tick 0 on, changes included
    other = new_tab().open(*other_query(tab.page.url, paused=0, rate=200, window=5000))
    other.wait_past(ticks)
    other.pause()
    again = other.data()
    for column in ORIGINAL:
        assert_same_bits(again[column][:ticks], data[column], column)

    # Reset: from tick 0 with the values as they are now
    now = tab.session._settled().lanes[0].label
    tab.press("Reset")
    tab.wait_query("strategy", now)
    assert "step(" not in now
    tab.press("Play")
    tab.wait_past(30)
    tab.assert_reproduced(tab.pause())


def test_a_schedule_that_leaves_its_bounds_is_told_and_may_be_brought_back(tab: Tab) -> None:
    tab.open(("strategy", "adam(alpha=0.05 - t/800)"), ("rate", 500))
    why = "adam: alpha is -0.00125 at tick 41"
    tab.wait_text(why)
    assert tab.tick == 41
    tab.wait_still()
    assert why in tab.text()
    tab.press("Play")  # it can't go on
    tab.wait_query("paused", "1")
    tab.wait_text(why)
    tab.turn("alpha", "PageUp")
    tab.wait_text("Paused before tick 41.")
    tab.press("Play")
    tab.wait_past(100)
    tab.assert_reproduced(tab.pause())
    tab.press("Reset")
    tab.press("Play")
    tab.wait_past(100)


class FailingState(NamedTuple):
    direction: float = 0.0


class FailingHyper(NamedTuple):
    alpha: float = 1e-3


def failing(g: float, s: FailingState, h: FailingHyper) -> FailingState:
    raise KeyError("mine")


def test_a_rule_that_fails_says_so(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "failing", as_strategy(failing))
    tab.open(("strategy", "failing"))
    tab.wait_text("KeyError: 'mine'")
    tab.wait_query("paused", "1")


def test_a_schedule_that_was_typed_outlasts_a_reset(tab: Tab) -> None:
    spec = "adam(alpha=step(10, 0.1, 0.01))"
    tab.open(("strategy", spec), ("rate", 500))
    tab.wait_past(30)
    tab.press("Reset")
    tab.wait_past(30)
    assert tab.query["strategy"] == [spec]
    tab.assert_reproduced(tab.pause())


def test_a_hidden_series_stays_hidden_under_another_name(tab: Tab) -> None:
    tab.open(("paused", 1))
    shown = "() => [...Bokeh.index.query((v) => v.model.name == 'm')].map((v) => v.model.visible)"
    tab.page.get_by_role("button", name="1st moment").click()
    assert tab.page.evaluate(shown) == [False, False]
    tab.choose("Notation", "PyTorch")
    entry = tab.page.get_by_role("button", name="exp_avg", exact=False).first
    expect(entry).to_have_attribute("aria-pressed", "false")
    entry.click()
    assert tab.page.evaluate(shown) == [True, True]


def test_values_near_the_largest_number_have_axes(tab: Tab) -> None:
    tab.open(("source", "1.7e308 * (-1)**t"), ("paused", 1))
    for tick in (0, 1):
        tab.press("Step")
        tab.wait_past(tick)
    figures = "[...Bokeh.index.query((view) => view.model.type == 'Figure')]"
    ends = tab.page.evaluate(f"() => {figures}.flatMap(({{model: {{y_range}}}}) => [y_range.start, y_range.end])")
    assert np.isfinite(ends).all()


def test_a_slider_reads_a_schedule_until_it_is_touched(tab: Tab) -> None:
    tab.open(("strategy", "adam(alpha=0.001*minimum(1, (t + 1)/2000), eps=0)"), FAST)
    schedule = tab.page.get_by_text("0.001 * minimum(1, (t + 1) / 2000)", exact=True)
    expect(schedule).to_be_visible()
    expect(tab.page.locator(".bk-slider-value").get_by_text("0", exact=True)).to_be_visible()  # eps
    tab.turn("alpha", "PageUp")
    expect(schedule).to_have_count(0)
    assert "step(" in tab.query["strategy"][0]
    tab.press("Back")
    expect(tab.page.get_by_text("step(", exact=False)).to_be_visible()


def test_a_drag_moves_the_running_panel(tab: Tab) -> None:
    tab.open(FAST, ("window", 5000))
    tab.wait_past(20)
    assert not tab.page.get_by_role("button", name="Follow").is_enabled()
    tab.drag(MIDDLE, None, -380)
    assert tab.page.evaluate(X_RANGES)[1][0] > 1000
    tab.press("Follow")
    tab.page.wait_for_function(f"() => ({X_RANGES})()[1][0] == -1")


def test_sliders_of_rate_and_window(tab: Tab) -> None:
    tab.open(FAST)
    tab.wait_past(250)
    tab.turn("Ticks per second", "PageUp")
    assert float(tab.query["rate"][0]) > 200
    tab.turn("Window", "Home")
    assert tab.query["window"] == ["50"]
    tab.wait_past(300)
    ticks = tab.pause()
    tab.assert_reproduced(ticks)
    assert len(tab.data("first")["t"]) == 200
    assert len(tab.data()["t"]) == 50
    assert sorted(tab.page.evaluate(X_RANGES)) == [[-1, 200], [ticks - 51, ticks]]
    tab.turn("Window", "PageUp")  # while it is paused
    window = int(tab.query["window"][0])
    assert window > 50
    tab.page.wait_for_function(
        "size => Bokeh.documents[0].get_model_by_name('rolling').get_length() == size", arg=window
    )
    tab.assert_reproduced(tab.wait_still())


def test_the_source_field(tab: Tab) -> None:
    tab.open(FAST)
    tab.wait_past(10)
    tab.type_source("swinging_soft() + norml(0.5)")
    tab.wait_text("did you mean 'normal'?")
    assert "norml" not in tab.page.url
    tab.wait_past(tab.tick + 20)  # the old run goes on
    box, field = (
        tab.page.get_by_text("did you mean 'normal'?").bounding_box(),
        tab.page.get_by_label("Source", exact=True).bounding_box(),
    )
    assert box is not None
    assert field is not None
    assert 0 <= box["y"] - (field["y"] + field["height"]) < 40

    mended = "5*sin(2*pi*t/25) + 10 + normal(0.5)"
    tab.type_source(mended)
    tab.wait_query("source", mended)
    expect(tab.page.get_by_text("did you mean")).to_have_count(0)
    tab.wait_past(20)
    ticks = tab.pause()
    tab.assert_reproduced(ticks)
    assert tab.data("first")["t"][0] == 0


def test_a_source_that_a_page_must_not_read_is_refused(tab: Tab) -> None:
    tab.open(FAST, ("source", 'recording(path="../../etc/passwd")'))
    tab.wait_text("only the bare name of a file")
    for source, word in (('recording(path="/etc/passwd")', "only the bare name of a file"), ("stdin()", "stdin")):
        tab.type_source(source)
        tab.page.wait_for_function("text => Bokeh.documents[0].get_model_by_name('source').value == text", arg=source)
        tab.page.wait_for_function(
            "word => Bokeh.documents[0].get_model_by_name('source-error').text.includes(word)", arg=word
        )
    assert "root:" not in tab.text()
    assert tab.query["source"] == [DEFAULT]
    tab.wait_past(tab.tick + 10)


def test_lanes(tab: Tab) -> None:
    tab.open(FAST)
    tab.press("Add a lane")
    tab.wait_past(20, "rolling:2")
    tab.choose("Strategy 2", "adam")
    tab.wait_query("strategy", "adam_zero_based", "adam")
    tab.wait_past(20, "rolling:2")
    ticks = tab.pause()
    for lane in range(2):
        tab.assert_reproduced(ticks, lane)
    assert_same_bits(tab.data("first")["g"], tab.data("first:2")["g"])
    assert (tab.data()["direction"] != tab.data("rolling:2")["direction"]).any()

    tab.type_source(CLOSED)
    tab.wait_query("source", CLOSED)
    tab.press("Play")
    tab.wait_past(30, "rolling:2")
    ticks = tab.pause()
    for lane in range(2):
        tab.assert_reproduced(ticks, lane)
    assert (tab.data()["g"] != tab.data("rolling:2")["g"]).any()  # each lane has a weight of its own

    tab.page.get_by_role("button", name="Remove lane 1").click()
    tab.wait_query("strategy", "adam")
    tab.page.wait_for_function("() => Bokeh.documents[0].get_model_by_name('rolling:2') == null")
    tab.press("Play")
    tab.wait_past(20)
    tab.assert_reproduced(tab.pause())


def test_seed_preset_strategy_and_notation(tab: Tab) -> None:
    tab.open(FAST)
    tab.wait_past(5)
    seed = tab.page.get_by_label("Seed", exact=True)
    seed.fill("42")
    seed.press("Enter")
    tab.wait_query("seed", "42")
    tab.wait_past(20)
    tab.assert_reproduced(tab.pause())

    for wrong in ("-5", ""):
        seed.fill(wrong)
        seed.press("Enter")
        tab.wait_text(f"seed is '{wrong}': it must be a whole number from 0 on")
        assert tab.query["seed"] == ["42"]

    tab.choose("Preset", "One tick late")
    tab.wait_query("preset", "one_tick_late")
    tab.wait_query("strategy", "adam", "adam_zero_based")
    assert tab.query["seed"] == ["1"]
    expect(seed).to_have_value("1")  # the field says what is shown
    tab.press("Play")
    tab.wait_past(20, "rolling:2")
    ticks = tab.pause()
    for lane in range(2):
        tab.assert_reproduced(ticks, lane)

    tab.choose("Strategy 1", "sgd")
    tab.wait_query("strategy", "sgd", "adam_zero_based")
    tab.press("Step")
    tab.until(lambda session: session.running.run.tick == 1)
    tab.wait_still()
    assert set(tab.data()) == {"t", "g", "direction"}

    tab.choose("Notation", "PyTorch")
    tab.wait_query("notation", "pytorch")
    tab.wait_text("√exp_avg_sq, bias-corrected")
    assert ORIGINAL_WORDS[1] not in tab.text()
    tab.choose("Notation", "Kingma & Ba")
    tab.wait_text("m̂ (m, bias-corrected)")
    tab.page.mouse.move(*tab.page.evaluate(MARK, "direction:2"))  # a person points at a mark
    expect(tab.page.get_by_text("m̂ (m, bias-corrected):", exact=True).first).to_be_visible()


def test_what_a_preset_says_must_be_seen_is_measured(tab: Tab) -> None:
    tab.open(FAST, ("preset", "one_tick_late"))
    tab.wait_past(5)
    tab.wait_text("What must be seen")
    for check in PRESETS["one_tick_late"].checks:
        assert f"{check.what} {check.expected:.5g}" in tab.text()
    tab.press("Verify")
    tab.wait_text("✓")
    assert tab.text().count("✓") == len(PRESETS["one_tick_late"].checks)
    assert "✗" not in tab.text()
    expect(tab.page.get_by_role("button", name="Verify", exact=True)).to_be_enabled()
    tab.type_source(CLOSED)  # no longer the preset
    tab.wait_query("source", CLOSED)
    expect(tab.page.get_by_text("What must be seen")).to_be_hidden()
    expect(tab.page.get_by_role("button", name="Verify", exact=True)).to_be_hidden()


def test_a_check_that_fails_to_run_is_told_and_may_be_tried_again(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_preset: object) -> None:
        raise RuntimeError("no such luck")

    tab.open(("preset", "bowl"), ("paused", 1))
    monkeypatch.setattr("stream_adam.presets.verifying.Outcome", broken)
    tab.press("Verify")
    tab.wait_text("Verify: bowl can't be measured: RuntimeError: no such luck")
    expect(tab.page.get_by_role("button", name="Verify", exact=True)).to_be_enabled()


def test_what_nothing_happens_in_is_run_at_once(tab: Tab) -> None:
    lead_in = PRESETS["change_of_mind"].lead_in
    tab.open(("preset", "change_of_mind"), ("rate", 20))
    tab.wait_past(lead_in + 5)
    assert tab.newest() < lead_in + 1_000
    assert tab.data()["m"][0] == pytest.approx(1.0)
    tab.press("Reset")
    tab.wait_past(lead_in + 3)


def test_every_part_of_the_address(tab: Tab) -> None:
    query: tuple[tuple[str, object], ...] = (
        ("preset", "bowl"),
        ("source", CLOSED),
        ("strategy", "adam(beta2=0.99)"),
        ("strategy", "sgd(alpha=0.05)"),
        ("seed", 7),
        ("theta0", 0.5),
        ("bounds", "-1.0,1.0"),
        ("window", 500),
        ("rate", 150),
        ("paused", 1),
        ("notation", "pytorch"),
    )
    tab.open(*query)
    tab.wait_text("Paused before tick 0.")
    shown = tab.query
    assert "preset" not in shown  # its recipe is another one
    given: dict[str, list[str]] = {}
    for name, value in query[1:]:
        given.setdefault(name, []).append(str(value))
    assert shown == given
    assert "exp_avg" in tab.text()
    for _ in range(3):
        tab.press("Step")
    tab.until(lambda session: session.running.run.tick == 3)
    tab.wait_still()
    run = simulate(CLOSED, "adam(beta2=0.99)", seed=7, theta0=0.5, bounds=(-1, 1), ticks=3)
    assert_same_bits(tab.data("first")["m_hat"], run["m_hat"])


def test_wrong_words_in_the_address_are_told_and_left_out(tab: Tab) -> None:
    wrong = {
        "preset": "orignal_soft",
        "source": "norml(1)",
        "strategy": "adm",
        "seed": "-1",
        "theta0": "much",
        "bounds": "1,-1",
        "window": "wide",
        "rate": "nan",
        "paused": "maybe",
        "notation": "klingon",
    }
    tab.open(*wrong.items())
    tab.wait_past(5)
    text = tab.text()
    for told in (
        "preset: unknown preset 'orignal_soft'", "strategy: unknown strategy 'adm'", "seed is '-1': it must be",
        "bounds are '1,-1': the first", "window: 'wide' is not a number", "rate: 'nan' is not a number",
        "paused is 'maybe': it is 0 or 1", "notation: unknown notation 'klingon'", "(the default is shown)",
    ):  # fmt: skip
        assert told in text
    keys, status = (tab.page.locator(f"#transport .{part}").bounding_box() for part in ("keys", "status"))
    assert keys is not None
    assert status is not None
    assert status["y"] > keys["y"] + keys["height"]  # so long a text has lines of its own
    assert "'much' is not a number" in text
    assert "did you mean 'normal'?" in text
    assert "did you mean 'adam'?" in text
    query = tab.query
    assert (query["source"], query["strategy"], query["seed"]) == ([DEFAULT], ["adam_zero_based"], ["1"])
    assert (query["window"], query["rate"], query["paused"]) == (["200"], ["20"], ["0"])
    tab.assert_reproduced(tab.pause())


def test_what_is_typed_never_becomes_a_part_of_the_page(tab: Tab) -> None:
    requests: list[str] = []
    tab.page.on("request", lambda request: requests.append(request.url))
    tab.page.on("dialog", lambda dialog: tab.faults.append(f"a dialog: {dialog.message}"))
    names = ("preset", "source", "strategy", "seed", "theta0", "bounds", "window", "rate", "paused", "notation")
    tab.open(*((name, HTML) for name in names))
    tab.wait_text(HTML)
    tab.wait_past(5)
    for source in (HTML, f'recording(path="{HTML}")', f'recording(path="digits.npy", column="{HTML}")'):
        tab.type_source(source)
        tab.page.wait_for_function("text => Bokeh.documents[0].get_model_by_name('source').value == text", arg=source)
        tab.wait_past(tab.tick + 2)
    assert tab.page.evaluate(ALIEN_ELEMENTS) == []
    here = tab.server.url().rpartition("/")[0]
    outside = [url for url in requests if not url.removeprefix("blob:").startswith(here)]
    assert outside == []


def test_a_gradient_that_is_not_finite(tab: Tab) -> None:
    tab.open(FAST, ("source", "where(t==5, 1/0, 1)"))
    tab.wait_past(10)
    ticks = tab.pause()
    tab.assert_reproduced(ticks)
    data = tab.data("first")
    assert np.isposinf(data["g"][5])
    assert np.isnan(data["direction"][-1])
    assert "not finite: 1, the first at tick 5" in tab.text()
    tab.type_source("where(t==3, 0/0, 1)")
    tab.wait_query("source", "where(t==3, 0/0, 1)")
    tab.press("Play")
    tab.wait_past(10)
    tab.assert_reproduced(tab.pause())
    assert np.isnan(tab.data("first")["g"][3])


def test_a_source_that_ends(tab: Tab) -> None:
    tab.open(("rate", 100_000), ("source", 'recording(path="digits.npy")'), ("strategy", "adam"))
    tab.wait_text("The source has ended")
    assert tab.wait_still() == 10_000
    tab.assert_reproduced(10_000)
    tab.press("Back")
    tab.until(lambda session: session.running.run.tick == 9_999)
    tab.wait_still()
    tab.press("Play")
    tab.wait_text("The source has ended: 10,000")
    tab.assert_reproduced(tab.wait_still())
    tab.press("Play")  # there is nothing left to play: it plays again, from tick 0
    tab.until(lambda session: not session.running.ended)
    tab.wait_text("The source has ended: 10,000")
    tab.assert_reproduced(tab.wait_still())


# The tab --------------------------------------------------------------------------------------------------------


def test_a_hidden_tab_rests_and_catches_up(tab: Tab) -> None:
    rate = 500
    tab.open(("rate", rate), ("window", 100))
    tab.wait_past(50)
    began = time.monotonic()
    tab.page.evaluate(SET_VISIBILITY, "hidden")
    tab.until(lambda session: not session.running.is_awake, "a hidden tab goes on")
    tick, rests = tab.tick, time.monotonic()
    tab.until(lambda session: not session._doc.session_callbacks)  # the frame that was about to go
    changes: list[Any] = []
    tab.ask(lambda session: session._doc.on_change(changes.append))
    tab.page.wait_for_timeout(500)
    assert tab.tick == tick
    assert [change for change in changes if change.setter is None] == []  # the others came from the browser
    woke = time.monotonic()
    tab.page.evaluate(SET_VISIBILITY, "visible")
    tab.until(lambda session: session.running.is_awake)
    owed = int((woke - rests) * rate)
    tab.until(lambda session: session.running.run.tick >= tick + owed)
    ticks = tab.pause()
    assert ticks <= tick + (time.monotonic() - began) * rate + 1
    tab.assert_reproduced(ticks)
    assert len(tab.data()["t"]) == 100

    # a paused one stands where it stood
    tab.page.evaluate(SET_VISIBILITY, "hidden")
    tab.until(lambda session: not session.running.is_awake)
    tab.page.evaluate(SET_VISIBILITY, "visible")
    tab.until(lambda session: session.running.is_awake)
    assert tab.wait_still() == ticks
    tab.press("Step")
    tab.until(lambda session: session.running.run.tick == ticks + 1)
    tab.assert_reproduced(tab.wait_still())


def test_a_closed_tab_leaves_nothing_but_its_place(
    new_tab: NewTab, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAM_ADAM_MAX_SESSIONS", "1")
    with page_server(loop) as small:
        first = new_tab(small).open(FAST)
        second = new_tab(small)
        second.page.goto(small.url())
        expect(second.page.get_by_text("All 1 places are taken")).to_be_visible()
        first.wait_past(20)
        assert len(small.sessions()) == 1
        first.page.close()
        first.until(lambda session: not session.running.is_awake, "the work goes on")
        small.wait(lambda: not small.sessions_inside(), "the place is not free again")
        small.wait(lambda: small.bokeh_sessions() <= 1, "Bokeh keeps its session")  # the other tab's
        second.page.close()


def test_a_browser_that_lies(tab: Tab, caplog: pytest.LogCaptureFixture) -> None:
    tab.open(FAST)
    tab.forgiven = ("ERROR reply",)
    tab.wait_past(5)
    lies: tuple[tuple[str, object], ...] = (
        ("window", 1e9), ("beta2", 1e9), ("beta2", -1e9), ("alpha", 1e9), ("eps", -1e9),
        ("rate", float("nan")), ("window", float("inf")), ("beta1", float("nan")), ("window", "wide"), ("rate", None),
        ("beta1", "much"), ("seed", -5), ("seed", 1e300), ("seed", "x"), ("seed", None), ("preset", HTML),
        ("notation", HTML), ("strategy-1", HTML), ("painted", 10**9), ("painted", "x"), ("painted", -(10**9)),
        ("following", "x"), ("visible", "x"), ("query", HTML), ("rate", 1e9), ("rate", 2.0),
    )  # fmt: skip
    for name, value in lies:
        tab.page.evaluate(LIE, [name, value])
    tab.press("Pause")  # what was said before has been heard by then
    tab.wait_query("paused", "1")
    tab.press("Play")
    view = tab.ask(lambda session: session.view)
    words = tab.server.app("view")
    assert words.RATES[0] <= view.rate <= words.RATES[1]
    assert words.WINDOWS[0] <= view.window <= words.WINDOWS[1]
    tick = tab.tick
    tab.until(lambda session: session.running.run.tick > tick + 10, "the session has died of a lie")
    for name, knob in view.experiment.lanes[0].knobs.items():
        low, high = knob.reach
        value = tab.server.app("controls").settings_at(view.experiment.lanes[0], tick)[name]
        assert low <= value <= high, name
    assert tab.page.evaluate(ALIEN_ELEMENTS) == []
    caplog.clear()  # Bokeh tells of values whose kind it refuses


def test_a_server_that_has_gone_is_told(new_tab: NewTab, loop: Loop) -> None:
    with page_server(loop) as short_lived:
        tab = new_tab(short_lived).open(FAST)
        tab.forgiven = ("not connected", "WebSocket is already in CLOSING")  # what was about to be sent
        tab.wait_past(5)
    expect(tab.page.get_by_role("alert")).to_be_visible()


# The look -------------------------------------------------------------------------------------------------------


def test_it_fits_and_everything_has_a_name(new_tab: NewTab) -> None:
    tab = new_tab(viewport=PHONE).open(FAST, ("strategy", "adam"), ("strategy", "sgd"))
    tab.wait_past(10, "rolling:2")
    for size in (PHONE, LAPTOP):
        tab.page.set_viewport_size(size)
        tab.page.wait_for_function(
            "([wide, page]) => innerWidth == wide && page.scrollWidth <= page.clientWidth",
            arg=[size["width"], tab.page.evaluate_handle("() => document.documentElement")],
        )
    roles = "button|slider|textbox|combobox|spinbutton|checkbox"
    controls = re.findall(rf"^ *- '?(?:{roles})\b.*$", tab.page.locator("body").aria_snapshot(), re.MULTILINE)
    assert len(controls) > 20
    assert [control for control in controls if '"' not in control] == []  # a name stands in quotes
    assert tab.page.get_by_role("button", name="Remove lane 2", exact=True).is_visible()


def test_dark_and_light(new_tab: NewTab) -> None:
    tab = new_tab(color_scheme="dark").open(FAST)
    tab.wait_past(5)
    colours = """() => {
      const found = {}
      for (const view of Bokeh.index.query((view) => view.model.type == "GlyphRenderer")) {
        const {glyph} = view.model
        if (!glyph.marker || glyph.y.field == "y") continue
        found[glyph.y.field] = (glyph.marker.value == "x" ? glyph.line_color : glyph.fill_color).value
      }
      return found
    }"""
    series = tab.ask(lambda session: session.shown.scopes[0].series)
    assert tab.page.evaluate(colours) == {s.column: s.look.dark for s in series}
    tab.page.emulate_media(color_scheme="light")
    tab.page.wait_for_function(f"light => ({colours})().g == light", arg=series[0].look.colour)
    assert tab.page.evaluate(colours) == {s.column: s.look.colour for s in series}
    tab.page.emulate_media(color_scheme="dark")
    tab.press("Reset")  # new panels are dark as well
    tab.page.wait_for_function(f"dark => ({colours})().g == dark", arg=series[0].look.dark)


# A figure in a file ---------------------------------------------------------------------------------------------
