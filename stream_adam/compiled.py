"""The compiled loop: a strategy's own rule over a block of ticks, by numba.

Numba compiles the very function that the interpreter runs, inside one generic loop: nothing is written twice. Without
fast-math and with numpy's error model the bits are the same. Only the engine imports this module, on first need.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba.core.errors import NumbaError
from numba.extending import register_jitable
from numba.np.unsafe.ndarray import to_fixed_tuple as _to_fixed_tuple

from stream_adam.sources import program as walker

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy
    from stream_adam.strategies.strategy import Rule
    from stream_adam.typing import Floats

to_fixed_tuple: Any = _to_fixed_tuple  # an intrinsic: numba itself gives its first argument
_compile = numba.njit(nogil=True, error_model="numpy")
_NO_PROGRAM = (np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(1))


class CannotCompile(Exception):  # noqa: N818  (it says what is the case)
    """A rule uses what numba can't compile."""


def loop_of(strategy: Strategy, program: Program | None) -> Callable[..., Any]:
    """The compiled loop of a strategy's rule, with the signature of `engine.interpreted`.

    Raises:
        CannotCompile: the rule uses what numba can't compile.
    """
    run = _run_of(strategy.rule, strategy.Hyper)
    state = strategy.initial_state()
    settings, fields = len(strategy.hyper), len(state)
    try:  # no ticks: only the types count
        run(
            strategy, state, np.float64(0), np.zeros((settings, 1)), np.zeros((1, 0)), program, (-np.inf, np.inf),
            (np.zeros(0), np.zeros((fields, 0)), np.zeros(0)),
        )  # fmt: skip
    except (NumbaError, TypeError) as error:
        why = next((line for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
        raise CannotCompile(f"{strategy.name} can't be compiled and runs interpreted: {why.strip()}") from error
    return run


@cache
def _run_of(rule: Rule, hyper: Any) -> Callable[..., Any]:
    tick = _compile(rule)
    settings = len(hyper._fields)
    value_at = _walker()

    @_compile
    def loop(  # noqa: PLR0913, PLR0917
        state: Any, theta: float, table: Floats, parts: Floats, program: Any, clamp: Any,
        gradients: Floats, own: Floats, thetas: Floats,
    ) -> Any:  # fmt: skip
        codes, constants, stack = program
        low, high = clamp
        moving = table.shape[1] > 1
        for i in range(thetas.shape[0]):
            h = hyper(*to_fixed_tuple(table[:, i if moving else 0], settings))
            g = parts[0, i] if codes.shape[0] == 0 else value_at(codes, constants, stack, parts, i, theta)
            state = tick(g, state, h)
            theta = theta - h.alpha * state.direction
            if theta < low:
                theta = low
            elif theta > high:
                theta = high
            gradients[i] = g
            for k in range(len(state)):
                own[k, i] = state[k]
            thetas[i] = theta
        return state, theta

    def run(
        strategy: Strategy, state: Any, theta: Any, table: Floats, parts: Floats, program: Program | None, clamp: Any,
        out: tuple[Floats, Floats, Floats],
    ) -> tuple[Any, Any]:  # fmt: skip
        walked = _NO_PROGRAM if program is None else (program.codes, program.constants, program.stack)
        state, theta = loop(state, float(theta), table, parts, walked, clamp, *out)
        return strategy.state_of(state), np.float64(theta)

    return run


@cache
def _walker() -> Any:
    """`program.value_at` compiled, with the functions that it calls."""
    for function in (walker.unary, walker.binary, walker.modulo):
        register_jitable(error_model="numpy")(function)
    return _compile(walker.value_at)
