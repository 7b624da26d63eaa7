"""One tick over many components."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from stream_adam.compiled.keeping import code_of, jit, jit_and_keep, jit_apart, refusal, register_callees
from stream_adam.compiled.loop import weight_of
from stream_adam.compiled.singles import doubles, plain, singles
from stream_adam.compiled.tuples import at, cut, picker, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Rule

ONE_PART = 4_096  # components that one thread has done before the others have started
PARTS = 4  # a thread: one that is held up leaves some of its own to the others


def step_of(strategy: Strategy, slots: tuple[int, ...], shared: tuple[int, ...], dtype: Any) -> Callable[..., Any]:
    """One compiled tick of a strategy's rule over any number of components, in parallel.

    It takes ``(g, theta, rows, shared, setting)``: the gradient and the weights, shape (components,), of that dtype;
    the state's fields that stand at the places `slots`, an array for each, of the same; those at `shared`, one number
    each for all components; and the hyperparameters. It moves weights and rows on, and gives the new shared numbers.
    What the state has beside these is 0 before the tick, and is forgotten after it.

    What differs from component to component is computed in that dtype, what all share in float64: see `Single`. A rule
    for which that is not known is computed in float64 whatever is stored.

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    nothing = np.zeros(0, dtype)
    arguments = nothing, nothing, (nothing,) * len(slots), (0.0,) * len(shared), (0.0,) * len(strategy.hyper)
    last: Exception
    for single in (True, False) if dtype == np.float32 else (False,):
        step = _step_of(strategy.rule, strategy.State, strategy.Hyper, strategy.moves, slots, shared, single)
        try:
            step(*arguments)
        except Exception as error:  # numba raises more than its own errors
            last = error
        else:
            return step
    raise refusal(strategy, last) from last


@cache
def _step_of(
    rule: Rule, state_type: Any, hyper_type: Any, moves: bool, slots: tuple[int, ...], shared: tuple[int, ...],
    single: bool,
) -> Callable[..., Any]:  # fmt: skip
    register_callees(rule)
    tick, weight_after = jit(rule), weight_of(moves)
    code = code_of(rule, state_type, hyper_type) + repr((slots, shared, single))
    known: tuple[int | None, ...] = (None, None, *slots, *shared)  # the gradient and the weight come first; last a zero
    places = [known.index(k) if k in known else len(known) for k in range(len(state_type._fields))]
    if moves:
        places[-1] = 1
    ordered, kept, common = picker(tuple(places)), picker(slots), picker(shared)
    numbers_of, nothing = singles if single else doubles, (0.0,) * (2 + len(slots))

    @jit_apart
    def part(g: Any, theta: Any, rows: Any, numbers: Any, setting: Any) -> None:
        code  # noqa: B018  (enclosed)
        h = hyper_type(*setting)
        for c in range(g.shape[0]):
            own = numbers_of((g[c], theta[c]) + at(rows, c))  # noqa: RUF005
            state = tick(own[0], state_type(*ordered(own + numbers + (0.0,))), h)
            put(rows, c, kept(state))
            theta[c] = plain(weight_after(state, own[1], h))

    @jit_and_keep(rule, state_type, hyper_type, parallel=True)
    def step(g: Any, theta: Any, rows: Any, numbers: Any, setting: Any, parts: int) -> Any:
        code  # noqa: B018  (enclosed)
        n = g.shape[0]
        if n <= ONE_PART:
            part(g, theta, rows, numbers, setting)
        else:
            for p in numba.prange(parts):
                low, high = p * n // parts, (p + 1) * n // parts
                part(g[low:high], theta[low:high], cut(rows, low, high), numbers, setting)
        return common(tick(0.0, state_type(*ordered(nothing + numbers + (0.0,))), hyper_type(*setting)))

    def run(g: Any, theta: Any, rows: Any, numbers: Any, setting: Any) -> Any:
        return step(g, theta, rows, numbers, setting, PARTS * numba.get_num_threads())

    return run
