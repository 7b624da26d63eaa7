"""Many settings of a strategy over the same ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.compiled import templates
from stream_adam.compiled.loops import loop_for
from stream_adam.compiled.making import Written, given_of, walker
from stream_adam.compiled.ticks import NO_CODES, walked
from stream_adam.compiled.work import WIDTH, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.sources.program import Program
    from stream_adam.strategies import Strategy
    from stream_adam.typing import Floats


def sweep_of(strategy: Strategy) -> Callable[..., Any]:
    """The compiled loop of a strategy's rule over ticks, for many settings at once, in parallel.

    It takes ``(work, table, scheduled, parts, program, clamp)``: what `Work` describes, which it moves on; the
    hyperparameters, shape (hyperparameters, ticks or 1), of which those at the places `scheduled` are taken from there;
    and the open-loop parts, shape (parts, ticks).

    Raises:
        CannotCompile: the rule uses what numba can't compile, or too many have been compiled.
    """
    settings = len(strategy.hyper)
    text = templates.settings(len(strategy.initial_state()), settings, moves=strategy.moves)
    written = Written(f"settings_{strategy.name}", text, given_of(strategy) | {"value_at": walker()}, apart="group")
    work, table = np.zeros((0, WIDTH * Work.of(strategy).rows)), np.zeros((settings, 1))
    loop = loop_for(strategy, written, (work, table, NO_CODES, np.zeros((1, 0)), *walked(None), -np.inf, np.inf))

    def run(
        work: Floats, table: Floats, scheduled: Any, parts: Floats, program: Program | None,
        clamp: tuple[float, float],
    ) -> None:  # fmt: skip
        loop(work, table, scheduled, parts, *walked(program), *clamp)

    return run
