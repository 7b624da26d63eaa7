"""The pacer: a transport's keys and a clock's time, as a number of ticks that may pass now.

`Pacer` decides and never waits. `AsyncPacer` waits in an event loop, `BlockingPacer` in a thread.
"""

from __future__ import annotations

import asyncio
import math
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from stream_adam.clock import Steady
from stream_adam.errors import SpecError
from stream_adam.transport import State

if TYPE_CHECKING:
    from stream_adam.clock import Clock
    from stream_adam.transport import Transport

LONGEST_DEBT = 0.25  # seconds: what a slow consumer or a sleeping machine missed beyond this is not made up for
LONGEST_HOLD = 0.005  # seconds: how long an unpaced stream keeps the event loop to itself
TURN = 1e-9  # seconds: a sleep that ends after all others that are due; one of 0 seconds would end before them
SHORTEST_SLEEP = 0.001  # seconds: what waking up oftener would cost is better spent on ticks
MOST_UNSEEN = 32  # ticks between two looks at the clock, when they pass quickly


class Pacer:
    """Says how many ticks may pass; as a context manager it drives its stream by the transport.

    While playing at a rate, tick k after the last key is due at k/rate from one origin: a late wake-up or a rounding
    never adds up to a drift. With a `grain`, ticks closer together than that many seconds are permitted in groups.

    Attributes:
        clock: what it reads.
        revision: the transport's, as of the last look at it.
    """

    def __init__(self, transport: Transport, clock: Clock, grain: float = 0.0) -> None:
        self.clock = Steady(clock)
        self.revision = -1
        self._transport = transport
        self._grain = grain
        self._granted = -math.inf  # when ticks were permitted last
        self._rate: float | None = None
        self._origin = 0.0  # when the first tick after the last key is due
        self._passed = 0  # ticks since then
        self._latest = -math.inf  # when a tick passed last
        self._last_turn = self.clock.now()
        self._left = 0  # ticks that are permitted and have not passed
        self._unseen = 1  # of these, how many pass until the next look at the clock

    def press(self) -> None:
        """Wake up whoever waits: a key was pressed, in whatever thread."""

    def __enter__(self) -> Self:
        self._transport.attach(self.press)
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.detach(self.press)

    def look(self, most: int) -> tuple[int, float]:
        """How many ticks may pass, from 0 to `most`; with 0, for how long to wait: infinite is until a key.

        Steps are permitted one by one.

        Raises:
            SpecError: another stream has taken the transport over.
        """
        if not self._transport.drives(self.press):
            raise SpecError("another stream has taken this transport over: give each stream its own, to have both")
        state, self._rate, revision = self._transport.setting
        if self.revision != revision:
            self.revision = revision
            self._start_again()
        if state is State.STEPPING and self._transport.take_step():
            self._latest = self.clock.now()
            return 1, 0.0
        if state is not State.PLAYING:
            return 0, math.inf if state is State.PAUSED else 0.0
        due = self._due()
        if due >= most or (due >= 1 and self.clock.now() >= self._granted + self._grain):
            self._granted = self.clock.now()
            return int(min(due, most)), 0.0
        return 0, self._until_next()

    def passed(self, n: int) -> None:
        """Note that n of the permitted ticks went through."""
        self._passed += n
        self._left -= n
        self._latest = self.clock.now()

    def few(self, permitted: int) -> int:
        """How many of these pass first, before `more`: a slow consumer is found out early."""
        self._left, self._unseen = permitted, 1
        return min(permitted, 1)

    def more(self) -> int:
        """How many of the rest may pass now; 0 where there is none, a key was pressed or the event loop is due."""
        if self._latest - self._last_turn > LONGEST_HOLD or self._transport.revision != self.revision:
            return 0
        self._unseen = min(2 * self._unseen, MOST_UNSEEN)
        return min(self._unseen, self._left)

    def _start_again(self) -> None:
        """Count from now: the next tick is due at once, but not sooner after the last one than the rate says."""
        interval = 1 / self._rate if self._rate else 0.0
        self._origin = max(self.clock.now(), self._latest + interval)
        self._passed = 0

    def _due(self) -> float:
        """How many ticks are due by now."""
        if self._rate is None:
            return math.inf
        now = self.clock.now()
        late = now - self._origin - self._passed / self._rate
        if late > LONGEST_DEBT + 1 / self._rate:
            self._origin += late - LONGEST_DEBT
        # a tick is due at its moment, and a clock may ring a rounding before it
        return math.floor((now - self._origin) * self._rate + 1e-6) + 1 - self._passed

    def _until_next(self) -> float:
        assert self._rate is not None
        due = self._origin + self._passed / self._rate
        return max(max(due, self._granted + self._grain) - self.clock.now(), SHORTEST_SLEEP)


class AsyncPacer(Pacer):
    """A pacer that waits in the running event loop.

    Raises:
        SpecError: none of asyncio's is running.
    """

    def __init__(self, transport: Transport, clock: Clock, grain: float = 0.0) -> None:
        super().__init__(transport, clock, grain)
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise SpecError(
                "stream_adam runs on asyncio, and no event loop of asyncio runs here: use asyncio.run(…), or iterate(…)"
            ) from None
        self._pressed = asyncio.Event()

    def press(self) -> None:
        """Wake up `permit`, from any thread."""
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            self._loop.call_soon_threadsafe(self._pressed.set)

    async def permit(self, most: int) -> int:
        """Wait until a tick may pass; how many may, from 1 to `most`."""
        if self.clock.now() - self._last_turn > LONGEST_HOLD:
            await asyncio.sleep(TURN)
            self._last_turn = self.clock.now()
        while True:
            self._pressed.clear()
            permitted, seconds = self.look(most)
            if permitted:
                return permitted
            if seconds == math.inf:
                await self._pressed.wait()
            elif seconds > 0:
                await self.clock.wait(self._pressed, seconds)
            self._last_turn = self.clock.now()


class BlockingPacer(Pacer):
    """A pacer that waits in its thread, whose keys are pressed by others, or between two ticks."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        super().__init__(transport, clock)
        self._pressed = threading.Event()

    def press(self) -> None:
        """Wake up `permit`, from any thread."""
        self._pressed.set()

    def permit(self, most: int) -> int:
        """Wait until a tick may pass; how many may, from 1 to `most`."""
        while True:
            self._pressed.clear()
            permitted, seconds = self.look(most)
            self._last_turn = self.clock.now()
            if permitted:
                return permitted
            self._pressed.wait(None if seconds == math.inf else seconds)
