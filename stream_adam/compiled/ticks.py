"""A strategy's rule over ticks, for one component or several."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.compiled import templates
from stream_adam.compiled.aside import keep_aside
from stream_adam.compiled.keeping import is_kept
from stream_adam.compiled.loops import is_of_the_package, known_loop, loop_for
from stream_adam.compiled.making import Written, given_of, walker
from stream_adam.compiled.quiet import loading_quietly

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy
    from stream_adam.typing import Floats

_aside = Lock()
NO_CODES, NO_NUMBERS = np.zeros(0, dtype=np.int64), np.zeros(0)


def loop_of(strategy: Strategy, closed: bool, *, aside: bool = False) -> Callable[..., Any]:
    """The compiled loop of a strategy's rule, for closed loops or for open ones.

    It takes ``(states, weights, hyper, parts, program, clamp, out)``: the state and the weight of each component, shape
    (components, fields) and (components,), which it moves on; the hyperparameters, shape (hyperparameters, ticks or 1);
    the open-loop parts, shape (parts, ticks); and where g, the state's fields and theta go as rows, shape
    (fields + 2, ticks, components).

    With `aside`, a loop of the package's own that is not kept yet is compiled and kept by another process first.

    Raises:
        CannotCompile: the rule uses what numba can't compile, or too many have been compiled.
    """
    if (known := known_loop_of(strategy, closed)) is not None:
        return known
    quiet = aside and is_of_the_package(strategy) and _kept_by_now(strategy, closed)
    fields = len(strategy.initial_state())
    nothing = NO_NUMBERS, NO_NUMBERS, NO_NUMBERS, np.zeros((1, 0))
    with loading_quietly() if quiet else nullcontext():
        loop = loop_for(
            strategy,
            _written(strategy, closed),
            (*nothing, *walked(None), -np.inf, np.inf, np.zeros((fields + 2, 0, 1))),  # no ticks: only the types count
        )
    return _running(loop)


def _kept_by_now(strategy: Strategy, closed: bool) -> bool:
    """Have the loop compiled by another process if need be; whether it only has to be loaded now."""
    name = name_of(strategy, closed)
    with _aside:  # of many runs that ask at once, the first has it compiled for all of them
        if not is_kept(name):
            keep_aside(strategy.name, closed)
        return is_kept(name)


def known_loop_of(strategy: Strategy, closed: bool) -> Callable[..., Any] | None:
    """The same if this process has it already."""
    loop = known_loop(strategy, name_of(strategy, closed))
    return None if loop is None else _running(loop)


def _running(loop: Callable[..., Any]) -> Callable[..., Any]:
    def run(
        states: Floats, weights: Floats, table: Floats, parts: Floats, program: Program | None,
        clamp: tuple[float, float], out: Floats,
    ) -> None:  # fmt: skip
        loop(states.reshape(-1), weights, table.T.reshape(-1), parts, *walked(program), *clamp, out)

    return run


def name_of(strategy: Strategy, closed: bool) -> str:
    """The loop's name on disk."""
    return f"ticks_{strategy.name}_{'closed' if closed else 'open'}"


def walked(program: Program | None) -> tuple[Any, ...]:
    """What `value_at` walks, and room for its operands; empty for an open loop."""
    if program is None:
        return NO_CODES, NO_NUMBERS, NO_CODES, NO_NUMBERS
    return program.codes, program.constants, program.ends, program.stack


def _written(strategy: Strategy, closed: bool) -> Written:
    fields, settings = len(strategy.initial_state()), len(strategy.hyper)
    text = templates.ticks(fields, settings, closed=closed, moves=strategy.moves)
    return Written(name_of(strategy, closed), text, given_of(strategy) | {"value_at": walker()})
