"""The stream: engine × transport × clock, as an async generator.

The engine computes ahead in blocks, which time does not touch; the pacer says how many of the ticks that are there may
go out. So a pause, a step or a change of rate acts between any two ticks, and no value depends on it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import AsyncGenerator
from functools import partial
from typing import TYPE_CHECKING, Any

from stream_adam.arrivals import Arrivals
from stream_adam.clock import WallClock
from stream_adam.engine import COMPILE_AFTER, Block, Run
from stream_adam.errors import SpecError
from stream_adam.experiment import Experiment
from stream_adam.numeric import as_whole
from stream_adam.pacer import AsyncPacer, BlockingPacer
from stream_adam.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np

    from stream_adam.clock import Clock
    from stream_adam.sources import Source, SourceLike
    from stream_adam.strategies import StrategyLike

AHEAD = 8_192  # ticks computed at once at the most
ROWS_AHEAD = 2_048  # and made into rows, in a millisecond or two: they count into the event loop's turn, too
FIRST = 16  # ticks of the first block
BUSY = 0.4  # of the time: from this part on, computing is worth compiling
WORTH = 20_000  # ticks, after which that is known
LONGEST_BLOCK = 0.003  # seconds of computing, after which the next block is shorter


def stream(
    source: Source | SourceLike,
    strategy: StrategyLike | Sequence[StrategyLike],
    *,
    seed: int | None = None,
    theta0: float | Sequence[float] = 0.0,
    ticks: int | None = None,
    bounds: tuple[float, float] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
) -> AsyncGenerator[Any, None]:
    """One immutable state a tick; a tuple of them, all on the same gradient, for a list of strategies.

    It needs asyncio. Like any async generator it is over once a wait in it was cancelled: put a timeout around the
    whole loop, since ``asyncio.wait_for(anext(states), 1)`` that runs out ends the stream.

    Args:
        source: a spec, an expression, or any iterable or async iterable of floats.
        strategy: a spec, a function ``(g, state, hyperparameters) -> state``, or a list of these.
        seed: of the noise; None draws one.
        theta0: the weight before the first tick; of several components, one for all or one for each.
        ticks: how many; None goes on until the source ends, if it does.
        bounds: (low, high): the weight is projected on these after every tick.
        transport: play, pause, step, rate; without one, ticks come as fast as they are asked for.
        clock: what the rate is measured with; the machine's, unless another is given.

    Yields:
        A frozen object with the columns ``t, g, <the strategy's own>, direction, theta`` as attributes: numbers, or
        arrays of the shape (components,), but for t, where the source has several.

    Raises:
        SpecError: at the call, when source, strategy or any number can't be used; on the way, at the tick where a
            hyperparameter leaves its bounds.

    >>> import asyncio
    >>> async def main() -> None:
    ...     async for state in stream("line(1)", "adam(eps=0)", seed=1, ticks=2):
    ...         print(state.t, state.g, round(state.m_hat, 6), round(state.direction, 6))
    >>> asyncio.run(main())
    0 1.0 1.0 1.0
    1 1.0 1.0 1.0
    """
    rows = Rows(
        Experiment.of(source, strategy, seed=seed, theta0=theta0, bounds=bounds),
        math.inf if ticks is None else _whole(ticks),
        isinstance(strategy, list | tuple),
    )
    return Stream(_streamed(rows, transport or Transport(), clock or WallClock()))


def iterate(
    source: Source | SourceLike,
    strategy: StrategyLike | Sequence[StrategyLike],
    *,
    seed: int | None = None,
    theta0: float | Sequence[float] = 0.0,
    ticks: int | None = None,
    bounds: tuple[float, float] | None = None,
    transport: Transport | None = None,
) -> Generator[Any, None, None]:
    """The states of `stream`, for a program without asyncio: a generator that waits in its thread.

    The arguments are those of `stream`. Where the transport is paused, another thread must press its keys; in the
    thread of an event loop, use `stream`, since nothing else runs there while this waits.

    Raises:
        SpecError: as `stream`; an async iterable can't be awaited here.

    >>> for state in iterate("line(1)", "adam(eps=0)", seed=1, ticks=2):
    ...     print(state.t, state.g, round(state.direction, 6))
    0 1.0 1.0
    1 1.0 1.0
    """
    rows = Rows(
        Experiment.of(source, strategy, seed=seed, theta0=theta0, bounds=bounds),
        math.inf if ticks is None else _whole(ticks),
        isinstance(strategy, list | tuple),
    )
    return _iterated(rows, transport or Transport(), WallClock())


async def blocks(
    run: Run,
    *,
    transport: Transport,
    clock: Clock,
    ticks: int | None = None,
    most: int = AHEAD,
    grain: float = 0.0,
) -> AsyncGenerator[Block, None]:
    """Blocks of up to `most` ticks, computed when the transport permits them: for readers that want columns.

    Ticks closer together than `grain` seconds come in one block: a page painted 60 times a second needs no more.
    """
    with AsyncPacer(transport, clock, grain) as pacer:
        async with Arrivals(run.reading.feeds) as arrivals:
            stride = Stride(run, pacer.clock, most)
            left = math.inf if ticks is None else ticks
            while left > 0:
                await arrivals.next_tick()
                block = stride.advance(await pacer.permit(stride.length(left)))
                if not len(block):
                    return
                pacer.passed(len(block))
                left -= len(block)
                yield block


class Stream(AsyncGenerator[Any, None]):
    """The async generator that `stream` gives; it says what to do instead where it can't be read.

    ``async for`` reads the generator inside directly, so that a row costs no more.
    """

    def __init__(self, rows: AsyncGenerator[Any, None]) -> None:
        self._rows: Any = rows

    def __aiter__(self) -> AsyncGenerator[Any, None]:
        """What ``async for`` reads.

        Raises:
            SpecError: the stream has ended, or somebody is waiting for its next row.
        """
        self._check_reader()
        if self._rows.ag_frame is None:
            raise SpecError("this stream has ended: call stream(…) again, with the same seed for the same rows")
        rows: AsyncGenerator[Any, None] = self._rows
        return rows

    def _check_reader(self) -> None:
        if self._rows.ag_running:
            raise SpecError("somebody reads this stream already: 'async with broadcast(stream(…))' has many readers")

    def __anext__(self) -> Any:
        self._check_reader()
        return self._rows.__anext__()

    def asend(self, value: None) -> Any:
        """As an async generator does."""
        self._check_reader()
        return self._rows.asend(value)

    def athrow(self, *error: Any) -> Any:
        """As an async generator does."""
        return self._rows.athrow(*error)

    def aclose(self) -> Any:
        """As an async generator does."""
        return self._rows.aclose()


class Rows:
    """The rows of a run, computed ahead in blocks.

    Attributes:
        run: where they come from.
        start: the tick of the first row of the last block.
    """

    def __init__(self, experiment: Experiment, ticks: float, many: bool) -> None:
        self.run = Run(experiment)
        self.start = 0
        self._left = ticks
        self._many = many
        self._stride: Stride | None = None

    def due(self) -> bool:
        """Whether there are ticks left to ask for."""
        return self._left > 0

    def block(self, clock: Clock) -> list[Any]:
        """The next rows; none at the end of the source."""
        if self._stride is None:
            self._stride = Stride(self.run, clock, max(1, ROWS_AHEAD // len(self.run.lanes)))  # a row has every lane
        block = self._stride.advance(self._stride.length(self._left))
        self._left -= len(block)
        self.start = block.start
        return _states(block, self.run.experiment, self._many)

    def passed(self, row: Any) -> int:
        """How many of the block's rows have gone out when this was the last."""
        tick: int = (row[0] if self._many else row).t
        return tick + 1 - self.start


async def _streamed(rows: Rows, transport: Transport, clock: Clock) -> AsyncGenerator[Any, None]:
    """One block is computed ahead; its rows go out as the transport permits."""
    with AsyncPacer(transport, clock) as pacer:
        async with Arrivals(rows.run.reading.feeds) as arrivals:
            while rows.due():
                await arrivals.next_tick()
                ahead, start = rows.block(pacer.clock), 0
                if not ahead:
                    return
                while start < len(ahead):
                    stop = start + (pacer.more() or pacer.few(await pacer.permit(len(ahead) - start)))
                    revision = pacer.revision
                    for row in ahead[start:stop]:
                        yield row
                        if transport.revision != revision:
                            break  # a key acts before the next row
                    pacer.passed(rows.passed(row) - start)
                    start = rows.passed(row)


def _iterated(rows: Rows, transport: Transport, clock: Clock) -> Generator[Any, None, None]:
    """The same, waiting in this thread."""
    with BlockingPacer(transport, clock) as pacer:
        while rows.due() and (ahead := rows.block(pacer.clock)):
            start = 0
            while start < len(ahead):
                stop = start + (pacer.more() or pacer.few(pacer.permit(len(ahead) - start)))
                revision = pacer.revision
                for row in ahead[start:stop]:
                    yield row
                    if transport.revision != revision:
                        break
                pacer.passed(rows.passed(row) - start)
                start = rows.passed(row)


class Stride:
    """How many ticks of a run to compute at once.

    Few at first, so that the first ticks come soon; then more, as long as the event loop need not wait for them; single
    ticks where they arrive from outside.
    """

    def __init__(self, run: Run, clock: Clock, most: int) -> None:
        self._run = run
        self._clock = clock
        self._most = 1 if run.experiment.source.is_live else most
        self._length = FIRST
        self._began = clock.now()
        self._busy = 0.0  # seconds spent computing
        self._left = math.inf
        self._compiling = False
        run.use_compiled()

    def length(self, left: float) -> int:
        """How many to compute next, when that many are left."""
        self._left = left
        return int(min(self._length, self._most, left))

    def advance(self, n: int) -> Block:
        """Go on n ticks."""
        began = self._clock.now()
        block = self._run.advance(n)
        took = self._clock.now() - began
        self._busy += took
        if took > LONGEST_BLOCK:
            self._length = max(1, n // 2)
        elif took < LONGEST_BLOCK / 2:
            self._length = max(self._length, min(2 * n, self._most))  # fewer may have been due than could be done
        if not self._compiling and self._run.tick >= WORTH and self._left >= COMPILE_AFTER:
            self._compile_if_it_pays()
        return block

    def _compile_if_it_pays(self) -> None:
        """Have the lanes compiled meanwhile, unless computing is a small part of the time anyway.

        Compiling takes half a second to two from whatever else runs in this process: a page at 20,000 ticks a second
        is better off without.
        """
        if self._busy >= BUSY * (self._clock.now() - self._began):
            self._compiling = True
            # a daemon, unlike an executor's threads: nobody waits for it at the end of the program
            compiling = partial(self._run.compile, aside=True)
            threading.Thread(target=compiling, name="stream_adam compile", daemon=True).start()


def _states(block: Block, experiment: Experiment, many: bool) -> list[Any]:
    """The rows of a block: a state a tick, or a tuple of the lanes' states."""
    lanes = [
        [*map(strategy.Row, *map(_cells, columns.values()))]
        for strategy, columns in zip(experiment.lanes, block.lanes, strict=True)
    ]
    return list(zip(*lanes, strict=True)) if many else lanes[0]


def _cells(column: np.ndarray[Any, Any]) -> list[Any]:
    """A column tick by tick: numbers, or arrays of the components, which can't be written to."""
    column.setflags(write=False)
    cells: list[Any] = column.tolist() if column.ndim == 1 else list(column)
    return cells


def _whole(ticks: object) -> int:
    return as_whole(ticks, 0, "ticks is {}: it must be a whole number from 0 on")
