"""A source with an objective, as a person meets it: the map, every lane's way over it, and a start by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from laws import assert_same_bits
from playwright.sync_api import expect

from stream_adam import simulate
from stream_adam.sources.objectives import OBJECTIVES

from .tab import NEWEST

if TYPE_CHECKING:
    from .conftest import NewTab
    from .tab import Tab

NOISY = "rosenbrock() + normal(1)"
LANES = (("strategy", "adam(alpha=0.01)"), ("strategy", "sgd(alpha=0.0005)"))
FAST = ("rate", 200)
PIXEL = """([name, x, y]) => {  // where on the screen a point of a figure is
  const [view] = [...Bokeh.index.query((view) => view.model.name == name)]
  const box = view.canvas_view.el.getBoundingClientRect()
  return [box.left + view.frame.x_scale.compute(x), box.top + view.frame.y_scale.compute(y)]
}"""
HEAD = """([name, column]) => {  // the newest point that is marked
  const model = Bokeh.documents[0].get_model_by_name(name)
  const [figure] = [...Bokeh.index.query((view) => view.model.name == "landscape-figure")]
  const sources = figure.model.renderers.map((renderer) => renderer.data_source)
  const head = sources[sources.indexOf(model) + 1]
  return head.get_column(column)
}"""
DASHED = "() => [...Bokeh.index.query(({model}) => model.type == 'Span' && model.line_dash.length > 0)].length"
SHOWN = """name => {
  const [view] = [...Bokeh.index.query((view) => view.model.name == name)]
  const {x_range, y_range} = view.model
  return [x_range.start, x_range.end, y_range.start, y_range.end]
}"""


def test_every_lane_s_way_is_on_one_map(tab: Tab) -> None:
    tab.open(("source", NOISY), *LANES, ("theta0", "-1.2,1"), FAST)
    tab.wait_past(60, "rolling:2")
    ticks = tab.pause()
    for lane, suffix in enumerate(("", ":2")):
        run = simulate(**tab.recipe(lane), ticks=ticks)
        way, values = tab.data(f"landscape{suffix}"), tab.data(f"value{suffix}")
        assert set(way) == {"t", "theta.0", "theta.1"}
        for column, seen in way.items():
            assert_same_bits(seen, run[column], column)
        assert_same_bits(values["value"], OBJECTIVES["rosenbrock"].value(run["theta"].T, a=1.0, b=100.0))
        for column in ("theta.0", "theta.1"):
            assert tab.page.evaluate(HEAD, [f"landscape{suffix}", column]) == [run[column][-1]]
        tab.assert_reproduced(ticks, lane)
    text = tab.text()
    for words in ("adam(alpha=0.01)", "sgd(alpha=0.0005)", "click where to start", "minimum"):
        assert words in text or words in str(titles(tab))
    newest = tab.data("value")["value"][-1]
    tab.wait_text(f"value {newest:.4f}")

    tab.press("Back")
    tab.until(lambda session: session.running.run.tick == ticks - 1)
    tab.page.wait_for_function(
        "last => Bokeh.documents[0].get_model_by_name('landscape').get_column('t').at(-1) == last", arg=ticks - 2
    )
    tab.wait_still()
    assert_same_bits(tab.data("landscape:2")["theta.1"], simulate(**tab.recipe(1), ticks=ticks - 1)["theta.1"])


def titles(tab: Tab) -> Any:
    return tab.page.evaluate(
        "() => [...Bokeh.index.query((view) => view.model.type == 'Figure')].map((view) => view.model.title.text)"
    )


def test_a_click_on_the_map_starts_there(tab: Tab) -> None:
    tab.open(("source", NOISY), *LANES, FAST)
    tab.wait_past(20, "rolling:2")
    x, y = tab.page.evaluate(PIXEL, ["landscape-figure", 0.5, 2.0])
    tab.page.mouse.click(x, y)
    tab.page.wait_for_function("() => location.search.includes('theta0=0.') || location.search.includes('theta0=-0.')")
    assert isinstance(tab.theta0, tuple)
    assert abs(tab.theta0[0] - 0.5) < 0.02
    assert abs(tab.theta0[1] - 2.0) < 0.02
    expect(tab.page.get_by_label("Start (theta0)")).to_have_value(tab.query["theta0"][0])
    tab.wait_past(20, "rolling:2")
    ticks = tab.pause()
    for lane in range(2):
        tab.assert_reproduced(ticks, lane)
    way = tab.data("landscape")
    assert way["t"][0] == 0
    assert abs(way["theta.0"][0] - tab.theta0[0]) < 0.011  # a step of Adam's


def test_a_curve_takes_a_click_as_well(tab: Tab) -> None:
    tab.open(("source", "quadratic(2)"), ("strategy", "sgd(alpha=0.01)"), FAST)
    tab.wait_past(5)
    x, y = tab.page.evaluate(PIXEL, ["landscape-figure", -1.5, 1.0])
    tab.page.mouse.click(x, y)
    tab.page.wait_for_function("() => location.search.includes('theta0=-1.')")
    tab.wait_past(20)
    ticks = tab.pause()
    tab.assert_reproduced(ticks)
    way = tab.data("landscape")
    assert_same_bits(way["value"], way["theta"] ** 2)


def test_one_component_at_a_time(tab: Tab) -> None:
    tab.open(("source", NOISY), LANES[0], ("rate", 2000))
    tab.wait_past(300)
    ticks = tab.pause()
    tab.assert_reproduced(ticks)
    assert tab.query["component"] == ["0"]
    zero = tab.data()
    tab.choose("Component", "theta.1")
    tab.wait_query("component", "1")
    tab.page.wait_for_function(
        "old => Bokeh.documents[0].get_model_by_name('rolling').get_column('g')[0] != old", arg=zero["g"][0]
    )
    tab.assert_reproduced(ticks)
    assert "last 200 ticks of component 1" in titles(tab)
    tab.press("Step")
    tab.until(lambda session: session.running.run.tick == ticks + 1)
    tab.wait_still()
    tab.assert_reproduced(ticks + 1)


def test_sources_of_other_components_are_typed(tab: Tab) -> None:
    tab.open(FAST)
    tab.wait_past(5)
    assert not tab.page.get_by_label("Component", exact=True).is_visible()
    for source, theta0 in (
        ("rosenbrock()", "-1.2,1"),
        ("quadratic(condition=10, components=3)", "1"),
        ("beale() + normal(0.1)", "1,1"),
        ("swinging_soft() + normal(0.5)", "0"),
    ):
        tab.type_source(source)
        tab.wait_query("source", source)
        assert tab.query["theta0"] == [float_text(theta0)]
        if tab.query["paused"] == ["1"]:
            tab.press("Play")
        tab.wait_past(20)
        tab.assert_reproduced(tab.pause())
    assert "component" not in tab.query
    assert tab.page.evaluate("() => Bokeh.documents[0].get_model_by_name('landscape')") is None


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ([("preset", "not_converging")], 0),  # what it is about
        ([("source", "2*theta + normal(0.1)"), ("theta0", 1)], 0),
        ([("source", "swinging_soft() + normal(0.5)")], -1),
    ],
)
def test_the_weight_stands_against_t(tab: Tab, words: list[tuple[str, Any]], place: int) -> None:
    tab.open(*words, FAST)
    tab.wait_past(60)
    ticks = tab.pause()
    bounds = tab.ask(lambda session: session.view.experiment.bounds)
    for lane in range(len(tab.query["strategy"])):
        theta = simulate(**tab.recipe(lane), bounds=bounds, ticks=ticks)["theta"]
        name = "theta" if lane == 0 else f"theta:{lane + 1}"
        tab.page.wait_for_function(f"([name, last]) => ({NEWEST})(name) == last", arg=[name, ticks - 1])
        assert_same_bits(tab.data(name)["theta"], theta)
        newest = float(theta[-1])  # it may have come to a bound
        tab.wait_text(f"theta {newest:.0f}" if newest.is_integer() else f"theta {newest:.4f}")
    names = tab.ask(lambda session: [child.name for child in session.shown.children])
    assert names[place] == "weight"
    assert tab.page.evaluate(DASHED) == (2 if bounds else 0)


def float_text(theta0: str) -> str:
    return ",".join(repr(float(weight)).removesuffix(".0") for weight in theta0.split(","))


def test_a_start_is_typed(tab: Tab) -> None:
    tab.open(("source", "rosenbrock()"), LANES[0], ("paused", 1))
    field = tab.page.get_by_label("Start (theta0)")
    field.fill("0.5,-0.5")
    field.press("Enter")
    tab.wait_query("theta0", "0.5,-0.5")
    field.fill("1,2,3")
    field.press("Enter")
    error = tab.page.get_by_text("theta0 has 3 components: the source has 2")
    expect(error).to_be_visible()
    assert tab.query["theta0"] == ["0.5,-0.5"]
    expect(field).to_have_value("1,2,3")  # to be mended
    tab.press("Step")
    expect(field).to_have_value("1,2,3")
    field.fill("0.5,-0.5")
    field.press("Enter")
    expect(error).to_be_hidden()


def test_a_wrong_start_is_told_where_there_is_no_field_for_one(tab: Tab) -> None:
    tab.open(("source", "mlp_digits()"), ("strategy", "sgd"), ("theta0", "much"), ("paused", 1))
    assert not tab.page.get_by_label("Start (theta0)").is_visible()
    expect(
        tab.page.get_by_text("theta0: 'much' is not a number, or one a component, as in -1.2,1 (the default is shown)")
    ).to_be_visible()


def test_a_map_grows_unless_a_person_has_moved_it(tab: Tab) -> None:
    tab.open(("source", "saddle()"), ("strategy", "sgd(alpha=0.1)"), ("theta0", "0.1,0.1"), FAST)
    tab.page.wait_for_function(f"() => ({SHOWN})('landscape-figure')[3] > 2.5")
    tab.press("Reset")
    tab.page.wait_for_function(f"() => ({SHOWN})('landscape-figure')[3] == 2")
    tab.drag(PIXEL, ["landscape-figure", 0.0, 0.0], 60)
    held = tab.page.evaluate(SHOWN, "landscape-figure")
    tab.wait_past(tab.tick + 100)
    assert tab.page.evaluate(SHOWN, "landscape-figure") == held
    tab.press("Follow")
    tab.page.wait_for_function(f"() => ({SHOWN})('landscape-figure')[3] > 2.5")


def test_a_network_s_loss(tab: Tab) -> None:
    tab.open(("source", "mlp_digits()"), ("strategy", "adam(alpha=0.01)"), FAST)
    tab.wait_past(40)
    ticks = tab.pause()
    tab.assert_reproduced(ticks)
    values = tab.data("value")
    assert values["t"][-1] == ticks - 1
    assert (np.diff(values["t"]) > 0).all()
    assert values["value"][-1] < values["value"][0]
    tab.choose("Component", "theta.1208")
    tab.wait_query("component", "1208")
    tab.assert_reproduced(tab.wait_still())


def test_a_map_in_the_dark(new_tab: NewTab) -> None:
    tab = new_tab(color_scheme="dark").open(("source", NOISY), *LANES, FAST)
    tab.wait_past(5)
    colours = """() => {
      const [figure] = [...Bokeh.index.query((view) => view.model.name == "landscape-figure")]
      const named = figure.model.renderers.filter((renderer) => renderer.data_source.name?.startsWith("landscape"))
      return named.map((renderer) => renderer.glyph.line_color.value)
    }"""
    looks = tab.server.app("panels.lanes").LANE_LOOKS[:2]
    tab.page.wait_for_function(f"dark => String(({colours})()) == dark", arg=",".join(look.dark for look in looks))
    tab.page.emulate_media(color_scheme="light")
    tab.page.wait_for_function(f"light => String(({colours})()) == light", arg=",".join(look.light for look in looks))
