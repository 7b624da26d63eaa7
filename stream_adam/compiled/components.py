"""One tick of a strategy's rule over many components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from stream_adam.compiled import templates
from stream_adam.compiled.loops import loop_for
from stream_adam.compiled.making import CannotCompile, Written, given_of
from stream_adam.compiled.singles import double, plain, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.strategies import Strategy

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
        CannotCompile: the rule uses what numba can't compile, or too many have been compiled.
    """
    if dtype == np.float32:
        try:
            return _step_of(strategy, slots, shared, dtype, single)
        except CannotCompile:
            pass
    return _step_of(strategy, slots, shared, dtype, double)


def _step_of(
    strategy: Strategy, slots: tuple[int, ...], shared: tuple[int, ...], dtype: Any, number: Any
) -> Callable[..., Any]:
    nothing = np.zeros(0, dtype)
    rows, numbers, setting = (nothing,) * len(slots), (0.0,) * len(shared), (0.0,) * len(strategy.hyper)
    name = "_".join(["components", strategy.name, number.__name__, np.dtype(dtype).name, *_places(slots, shared)])
    fields = len(strategy.initial_state())
    text = templates.components(fields, len(setting), slots, shared, moves=strategy.moves, one_part=ONE_PART)
    written = Written(name, text, given_of(strategy) | {"number": number, "plain": plain}, apart="part")
    loop = loop_for(strategy, written, (nothing, nothing, rows, numbers, setting, 1))

    def run(g: Any, theta: Any, rows: Any, numbers: Any, setting: Any) -> Any:
        return loop(g, theta, rows, numbers, setting, PARTS * numba.get_num_threads())

    return run


def _places(slots: tuple[int, ...], shared: tuple[int, ...]) -> list[str]:
    return [*map(str, slots), "and", *map(str, shared)]
