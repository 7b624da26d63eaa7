"""What leaves a run: arrays by column name for other libraries, and states that pickle and turn into plain data."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from laws import assert_same_bits, examples
from test_strategies import NAMES

from stream_adam import SpecError, simulate, stream
from stream_adam.runs import PART
from stream_adam.sources import DEFAULT_SOURCE, GROUPS
from stream_adam.strategies import as_strategy

VALLEY: dict[str, Any] = {"source": "rosenbrock()", "theta0": (-1.2, 1)}


async def states_of(*args: Any, **options: Any) -> list[Any]:
    return [state async for state in stream(*args, **options)]


# A run is a dict


def test_a_run_is_a_dict_of_columns() -> None:
    run = simulate(VALLEY["source"], "adam", ticks=3, theta0=(-1.2, 1))
    assert isinstance(run, dict)
    assert {len(column) for column in run.values()} == {3}
    assert {column.ndim for column in run.values()} == {1}
    assert run["theta"].shape == (3, 2)
    assert_same_bits(run["theta"][:, 1], run["theta.1"])
    assert dict(run) == run
    assert "theta" not in list(run)
    for wrong in ("thet", "theta.2", "t.0"):
        with pytest.raises(KeyError, match=f"no column '{wrong}'"):
            run[wrong]
    with pytest.raises(KeyError, match="did you mean 'm'"):
        simulate("line(1)", "adam", ticks=1)["exp_avg"]


def test_a_run_knows_its_seed_and_its_experiment() -> None:
    drawn = simulate(DEFAULT_SOURCE, "adam(eps=1e-7)", ticks=50)
    again = simulate(drawn.experiment.source, drawn.experiment.lanes[0], ticks=50, seed=drawn.seed)
    assert_same_bits(drawn["theta"], again["theta"])
    assert simulate(DEFAULT_SOURCE, "sgd", ticks=1).seed != drawn.seed
    copied = pickle.loads(pickle.dumps(drawn))
    assert copied.seed == drawn.seed
    assert_same_bits(copied["m"], drawn["m"])


@pytest.mark.parametrize("source", examples(*(GROUPS[kind] for kind in GROUPS if kind != "data")))
def test_a_run_of_any_source_pickles(source: str) -> None:
    run = simulate(source, "adam", ticks=5, seed=1)
    copied = pickle.loads(pickle.dumps(run))
    assert copied.experiment == run.experiment
    again = simulate(copied.experiment.source, "adam", ticks=5, seed=1)
    for name, column in run.items():
        assert_same_bits(copied[name], column, name)
        assert_same_bits(again[name], column, name)


def test_a_list_of_strategies_gives_a_list_of_runs() -> None:
    specs = ["adam", "sgd", "lion"]
    runs = simulate(DEFAULT_SOURCE, specs, ticks=200, seed=3)
    for spec, run in zip(specs, runs, strict=True):
        alone = simulate(DEFAULT_SOURCE, spec, ticks=200, seed=3)
        assert list(run) == list(alone)
        for name, column in alone.items():
            assert_same_bits(run[name], column, name)
        assert [lane.label for lane in run.experiment.lanes] == [spec]
    assert len(simulate("line(1)", ["sgd"], ticks=2)) == 1


# Ticks


def test_ticks_may_be_left_out_where_the_source_ends() -> None:
    def generated() -> Iterator[float]:
        yield from range(PART + 5)

    assert simulate([1.0, 2.0], "sgd")["g"].tolist() == [1.0, 2.0]
    assert simulate(np.arange(3.0), "adam")["t"].tolist() == [0, 1, 2]
    assert len(simulate("recording('digits.npy') + theta", "sgd")["t"]) == 10_000
    assert_same_bits(simulate(generated(), "sgd")["g"], np.arange(PART + 5.0))
    assert simulate([], "adam")["theta"].shape == (0,)


# A choice


@pytest.mark.parametrize("every", [1, 2, 7, 1_000, PART, PART + 1])
def test_a_choice_has_the_same_bits(every: int) -> None:
    ticks = 2 * PART + 3
    whole = simulate("sine(25)", "sgd", ticks=ticks)
    chosen = simulate("sine(25)", "sgd", ticks=ticks, columns=["theta", "t"], every=every)
    assert list(chosen) == ["theta", "t"]
    for name, column in chosen.items():
        assert_same_bits(column, whole[name][::every], name)


def test_a_choice_of_components() -> None:
    run = simulate("rosenbrock()", "sgd", ticks=4, theta0=(-1.2, 1), columns=["theta", "g.1"], every=2)
    assert list(run) == ["theta.0", "theta.1", "g.1"]
    assert run["theta"].shape == (2, 2)
    assert run["g"].shape == (2, 1)
    lanes = simulate("line(1)", ["adam", "sgd"], ticks=2, columns=["m", "t"])
    assert [list(lane) for lane in lanes] == [["m", "t"], ["t"]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"columns": ["q"]}, "no column 'q'; known are t, g, direction, theta"),
        ({"columns": ["W"]}, "no column 'W'; did you mean 'theta'?"),
        ({"columns": []}, "columns is empty: at least one column is needed"),
        ({"columns": "theta"}, "columns is 'theta': it is a list of names"),
        ({"every": 0}, "every is 0: it must be a whole number from 1 on"),
        ({"every": 1.5}, "every is 1.5: it must be a whole number from 1 on"),
    ],
)
def test_a_choice_that_cannot_be_made_is_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        simulate("line(1)", "sgd", ticks=1, **options)
    assert str(caught.value) == said


def test_memory_does_not_grow_with_what_is_left_out() -> None:
    code = """
import resource
from stream_adam import simulate
simulate("sine(25)", "sgd", ticks=200_000, columns=["theta"], every=1_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
run = simulate("sine(25)", "sgd", ticks=4_000_000, columns=["theta"], every=1_000)
print(len(run["theta"]), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    count, grown = map(int, done.stdout.split())
    assert count == 4_000
    assert grown < 40  # MB; all columns would take 128


# States


class OwnState(NamedTuple):
    asdict_: float = 0.0
    direction: float = 0.0


class TakenState(NamedTuple):
    asdict: float = 0.0
    direction: float = 0.0


class OwnHyper(NamedTuple):
    alpha: float = 0.1


@pytest.mark.parametrize("name", NAMES)
async def test_states_pickle_and_turn_into_plain_data(name: str) -> None:
    for options in ({"source": "1 + normal(1)"}, VALLEY):
        for state in await states_of(strategy=name, ticks=3, seed=1, **options):
            plain = json.loads(json.dumps(state.asdict(), allow_nan=False))
            assert list(plain) == list(as_strategy(name).columns)
            copied = pickle.loads(pickle.dumps(state))
            assert type(copied) is type(state)
            for column in plain:
                assert np.array_equal(getattr(copied, column), getattr(state, column))
                assert np.array_equal(plain[column], getattr(state, column))


async def test_states_of_ones_own_rule_pickle_without_the_rule() -> None:
    def inner(g: float, s: OwnState, h: OwnHyper) -> OwnState:
        return OwnState(g, 2 * g)

    (state,) = await states_of("3", inner, ticks=1)
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).asdict())"
    done = subprocess.run(  # noqa: ASYNC221  (nothing else runs here)
        [sys.executable, "-c", code], input=pickle.dumps(state), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == str(state.asdict())
    assert state.asdict() == {"t": 0, "g": 3.0, "asdict_": 3.0, "direction": 6.0, "theta": pytest.approx(-0.6)}


async def test_what_is_not_finite_is_spelled_as_in_json_lines() -> None:
    (state,) = await states_of("where(1, 1/0, 1)", "sgd", ticks=1)
    assert state.asdict() == {"t": 0, "g": "inf", "direction": "inf", "theta": "-inf"}
    (state,) = await states_of("rosenbrock()", "sgd", ticks=1, theta0=(1e308, 1))
    assert all(isinstance(value, list) for name, value in state.asdict().items() if name != "t")
    assert json.dumps(state.asdict(), allow_nan=False)
    assert not math.isfinite(state.g[0])


def test_asdict_is_no_field() -> None:
    def rule(g: float, s: TakenState, h: OwnHyper) -> TakenState:
        return TakenState(g, g)

    with pytest.raises(SpecError, match="TakenState can't have a field 'asdict'"):
        simulate("1", rule, ticks=1)
