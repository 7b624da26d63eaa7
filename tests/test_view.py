"""A view and its address: they say the same; and whatever an address says, there is a view of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server_app.view import MOST_COMPONENTS, MOST_LANES, RATES, WINDOWS, View, clamped, read, start_of
from stream_adam import SpecError
from stream_adam.experiment import Experiment
from stream_adam.presets import PRESETS
from stream_adam.series import NOTATIONS
from stream_adam.sources import Files, Source

FILES = Files(None, anywhere=False)
PARAMETERS = (
    "source", "strategy", "preset", "seed", "theta0", "bounds", "window", "rate", "paused", "notation", "component",
)  # fmt: skip
SOURCES = (
    "swinging_soft() + normal(1.5)",
    "5*sin(2*pi*t/25) + 10 + normal(0.5)",
    'recording(path="digits.npy")',
    "quadratic(4) + normal(0.1)",
    "where(t % 7 == 0, 1/0, -t**2)",
    "rosenbrock() + normal(0.1)",
    "quadratic(condition=10, components=3)",
    "mlp_digits()",
)

small = st.floats(-1e12, 1e12)
rates = st.floats(*RATES).map(lambda rate: float(f"{rate:g}"))  # what a slider can say has fewer digits
strategies = st.one_of(
    st.sampled_from(["adam", "sgd", "adam_centered", "adam(alpha=0.001*minimum(1, (t+1)/2000))"]),
    st.floats(0, 1, exclude_max=True).map(lambda beta: f"adam(beta2={beta!r})"),
    st.integers(1, 10**6).map(lambda tick: f"adam_zero_based(beta1=step({tick}, 0.9, 0.5))"),
)


@st.composite
def views(draw: st.DrawFn) -> View:
    preset = draw(st.none() | st.sampled_from(list(PRESETS.values())))
    bounds = draw(st.none() | st.tuples(small, small).map(lambda pair: (min(pair), max(pair))))
    source = Source.of(preset.source if preset else draw(st.sampled_from(SOURCES)), FILES)
    count = source.components or draw(st.integers(1, 4))
    experiment = Experiment.of(
        source,
        draw(st.lists(strategies, min_size=1, max_size=MOST_LANES)),
        seed=draw(st.integers(0, 10**20 - 1)),
        theta0=draw(small if count == 1 or count > MOST_COMPONENTS else small | st.tuples(*[small] * count)),
        bounds=bounds or (preset.bounds if preset else None),
        files=FILES,
    )
    return View(
        experiment,
        window=draw(st.integers(*WINDOWS)),
        rate=draw(rates),
        paused=draw(st.booleans()),
        notation=draw(st.sampled_from(list(NOTATIONS))),
        preset=preset,
        component=draw(st.none() | st.sampled_from([0, *(experiment.shown or [])])),
    )


def arguments(query: str) -> dict[str, list[bytes]]:
    """A query as Bokeh gives it."""
    found: dict[str, list[bytes]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=True):
        found.setdefault(name, []).append(value.encode())
    return found


def read_one(name: str, *values: str) -> View:
    return read({name: [value.encode() for value in values]}, FILES)


@given(views())
def test_a_view_is_what_its_address_says(view: View) -> None:
    again = read(arguments(view.query), FILES)
    assert again.refused == {}
    assert again.query == view.query
    assert again.place == view.place
    assert (again.window, again.rate, again.paused, again.notation) == (
        view.window, view.rate, view.paused, view.notation,
    )  # fmt: skip
    one, other = again.experiment, view.experiment
    assert (one.seed, one.theta0, one.bounds, one.lanes) == (other.seed, other.theta0, other.bounds, other.lanes)
    assert one.source.text == other.source.text


@given(st.dictionaries(st.sampled_from(PARAMETERS), st.lists(st.binary(max_size=40), max_size=9)))
def test_whatever_an_address_says_there_is_a_view_of_it(said: dict[str, list[bytes]]) -> None:
    check(read(said, FILES))


@given(
    st.dictionaries(st.sampled_from(PARAMETERS), st.lists(st.text("()+-*/%.,0123456789eEtinfa$<>\"'= ", max_size=30)))
)
@example({"source": ["(" * 10_000]})
@example({"source": ["-" * 10_000 + "1"]})
@example({"source": ["1" + "+1" * 10_000]})
@example({"strategy": ["adam(beta1=" + "(" * 10_000]})
@example({"seed": ["9" * 5_000]})
@example({"theta0": ["9" * 5_000], "bounds": ["inf,inf"], "rate": ["1e400"], "window": ["-inf"]})
@example({"bounds": ["1,-1"]})
@example({"bounds": ["1,2"], "theta0": ["nan"]})
def test_whatever_is_typed_into_an_address_there_is_a_view_of_it(said: dict[str, list[str]]) -> None:
    check(read({name: [value.encode() for value in values] for name, values in said.items()}, FILES))


def check(view: View) -> None:
    assert WINDOWS[0] <= view.window <= WINDOWS[1]
    assert isinstance(view.window, int)
    assert RATES[0] <= view.rate <= RATES[1]
    theta0 = view.experiment.theta0
    assert all(map(math.isfinite, theta0 if isinstance(theta0, tuple) else (theta0,)))
    assert 0 <= view.place < len(view.experiment.shown or [0])
    assert 1 <= len(view.experiment.lanes) <= MOST_LANES
    assert all(why for _, why in view.refused.values())
    assert read(arguments(view.query), FILES).query == view.query


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_wrong_word_is_told_and_leaves_the_default(name: str) -> None:
    default = read({}, FILES)
    view = read_one(name, "wrong!")
    assert list(view.refused) == [name]
    assert view.refused[name][0] == "wrong!"
    assert len(view.refused[name][1]) > 10
    assert replace(view, refused={}).query == default.query


@pytest.mark.parametrize(
    ("name", "typed", "shown"),
    [
        ("window", "1e99", "100000"),
        ("window", "-5", "50"),
        ("window", "300.7", "300"),
        ("rate", "1e9", "100000"),
        ("rate", "0", "0.5"),
        ("rate", "-1", "0.5"),
        ("rate", "12.5", "12.5"),
    ],
)
def test_numbers_are_brought_within_their_limits(name: str, typed: str, shown: str) -> None:
    view = read_one(name, typed)
    assert view.refused == {}
    assert [value.decode() for value in arguments(view.query)[name]] == [shown]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "1", None, True, [1], {}, 1j])
def test_what_is_no_finite_number_is_not_clamped_but_refused(value: object) -> None:
    with pytest.raises(SpecError):
        clamped(value, 0, 1)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e9, 0), st.floats(0, 1e9))
def test_clamping(value: float, low: float, high: float) -> None:
    assert low <= clamped(value, low, high) <= high
    if low <= value <= high:
        assert clamped(value, low, high) == value


@pytest.mark.parametrize(
    ("source", "given", "theta0"),
    [
        ("rosenbrock()", "-1.2,1", (-1.2, 1.0)),
        ("rosenbrock()", "0.5", 0.5),
        ("quadratic(components=3)", "1,2,3", (1.0, 2.0, 3.0)),
        ("sine(25)", "1,2", (1.0, 2.0)),
    ],
)
def test_a_start_of_several_components(source: str, given: str, theta0: object) -> None:
    view = read({"source": [source.encode()], "theta0": [given.encode()]}, FILES)
    assert (view.refused, view.experiment.theta0) == ({}, theta0)


@pytest.mark.parametrize(
    ("source", "given", "why"),
    [
        ("rosenbrock()", "1,2,3", "theta0 has 3 components: the source has 2"),
        ("rosenbrock()", "1,nan", "'1,nan' is not a number, or one a component, as in -1.2,1"),
        ("rosenbrock()", "1,", "'1,' is not a number, or one a component, as in -1.2,1"),
        ("line()", ",".join(["1"] * 101), "theta0 has more than 100 components: a single number is for all of them"),
    ],
)
def test_a_start_that_does_not_fit_is_told_and_left_out(source: str, given: str, why: str) -> None:
    view = read({"source": [source.encode()], "theta0": [given.encode()]}, FILES)
    assert view.refused == {"theta0": (given, why)}
    assert view.experiment.theta0 == 0.0


@pytest.mark.parametrize(
    ("source", "start"),
    [
        ("rosenbrock() + normal(0.1)", (-1.2, 1.0)),
        ("quadratic(condition=10, components=3)", 1.0),
        ("quadratic()", 1.0),
        ("2*theta", 0.0),
        ("mlp_digits()", 0.0),
        ("rosenbrock(b=t)", 0.0),
    ],
)
def test_where_a_source_customarily_starts(source: str, start: object) -> None:
    assert start_of(Source.of(source, FILES)) == start


def test_the_component_that_is_shown() -> None:
    view = read({"source": [b"rosenbrock()"], "component": [b"1"]}, FILES)
    assert (view.place, arguments(view.query)["component"]) == (1, [b"1"])
    view = read({"source": [b'mlp_digits(shown="w1.28.0,b2.8")'], "component": [b"1208"]}, FILES)
    assert (view.place, view.experiment.shown) == (1, [448, 1208])
    assert read_one("component", "0").refused == {"component": ("0", "component is '0': the source has no components")}
    view = read({"source": [b"rosenbrock()"], "component": [b"2"]}, FILES)
    assert view.refused == {"component": ("2", "component is '2': the source shows 0, 1")}
    assert "component" not in arguments(read({}, FILES).query)


def test_presets() -> None:
    for name, preset in PRESETS.items():
        view = read_one("preset", name)
        assert view.preset == preset
        assert view.y_range == preset.y_range
        assert view.experiment.source.text == preset.source
        assert view.experiment.theta0 == preset.theta0
    changed = read({"preset": [b"bowl"], "source": [b"sine(25)"]}, FILES)
    assert changed.preset is None
    assert changed.y_range is None
    assert changed.experiment.theta0 == PRESETS["bowl"].theta0


def test_seven_lanes_are_too_many() -> None:
    assert len(read_one("strategy", *["adam"] * MOST_LANES).experiment.lanes) == MOST_LANES
    assert "strategy" in read_one("strategy", *["adam"] * (MOST_LANES + 1)).refused


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "..", ".", "", "a/b.npy", "..\\x", "\0", "x" * 5000]
)
def test_files_outside_the_folder_are_refused(path: str, tmp_path: Path) -> None:
    for files in (FILES, Files(tmp_path, anywhere=False)):
        view = read({"source": [f'recording(path="{path}")'.encode()]}, files)
        assert "source" in view.refused
        assert view.experiment.source.text == "swinging_soft() + normal(0.5)"


def test_a_file_in_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("g\n1\n2\n")
    (tmp_path / "away.csv").symlink_to("/etc/passwd")
    files = Files(tmp_path, anywhere=False)
    assert read({"source": [b'recording(path="mine.csv")']}, files).refused == {}
    assert "source" in read({"source": [b'recording(path="away.csv")']}, files).refused


def test_standard_input_is_not_a_page_s_source() -> None:
    assert "source" in read_one("source", "stdin()").refused


def test_a_schedule_that_begins_out_of_bounds_is_refused() -> None:
    view = read({"strategy": [b"adam(alpha=t-1)"]}, FILES)
    assert view.refused == {"strategy": ("adam(alpha=t-1)", "adam: alpha is -1 at tick 0: it must be at least 0")}
    assert view.experiment.lanes == read({}, FILES).experiment.lanes
