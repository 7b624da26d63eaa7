"""Clocks that jump, stand still, run backwards or tell no number: the rate is kept, and nothing bursts or stalls."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults import Tally, wide
from stream_adam import SpecError, Transport, stream
from stream_adam.clock import ManualClock, Steady
from stream_adam.pacer import LONGEST_DEBT


class JumpingClock(ManualClock):
    """A clock that is set to another time now and then, as a machine's is that wakes up or hears from a time server."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = 0.0

    def now(self) -> float:
        return super().now() + self.offset


class SayingClock(ManualClock):
    """A clock that says something else at its n-th reading."""

    def __init__(self, n: int, said: Any) -> None:
        super().__init__()
        self._left, self._said = n, said

    def now(self) -> Any:
        self._left -= 1
        return self._said if self._left == 0 else super().now()


class StandingClock:
    """A clock that stands still, and whose waits are over at once."""

    def now(self) -> float:
        return 7.0

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Not at all."""


jumps = st.floats(-1e5, 1e5) | st.floats(-1, 1) | st.just(0.0)


def test_a_rate_is_kept_over_jumps_forth_and_back(tally: Tally) -> None:
    """The clock jumps by up to a day, forth and back, at any moment of a paced stream"""

    @settings(max_examples=wide(short=8, all=400))
    @given(st.lists(st.tuples(st.floats(0.001, 1), jumps), min_size=1, max_size=8), st.sampled_from([1.0, 10.0]))
    def law(steps: list[tuple[float, float]], rate: float) -> None:
        count, elapsed = asyncio.run(_ticks_over(steps, rate))
        ahead = sum(jump > 0 for _, jump in steps)
        assert count <= rate * elapsed + ahead * (rate * LONGEST_DEBT + 2) + len(steps) + 2
        assert count >= rate * elapsed - 2 * len(steps) - rate * 0.002 * len(steps) - 2
        tally.survived(len(steps))

    law()


async def _ticks_over(steps: list[tuple[float, float]], rate: float) -> tuple[int, float]:
    """How many ticks come, and the time that has really passed."""
    clock, count = JumpingClock(), 0

    async def consume() -> None:
        nonlocal count
        async with aclosing(stream("line(1)", "sgd", transport=Transport(rate), clock=clock)) as rows:
            async for _ in rows:
                count += 1

    task = asyncio.ensure_future(consume())
    for seconds, jump in steps:
        await clock.advance(seconds)
        clock.offset += jump
    await clock.advance(2)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    return count, sum(seconds for seconds, _ in steps) + 2


class Own:
    """A number of the user's own, whose conversion raises."""

    def __float__(self) -> float:
        raise LookupError("mine")


NOT_A_TIME: list[Any] = [math.nan, math.inf, -math.inf, "7", None, 1j, b"7", np.ma.masked, np.array([1.0]), Own()]


@pytest.mark.parametrize("said", NOT_A_TIME, ids=lambda said: type(said).__name__)
def test_what_is_no_time_is_told(said: Any, tally: Tally) -> None:
    """The clock says NaN, infinity or no number at its n-th reading"""

    async def law(n: int) -> None:
        transport, clock = Transport(50.0), SayingClock(n, said)
        seen: list[int] = []

        async def consume() -> None:
            async with aclosing(stream("line(1)", "sgd", transport=transport, clock=clock)) as rows:
                async for row in rows:
                    seen.append(row.t)  # noqa: PERF401

        task = asyncio.ensure_future(consume())
        await clock.advance(1)
        if not task.done():  # the reading was the manual clock's own
            task.cancel()
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        if error is not None:
            assert isinstance(error, SpecError)
            assert str(error).endswith(": seconds are needed, a finite number")
            assert isinstance(error.__cause__, LookupError) == isinstance(said, Own)
        assert seen == list(range(len(seen)))
        assert transport._listener is None
        assert asyncio.all_tasks() == {asyncio.current_task()}
        tally.survived()

    for n in range(1, wide(short=12, all=100)):
        asyncio.run(law(n))


async def test_a_clock_that_stands_still_holds_nobody_up() -> None:
    """A clock that stands still holds nobody up"""
    transport, turns = Transport(20.0), 0
    async with aclosing(stream("line(1)", "sgd", transport=transport, clock=StandingClock())) as rows:
        await anext(rows)
        waiting = asyncio.ensure_future(anext(rows))
        for _ in range(100):
            await asyncio.sleep(0)
            turns += 1
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])
    assert turns == 100


def test_time_goes_on_from_where_a_clock_was_set_back() -> None:
    """Time goes on from where a clock was set back"""
    clock = JumpingClock()
    steady = Steady(clock)
    assert steady.now() == 0
    for jump, expected in ((5.0, 5.0), (-1000.0, 5.0), (3.0, 8.0), (-1e-9, 8.0), (2.0, 10.0)):
        clock.offset += jump
        assert steady.now() == pytest.approx(expected, abs=1e-6)


def test_any_number_is_a_time() -> None:
    """A clock that says an integer, a decimal, a boolean or an array of one"""
    for said in (3, np.float32(3), Decimal(3), np.array(3.0), True):
        assert Steady(SayingClock(1, said)).now() == float(said)
