"""Clocks: the wall's, and one that is moved by hand."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from contextlib import suppress
from typing import Protocol

from stream_adam.numeric import as_finite


class Clock(Protocol):
    """What a stream needs of time."""

    def now(self) -> float:
        """Seconds from some fixed moment; never runs backwards."""
        ...

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Come back when the event is set, or that much later."""
        ...


class Steady:
    """A clock as a stream reads it: it tells a finite number, and where it is set back, time goes on from there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = -math.inf
        self._set_back = 0.0  # seconds, in all

    def now(self) -> float:
        """Seconds from some fixed moment; never runs backwards.

        Raises:
            SpecError: the clock gives no finite number.
        """
        said = as_finite(self._clock.now(), "the clock gives {}: seconds are needed, a finite number")
        self._set_back += max(0.0, self._last - said)
        self._last = said
        return said + self._set_back

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Come back when the event is set, or that much later; others have their turn even if the clock never waits."""
        before = self._clock.now()
        await self._clock.wait(event, seconds)
        if self._clock.now() == before and not event.is_set():
            await asyncio.sleep(0)


class WallClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds since the machine started, or thereabouts."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Come back when the event is set, or that much later."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()


class ManualClock:
    """A clock that stands still until `advance` moves it: hours pass in a moment, and every run is the same.

    >>> clock = ManualClock()
    >>> async def main() -> float:
    ...     async with asyncio.TaskGroup() as group:
    ...         group.create_task(clock.wait(asyncio.Event(), 3600))
    ...         await clock.advance(3600)
    ...     return clock.now()
    >>> asyncio.run(main())
    3600.0
    """

    TURNS = 20  # of the event loop, for what was woken to reach its next wait

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._alarms: set[tuple[float, int, asyncio.Event]] = set()

    def now(self) -> float:
        """The seconds that `advance` has let pass."""
        return self._now

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Come back when the event is set, or `advance` has moved the clock that far."""
        alarm = (self._now + seconds, next(self._order), asyncio.Event())
        waits = [asyncio.ensure_future(either.wait()) for either in (event, alarm[-1])]
        self._alarms.add(alarm)
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._alarms.discard(alarm)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, ringing each alarm at its own moment."""
        end = self._now + seconds
        await self._settle()
        while self._alarms and (alarm := min(self._alarms))[0] <= end:
            self._alarms.discard(alarm)
            self._now = max(self._now, alarm[0])
            alarm[-1].set()
            await self._settle()
        self._now = max(self._now, end)

    async def _settle(self) -> None:
        for _ in range(self.TURNS):
            await asyncio.sleep(0)
