"""Strategies: one function, three ways to run it, the same bits; the textbook's numbers; a user's own."""

from __future__ import annotations

import math
import sys
import warnings
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import advanced, assert_same_bits, assert_same_run, even, mixed, room_around, ticked

from stream_adam.engine import Run, Settings
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.extensions import load
from stream_adam.language.tree import Expression, Number, T
from stream_adam.sources import normal, quadratic, sin, step
from stream_adam.strategies import (
    BUILT_IN,
    STRATEGIES,
    Strategy,
    adam,
    as_strategy,
    names_by_family,
    register,
)
from stream_adam.strategies.strategy import Beta, Knob, Rate

NAMES = list(STRATEGIES)
TICKS = 1_500
OPEN = "student_t(2)*where(t % 300 < 30, 0, 1)*where(t == 700, 1000, 1) + 0.3"  # heavy tails, runs of zeros, an outlier
CLOSED = "quadratic(2 + sin(t/9)) + theta*abs(theta)/(1 + theta*theta) + normal(0.3)"
SOURCES = {"open": OPEN, "closed": CLOSED}


def moving(strategy: Strategy) -> Strategy:
    """The strategy with every hyperparameter changing with t, within its bounds."""
    return strategy(**{name: swing(knob, value) for (name, knob), value in zip(
        strategy.knobs.items(), strategy.hyper, strict=True)})  # fmt: skip


def swing(knob: Knob, default: Expression) -> Expression:
    centre, room = room_around(knob, default)
    return centre + 0.5 * room * sin(T / 50)


def fields(strategy: Strategy) -> tuple[str, ...]:
    """The names of its state."""
    return tuple(strategy.State._fields)  # type: ignore[attr-defined]


def run_of(strategy: Any, source: Any = OPEN, *, compiled: bool = False, bounds: Any = None) -> Run:
    run = Run(Experiment.of(source, strategy, seed=11, theta0=0.5, bounds=bounds))
    if compiled:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what can't be compiled would warn, and prove nothing
            run.compile()
    return run


def variants() -> list[Any]:
    return [
        pytest.param(name, moves, source, bounds, id=f"{name}-{'moving' if moves else 'fixed'}-{source}-{bounds}")
        for name in NAMES
        for moves, source, bounds in (
            (False, "open", None), (True, "open", None), (True, "open", (-0.1, 0.502)),
            (False, "closed", None), (True, "closed", None), (True, "closed", (0.45, 0.6)),
        )
    ]  # fmt: skip


def hyper_at(strategy: Strategy, ticks: int) -> list[Any]:
    """The hyperparameters tick by tick, by the engine of sources."""
    table = Settings(strategy).over(np.arange(ticks)).values
    return [strategy.Hyper(*table[:, i if table.shape[1] > 1 else 0]) for i in range(ticks)]


# One function, three ways


@pytest.mark.parametrize(("name", "moves", "source", "bounds"), variants())
def test_interpreted_equals_compiled_for_any_block_lengths(name: str, moves: bool, source: str, bounds: Any) -> None:
    strategy = moving(STRATEGIES[name]) if moves else STRATEGIES[name]
    whole = advanced(run_of(strategy, SOURCES[source], bounds=bounds), even(TICKS, TICKS))
    if bounds:
        assert whole[0]["theta"].min() >= bounds[0]
        assert whole[0]["theta"].max() <= bounds[1]
    assert_same_run(advanced(run_of(strategy, SOURCES[source], bounds=bounds), mixed(TICKS)), whole, "interpreted")
    for lengths in (even(TICKS, TICKS), even(300, 1), mixed(TICKS), *(even(TICKS, n) for n in (2, 7, 256, 1000))):
        run = run_of(strategy, SOURCES[source], bounds=bounds, compiled=True)
        here = advanced(run, lengths)
        there = [{column: values[: run.tick] for column, values in lane.items()} for lane in whole]
        assert_same_run(here, there, "compiled")


@pytest.mark.parametrize("moves", [False, True], ids=["fixed", "moving"])
@pytest.mark.parametrize("name", NAMES)
def test_components_are_scalar_runs_side_by_side(name: str, moves: bool) -> None:
    strategy = moving(STRATEGIES[name]) if moves else STRATEGIES[name]
    ticks, scales = 400, np.array([1.0, -3.0, 1e-8, 0.0, 1e6, 0.1, 7.0])
    noise = Run(Experiment.of(OPEN, "sgd", seed=2)).advance(ticks).lanes[0]["g"]
    gradients = noise[:, None] * scales + np.array([0, 0, 0, 0, 0, 5.0, 0])
    alone = [run_of(strategy, gradients[:, i]).advance(ticks).lanes[0] for i in range(len(scales))]
    theta = np.full(len(scales), 0.5)
    state = strategy.initial_state(theta)
    with np.errstate(all="ignore"):
        for i, h in enumerate(hyper_at(strategy, ticks)):
            state, theta = ticked(strategy, gradients[i], state, theta, h)
            assert type(state) is strategy.State
            for field, values in zip(fields(strategy), state, strict=True):
                row = np.array([columns[field][i] for columns in alone])
                assert_same_bits(np.broadcast_to(values, row.shape), row, f"{field} at {i}")
            assert_same_bits(theta, [columns["theta"][i] for columns in alone], f"theta at {i}")


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("name", NAMES)
def test_a_change_on_the_way_is_a_part_of_the_recipe(name: str, compiled: bool) -> None:
    for source in SOURCES.values():
        run = run_of(STRATEGIES[name], source, compiled=compiled)
        parts = [advanced(run, mixed(137))]
        for tick, share in ((137, 0.9), (400, 0.5), (401, 0.7)):
            for (knob_name, knob), value in zip(STRATEGIES[name].knobs.items(), STRATEGIES[name].hyper, strict=True):
                centre, room = room_around(knob, value)
                run.change(run.experiment.changed(tick, 0, knob_name, centre - (1 - share) * room))
            parts.append(advanced(run, mixed({137: 263, 400: 1, 401: 400}[tick])))
        pieces = [{c: np.concatenate([part[0][c] for part in parts]) for c in parts[0][0]}]
        for other in (run.experiment.lanes[0], str(run.experiment.lanes[0])):
            assert_same_run(advanced(run_of(other, source, compiled=compiled), even(801, 801)), pieces, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_enough_to_go_on_from(name: str) -> None:
    strategy = moving(STRATEGIES[name])
    rows = run_of(strategy).advance(300).lanes[0]
    hyper = hyper_at(strategy, 300)
    for k in (0, 1, 5, 150):
        state = strategy.state_of(rows[field][k] for field in strategy.State._fields)  # type: ignore[attr-defined]
        theta = rows["theta"][k]
        with np.errstate(all="ignore"):
            for i in range(k + 1, min(k + 60, 300)):
                state, theta = ticked(strategy, rows["g"][i], state, theta, hyper[i])
                assert_same_bits(list(state), [rows[f][i] for f in state._fields], f"tick {i} from {k}")
                assert_same_bits(theta, rows["theta"][i], f"theta at {i} from {k}")


# What every strategy keeps to

BEGIN_ELSEWHERE = {"yogi"}  # its first moment does not start at 0


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("name", [name for name, strategy in STRATEGIES.items() if strategy.fields_of("carried")])
def test_running_products_go_from_normal_numbers_to_zero(name: str, compiled: bool) -> None:
    strategy = STRATEGIES[name]
    quick = {knob: 0.5 for knob in strategy.knobs if knob.startswith("beta")} | {"momentum_decay": 20.0}
    hyper = {knob: value for knob, value in quick.items() if knob in strategy.knobs}
    columns = run_of(strategy(**hyper), "normal(1)", compiled=compiled).advance(1_200).lanes[0]
    for field in strategy.fields_of("carried"):
        sizes = np.abs(columns[field])
        assert not np.any((sizes > 0) & (sizes < sys.float_info.min)), field
        assert field not in {"beta1_t", "beta2_t", "mu_product", "missing_t"} or sizes[-1] == 0, field


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in BEGIN_ELSEWHERE])
def test_no_gradient_moves_nothing(name: str, compiled: bool) -> None:
    strategy = STRATEGIES[name]
    strategy = strategy(weight_decay=0) if "weight_decay" in strategy.knobs else strategy
    rows = run_of(strategy, "0", compiled=compiled).advance(200).lanes[0]
    assert set(rows["direction"]) == {0.0}
    assert set(rows["theta"]) == {0.5}


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", NAMES)
def test_nan_and_infinity_flow_through(name: str, bad: float, compiled: bool) -> None:
    gradient = [0.5] * 10 + [bad] + [0.5] * 50
    rows = run_of(name, gradient, compiled=compiled).advance(61).lanes[0]
    assert np.isfinite(rows["theta"][:10]).all()
    assert_same_bits(rows["g"], gradient)
    if math.isnan(bad):
        assert np.isnan(rows["direction"][10])
        assert np.isnan(rows["theta"][10:]).all()
    bounded = run_of(name, gradient, compiled=compiled, bounds=(-1, 1)).advance(61).lanes[0]["theta"]
    assert np.isnan(bounded[10:]).all() if math.isnan(bad) else not (np.abs(bounded) > 1).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_alpha_times_direction(name: str) -> None:
    strategy = STRATEGIES[name]
    strategy = strategy(weight_decay=0) if "weight_decay" in strategy.knobs else strategy
    rows = run_of(strategy(alpha=0.25)).advance(500).lanes[0]
    before = np.concatenate([[0.5], rows["theta"][:-1]])
    assert_same_bits(rows["theta"], before - 0.25 * rows["direction"])


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_can_be_read(name: str) -> None:
    strategy = STRATEGIES[name]
    assert (strategy.name, str(strategy), strategy.label) == (name, name, name)
    assert as_strategy(name) == strategy == as_strategy(strategy.rule) == as_strategy(strategy)
    assert len(strategy.help) > 10
    assert strategy.help.endswith(".")
    assert next(iter(strategy.knobs)) == "alpha"
    assert strategy.columns == ("t", "g", *strategy.own_columns, "direction", "theta")
    assert strategy.Row.__struct_fields__ == strategy.columns
    assert tuple(strategy.initial_state()) == tuple(strategy.State())
    assert strategy.fields_of("square") | strategy.fields_of("carried") <= set(strategy.State._fields)  # type: ignore[attr-defined]
    assert all(knob.help or knob.reach for knob in strategy.knobs.values())
    for text in (str(moving(strategy)), str(strategy(alpha=0.125)), f" {name}( alpha = 2 ) "):
        assert as_strategy(str(as_strategy(text))) == as_strategy(text)
    assert as_strategy(f" {name}( alpha = 2 ) ").label == f"{name}( alpha = 2 )"
    assert str(strategy(alpha=0.125)) == f"{name}(alpha=0.125)"
    for knob, value in zip(strategy.knobs.values(), strategy.hyper, strict=True):
        assert isinstance(value, Number)
        assert knob.fault(value.value) is None
        assert knob.reach is None or all(knob.fault(end) is None for end in knob.reach)


EDGES = [(name, knob) for name in NAMES for knob in STRATEGIES[name].knobs]


@pytest.mark.parametrize(("name", "knob_name"), EDGES)
def test_bounds_are_kept_and_named(name: str, knob_name: str) -> None:
    knob = STRATEGIES[name].knobs[knob_name]
    refused = []
    if math.isfinite(knob.low):
        word = "above" if knob.above_low else "at least"
        refused.append((knob.low - 1, f"must be {word} {knob.low:g}"))
        if knob.above_low:
            refused.append((knob.low, f"must be above {knob.low:g}"))
    if math.isfinite(knob.high):
        word = "below" if knob.below_high else "at most"
        refused.append((knob.high + 1, f"must be {word} {knob.high:g}"))
        if knob.below_high:
            refused.append((knob.high, f"must be below {knob.high:g}"))
    for value, said in refused:
        shown = f"{name}: {knob_name} is {value:g}: it {said}"
        written = f"{name}({knob_name}={value:g})"
        for attempt in (partial(as_strategy, written), partial(STRATEGIES[name], **{knob_name: value})):
            with pytest.raises(SpecError) as caught:
                attempt()
            assert str(caught.value) == shown
        experiment = Experiment.of(OPEN, name, seed=1)
        with pytest.raises(SpecError):
            experiment.changed(5, 0, knob_name, value)
        usual = dict(zip(STRATEGIES[name].knobs, STRATEGIES[name].hyper, strict=True))[knob_name]
        run = run_of(STRATEGIES[name](**{knob_name: step(23, usual, value)}))
        assert len(run.advance(23)) == 23
        with pytest.raises(SpecError) as caught:
            run.advance(40)
        assert str(caught.value) == f"{name}: {knob_name} is {value:g} at tick 23: it {said}"
    usual = dict(zip(STRATEGIES[name].knobs, STRATEGIES[name].hyper, strict=True))[knob_name]
    undefined = run_of(STRATEGIES[name](**{knob_name: usual + 0 * (T - 4) / (T - 4)}))
    assert len(undefined.advance(10)) == 4
    with pytest.raises(SpecError, match=f"{name}: {knob_name} is nan at tick 4: it must be finite"):
        undefined.advance(10)


def test_no_hyperparameter_of_ours_is_infinite() -> None:
    for name, strategy in STRATEGIES.items():
        for knob in strategy.knobs:
            for value in (math.inf, -math.inf):
                told = f"{name}: {knob} is {value:g}"
                with pytest.raises(SpecError, match=f"^{told}: it must be finite$"):
                    strategy(**{knob: value})
                with pytest.raises(SpecError, match=f"^{told} at tick 0: it must be finite$"):
                    run_of(strategy(**{knob: value / (T + 1)})).advance(1)


def test_what_a_hyperparameter_cannot_be() -> None:
    for value, said in (
        ("0.9", "beta1 takes a number or an expression of t, not text"), (math.nan, "beta1 is nan: it must be finite"),
        (quadratic(), r"beta1 may change with t alone: quadratic\(\) can't stand in it"),
        (normal() * 0.1, r"beta1 may change with t alone: normal\(\) can't stand in it"), (None, "None is not"),
    ):  # fmt: skip
        with pytest.raises(SpecError, match=said):
            as_strategy("adam")(beta1=value)  # type: ignore[arg-type]
    for text, said in (
        ("adam(beta1=theta)", "adam: beta1 may change with t, but not with theta"),
        ("adam(0.1)", "adam: hyperparameters are given by name, as in adam(alpha=…)"),
        ("adam(beta3=1)", "adam has no hyperparameter 'beta3': did you mean 'beta"),
        ("adma", "unknown strategy 'adma': did you mean 'adam'?"),
        ("lambda", "unknown strategy 'lambda'"),
    ):
        with pytest.raises(SpecError) as caught:
            as_strategy(text)
        assert said in str(caught.value)
    for thing in (5, None, ["adam"]):
        with pytest.raises(SpecError, match="a strategy is a spec or a function"):
            as_strategy(thing)


# The textbook's numbers


def original(gradients: list[float], beta_1: float, beta_2: float, epsilon: float, *, modified: bool) -> list[Any]:
    """`simulate_adam` and `simulate_modified_adam` of the original experiment, on plain floats."""

    def update_beta(value: float, beta: float, beta_running: float, t: int) -> tuple[float, float]:
        if t == 0:
            value_corr = value
            beta_running = beta
        else:
            value_corr = value / (1 - beta_running)
            beta_running *= beta
        return (value_corr, beta_running)

    def ema(cur_value: float, running_value: float, beta: float) -> float:
        return (1 - beta) * cur_value + beta * running_value

    v_dW = s_dW = beta_1_running = beta_2_running = 0.0  # noqa: N806
    collected = []
    for t, dW in enumerate(gradients):  # noqa: N806
        v_dW = ema(dW, v_dW, beta_1)  # noqa: N806
        spread = dW - v_dW if modified else dW
        s_dW = ema(spread * spread, s_dW, beta_2)  # noqa: N806
        v_corr, beta_1_running = update_beta(v_dW, beta_1, beta_1_running, t)
        s_corr, beta_2_running = update_beta(s_dW, beta_2, beta_2_running, t)
        reg = dW / (math.sqrt(s_corr) + epsilon) + v_corr if modified else v_corr / (math.sqrt(s_corr) + epsilon)
        collected.append((t, dW, v_dW, s_dW, v_corr, s_corr, reg))
    return collected


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize(
    "source", ["swinging_soft() + normal(0.5)", "swinging() + normal(1.0)", "line(5) + normal(0.5)", OPEN]
)
@pytest.mark.parametrize(("name", "modified"), [("adam_zero_based", False), ("adam_centered", True)])
def test_the_original_program_to_the_bit(name: str, modified: bool, source: str, compiled: bool) -> None:
    rows = run_of(name, source, compiled=compiled).advance(10_000).lanes[0]
    collected = np.array(original(rows["g"].tolist(), 0.9, 0.999, 0.0000001, modified=modified))
    for i, column in enumerate(("t", "g", "m", "v", "m_hat", "v_hat", "direction")):
        assert_same_bits(rows[column], collected[:, i], column)


def test_the_original_counts_one_tick_late() -> None:
    late, usual = (
        run_of(name, "3").advance(1).lanes[0]["direction"][0] for name in ("adam_zero_based(eps=0)", "adam(eps=0)")
    )
    assert late == pytest.approx(0.1 / math.sqrt(0.001), rel=1e-12)
    assert usual == pytest.approx(1.0, rel=1e-12)


@given(
    st.lists(st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, 1e-8, -1e-8])), min_size=1, max_size=60),
    st.floats(0, 0.999), st.floats(0, 0.9999), st.floats(1e-10, 1e-2),
)  # fmt: skip
def test_adam_is_algorithm_1(gradients: list[float], beta1: float, beta2: float, eps: float) -> None:
    rows = run_of(as_strategy("adam")(beta1=beta1, beta2=beta2, eps=eps, alpha=0.01), gradients).advance(60).lanes[0]
    m = v = 0.0
    theta = 0.5
    for i, g in enumerate(gradients):
        k = i + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**k), v / (1 - beta2**k)
        theta -= 0.01 * m_hat / (math.sqrt(v_hat) + eps)
        here = [float(rows[name][i]) for name in ("m", "v", "m_hat", "v_hat")]
        assert here == pytest.approx([m, v, m_hat, v_hat], rel=1e-12, abs=1e-300)
        assert rows["theta"][i] == pytest.approx(theta, rel=1e-12, abs=1e-12)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), st.floats(0, 1), st.floats(0, 1))
def test_sgd_and_momentum_are_the_textbooks(gradients: list[float], kept: float, dampening: float) -> None:
    plain = run_of("sgd(alpha=0.01)", gradients).advance(60).lanes[0]["theta"]
    strategy = as_strategy("momentum")(alpha=0.01, momentum=kept, dampening=dampening)
    heavy = run_of(strategy, gradients).advance(60).lanes[0]
    for i in range(len(gradients)):
        assert plain[i] == pytest.approx(0.5 - 0.01 * math.fsum(gradients[: i + 1]), rel=1e-12, abs=1e-10)
        terms = [kept**i * gradients[0], *(kept ** (i - j) * (1 - dampening) * gradients[j] for j in range(1, i + 1))]
        assert heavy["b"][i] == pytest.approx(math.fsum(terms), rel=1e-12, abs=1e-9)


@settings(max_examples=40)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80), st.integers(-20, 20))
def test_adam_does_not_see_the_gradients_scale(gradients: list[float], power: int) -> None:
    """A power of two scales every intermediate value exactly, so the directions are equal to the bit."""
    kept = [0.0 if abs(g) < 1e-100 else g for g in gradients]
    one, other = (run_of("adam(eps=0)", [scale * g for g in kept]).advance(80).lanes[0] for scale in (1.0, 2.0**power))
    assert_same_bits(one["direction"], other["direction"])
    assert_same_bits(one["theta"], other["theta"])
    assert_same_bits(one["m_hat"] * 2.0**power, other["m_hat"])


def test_adam_on_a_long_run_scaled_by_two_to_the_twenty() -> None:
    for name in ("adam", "adam_zero_based"):
        one, other = (run_of(f"{name}(eps=0)", s).advance(2_000).lanes[0] for s in (OPEN, f"({OPEN})*2**20"))
        assert_same_bits(one["direction"], other["direction"], name)


# A user's own


class OwnState(NamedTuple):
    mean: float = 0.0
    direction: float = 0.0


class OwnHyper(NamedTuple):
    alpha: Rate = 0.1
    keep: Beta = 0.5


def averaged(g: float, s: OwnState, h: OwnHyper) -> OwnState:
    """The running mean."""
    mean = h.keep * s.mean + (1 - h.keep) * g
    return OwnState(mean, mean)


UNITS = {"metre": 1.0}


def with_a_dict(g: float, s: OwnState, h: OwnHyper) -> OwnState:
    """Numba can't read a dict of the module's."""
    mean = h.keep * s.mean + (1 - h.keep) * g * UNITS["metre"]
    return OwnState(mean, mean)


def test_a_function_of_ones_own_is_a_strategy() -> None:
    rows = run_of(averaged).advance(300).lanes[0]
    assert list(rows) == ["t", "g", "mean", "direction", "theta"]
    assert_same_run(advanced(run_of(averaged, compiled=True), mixed(300)), [rows])
    assert str(Strategy.of(averaged)(keep=0.25)) == "averaged(keep=0.25)"
    with pytest.raises(SpecError, match="averaged: keep is 1: it must be below 1"):
        Strategy.of(averaged)(keep=1)


def test_local_classes_are_read_off_annotations_or_defaults() -> None:
    class State(NamedTuple):
        direction: float = 0.0

    class Hyper(NamedTuple):
        alpha: float = 0.5

    def local(g: float, s: State = State(), h: Hyper = Hyper()) -> State:  # noqa: B008
        return State(g * 2)

    assert run_of(local, [1.0, 2.0]).advance(2).lanes[0]["theta"].tolist() == [-0.5, -2.5]
    compiled = run_of(local, [1.0, 2.0], compiled=True).advance(2).lanes[0]["theta"]
    assert compiled.tolist() == [-0.5, -2.5]


def test_local_annotations_that_cannot_be_read_leave_the_bounds_open() -> None:
    from stream_adam.strategies.strategy import Rate as Local  # noqa: PLC0415  (a name that only this function knows)

    class State(NamedTuple):
        direction: float = 0.0

    class Hyper(NamedTuple):
        alpha: Local = 0.5

    def local(g: float, s: State = State(), h: Hyper = Hyper()) -> State:  # noqa: B008
        return State(g)

    strategy = as_strategy(local)
    assert list(strategy.knobs) == ["alpha"]
    assert strategy.fields_of("square") == frozenset()


def test_a_rule_may_be_tried_before_its_classes_are_there() -> None:
    known: dict[str, Any] = {}
    exec("from __future__ import annotations\ndef early(g: float, s: Later, h: Hyper) -> Later: return Later(g)", known)
    with pytest.raises(SpecError, match="annotate 's'"):
        as_strategy(known["early"])
    known.update(Later=OwnState, Hyper=OwnHyper)
    assert as_strategy(known["early"]).State is OwnState


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_what_numba_cannot_compile_runs_interpreted_and_says_so_once(source: str) -> None:
    expected = advanced(run_of(with_a_dict, source), even(200, 200))
    run = run_of(with_a_dict, source)
    run.compile()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        here = advanced(run, mixed(200))
    assert_same_run(here, expected)
    assert [w.category for w in caught] == [RuntimeWarning]
    assert "with_a_dict can't be compiled and runs interpreted: " in str(caught[0].message)
    assert len(str(caught[0].message).splitlines()) == 1


class NoDirection(NamedTuple):
    m: float = 0.0


class NoAlpha(NamedTuple):
    beta: float = 0.0


class Needing(NamedTuple):
    alpha: float


class Reserved(NamedTuple):
    t: float = 0.0
    direction: float = 0.0


class Misplaced(NamedTuple):
    theta: float = 0.0
    direction: float = 0.0


class Worded(NamedTuple):
    direction: float = "zero"  # type: ignore[assignment]


def two(g: float, s: OwnState) -> OwnState:
    return s


def bare(g, s, h):  # type: ignore[no-untyped-def]
    return s


def floats(g: float, s: float, h: float) -> float:
    return s


def undirected(g: float, s: NoDirection, h: OwnHyper) -> NoDirection:
    return s


def unrated(g: float, s: OwnState, h: NoAlpha) -> OwnState:
    return s


def needing(g: float, s: OwnState, h: Needing) -> OwnState:
    return s


def reserved(g: float, s: Reserved, h: OwnHyper) -> Reserved:
    return s


def misplaced(g: float, s: Misplaced, h: OwnHyper) -> Misplaced:
    return s


def worded(g: float, s: Worded, h: OwnHyper) -> Worded:
    return s


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (two, "two takes 2 parameters: a strategy takes (g, state, hyperparameters)"),
        (bare, "bare: annotate 's' with a NamedTuple of floats that have defaults"),
        (floats, "floats: annotate 's' with a NamedTuple of floats that have defaults"),
        (undirected, "undirected: NoDirection needs a field 'direction': the step is theta - alpha*direction"),
        (unrated, "unrated: NoAlpha needs a field 'alpha', the learning rate"),
        (needing, "needing: Needing.alpha needs a default"),
        (reserved, "reserved: Reserved can't have a field 't': every row has that already"),
        (misplaced, "misplaced: 'theta', the weight that the rule moves itself, stands last in Misplaced"),
        (worded, "worded: Worded.direction is 'zero': a default is a number"),
        (lambda g, s, h: s, "<lambda> is no plain function: a strategy is one, made with def"),
        (partial(averaged), "partial is no plain function"),
        (max, "max is no plain function"),
        (np.sin, "sin is no plain function"),
        (OwnState, "OwnState is no plain function"),
    ],
)
def test_a_function_of_another_shape_is_refused(rule: Any, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        Experiment.of("line()", rule, seed=1)
    assert said in str(caught.value)


@pytest.mark.parametrize("given_back", [(1.0, 2.0), None, 1.0, OwnHyper()], ids=repr)
def test_a_rule_must_return_its_state(given_back: Any) -> None:
    def wrong(g: float, s: OwnState, h: OwnHyper) -> OwnState:
        return given_back  # type: ignore[no-any-return]

    with pytest.raises(SpecError, match=r"wrong gave .*: it must return its OwnState"):
        run_of(wrong).advance(1)


# The table


@pytest.mark.usefixtures("own_strategies")
def test_a_registered_function_is_known_by_its_name() -> None:
    assert "Your own" not in names_by_family()
    assert register(averaged) is averaged
    assert names_by_family()["Your own"] == ["averaged"]
    assert [name for names in names_by_family().values() for name in names] == list(STRATEGIES)
    assert as_strategy("averaged(keep=0.9)").rule is averaged
    assert_same_run(advanced(run_of("averaged"), even(50, 50)), advanced(run_of(averaged), even(50, 50)))
    register(averaged)  # again, as a reloaded notebook cell does
    for wrong in (undirected, 5, "averaged_again"):
        with pytest.raises(SpecError):
            register(wrong)


@pytest.mark.usefixtures("own_strategies")
def test_a_built_in_name_is_not_given_away() -> None:
    def adam(g: float, s: OwnState, h: OwnHyper) -> OwnState:
        return s

    adam.__annotations__ = averaged.__annotations__
    with pytest.raises(SpecError, match="'adam' is a strategy of stream_adam already: give yours another name"):
        register(adam)
    assert STRATEGIES["adam"].rule is not adam
    assert set(STRATEGIES) == BUILT_IN


def test_the_fixture_puts_the_table_back() -> None:
    assert set(STRATEGIES) == BUILT_IN
    assert STRATEGIES["adam"].rule is adam


FILE = '''
from __future__ import annotations
from typing import NamedTuple
from stream_adam import register

class State(NamedTuple):
    direction: float = 0.0

class Hyper(NamedTuple):
    alpha: float = 0.5

@register
def loaded(g: float, s: State, h: Hyper) -> State:
    """Loaded."""
    return State(3 * g)
'''


@pytest.mark.usefixtures("own_strategies")
@pytest.mark.parametrize("name", ["mine.py", "my-own file.py", "json.py", "numpy.py"])
def test_a_file_of_strategies_is_loaded(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILE, encoding="utf-8")
    modules = {module: sys.modules.get(module) for module in ("json", "numpy")}
    for again in (path, str(path)):  # twice, as two options may name it
        load(again)
        assert run_of("loaded(alpha=1)", [1.0], compiled=True).advance(1).lanes[0]["theta"].tolist() == [-2.5]
    assert {module: sys.modules.get(module) for module in modules} == modules


@pytest.mark.usefixtures("own_strategies")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.py", None, "there is no such Python file"),
        ("folder", None, "there is no such Python file"),
        ("mine.txt", FILE, "there is no such Python file"),
        ("a.py", "def (", "SyntaxError"),
        ("a.py", "1/0", "ZeroDivisionError: division by zero"),
        ("a.py", "raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("a.py", "x = 5", "nothing was registered; put @register before the function"),
        ("a.py", FILE.replace("def loaded", "def adam"), "'adam' is a strategy of stream_adam already"),
        ("a.py", FILE.replace("direction", "way"), "needs a field 'direction'"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named(tmp_path: Path, name: str, content: str | None, said: str) -> None:
    path = tmp_path / name
    (tmp_path / "folder").mkdir()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(path)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert set(STRATEGIES) == BUILT_IN
