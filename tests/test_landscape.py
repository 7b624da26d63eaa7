"""The landscape and the value against t: what is drawn is what the run went through, however much of it is left out."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bokeh.models import Button, Toggle
from hypothesis import given
from hypothesis import strategies as st
from laws import assert_same_bits

from server_app.panels.course import Course, CourseFigure, Height, Loss, WeightCourse
from server_app.panels.landscape import Landscape, LandscapeFigure
from server_app.panels.lanes import LANE_LOOKS
from server_app.panels.trails import MOST, NEWEST, Extremes, Way
from server_app.screen import Screen
from server_app.surface import TIMES, Surface, grown, relief, surface_of
from server_app.view import MOST_LANES
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.hub import Hub
from stream_adam.sources.words import OBJECTIVE_WORDS, ObjectiveWord

NOISY = "rosenbrock() + normal(5)"
LANES = ("adam(alpha=0.01)", "sgd(alpha=0.0005)")
MAPS = [
    name for name, word in OBJECTIVE_WORDS.items() if isinstance(word, ObjectiveWord) and word.objective.components == 2
]


class Stage:
    """A run and what it is shown on, without a page."""

    def __init__(
        self, source: str = NOISY, lanes: tuple[str, ...] = LANES, theta0: Any = (-1.2, 1.0), place: int | None = None
    ) -> None:
        self.experiment = Experiment.of(source, lanes, seed=1, theta0=theta0)
        self.run = Run(self.experiment)
        self.hub = Hub(self.experiment, 100_000)
        self.chosen: list[tuple[float, ...]] = []
        self.surface = surface_of(self.experiment)
        screen, follow = Screen(Toggle()), Button()
        quantity = Loss() if self.surface is None else Height(self.surface)
        self.panels: list[Any] = [Course(quantity, self.experiment, screen, follow)]
        if place is not None:
            self.panels = [WeightCourse(self.experiment, place, screen, follow)]
        elif self.surface is not None and self.surface.components <= 2:
            self.panels.append(Landscape(self.surface, self.experiment, screen, follow, self.chosen.append))
        for panel in self.panels:
            panel.show(self)

    def go(self, *lengths: int) -> None:
        for length in lengths:
            self.hub.write(self.run.advance(length))
            for panel in self.panels:
                panel.update()

    def data(self, name: str) -> dict[str, Any]:
        (source,) = [source for panel in self.panels for source in panel.sources if source.name == name]
        return {column: np.array(values, dtype=float) for column, values in source.data.items()}


def surface(text: str, **options: Any) -> Surface:
    found = surface_of(Experiment.of(text, "sgd", seed=1, **options))
    assert found is not None
    return found


# What is descended ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*(f"{name}()" for name in OBJECTIVE_WORDS), "3*rosenbrock(b=10) + normal(0.1)"])
def test_it_is_least_at_its_minima(text: str) -> None:
    found = surface(text)
    minima = np.array(found.minima).reshape(-1, found.components)
    for low, high in found.box:
        assert low < high
    for minimum in minima:
        place = minimum if found.components > 1 else minimum[0]
        least = found.at(place)
        nearby = place + 1e-2 * np.random.default_rng(1).standard_normal((50, *np.shape(place)))
        assert (found.at(nearby) >= least - 1e-12).all()


@pytest.mark.parametrize(
    ("text", "theta0"),
    [
        ("sine(25)", 0.0),
        ("2*theta", 0.0),
        ("rosenbrock(b=t)", 0.0),
        ("booth() + beale()", 0.0),
        ("quadratic()", (1, 2)),
    ],
)
def test_what_has_no_one_value_has_no_landscape(text: str, theta0: Any) -> None:
    assert surface_of(Experiment.of(text, "sgd", seed=1, theta0=theta0)) is None


@pytest.mark.parametrize("name", MAPS)
def test_the_lines_of_a_map_are_of_equal_value(name: str) -> None:
    found = surface(f"{name}()")
    drawn = relief(found, found.box)
    assert drawn.heights.min() == pytest.approx(0, abs=0.05)
    assert drawn.heights.max() == pytest.approx(1, abs=0.05)
    assert len(set(drawn.levels)) >= 5
    (left, right), (low, high) = found.box
    cell = np.array([right - left, high - low]) / 100
    corners = cell * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1], [0, 1], [1, 0], [0, -1], [-1, 0]])
    levels = np.repeat(drawn.levels, [len(line) for line in drawn.lines])
    around = found.at(np.concatenate(drawn.lines)[:, np.newaxis] + corners)
    assert ((around.min(axis=1) <= levels) & (levels <= around.max(axis=1))).mean() > 0.97


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=5))
def test_a_box_grows_until_it_holds_what_is_not_too_far(points: list[tuple[float, float]]) -> None:
    own = ((-2.0, 2.0), (-1.0, 3.0))
    box = grown(own, own, np.array([*points, (math.nan, 0.0)]))
    assert grown(box, own, np.array(points).reshape(-1, 2)) == box
    for (low, high), (first, last) in zip(box, own, strict=True):
        assert low <= first < last <= high
        assert high - low <= TIMES * (last - first)
    if all(abs(x) < 30 and abs(y) < 30 for x, y in points):
        assert all(box[0][0] <= x <= box[0][1] and box[1][0] <= y <= box[1][1] for x, y in points)


# Trails ---------------------------------------------------------------------------------------------------------

values = st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf])
blocks = st.lists(st.integers(1, 900), min_size=1, max_size=8)


def walk(lengths: list[int], seed: int, awkward: list[float]) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    total = sum(lengths)
    rows = np.column_stack([np.arange(total), rng.standard_normal((total, 2)).cumsum(axis=0)])
    for value in awkward:
        rows[rng.integers(total), rng.integers(1, 3)] = value
    return rows


def cut(rows: np.ndarray[Any, Any], lengths: list[int]) -> list[np.ndarray[Any, Any]]:
    return np.split(rows, np.cumsum(lengths)[:-1])


@given(blocks, st.integers(0, 99), st.lists(values, max_size=5))
def test_extremes_lose_no_extreme(lengths: list[int], seed: int, awkward: list[float]) -> None:
    rows = walk(lengths, seed, awkward)
    trail = Extremes(3)
    for part in cut(rows, lengths):
        trail.add(part)
    check(trail.rows, rows)
    assert_same_bits(np.fmin.reduce(trail.rows[:, 1:]), np.fmin.reduce(rows[:, 1:]))
    assert_same_bits(np.fmax.reduce(trail.rows[:, 1:]), np.fmax.reduce(rows[:, 1:]))
    assert np.isnan(trail.rows).any() == np.isnan(rows).any()


@given(blocks, st.integers(0, 99), st.lists(values, max_size=5))
def test_a_way_leaves_out_only_what_is_near(lengths: list[int], seed: int, awkward: list[float]) -> None:
    rows = walk(lengths, seed, awkward)
    way = Way(0.5, 0.5)
    for part in cut(rows, lengths):
        way.add(part)
    check(way.rows, rows)
    assert_same_bits(way.rows[-NEWEST:], rows[-NEWEST:])
    kept = way.rows[np.searchsorted(way.rows[:, 0], rows[:, 0], side="right") - 1]
    finite = np.isfinite(rows).all(axis=1) & np.isfinite(kept).all(axis=1)
    assert (np.abs(rows[finite] - kept[finite])[:, 1:] < 2 * way._step).all()
    assert np.isnan(way.rows).any() == np.isnan(rows).any()


def check(kept: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> None:
    """What is kept is of what there was, in its order, with the newest; and all of it where that is little."""
    assert len(kept) <= MOST
    assert_same_bits(kept, rows[kept[:, 0].astype(int)])
    assert (np.diff(kept[:, 0]) > 0).all()
    assert kept[-1, 0] == rows[-1, 0]
    if len(rows) <= MOST:
        assert len(kept) == len(rows)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_a_way_to_and_fro_without_end_is_kept_short(scale: float) -> None:
    way = Way(0.01, 0.01)
    for start in range(0, 20_000, 1000):
        t = np.arange(start, start + 1000.0)
        way.add(np.column_stack([t, scale * (-1) ** t, np.where(t % 3 == 0, np.nan, t)]))
    assert len(way.rows) <= MOST


# The panels -----------------------------------------------------------------------------------------------------


def test_a_landscape_shows_where_the_hub_s_lanes_were() -> None:
    stage = Stage()
    stage.go(1, 7, 300, 1)
    for lane, name in enumerate(("landscape", "landscape:2")):
        columns = stage.hub.between(0, stage.hub.tick).lanes[lane]
        data = stage.data(name)
        assert_same_bits(data["t"], columns["t"])
        assert_same_bits(data["theta.0"], columns["theta"][:, 0])
        assert_same_bits(data["theta.1"], columns["theta"][:, 1])
    stage.go(3000)
    for lane, name in enumerate(("landscape", "landscape:2")):
        columns = stage.hub.between(0, stage.hub.tick).lanes[lane]
        data = stage.data(name)
        at = data["t"].astype(int)
        assert len(at) <= MOST
        assert (at[0], at[-1]) == (0, 3308)
        assert_same_bits(data["theta.0"], columns["theta"][at, 0])


@pytest.mark.parametrize(
    "source", ["rosenbrock() + normal(5)", "quadratic(components=3)", "quadratic(2) + normal(0.1)"]
)
def test_values_are_the_objective_s_at_theta(source: str) -> None:
    stage = Stage(source, theta0=1.0)
    stage.go(5, 200)
    assert stage.surface is not None
    for lane, name in enumerate(("value", "value:2")):
        theta = stage.hub.between(0, 205).lanes[lane]["theta"]
        assert_same_bits(stage.data(name)["value"], stage.surface.at(theta))


@pytest.mark.parametrize(
    ("source", "theta0"),
    [("sine(25) + normal(0.5)", 0.0), ("2*theta + normal(0.1)", 1.0), ("theta - t/9", (1.0, 2.0, 3.0))],
)
def test_the_weight_is_the_run_s(source: str, theta0: Any) -> None:
    stage = Stage(source, theta0=theta0, place=0)
    stage.go(5, 200)
    for place in range(len(stage.experiment.shown or [0])):
        stage.panels[0].set_component(place)
        stage.panels[0].update()
        for lane, name in enumerate(("theta", "theta:2")):
            theta = stage.hub.between(0, 205).lanes[lane]["theta"].reshape(205, -1)
            assert_same_bits(stage.data(name)["theta"], theta[:, place])
            assert stage.data(name)["t"].tolist() == list(range(205))


def test_one_component_is_shown_on_its_curve() -> None:
    stage = Stage("quadratic(2) + normal(0.1)", theta0=1.0)
    stage.go(50)
    data = stage.data("landscape:2")
    assert_same_bits(data["theta"], stage.hub.between(0, 50).lanes[1]["theta"])
    assert_same_bits(data["value"], data["theta"] ** 2)


def test_a_network_s_loss_is_that_of_the_newest_weights() -> None:
    stage = Stage("mlp_digits()", ("adam(alpha=0.01)",), 0.0)
    stage.go(1, 4, 10)
    data = stage.data("value")
    assert data["t"].tolist() == [0, 4, 14]
    network = stage.run.reading.network
    assert network is not None
    assert data["value"][-1] == network.loss(stage.run.lanes[0].theta)
    assert (np.diff(data["value"]) < 0).all()


@pytest.mark.parametrize("tick", [0, 1, 57, 900, 3000])
def test_winding_back_forgets_what_came_after(tick: int) -> None:
    stage, never = Stage(), Stage()
    stage.go(*[300] * 12)
    stage.hub.wind_back(tick)
    for panel in stage.panels:
        panel.wind_back(tick)
        panel.update()
    never.go(*[1] * tick)
    for name in ("landscape", "landscape:2", "value", "value:2"):
        back, straight = stage.data(name), never.data(name)
        assert (back["t"] < tick).all()
        assert back["t"][-1:].tolist() == straight["t"][-1:].tolist()
        if name.startswith("value") and tick:
            assert back["value"].min() == straight["value"].min()
    stage.hub.write(never.run.advance(20))
    for panel in stage.panels:
        panel.update()
    assert stage.data("landscape")["t"][-20:].tolist() == list(range(tick, tick + 20))


def test_what_a_hub_has_forgotten_leaves_a_gap() -> None:
    stage = Stage()
    stage.run.compile()
    stage.go(10)
    stage.hub.write(stage.run.advance(2000))
    stage.hub.write(stage.run.advance(100_000))
    for panel in stage.panels:
        panel.update()
    data = stage.data("landscape")
    gap = np.flatnonzero(np.isnan(data["theta.0"]))
    assert len(gap) == 1
    assert data["t"][gap[0] - 1] <= 9
    assert data["t"][gap[0]] == 2010


def test_what_is_not_finite_breaks_the_line() -> None:
    stage = Stage("rosenbrock() + where(t==20, 0/0, 0)")
    stage.go(40)
    data = stage.data("landscape")
    assert np.isfinite(data["theta.0"][:20]).all()
    assert np.isnan(data["theta.0"][20:]).all()
    stage.go(3000)
    assert np.isnan(stage.data("landscape")["theta.0"][20:]).all()


def test_the_map_grows_with_what_leaves_it() -> None:
    stage = Stage("saddle()", ("sgd(alpha=0.05)",), (0.5, 0.5))
    landscape = stage.panels[1]
    box = landscape._drawn.box
    stage.go(*[5] * 20)
    assert landscape._drawn.box[1][1] > box[1][1]
    assert landscape.root.tags[0]["y"] == list(landscape._drawn.box[1])
    stage.go(*[500] * 20)  # it goes to infinity, and the map does not
    assert landscape._drawn.box[1][1] - landscape._drawn.box[1][0] <= TIMES * (box[1][1] - box[1][0])


@pytest.mark.parametrize(
    ("x", "y", "chosen"),
    [(0.5, 2.0, (0.5, 2.0)), (0.123456789, -0.5, (0.123, -0.5)), (1e9, -1e9, (2.0, -1.0)), (1, 0, (1.0, 0.0))],
)
def test_a_click_chooses_a_start_within_the_map(x: float, y: float, chosen: tuple[float, float]) -> None:
    stage = Stage()
    stage.panels[1]._tapped(SimpleNamespace(x=x, y=y))
    assert stage.chosen == [chosen]


@pytest.mark.parametrize(("x", "y"), [(math.nan, 0.0), (0.0, math.inf), ("1", 0.0), (None, None), ([1], {})])
def test_a_click_that_is_none_chooses_nothing(x: object, y: object) -> None:
    stage = Stage()
    stage.panels[1]._tapped(SimpleNamespace(x=x, y=y))
    assert stage.chosen == []


def test_every_lane_has_a_look_of_its_own() -> None:
    assert len(LANE_LOOKS) == MOST_LANES
    for what in ("light", "dark", "marker", "path"):
        assert len({getattr(look, what) for look in LANE_LOOKS}) == MOST_LANES


@pytest.mark.parametrize("text", [f"{name}()" for name in OBJECTIVE_WORDS] + ["quadratic(components=3)"])
def test_every_objective_can_be_drawn_whole(text: str) -> None:
    experiment = Experiment.of(text, ["adam(alpha=0.01)"] * MOST_LANES, seed=1, theta0=0.7)
    found, block = surface_of(experiment), Run(experiment).advance(50)
    assert found is not None
    height = Height(found)
    newest = CourseFigure(height, experiment).fill(height.of(block))
    assert newest == [float(found.at(columns["theta"])[-1]) for columns in block.lanes]
    if found.components <= 2:
        drawn = LandscapeFigure(found, experiment)
        drawn.fill(block)
        assert [len(head.data[drawn.axes[0]]) for head in drawn.heads] == [1] * MOST_LANES


@pytest.mark.parametrize("text", ["quadratic(1e999)", "absolute(1e999)", "cliff(height=1e999)", "quadratic(-1)"])
def test_a_curve_of_nothing_finite_has_an_extent_all_the_same(text: str) -> None:
    experiment = Experiment.of(text, "sgd", seed=1, theta0=1.0)
    found = surface_of(experiment)
    assert found is not None
    assert np.isfinite(list(LandscapeFigure(found, experiment).extent.values())).all()
