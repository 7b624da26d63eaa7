"""Sweeps: each of many settings is its own simulation, to the last tick and bit."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest
from laws import assert_same_bits, room_around

from stream_adam import SpecError, simulate, sweep
from stream_adam.compiled.work import WIDTH
from stream_adam.language.tree import T
from stream_adam.sources import sin
from stream_adam.strategies import STRATEGIES, Strategy

TICKS = 300
OPEN = "student_t(2)*where(t % 100 < 10, 0, 1)*where(t == 200, 1000, 1) + 0.3"
CLOSED = "quadratic(2 + sin(t/9)) + theta*abs(theta)/(1 + theta*theta) + normal(0.3)"
KINDS = [
    ("open", OPEN, None),
    ("closed", CLOSED, None),
    ("bounded", CLOSED, (0.45, 0.6)),
    ("open-bounded", OPEN, (-0.1, 0.502)),
]
STATISTICS = ["direction_mean", "direction_rms", "theta_min", "theta_max"]


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["stream_adam.sweeping"], "BLOCK", 128)


def around(strategy: Strategy) -> tuple[Strategy, dict[str, Any]]:
    """Three values of every other hyperparameter; the others change with t."""
    swept, moving = {}, {}
    for i, ((name, knob), value) in enumerate(zip(strategy.knobs.items(), strategy.hyper, strict=True)):
        centre, room = room_around(knob, value)
        if i % 2:
            moving[name] = centre + 0.5 * room * sin(T / 50)
        else:
            swept[name] = np.array([centre, centre + 0.6 * room, centre - 0.6 * room])
    return strategy(**moving), swept


def assert_is_each(end: Any, source: Any, strategy: Strategy, settings: dict[str, Any], **how: Any) -> None:
    """Each setting's place holds the last row and the statistics of its own simulation."""
    shape = np.broadcast_shapes(*(np.shape(values) for values in settings.values()))
    assert all(values.shape == shape for values in end.values())
    for place in np.ndindex(shape):
        lane = strategy(**{name: float(np.broadcast_to(values, shape)[place]) for name, values in settings.items()})
        run = simulate(source, lane, **how)
        assert list(end) == [*run, *STATISTICS]
        for name, column in run.items():
            assert_same_bits(end[name][place], column[-1], f"{name} of {lane}")
        count, direction, theta = len(run["t"]), run["direction"], run["theta"]
        with np.errstate(all="ignore"):  # sums as a loop has them, one after the other
            expected = (
                np.cumsum(direction)[-1] / count, np.sqrt(np.cumsum(direction * direction)[-1] / count), theta.min(),
                theta.max(),
            )  # fmt: skip
        for name, value in zip(STATISTICS, expected, strict=True):
            assert_same_bits(end[name][place] + 0.0, value + 0.0, f"{name} of {lane}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
@pytest.mark.parametrize("name", list(STRATEGIES))
def test_each_setting_is_a_simulation(name: str, kind: Any) -> None:
    _, source, bounds = kind
    strategy, settings = around(STRATEGIES[name])
    how: Any = {"ticks": TICKS, "seed": 11, "theta0": 0.5, "bounds": bounds}
    assert_is_each(sweep(source, strategy, **how, **settings), source, strategy, settings, **how)


@pytest.mark.parametrize("count", [1, WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH + 5])
def test_any_number_of_settings(count: int) -> None:
    settings: Any = {"alpha": np.geomspace(1e-4, 1e-1, count), "beta2": 1 - np.geomspace(1e-3, 1e-1, count)}
    how: Any = {"ticks": 20, "seed": 3}
    assert_is_each(sweep(OPEN, "adam", **how, **settings), OPEN, STRATEGIES["adam"], settings, **how)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alpha": 0.5},
        {"alpha": [0.1, 0.2]},
        {"alpha": np.array([[0.1], [0.2], [0.3]]), "beta1": [0.5, 0.9]},
        {"alpha": np.full((2, 2, 2), 0.1), "eps": 0},
    ],
    ids=["none", "one", "list", "grid", "3-d"],
)
def test_settings_of_any_shape(settings: dict[str, Any]) -> None:
    how: Any = {"ticks": 20, "seed": 3}
    assert_is_each(sweep(CLOSED, "adam", **how, **settings), CLOSED, STRATEGIES["adam"], settings, **how)


@pytest.mark.parametrize("source", [np.sin(np.arange(150.0)), "5"], ids=["array", "constant"])
def test_a_source_may_end_before(source: Any) -> None:
    how: Any = {"ticks": 200, "seed": 1}
    settings: Any = {"beta2": np.array([0.5, 0.9])}
    end = sweep(source, "adam", **how, **settings)
    assert_is_each(end, source, STRATEGIES["adam"], settings, **how)
    assert set(end["t"]) == {149 if isinstance(source, np.ndarray) else 199}


def test_an_iterable_is_read_once() -> None:
    values = [1.0, -2.0, 3.0, 0.5]
    settings: Any = {"beta2": np.array([0.5, 0.9])}
    end = sweep(iter(values), "adam", ticks=10, **settings)
    assert_is_each(end, np.array(values), STRATEGIES["adam"], settings, ticks=10)


def test_what_leaves_the_numbers_says_so() -> None:
    end = sweep("quadratic(1)", "sgd", ticks=20_000, seed=1, theta0=1.0, alpha=np.array([1.5, 3.0]))
    assert np.isfinite([end[name][0] for name in end]).all()
    assert all(math.isnan(end[name][1]) for name in ("theta", *STATISTICS))


# A rule of a user's own


class Hyper(NamedTuple):
    alpha: float = 0.1
    beta: float = 0.5


class State(NamedTuple):
    direction: float = 0.0
    m: float = 1.0
    ticks: float = 0


def own(g: float, s: State, h: Hyper) -> State:
    m = h.beta * s.m + (1 - h.beta) * g if s.ticks > 3 else g
    return State(m + 0.1 * s.direction, m, s.ticks + 1.0)


def uncompilable(g: float, s: State, h: Hyper) -> State:
    fields = vars(State)["_fields"]  # nothing that numba knows
    return State(**dict(zip(fields, own(g, s, h), strict=True)))


@pytest.mark.parametrize(("source", "bounds"), [(OPEN, None), (CLOSED, (0.45, 0.6))], ids=["open", "closed"])
def test_a_rule_of_ones_own(source: str, bounds: Any) -> None:
    settings: Any = {"beta": np.array([[0.0, 0.1], [0.5, 0.9]]), "alpha": 0.01}
    how: Any = {"ticks": TICKS, "seed": 4, "theta0": 0.5, "bounds": bounds}
    end = sweep(source, own, **how, **settings)
    assert_is_each(end, source, Strategy.of(own), settings, **how)
    with pytest.warns(RuntimeWarning, match=r"^uncompilable can't be compiled and runs interpreted: .") as seen:
        slow = sweep(source, uncompilable, **how, **settings)
    assert len(seen) == 1
    assert list(slow) == list(end)
    for name, values in end.items():
        assert_same_bits(slow[name], values, name)


# What can't be done


@pytest.mark.parametrize(
    ("source", "how", "message"),
    [
        ("normal(1)", {"beta2": [0.9, 1.0]}, "adam: beta2 is 1: it must be below 1"),
        ("normal(1)", {"alpha": [0.1, math.nan]}, "adam: alpha is nan: it must be finite"),
        ("normal(1)", {"alpha": [0.1, -math.inf]}, "adam: alpha is -inf: it must be finite"),
        ("normal(1)", {"alpha": ["0.1"]}, "alpha is '0.1': a sweep takes numbers or arrays of them"),
        ("normal(1)", {"alpha": [0.1, 1j]}, "alpha is 1j: a sweep takes numbers or arrays of them"),
        ("normal(1)", {"beta4": 0.5}, "adam has no hyperparameter 'beta4': did you mean 'beta2'?"),
        ("normal(1)", {"alpha": "fast"}, "alpha is 'fast': a sweep takes numbers or arrays of them"),
        ("normal(1)", {"alpha": []}, "alpha has no values"),
        (
            "normal(1)", {"alpha": [0.1, 0.2], "beta1": [0.1, 0.2, 0.3]},
            "the settings' shapes don't go together: alpha (2,), beta1 (3,); alpha[:, None] makes a grid",
        ),
        ("normal(1)", {"ticks": 0}, "ticks is 0: it must be a whole number from 1 on"),
        ("normal(1)", {"strategy": ["adam"]}, "sweep() takes one strategy: call it for each, with the same seed"),
        ("normal(1)", {"strategy": "adam(beta1=0.5 + t/400)"}, "adam: beta1 is 1 at tick 200: it must be below 1"),
        ("rosenbrock()", {}, "sweep() takes a source of one component: this one has several"),
        ("normal(1)", {"theta0": (1, 2)}, "theta0 has 2 values: sweep() takes one for all settings"),
        (np.zeros(0), {}, "the source has no ticks"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_one_line(source: Any, how: dict[str, Any], message: str) -> None:
    given: Any = {"strategy": "adam", "ticks": 500, "seed": 1} | how
    with pytest.raises(SpecError) as refused:
        sweep(source, **given)
    assert str(refused.value) == message


def test_an_iterable_can_not_be_read_for_each_setting_anew() -> None:
    with pytest.warns(RuntimeWarning, match="interpreted"), pytest.raises(SpecError, match="make an array of them"):
        sweep(iter([1.0, 2.0]), uncompilable, ticks=2, beta=np.array([0.1, 0.2]))
