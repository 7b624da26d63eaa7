"""Cancellation at every await, and an error or a close at every yield: nothing is lost, left or warned of.

A task is cancelled after k turns of the event loop, for every k until it ends by itself.
"""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Any

import pytest

from faults import Tally, wide
from stream_adam import Transport, broadcast, stream
from stream_adam.clock import ManualClock
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.hub import Hub
from stream_adam.streaming import blocks

TICKS = 40
POINTS = wide(short=(0, 1, 2, 3, 5, 8, 13, 34, 89), all=tuple(range(400)))


@pytest.fixture(scope="module", autouse=True)
def quick_collector() -> Iterator[None]:
    """What is there already need not be looked through again at each point."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


Body = Callable[[Transport, list[int]], Awaitable[None]]


class Arriving:
    """A source that awaits each value, and notes whether it was closed."""

    def __init__(self) -> None:
        self.open = 0

    async def values(self) -> AsyncGenerator[float, None]:
        self.open += 1
        try:
            for k in range(TICKS):
                await asyncio.sleep(0)
                yield float(k)
        finally:
            try:
                await asyncio.sleep(0)  # where it may be cancelled as well
            finally:
                self.open -= 1


async def consumed(states: AsyncGenerator[Any, None], seen: list[int]) -> None:
    async with aclosing(states):
        async for state in states:
            seen.append((state[0] if isinstance(state, tuple) else state).t)
            await asyncio.sleep(0)


def streamed(source: Any = "normal(1)", strategy: Any = "adam") -> Body:
    async def body(transport: Transport, seen: list[int]) -> None:
        values = source() if callable(source) else source
        await consumed(stream(values, strategy, ticks=TICKS, transport=transport), seen)

    return body


async def in_time(transport: Transport, seen: list[int]) -> None:
    """A consumer that gives up by itself."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.002):
            await consumed(stream("normal(1)", "adam", ticks=TICKS, transport=transport), seen)


async def in_blocks(transport: Transport, seen: list[int]) -> None:
    run = Run(Experiment.of("normal(1)", ["adam", "sgd"], seed=1))
    async with aclosing(blocks(run, transport=transport, clock=ManualClock(), ticks=TICKS, most=3)) as passing:
        async for block in passing:
            seen.extend(block.lanes[0]["t"].tolist())
            await asyncio.sleep(0)


async def through_the_hub(transport: Transport, seen: list[int]) -> None:
    """A producer, and a reader that waits for it."""
    run = Run(Experiment.of("normal(1)", "adam", seed=1))
    hub = Hub(run.experiment, 10)

    async def produce() -> None:
        async with aclosing(blocks(run, transport=transport, clock=ManualClock(), ticks=TICKS, most=3)) as passing:
            async for block in passing:
                hub.write(block)
                await asyncio.sleep(0)

    reader = hub.reader()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            while len(seen) < TICKS:
                await reader.wait()
                block, missed = reader.pull()
                assert missed == 0
                seen.extend(block.lanes[0]["t"].tolist())
    finally:
        reader.close()


async def broadcasting(transport: Transport, seen: list[int]) -> None:
    """Two readers, of whom one is the task itself."""

    async def read(reader: Any, into: list[int]) -> None:
        async for state in reader:
            into.append(state.t)
            await asyncio.sleep(0)

    states = stream("normal(1)", "adam", ticks=TICKS, transport=transport)
    async with broadcast(states) as hub, asyncio.TaskGroup() as group:
        group.create_task(read(hub.reader(), []))
        await read(hub.reader(), seen)


ARRIVING: list[Arriving] = []


def arriving() -> AsyncGenerator[float, None]:
    ARRIVING.append(Arriving())
    return ARRIVING[-1].values()


BODIES: dict[str, Body] = {
    "a formula": streamed(),
    "a closed loop": streamed("2*theta + normal(0.1)"),
    "several lanes": streamed(strategy=["adam", "sgd", "lion"]),
    "components": streamed("rosenbrock() + normal(0.1)"),
    "a live feed": streamed(arriving),
    "a timeout": in_time,
    "blocks": in_blocks,
    "a hub": through_the_hub,
    "a broadcast": broadcasting,
}
KEYS: dict[str, Callable[[], Transport]] = {
    "unpaced": Transport,
    "fast": lambda: Transport(20_000.0),
    "slow": lambda: Transport(1.0),
    "paused": lambda: Transport(paused=True),
}


async def turns(n: int) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


async def nothing_is_left(transport: Transport) -> None:
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert transport._listener is None
    assert not any(source.open for source in ARRIVING)
    transport.rate = None
    transport.play()
    async with asyncio.timeout(20), aclosing(stream("line(1)", "sgd", ticks=3, transport=transport)) as rows:
        assert [row.t async for row in rows] == [0, 1, 2]


async def cancelled_after(k: int, body: Body, transport: Transport) -> bool:
    """Whether it had ended by itself before."""
    seen: list[int] = []
    task = asyncio.ensure_future(body(transport, seen))
    await turns(k)
    ended = task.done()
    task.cancel()
    await asyncio.wait([task], timeout=20)
    assert task.done()
    assert ended or task.cancelled() or task.exception() is None
    assert seen == list(range(len(seen)))
    await nothing_is_left(transport)
    return ended


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("body", BODIES)
def test_cancelled_at_any_await(body: str, keys: str, tally: Tally) -> None:
    """A consumer is cancelled after k turns of the event loop"""
    ended, points = False, iter(POINTS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        while not ended and (k := next(points, None)) is not None:
            ARRIVING.clear()
            with tally.trying(f"turn {k}"):
                ended = asyncio.run(cancelled_after(k, BODIES[body], KEYS[keys]()))
        gc.collect()  # what was left open would be found now


SOURCES: dict[str, Any] = {"a formula": "normal(1)", "a list": [1.0] * TICKS, "a live feed": arriving}


@pytest.mark.parametrize("how", ["aclose", "athrow", "drop"])
@pytest.mark.parametrize("source", SOURCES)
def test_ended_at_any_yield(source: str, how: str, tally: Tally) -> None:
    """A stream is closed, thrown into or dropped after k rows"""

    async def law(k: int) -> None:
        transport, given = Transport(), SOURCES[source]
        rows = stream(given() if callable(given) else given, "adam", ticks=TICKS, transport=transport)
        for _ in range(k):
            await anext(rows)
        if how == "aclose":
            await rows.aclose()
        elif how == "athrow":
            with pytest.raises(LookupError, match="mine"):
                await rows.athrow(LookupError("mine"))
        del rows
        gc.collect()
        await turns(5)
        await nothing_is_left(transport)

    for k in range(1, TICKS, wide(short=7, all=1)):
        ARRIVING.clear()
        with tally.trying(f"row {k}"), warnings.catch_warnings():
            warnings.simplefilter("error")
            asyncio.run(law(k))
