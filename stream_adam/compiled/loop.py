"""The loop over ticks, and what the other loops share with it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.compiled.keeping import (
    code_of,
    fingerprint,
    jit,
    jit_and_keep,
    refusal,
    register_callees,
)
from stream_adam.compiled.tuples import picked, placed, stored
from stream_adam.sources import program as walker

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Rule
    from stream_adam.typing import Floats

NO_CODES, NO_NUMBERS = np.zeros(0, dtype=np.int64), np.zeros(0)


def loop_of(strategy: Strategy, closed: bool) -> Callable[..., Any]:
    """The compiled loop of a strategy's rule, for closed loops or for open ones.

    It takes ``(state, theta, hyper, parts, program, clamp, out)``: the state and the weight of each component, shape
    (components, fields) and (components,), which it moves on; the hyperparameters, shape (hyperparameters, ticks or 1);
    the open-loop parts, shape (parts, ticks); and where g, the state's fields and theta go as rows, shape
    (fields + 2, ticks, components).

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    run = _run_of(strategy.rule, strategy.State, strategy.Hyper, strategy.moves, closed)
    settings, fields = len(strategy.hyper), len(strategy.initial_state())
    nothing = np.zeros((fields + 2, 0, 1))
    try:  # no ticks: only the types count
        run(
            np.zeros((1, fields)), np.zeros(1), np.zeros((settings, 1)), np.zeros((1, 0)), None, (-np.inf, np.inf),
            nothing,
        )  # fmt: skip
    except Exception as error:  # numba raises more than its own errors
        raise refusal(strategy, error) from error
    return run


@cache
def _run_of(rule: Rule, state_type: Any, hyper_type: Any, moves: bool, closed: bool) -> Callable[..., Any]:
    register_callees(rule)
    tick, value_at, weight_after, settled = jit(rule), walker_of(), weight_of(moves), settling(state_type, moves)
    settings, fields = len(hyper_type._fields), len(state_type._fields)
    setting_at, field_at = tuple(range(settings)), tuple(range(fields))
    code = code_of(rule, state_type, hyper_type) + fingerprint(walker.value_at)

    @jit_and_keep(rule, state_type, hyper_type)
    def loop(  # noqa: PLR0913, PLR0917
        states: Floats, weights: Floats, table: Floats, parts: Floats, codes: Any, constants: Floats, ends: Any,
        stack: Floats, low: float, high: float, out: Floats,
    ) -> None:  # fmt: skip
        code  # noqa: B018  (enclosed)
        _, ticks, components = out.shape
        together = closed and components > 1  # each gradient looks at all weights, so that no component goes ahead
        moving = table.shape[0] > settings
        span = 1 if together or moving else max(ticks, 1)
        for first in range(0, ticks, span):
            h = hyper_type(*picked(table, setting_at, first * settings if moving else 0))
            if together:
                for c in range(components):
                    start = ends[c - 1] if c > 0 else 0
                    out[0, first, c] = value_at(codes, constants, start, ends[c], stack, parts, first, weights)
            for c in range(components):
                state = state_type(*picked(states, field_at, c * fields))
                theta = weights[c]
                for i in range(first, first + span):
                    if not closed:
                        out[0, i, c] = parts[c if parts.shape[0] > 1 else 0, i]
                    elif not together:
                        out[0, i, c] = value_at(codes, constants, 0, ends[0], stack, parts, i, (theta,))
                    state = tick(out[0, i, c], state, h)
                    theta = weight_after(state, theta, h)
                    if theta < low:
                        theta = low
                    elif theta > high:
                        theta = high
                    state = settled(state, theta)
                    stored(out, 1, i, c, state)
                    out[fields + 1, i, c] = theta
                weights[c] = theta
                placed(states, field_at, c * fields, state)

    def run(
        states: Floats, weights: Floats, table: Floats, parts: Floats, program: Program | None,
        clamp: tuple[float, float], out: Floats,
    ) -> None:  # fmt: skip
        loop(states.reshape(-1), weights, table.T.reshape(-1), parts, *walked(program), *clamp, out)

    return run


def walked(program: Program | None) -> tuple[Any, ...]:
    """What `value_at` walks, and room for its operands; empty for an open loop."""
    if program is None:
        return NO_CODES, NO_NUMBERS, NO_CODES, NO_NUMBERS
    return program.codes, program.constants, program.ends, program.stack


@cache
def weight_of(moves: bool) -> Any:
    """The weight after a tick, as a function of the new state, the weight before, and the hyperparameters."""

    def stepped(state: Any, theta: float, h: Any) -> float:
        return theta - h.alpha * state.direction  # type: ignore[no-any-return]

    def moved(state: Any, theta: float, h: Any) -> float:  # noqa: ARG001  (in the place of `stepped`)
        return state.theta  # type: ignore[no-any-return]

    return jit(moved if moves else stepped)


@cache
def settling(state_type: Any, moves: bool) -> Any:
    """The state with the weight as it is after the projection, where the rule keeps the weight."""
    last = len(state_type._fields) - 1

    def unmoved(state: Any, theta: float) -> Any:  # noqa: ARG001  (in the place of `moved`)
        return state

    def moved(state: Any, theta: float) -> Any:
        return state_type(*state[:last], theta)

    return jit(moved if moves else unmoved)


@cache
def walker_of() -> Any:
    """`program.value_at` compiled, with the functions that it calls."""
    register_callees(walker.value_at)
    return jit(walker.value_at)
