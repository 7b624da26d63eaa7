"""Several components: theta, gradient and state as arrays, with the laws that hold for numbers."""

from __future__ import annotations

import asyncio
import csv
import json
import math
from contextlib import aclosing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import advanced, assert_same_bits, assert_same_run, even, mixed

from stream_adam import simulate, stream
from stream_adam.cli import main
from stream_adam.engine import Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.hub import Hub
from stream_adam.sources import Source
from stream_adam.strategies import STRATEGIES

NAMES = list(STRATEGIES)
NOISY = "rosenbrock() + quadratic(0.1) + 0.5*theta + normal(0.3)*where(t % 100 < 10, 0, 1) + 0.2*sin(t/9)"
START = (-1.2, 1.0)
NETWORK = "mlp_digits(batch=8, hidden=4)"


def run_of(source: Any = NOISY, *strategies: str, theta0: Any = START, bounds: Any = None) -> Run:
    return Run(Experiment.of(source, strategies or ("adam",), seed=5, theta0=theta0, bounds=bounds))


@pytest.mark.parametrize("bounds", [None, (-1.3, 1.1)], ids=["free", "bounded"])
@pytest.mark.parametrize("name", NAMES)
def test_interpreted_equals_compiled_for_any_block_lengths(name: str, bounds: Any) -> None:
    whole = advanced(run_of(NOISY, name, bounds=bounds), even(400, 400))
    assert whole[0]["theta"].shape == (400, 2)
    assert_same_run(advanced(run_of(NOISY, name, bounds=bounds), mixed(400)), whole, "interpreted")
    for lengths in (even(400, 400), mixed(400)):
        run = run_of(NOISY, name, bounds=bounds)
        run.compile()
        assert_same_run(advanced(run, lengths), whole, "compiled")
    if bounds:
        assert whole[0]["theta"].min() >= bounds[0]
        assert whole[0]["theta"].max() <= bounds[1]


class PlainState(NamedTuple):
    m: float = 0.0
    v: float = 0.0
    direction: float = 0.0


class PlainHyper(NamedTuple):
    alpha: float = 1e-3


def plain_rule(g: float, s: PlainState, h: PlainHyper) -> PlainState:
    """As one writes it who thinks of numbers."""
    m = 0.9 * s.m + 0.1 * g
    v = max(0.99 * s.v, 0.01 * g * g)
    return PlainState(m, v, m / (math.sqrt(v) + 1e-8) if g > 0 else m)


def odd_rule(g: float, s: PlainState, h: PlainHyper) -> PlainState:
    return s if g < -1e9 else (1.0, 2.0)  # type: ignore[return-value]


def test_a_rule_for_numbers_takes_components_one_by_one() -> None:
    whole = advanced(run_of(NOISY, plain_rule), even(400, 400))  # type: ignore[arg-type]
    run = run_of(NOISY, plain_rule)  # type: ignore[arg-type]
    run.compile()
    assert_same_run(advanced(run, mixed(400)), whole)
    alone = Run(Experiment.of("2*theta*abs(theta)", plain_rule, seed=1, theta0=0.5))
    together = Run(Experiment.of("2*theta*abs(theta)", plain_rule, seed=1, theta0=(-2.0, 0.5)))
    theta = together.advance(50).lanes[0]["theta"][:, 1]
    assert_same_bits(theta, alone.advance(50).lanes[0]["theta"])
    with pytest.raises(SpecError, match="must return its PlainState"):
        run_of(NOISY, odd_rule).advance(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("name", NAMES)
def test_a_component_is_a_run_of_its_own(name: str, compiled: bool) -> None:
    """Where no component looks at another: a closed loop and an open one, both without noise."""
    starts = (0.5, -2.0, 0.0, 1e-9)
    for source in ("2*theta*abs(theta) + sin(t/7)", "where(t % 90 < 30, 0, 5*sin(t))"):
        together = run_of(source, name, theta0=starts, bounds=(-1.5, 0.6))
        if compiled:
            together.compile()
        columns = advanced(together, mixed(300))[0]
        for component, start in enumerate(starts):
            alone = advanced(run_of(source, name, theta0=start, bounds=(-1.5, 0.6)), even(300, 300))[0]
            for column, values in alone.items():
                here = columns[column] if column == "t" else columns[column][:, component]
                assert_same_bits(here, values, f"{name} {column} from {start}")


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
def test_going_back_and_forward_is_the_same_run(compiled: bool) -> None:
    for source in (NOISY, NETWORK):
        run = run_of(source, *NAMES[:6], theta0=0.1)
        run.advance(40)
        saved = run.save()
        ahead = advanced(run, mixed(60))
        if compiled:
            run.compile()
        for lengths in (even(60, 60), even(60, 7)):
            run.restore(saved)
            assert_same_run(advanced(run, lengths), ahead)


@pytest.mark.parametrize("source", [NOISY, NETWORK])
def test_stream_and_simulate_give_the_same_bits(source: str) -> None:
    async def states() -> list[Any]:
        async with aclosing(stream(source, "adam(alpha=0.01)", seed=3, theta0=0.2, ticks=200)) as source_:
            return [state async for state in source_]

    streamed = asyncio.run(states())
    run = simulate(source, "adam(alpha=0.01)", seed=3, theta0=0.2, ticks=200)
    for name in ("g", "m", "v", "m_hat", "v_hat", "direction", "theta"):
        assert_same_bits([getattr(state, name) for state in streamed], run[name], name)
        for place, column in enumerate(c for c in run if c.startswith(f"{name}.")):
            assert_same_bits(run[column], run[name][:, place], column)
    assert [state.t for state in streamed] == run["t"].tolist()
    with pytest.raises(ValueError, match="read-only"):
        streamed[0].theta[0] = 1.0


def test_every_component_of_every_noise_draws_for_itself() -> None:
    g = run_of("normal(2) + uniform()", "sgd", theta0=(0, 0, 0)).advance(2_000).lanes[0]["g"]
    assert_same_bits(g[:, 0], run_of("normal(2) + uniform()", "sgd", theta0=0).advance(2_000).lanes[0]["g"])
    assert np.abs(np.corrcoef(g.T) - np.eye(3)).max() < 0.1
    closed = run_of("rosenbrock() + normal(2)", "sgd(alpha=0)").advance(2_000).lanes[0]["g"]
    assert abs(np.corrcoef(closed.T)[0, 1]) < 0.1
    first = np.random.default_rng(5).normal(scale=2, size=2_000)
    np.testing.assert_allclose(closed[:, 0] - closed[:, 0].mean(), first - first.mean(), atol=1e-9)


def test_a_noisy_setting_of_an_objective_is_one_draw_a_tick() -> None:
    """b's noise stands in both components of Rosenbrock's gradient: (…, 2b(y - x²)) and (-4bx(y - x²) - …)."""
    g = run_of("rosenbrock(a=0, b=normal(1))", "sgd(alpha=0)", theta0=(2.0, 1.0)).advance(100).lanes[0]["g"]
    np.testing.assert_allclose(g[:, 0] - 4.0, -4 * g[:, 1], rtol=1e-12)


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=5), st.sampled_from(["line(3)", "theta", "quadratic(2)"]))
def test_the_start_says_how_many_there_are(starts: list[float], source: str) -> None:
    run = run_of(source, "sgd(alpha=0.5)", theta0=starts)
    columns = run.advance(2).lanes[0]
    assert columns["theta"].shape == (2, len(starts))
    slope = {"line(3)": np.full(len(starts), 3.0), "theta": np.array(starts), "quadratic(2)": 2 * np.array(starts)}
    assert_same_bits(columns["theta"][0], np.array(starts) - 0.5 * slope[source])


def test_a_hub_keeps_components_together() -> None:
    run = run_of(NOISY, "adam", "sgd(alpha=0.001)")
    hub = Hub(run.experiment, capacity=64)
    reader = hub.reader()
    whole = advanced(run_of(NOISY, "adam", "sgd(alpha=0.001)"), even(100, 100))
    for length in (1, 30, 69):
        hub.write(run.advance(length))
    block, missed = reader.pull()
    assert (block.start, len(block), missed) == (36, 64, 36)
    assert_same_run(list(block.lanes), [{name: c[36:] for name, c in lane.items()} for lane in whole])


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_rows_have_a_column_a_component_and_its_bits(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"rows.{form}"
    words = ["--source", NOISY, "--theta0=-1.2,1", "--seed", "5", "--ticks", "300", "--strategy", "adam"]
    assert main(["run", *words, "--format", form, "--output", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines())) if form == "csv" else [json.loads(x) for x in text.splitlines()]
    run = simulate(NOISY, "adam", seed=5, theta0=START, ticks=300)
    assert list(rows[0]) == list(run)
    assert list(run)[:5] == ["t", "g.0", "g.1", "m.0", "m.1"]
    assert list(run)[-4:] == ["direction.0", "direction.1", "theta.0", "theta.1"]
    for name, column in run.items():
        assert_same_bits([float(row[name]) for row in rows], column, name)


def test_several_lanes_of_several_components_are_a_table(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--source", "rosenbrock()", "--ticks", "2", "--strategy", "adam", "--strategy", "sgd"]
    assert main(["run", *words, "--format", "csv"]) == 0
    header, *rows = capfd.readouterr().out.splitlines()
    assert header.startswith("lane,t,g.0,g.1,m.0,m.1")
    assert [row.split(",")[0] for row in rows] == ["adam", "sgd", "adam", "sgd"]
    assert {row.count(",") for row in rows} == {header.count(",")}


@pytest.mark.parametrize(
    ("source", "theta0", "said"),
    [
        ("rosenbrock()", (1, 2, 3), "theta0 has 3 components: the source has 2"),
        ("rosenbrock()", (), "theta0 has 0 components: the source has 2"),
        ("sine()", (), "theta0 has 0 components: the source has at least 1"),
        ("sine()", (1, float("nan")), "theta0 is nan: it must be a finite number"),
        ("sine()", "1,2", "theta0 is '1,2': it must be a finite number"),
        (
            "rosenbrock() + quadratic(1, 10, 3)",
            0,
            "rosenbrock() has 2 components and quadratic(1, 10, 3) has 3: the terms of a source must agree",
        ),
        ("rosenbrock() + stdin()", 0, "values from outside have one component, and rosenbrock() has several"),
        ("mlp_digits() + normal()", 0, "mlp_digits(…) is a whole source: it can't be a part of an expression"),
        ("2*mlp_digits()", 0, "mlp_digits(…) is a whole source: it can't be a part of an expression"),
        ("mlp_digits(batch=t)", 0, "mlp_digits(…) takes plain numbers: t is none"),
    ],
)
def test_what_does_not_fit_together_is_told(source: str, theta0: Any, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        Experiment.of(source, "adam", seed=1, theta0=theta0)
    assert str(caught.value) == said


def test_a_network_shows_a_few_of_its_weights() -> None:
    experiment = Experiment.of(NETWORK, "adam(alpha=0.01)", seed=1)
    network = Source.of(NETWORK).network_for(1)
    assert network is not None
    assert experiment.size == network.components == 64 * 4 + 4 + 4 * 10 + 10
    assert experiment.shown == list(network.shown)
    run = Run(experiment)
    columns = run.advance(30).lanes[0]
    assert columns["theta"].shape == (30, len(network.shown))
    assert_same_bits(columns["theta"][-1], run.lanes[0].theta[list(network.shown)])
    theta = np.zeros(network.components)
    assert_same_bits(columns["g"][0], network.gradient(0, theta)[list(network.shown)])
    assert network.loss(run.lanes[0].theta) < network.loss(theta)
