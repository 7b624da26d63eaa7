"""The pacer: a transport's keys and a clock's time, as a number of ticks that may pass now."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from stream_adam.transport import State

if TYPE_CHECKING:
    from stream_adam.clock import Clock
    from stream_adam.transport import Transport

LONGEST_DEBT = 0.25  # seconds: what a slow consumer or a sleeping machine missed beyond this is not made up for
LONGEST_HOLD = 0.01  # seconds: how long an unpaced stream keeps the event loop to itself
SHORTEST_SLEEP = 0.001  # seconds: what waking up oftener would cost is better spent on ticks


class Pacer:
    """Says how many ticks may pass; as a context manager it is tied to its transport.

    While playing at a rate, tick k after the last key is due at k/rate from one origin: a late wake-up or a rounding
    never adds up to a drift. With a `grain`, ticks closer together than that many seconds are permitted in groups.
    """

    def __init__(self, transport: Transport, clock: Clock, grain: float = 0.0) -> None:
        self._transport = transport
        self._clock = clock
        self._grain = grain
        self._granted = -math.inf  # when ticks were permitted last
        self._pressed = asyncio.Event()
        self._revision = -1
        self._origin = 0.0  # when the first tick after the last key is due
        self._passed = 0  # ticks since then
        self._latest = -math.inf  # when a tick passed last
        self._last_turn = clock.now()

    def __enter__(self) -> Pacer:
        self._transport.attach(self._pressed.set)
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.detach()

    async def permit(self, most: int) -> int:
        """Wait until a tick may pass; how many may, from 1 to `most`. Steps are permitted one by one."""
        await self._give_turn()
        while True:
            self._pressed.clear()
            if self._revision != self._transport.revision:
                self._start_again()
            match self._transport.state:
                case State.STEPPING:
                    self._transport.take_step()
                    self._latest = self._clock.now()
                    return 1
                case State.PAUSED:
                    await self._pressed.wait()
                case State.PLAYING:
                    due = self._due()
                    if due >= most or (due >= 1 and self._clock.now() >= self._granted + self._grain):
                        self._granted = self._clock.now()
                        return int(min(due, most))
                    await self._wait_for_next()
            self._last_turn = self._clock.now()

    def passed(self, n: int) -> None:
        """Note that n of the permitted ticks went through."""
        self._passed += n
        self._latest = self._clock.now()

    def held_long(self) -> bool:
        """Whether the event loop is due its turn."""
        return self._clock.now() - self._last_turn > LONGEST_HOLD

    def _start_again(self) -> None:
        """Count from now: the next tick is due at once, but not sooner after the last one than the rate says."""
        self._revision = self._transport.revision
        interval = 1 / self._transport.rate if self._transport.rate else 0.0
        self._origin = max(self._clock.now(), self._latest + interval)
        self._passed = 0

    def _due(self) -> float:
        """How many ticks are due by now."""
        rate = self._transport.rate
        if rate is None:
            return math.inf
        now = self._clock.now()
        late = now - self._origin - self._passed / rate
        if late > LONGEST_DEBT + 1 / rate:
            self._origin += late - LONGEST_DEBT
        # a tick is due at its moment, and a clock may ring a rounding before it
        return math.floor((now - self._origin) * rate + 1e-6) + 1 - self._passed

    async def _wait_for_next(self) -> None:
        assert self._transport.rate is not None
        due = self._origin + self._passed / self._transport.rate
        seconds = max(due, self._granted + self._grain) - self._clock.now()
        await self._clock.wait(self._pressed, max(seconds, SHORTEST_SLEEP))

    async def _give_turn(self) -> None:
        if self.held_long():
            await asyncio.sleep(0)
            self._last_turn = self._clock.now()
