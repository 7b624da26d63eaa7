"""Descent: many components at once, each the very rule to the bit, of which only what is needed is kept."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
from laws import assert_same_bits, room_around, ticked

from stream_adam import Descent, SpecError, simulate
from stream_adam.compiled.components import ONE_PART
from stream_adam.descent import AHEAD, Singles, kept_of
from stream_adam.engine import Settings, settings_at
from stream_adam.language.tree import T
from stream_adam.sources import sin
from stream_adam.strategies import STRATEGIES, Strategy, as_strategy
from stream_adam.strategies.arithmetic import moments
from stream_adam.strategies.strategy import Carried

TICKS = 40
MANY = ONE_PART + 37  # so that several threads have a part
IN_DOUBLE = {"diffgrad"}  # its exponential is more than arithmetic
WIDTHS = {"float64": np.float64, "float32": np.float32}


def moving(strategy: Strategy) -> Strategy:
    """The strategy with every hyperparameter changing with t, within its bounds."""
    swings = {}
    for (name, knob), value in zip(strategy.knobs.items(), strategy.hyper, strict=True):
        centre, room = room_around(knob, value)
        swings[name] = centre + 0.5 * room * sin(T / 5)
    return strategy(**swings)


def gradients(ticks: int, n: int, dtype: Any) -> Any:
    """Of very different sizes, with zeros among them."""
    rng = np.random.default_rng(3)
    scales = 10.0 ** rng.integers(-6, 6, n) * (rng.random(n) < 0.9)
    return (rng.standard_t(2, (ticks, n)) * scales).astype(dtype)


def kept_names(strategy: Strategy) -> tuple[set[str], set[str]]:
    fields: Any = strategy.State._fields  # type: ignore[attr-defined]
    kept = kept_of(strategy, tuple(settings_at(strategy, 0).values()))
    return {fields[k] for k in kept.slots}, {fields[k] for k in kept.shared}


def as_singles(values: Any) -> Any:
    """Float32 components, which stay that beside anything."""
    return values.view(Singles)


def as_rounded(values: Any) -> Any:
    """Components in float64 that hold float32 values."""
    return values.astype(np.float64)


def assert_is_the_rule(strategy: Strategy, descent: Descent, slopes: Any, like: Any) -> None:
    """Each tick is the rule by numpy on what is stored, taken as `like` takes it."""
    fields, _ = kept_names(strategy)
    theta = like(descent.theta.copy())
    start = {name: like(values.copy()) for name, values in descent.state.items() if name in fields}
    state = strategy.initial_state(0.0)._replace(**start, **({"theta": theta} if strategy.moves else {}))
    table = Settings(strategy).over(np.arange(len(slopes))).values
    for i, g in enumerate(slopes):
        descent.step(g)
        h: Any = strategy.Hyper(*table[:, i if table.shape[1] > 1 else 0])
        with np.errstate(all="ignore"):
            state, theta = ticked(strategy, like(g), state, theta, h)
            theta = like(np.asarray(theta, g.dtype))
            stored = {
                name: like(np.broadcast_to(np.asarray(getattr(state, name), g.dtype), g.shape)) for name in fields
            }
        state = state._replace(**stored, **({"theta": theta} if strategy.moves else {}))
        assert_same_bits(descent.theta, theta, f"theta at {i}")
        for name, values in descent.state.items():
            assert_same_bits(values, np.broadcast_to(getattr(state, name), np.shape(values)), f"{name} at {i}")
    assert descent.tick == len(slopes)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", list(STRATEGIES))
def test_each_component_is_the_rule_to_the_bit(name: str, width: str) -> None:
    strategy = moving(STRATEGIES[name])
    theta = np.linspace(-1, 1, MANY).astype(width)
    like = as_rounded if width == "float64" or name in IN_DOUBLE else as_singles
    assert_is_the_rule(strategy, Descent(strategy, theta), gradients(TICKS, MANY, width), like)


@pytest.mark.parametrize("name", ["adam", "adamw", "rprop", "schedule_free_adamw"])
def test_each_component_is_a_simulation(name: str) -> None:
    slopes = gradients(2 * AHEAD, 5, np.float64)
    spec = f"{name}(alpha=0.001*minimum(1, (t + 1)/300))"
    theta = np.full(5, 0.5)
    descent = Descent(spec, theta)
    with np.errstate(all="ignore"):
        runs = [simulate(slopes[:, c], spec, ticks=2 * AHEAD, theta0=0.5) for c in range(5)]
    for i, g in enumerate(slopes):
        descent.step(g)
        assert_same_bits(theta, [run["theta"][i] for run in runs], f"theta at {i}")
    for field, values in descent.state.items():
        assert_same_bits(np.broadcast_to(values, 5), [run[field][-1] for run in runs], field)


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_what_is_kept_is_what_the_rule_says(name: str) -> None:
    strategy = STRATEGIES[name]
    slots, shared = kept_names(strategy)
    assert shared == strategy.fields_of("carried")
    assert slots == set(strategy.own_columns) - strategy.fields_of("derived") - shared


# Rules of a user's own


class Hyper(NamedTuple):
    alpha: float = 0.1
    beta: float = 0.5


class Jumbled(NamedTuple):
    beta_t: float = 1.0
    direction: float = 0.25  # read by the rule
    seen: float = 0.0  # not read
    ticks: float = 0
    m: float = 0.5


def jumbled(g: float, s: Jumbled, h: Hyper) -> Jumbled:
    m = h.beta * s.m + (1 - h.beta) * g
    beta_t = s.beta_t * h.beta
    return Jumbled(beta_t, 0.5 * s.direction + m / (1 - beta_t), m * m, s.ticks + 1, m)


class NotUniform(NamedTuple):
    total: Carried = 0.0  # said to be the same in all components, and isn't
    shown: float = 0.0
    direction: float = 0.0


def not_uniform(g: float, s: NotUniform, h: Hyper) -> NotUniform:
    total = s.total + np.minimum(np.abs(g), 1.0)
    return NotUniform(total, total, g / (1 + total))


class Tick(NamedTuple):
    ticks: float = 0.0
    old: float = 0.0
    direction: float = 0.0


def branching(g: float, s: Tick, h: Hyper) -> Tick:
    difference = g - s.old if s.ticks > 0 else 0.0
    return Tick(s.ticks + 1.0, g, difference)


def choosing(g: float, s: Tick, h: Hyper) -> Tick:
    return Tick(s.ticks + 1, g, g + s.old if h.beta > 0.5 else g)


def chain(g: float, s: Jumbled, h: Hyper) -> Jumbled:
    return Jumbled(g, s.seen, s.beta_t, s.m, s.ticks)  # each field a tick later than another


@pytest.mark.parametrize(
    ("rule", "slots", "shared"),
    [
        (jumbled, {"direction", "m"}, {"beta_t", "ticks"}),
        (not_uniform, {"total"}, set()),
        (branching, {"ticks", "old", "direction"}, set()),
        (choosing, {"ticks", "old", "direction"}, set()),
        (chain, {"beta_t", "seen"}, {"ticks", "m"}),
    ],
)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_rule_of_ones_own_in_any_order(rule: Any, slots: set[str], shared: set[str], width: str) -> None:
    strategy = as_strategy(rule)
    assert kept_names(strategy) == (slots, shared)
    slopes = gradients(12, 7, width)
    theta = np.full(7, 0.5, width)
    descent = Descent(rule, theta)
    for i, g in enumerate(slopes):
        descent.step(g)
        assert descent.state.keys() == slots | shared, i
    if width == "float64":
        for c in range(7):
            with np.errstate(all="ignore"):
                run = simulate(slopes[:, c], rule, ticks=12, theta0=0.5)
            assert_same_bits(theta[c], run["theta"][-1], f"theta of {c}")
            for name, values in descent.state.items():
                assert_same_bits(np.broadcast_to(values, 7)[c], run[name][-1], f"{name} of {c}")


def uncompilable(g: float, s: Jumbled, h: Hyper) -> Jumbled:
    fields = vars(Jumbled)["_fields"]  # nothing that numba knows
    return Jumbled(**dict(zip(fields, jumbled(g, s, h), strict=True)))


@pytest.mark.parametrize("width", WIDTHS)
def test_what_cannot_be_compiled_goes_on_by_numpy_and_says_so_once(width: str) -> None:
    slopes = gradients(12, 7, width)
    theta, expected = np.full(7, 0.5, width), np.full(7, 0.5, width)
    with pytest.warns(RuntimeWarning, match=r"^uncompilable can't be compiled and runs interpreted: .") as seen:
        descent = Descent(uncompilable, theta)
    by_compiler = Descent(jumbled, expected)
    for g in slopes:
        descent.step(g)
        by_compiler.step(g)
    assert len(seen) == 1
    assert_same_bits(theta, expected)
    for name, values in by_compiler.state.items():
        assert_same_bits(descent.state[name], values, name)


# The array


@pytest.mark.parametrize(
    "theta",
    [np.zeros((3, 4, 5)), np.zeros(()), np.zeros((0, 3)), np.zeros((4, 5)).T],
    ids=["3-d", "0-d", "empty", "transposed"],
)
@pytest.mark.parametrize("width", WIDTHS)
def test_an_array_of_any_shape_is_moved_in_place(theta: Any, width: str) -> None:
    theta = theta.astype(width)
    flat = np.zeros(theta.size, width)
    descent, plain = Descent("adamw", theta), Descent("adamw", flat)
    for g in gradients(5, theta.size, width):
        descent.step(g.reshape(theta.shape))
        plain.step(g)
    assert descent.theta is theta
    assert_same_bits(theta.reshape(-1), flat)
    assert descent.state["m"].shape == theta.shape
    assert_same_bits(descent.state["m"].reshape(-1), plain.state["m"])


def test_an_array_that_lies_in_pieces_is_moved_in_place() -> None:
    whole = np.zeros((6, 9))
    theta = whole[::2, 1::3]
    descent = Descent("sgd(alpha=1)", theta)
    descent.step(np.ones((3, 3)))
    theta[0, 0] = 5.0  # what a user does between two steps counts
    descent.step(np.ones((3, 3)))
    assert theta.tolist() == [[4, -2, -2], [-2, -2, -2], [-2, -2, -2]]
    assert whole.sum() == theta.sum()


def test_the_state_can_be_put_back() -> None:
    theta = np.full(4, 2.0)
    descent = Descent("adamw(alpha=0.1)", theta)
    descent.step(np.ones(4))
    descent.state["m"][:] = 0.0
    descent.state["v"][:] = 1e30
    before = theta.copy()
    descent.step(np.zeros(4))
    assert_same_bits(theta, before * (1 - 0.1 * 0.01))


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        ([1.0, 2.0], "theta is list: a float64 or float32 array is needed, which is moved in place"),
        (np.arange(3), "theta is int64: a float64 or float32 array is needed, which is moved in place"),
        (np.broadcast_to(np.zeros(1), 3), "theta is read-only: it is moved in place"),
    ],
)
def test_an_array_that_cannot_be_moved_is_refused(theta: Any, message: str) -> None:
    with pytest.raises(SpecError) as refused:
        Descent("adam", theta)
    assert str(refused.value) == message


def test_what_cannot_be_done_moves_nothing() -> None:
    theta = np.ones(3)
    descent = Descent("adam(beta1=0.5 + t/4)", theta)
    with pytest.raises(SpecError, match=r"^g has the shape \(2,\): the weights have \(3,\)$"):
        descent.step(np.ones(2))
    with pytest.raises(SpecError, match=r"^g has the shape \(0,\): the weights have \(3,\)$"):
        descent.step([])
    descent.step(np.ones(3))
    descent.step(np.ones(3))
    before = theta.copy(), {name: np.copy(values) for name, values in descent.state.items()}
    for _ in range(2):
        with pytest.raises(SpecError, match=r"^adam: beta1 is 1 at tick 2: it must be below 1$"):
            descent.step(np.ones(3))
    assert descent.tick == 2
    assert_same_bits(theta, before[0])
    for name, values in before[1].items():
        assert_same_bits(descent.state[name], values, name)


def test_nan_and_infinity_stay_where_they_are() -> None:
    theta = np.zeros(6)
    descent = Descent("adam", theta)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        descent.step(np.array([1.0, math.nan, math.inf, -math.inf, 0.0, 1e300]))
    assert np.isnan(theta).tolist() == [False, True, True, True, False, False]


class HalvingState(NamedTuple):
    m: float = 0.0
    v: float = 0.0
    beta1_t: float = 1.0
    beta2_t: float = 1.0
    direction: float = 0.0


class HalvingHyper(NamedTuple):
    alpha: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999


def halving(g: float, s: HalvingState, h: HalvingHyper) -> HalvingState:
    if g > 1.0:
        g = 0.5 * g
    m, v, m_hat, v_hat, beta1_t, beta2_t = moments(g, s, h)
    return HalvingState(m, v, beta1_t, beta2_t, m_hat / (np.sqrt(v_hat) + 1e-8))


def test_running_products_that_are_components_stay_in_float32() -> None:
    """Of a rule with an `if` all is kept a component: the same bits as the rule by numpy, one component at a time."""
    slopes, theta = gradients(50, 5, np.float32), np.ones(5, np.float32)
    descent = Descent(halving, theta)
    weights: list[Any] = [np.ones(1, np.float32).view(Singles) for _ in range(5)]
    start: Any = [np.full(1, x, np.float32).view(Singles) for x in HalvingState()]
    states: list[Any] = [HalvingState(*start) for _ in range(5)]
    hyper: Any = HalvingHyper(*map(np.float64, HalvingHyper()))
    for g in slopes:
        descent.step(g)
        for c in range(5):
            states[c] = halving(g[c : c + 1].view(Singles), states[c], hyper)
            weights[c] = weights[c] - hyper.alpha * states[c].direction
    assert_same_bits(theta, np.concatenate(weights))
    assert_same_bits(descent.state["beta2_t"], np.concatenate([state.beta2_t for state in states]))


IN_THREADS = """
from threading import Thread
import numpy as np
from stream_adam import Descent, sweep

def descended():
    descent = Descent("adam", np.ones(20_000))
    for _ in range(200):
        descent.step(descent.theta)
    return descent.theta[0]

def swept():
    return [sweep("square(8)", "adam", ticks=500, seed=1, alpha=[0.1, 0.2] * 32)["theta"][0] for _ in range(20)]

for work in (descended, swept):
    alone, found = work(), []
    threads = [Thread(target=lambda: found.append(work())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 4
"""


@pytest.mark.parametrize("layer", ["default", "workqueue"])
def test_threads_may_step_at_once(layer: str) -> None:
    """numba's own queue, which a machine without OpenMP has, ends the process where two threads use it at once."""
    environment = os.environ | {"NUMBA_THREADING_LAYER": layer}
    words = [sys.executable, "-c", IN_THREADS]
    done = subprocess.run(words, check=False, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
