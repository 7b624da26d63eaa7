"""Many settings of a strategy over the same ticks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from stream_adam.compiled.keeping import (
    code_of,
    fingerprint,
    jit,
    jit_and_keep,
    jit_apart,
    refusal,
    register_callees,
)
from stream_adam.compiled.loop import NO_CODES, walked, walker_of, weight_of
from stream_adam.compiled.tuples import picked, placed
from stream_adam.sources import program as walker

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Rule
    from stream_adam.typing import Floats


def sweep_of(strategy: Strategy) -> Callable[..., Any]:
    """The compiled loop of a strategy's rule over ticks, for many settings at once, in parallel.

    It takes ``(work, table, scheduled, parts, program, clamp)``: what `Work` describes, which it moves on; the
    hyperparameters, shape (hyperparameters, ticks or 1), of which those at the places `scheduled` are taken from there;
    and the open-loop parts, shape (parts, ticks).

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    run = _sweep_of(strategy.rule, strategy.State, strategy.Hyper, strategy.moves)
    work = np.zeros((0, WIDTH * Work.of(strategy).rows))
    try:
        run(work, np.zeros((len(strategy.hyper), 1)), NO_CODES, np.zeros((1, 0)), None, (-np.inf, np.inf))
    except Exception as error:  # numba raises more than its own errors
        raise refusal(strategy, error) from error
    return run


WIDTH = 32  # settings side by side: four of the widest registers, so that one division needn't wait for another


class Work(NamedTuple):
    """Where things stand in a group of `WIDTH` settings: g, the state, theta, the hyperparameters, four statistics.

    The groups have the shape (groups, rows·WIDTH): in each, the values of row k, one a setting, begin at k·WIDTH. All
    of a group lies at fixed distances, which tells the compiler that no row overlaps another.
    """

    state: int
    theta: int
    hyper: int
    statistics: int
    rows: int

    @classmethod
    def of(cls, strategy: Strategy) -> Work:
        """For this strategy's number of fields and of hyperparameters."""
        return cls.sized(len(strategy.initial_state()), len(strategy.hyper))

    @classmethod
    def sized(cls, fields: int, settings: int) -> Work:
        """For these numbers of fields and of hyperparameters."""
        theta = 1 + fields
        return cls(1, theta, theta + 1, theta + 1 + settings, theta + 5 + settings)


@cache
def _sweep_of(rule: Rule, state_type: Any, hyper_type: Any, moves: bool) -> Callable[..., Any]:
    register_callees(rule)
    tick, weight_after, value_at = jit(rule), weight_of(moves), walker_of()
    code = code_of(rule, state_type, hyper_type) + fingerprint(walker.value_at)
    settings, fields = len(hyper_type._fields), len(state_type._fields)
    rows = Work.sized(fields, settings)
    starts = tuple(WIDTH * k for k in range(rows.rows))
    state_at, hyper_at = starts[rows.state : rows.theta], starts[rows.hyper : rows.statistics]
    theta_at, hyper_first = starts[rows.theta], starts[rows.hyper]
    sum_at, squares_at, least_at, most_at = starts[rows.statistics :]

    @jit_apart
    def group(  # noqa: PLR0913, PLR0917
        work: Floats, table: Floats, scheduled: Any, parts: Floats, codes: Any, constants: Floats, ends: Any,
        stack: Floats, low: float, high: float,
    ) -> None:  # fmt: skip
        code  # noqa: B018  (enclosed)
        for i in range(parts.shape[1]):
            for k in scheduled:
                for c in range(WIDTH):
                    work[hyper_first + WIDTH * k + c] = table[k, i if table.shape[1] > 1 else 0]
            for c in range(WIDTH):
                if codes.shape[0] > 0:
                    work[c] = value_at(codes, constants, 0, ends[0], stack, parts, i, (work[theta_at + c],))
                else:
                    work[c] = parts[0, i]
            for c in range(WIDTH):
                h = hyper_type(*picked(work, hyper_at, c))
                state = tick(work[c], state_type(*picked(work, state_at, c)), h)
                theta = weight_after(state, work[theta_at + c], h)
                if theta < low:
                    theta = low
                elif theta > high:
                    theta = high
                placed(work, state_at, c, state)
                if moves:
                    work[theta_at - WIDTH + c] = theta
                work[theta_at + c] = theta
                work[sum_at + c] += state.direction
                work[squares_at + c] += state.direction * state.direction
                work[least_at + c] = np.minimum(work[least_at + c], theta)
                work[most_at + c] = np.maximum(work[most_at + c], theta)

    @jit_and_keep(rule, state_type, hyper_type, parallel=True)
    def loop(  # noqa: PLR0913, PLR0917
        work: Floats, table: Floats, scheduled: Any, parts: Floats, codes: Any, constants: Floats, ends: Any,
        stack: Floats, low: float, high: float,
    ) -> None:  # fmt: skip
        code  # noqa: B018  (enclosed)
        for p in numba.prange(work.shape[0]):
            group(work[p], table, scheduled, parts, codes, constants, ends, np.empty_like(stack), low, high)

    def run(
        work: Floats, table: Floats, scheduled: Any, parts: Floats, program: Program | None,
        clamp: tuple[float, float],
    ) -> None:  # fmt: skip
        loop(work, table, scheduled, parts, *walked(program), *clamp)

    return run
