"""The stream: engine × transport × clock, as an async generator.

The engine computes ahead in blocks, which time does not touch; the pacer says how many of the ticks that are there may
go out. So a pause, a step or a change of rate acts between any two ticks, and no value depends on it.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from stream_adam.arrivals import Arrivals
from stream_adam.clock import WallClock
from stream_adam.engine import COMPILE_AFTER, Block, Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.pacer import Pacer
from stream_adam.transport import Transport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    import numpy as np

    from stream_adam.clock import Clock
    from stream_adam.sources import Source, SourceLike
    from stream_adam.strategies import StrategyLike

AHEAD = 1_000  # ticks computed at once: some milliseconds interpreted
FIRST = 16  # ticks of the first block


def stream(
    source: Source | SourceLike,
    strategy: StrategyLike | Sequence[StrategyLike],
    *,
    seed: int | None = None,
    theta0: float = 0.0,
    ticks: int | None = None,
    bounds: tuple[float, float] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> AsyncGenerator[Any, None]:
    """One immutable state a tick; a tuple of them, all on the same gradient, for a list of strategies.

    Args:
        source: a spec, an expression, or any iterable or async iterable of floats.
        strategy: a spec, a function ``(g, state, hyperparameters) -> state``, or a list of these.
        seed: of the noise; None draws one.
        theta0: the weight before the first tick.
        ticks: how many; None goes on until the source ends, if it does.
        bounds: (low, high): the weight is projected on these after every tick.
        transport: play, pause, step, rate; without one, ticks come as fast as they are asked for.
        clock: what the rate is measured with; the machine's, unless another is given.

    Yields:
        A named tuple with the columns ``t, g, <the strategy's own>, direction, theta``.

    Raises:
        SpecError: at the call, when source, strategy or any number can't be used.

    >>> import asyncio
    >>> async def main() -> None:
    ...     async for state in stream("line(1)", "adam(eps=0)", seed=1, ticks=2):
    ...         print(state.t, state.g, round(state.m_hat, 6), round(state.direction, 6))
    >>> asyncio.run(main())
    0 1.0 1.0 1.0
    1 1.0 1.0 1.0
    """
    experiment = Experiment.of(source, strategy, seed=seed, theta0=theta0, bounds=bounds)
    many = isinstance(strategy, list | tuple)
    return _rows(experiment, _checked(ticks), transport or Transport(), clock or WallClock(), many)


def simulate(
    source: Source | SourceLike,
    strategy: StrategyLike,
    *,
    ticks: int,
    seed: int | None = None,
    theta0: float = 0.0,
    bounds: tuple[float, float] | None = None,
) -> Mapping[str, np.ndarray[Any, Any]]:
    """The same run at once, as arrays by column name, each of shape (ticks,), or shorter where the source ends.

    Same source, strategy and seed: the same bits as `stream`.

    Raises:
        SpecError: source, strategy or any number can't be used.

    >>> run = simulate("line(1)", "adam(eps=0)", ticks=3, seed=1)
    >>> list(run)
    ['t', 'g', 'm', 'v', 'm_hat', 'v_hat', 'beta1_t', 'beta2_t', 'direction', 'theta']
    >>> [round(float(d), 6) for d in run["direction"]]
    [1.0, 1.0, 1.0]
    """
    if isinstance(strategy, list | tuple):
        raise SpecError("simulate() takes one strategy: call it for each, with the same seed")
    _checked(ticks)
    run = Run(Experiment.of(source, strategy, seed=seed, theta0=theta0, bounds=bounds))
    if ticks >= COMPILE_AFTER:
        run.compile()
    return run.advance(ticks).lanes[0]


async def blocks(
    run: Run, *, transport: Transport, clock: Clock, ticks: int | None = None, most: int = AHEAD
) -> AsyncGenerator[Block, None]:
    """Blocks of up to `most` ticks, computed when the transport permits them: for readers that want columns."""
    async with Arrivals(run.reading.feeds) as arrivals:
        with Pacer(transport, clock) as pacer:
            left = math.inf if ticks is None else ticks
            while left > 0:
                await arrivals.next_tick()
                n = await pacer.permit(_block_length(run, min(most, left)))
                block = _advance(run, n)
                if not len(block):
                    return
                pacer.passed(len(block))
                left -= len(block)
                yield block


async def _rows(  # one block is computed ahead; its rows go out as the transport permits
    experiment: Experiment, ticks: int | None, transport: Transport, clock: Clock, many: bool
) -> AsyncGenerator[Any, None]:
    run = Run(experiment)
    async with Arrivals(run.reading.feeds) as arrivals:
        with Pacer(transport, clock) as pacer:
            left = math.inf if ticks is None else ticks
            while left > 0:
                await arrivals.next_tick()
                rows = _states(_advance(run, _block_length(run, min(AHEAD, left))), experiment, many)
                if not rows:
                    return
                left -= len(rows)
                at = 0
                while at < len(rows):
                    start = at
                    end = at + await pacer.permit(len(rows) - at)
                    while at < end:
                        at += 1
                        yield rows[at - 1]
                        if pacer.interrupted():
                            break
                    pacer.passed(at - start)


def _block_length(run: Run, most: float) -> int:
    """Short blocks at first, so that the first ticks come soon; single ticks where they arrive from outside."""
    return 1 if run.experiment.source.is_live else int(min(most, max(FIRST, run.tick)))


def _advance(run: Run, n: int) -> Block:
    """Go on; once it pays, have the lanes compiled meanwhile in another thread."""
    before = run.tick
    block = run.advance(n)
    if before < COMPILE_AFTER <= run.tick:
        asyncio.get_running_loop().run_in_executor(None, run.compile)
    return block


def _states(block: Block, experiment: Experiment, many: bool) -> list[Any]:
    """The rows of a block: a state a tick, or a tuple of the lanes' states."""
    lanes = [
        [*map(strategy.Row._make, zip(*[column.tolist() for column in columns.values()], strict=True))]  # type: ignore[attr-defined]
        for strategy, columns in zip(experiment.lanes, block.lanes, strict=True)
    ]
    return list(zip(*lanes, strict=True)) if many else lanes[0]


def _checked(ticks: int | None) -> int | None:
    if ticks is not None and (isinstance(ticks, bool) or not isinstance(ticks, int) or ticks < 0):
        raise SpecError(f"ticks is {ticks!r}: it must be a whole number from 0 on")
    return ticks
