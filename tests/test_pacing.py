"""Pacing: when ticks pass, in virtual time; that waiting costs nothing; and that nobody else has to wait."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stream_adam import Transport, stream, streaming
from stream_adam.clock import Clock, ManualClock, WallClock
from stream_adam.compiled.quiet import loading_quietly
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.pacer import LONGEST_DEBT, SHORTEST_SLEEP
from stream_adam.transport import State

Body = Callable[[int], Awaitable[None]]


@asynccontextmanager
async def listening(
    transport: Transport, clock: Clock, body: Body | None = None, *, ticks: int | None = None
) -> AsyncIterator[list[float]]:
    """The moments at which ticks come to a consumer; `body` is what it does with tick k."""
    moments: list[float] = []

    async def consume() -> None:
        async with aclosing(stream("line(1)", "sgd", seed=1, ticks=ticks, transport=transport, clock=clock)) as rows:
            async for row in rows:
                assert row.t == len(moments)
                moments.append(clock.now())
                if body is not None:
                    await body(row.t)

    async with running(consume()):
        await turns()
        yield moments


@asynccontextmanager
async def running(work: Any) -> AsyncIterator[asyncio.Task[None]]:
    """A task that is cancelled at the end; an error in it is raised."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def turns(n: int = 50) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


class LateClock(ManualClock):
    """A busy machine's: every alarm rings 3 ms late."""

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        await super().wait(event, seconds + 0.003)


# -- the rate


@pytest.mark.parametrize("clock", [ManualClock(), LateClock()], ids=["on time", "late"])
@pytest.mark.parametrize(
    ("rate", "seconds"), [(0.1, 1000.0), (1, 1000.0), (20, 100.0), (1000, 3.0), (44_100.7, 0.3), (1e6, 0.04)]
)
async def test_a_rate_is_held_without_drift(clock: ManualClock, rate: float, seconds: float) -> None:
    start = clock.now()
    async with listening(Transport(rate), clock) as moments:
        for part in (0.0001, 0.3, 0.25, 0.4499):  # however the time is handed out
            await clock.advance(part * seconds)
        allowance = 1 + rate * 0.005 if isinstance(clock, LateClock) else 1 + rate * 0.001
        assert abs(len(moments) - (rate * seconds + 1)) <= allowance
        if rate <= 20:
            assert abs(len(moments) - (rate * seconds + 1)) <= 1
        for k, moment in enumerate(moments):
            due = start + k / rate
            assert due - 1e-6 - 1e-6 / rate <= moment <= due + 0.005, k


async def test_the_first_tick_comes_at_once() -> None:
    async with listening(Transport(0.001), ManualClock()) as moments:
        assert moments == [0.0]


async def test_the_rate_changes_on_the_way() -> None:
    transport, clock = Transport(1), ManualClock()
    async with listening(transport, clock) as moments:
        for rate in (10.0, 0.5, 1000.0, 2.0):
            before = len(moments)
            transport.rate = rate
            await clock.advance(20)
            assert abs(len(moments) - before - 20 * rate) <= 1 + rate * 0.001
    assert all(b - a >= 0.001 - 1e-9 or a == b for a, b in pairwise(moments))


async def test_a_consumer_changes_the_rate_between_two_rows() -> None:
    transport, clock = Transport(), ManualClock()

    async def body(t: int) -> None:
        if t == 6:  # in the middle of the ticks that are there already
            transport.rate = 2.0

    async with listening(transport, clock, body) as moments:
        assert len(moments) == 7
        await clock.advance(10)
        assert moments[7:] == [0.5 * k for k in range(1, 21)]


async def test_unpaced_again() -> None:
    transport, clock = Transport(0.01), ManualClock()
    async with listening(transport, clock, ticks=3000) as moments:
        await clock.advance(5)
        assert len(moments) == 1
        transport.rate = None
        await turns()
        assert len(moments) == 3000


@settings(max_examples=15, deadline=None, phases=[Phase.generate])  # shrinking would take minutes
@given(
    st.lists(
        st.tuples(st.floats(0, 0.7), st.sampled_from(["play", "same rate", 1.0, 7.0, 20.0, 100.0, "pause"])),
        max_size=15,
    )
)
def test_no_key_ever_speeds_the_stream_up(presses: list[tuple[float, str | float]]) -> None:
    """Between two ticks lies the interval of the fastest rate set meanwhile, but for a late wake-up's jitter."""

    async def main() -> None:
        transport, clock = Transport(20.0), ManualClock()
        rates = [(0.0, 20.0)]
        async with listening(transport, clock) as moments:
            for seconds, key in presses:
                await clock.advance(seconds)
                match key:
                    case "play":
                        transport.play()
                    case "pause":
                        transport.pause()
                    case "same rate":
                        transport.rate = transport.rate
                    case _:
                        transport.rate = float(key)
                rates.append((clock.now(), transport.rate or 0.0))
            await clock.advance(1)
        for a, b in pairwise(moments):
            at_a = [rate for when, rate in rates if when <= a][-1]
            fastest = max([at_a] + [rate for when, rate in rates if a <= when <= b])
            assert b - a >= 1 / fastest - SHORTEST_SLEEP - 1e-6

    asyncio.run(main())


async def test_a_slider_that_is_dragged_does_not_hold_the_stream_up() -> None:
    transport, clock = Transport(20.0), ManualClock()
    async with listening(transport, clock) as moments:
        for _ in range(500):
            transport.rate = 20.0
            await clock.advance(0.01)
        assert 99 <= len(moments) <= 101


# -- a consumer that is slow


async def test_a_consumer_with_work_between_the_rows_still_gets_the_rate() -> None:
    clock = ManualClock()

    async def body(_: int) -> None:
        await clock.wait(asyncio.Event(), 0.03)

    async with listening(Transport(20.0), clock, body) as moments:
        await clock.advance(100)
        assert moments == pytest.approx([k / 20 for k in range(len(moments))], abs=1e-6)
        assert abs(len(moments) - 2001) <= 1


async def test_a_consumer_slower_than_the_rate_gets_rows_as_fast_as_it_takes_them() -> None:
    clock = ManualClock()

    async def body(_: int) -> None:
        await clock.wait(asyncio.Event(), 0.1)

    async with listening(Transport(20.0), clock, body) as moments:
        await clock.advance(100)
        assert abs(len(moments) - 1001) <= 1


@pytest.mark.parametrize("rate", [0.1, 1.0, 20.0, 1000.0])
async def test_the_debt_after_a_stall_is_bounded(rate: float) -> None:
    clock = ManualClock()

    async def body(t: int) -> None:
        if t == 2:
            await clock.wait(asyncio.Event(), 3600)

    async with listening(Transport(rate), clock, body) as moments:
        await clock.advance(2 / rate + 3600 + 5)
        stall = moments[2] + 3600
        at_once = [moment for moment in moments[3:] if moment < stall + 0.0005]
        assert 1 <= len(at_once) <= rate * LONGEST_DEBT + 2
        later = len([moment for moment in moments if moment >= stall])
        assert later <= rate * (5 + LONGEST_DEBT) + 2
        assert later >= rate * 5 - 1


# -- pause, play, step


@pytest.mark.parametrize("rate", [0.1, 1.0, 20.0, 1000.0, None])
async def test_nothing_passes_during_a_pause_and_no_burst_follows(rate: float | None) -> None:
    transport, clock = Transport(rate, paused=True), ManualClock()
    async with listening(transport, clock, ticks=5000) as moments:
        await clock.advance(3600)
        assert moments == []
        transport.rate = rate or 10.0
        transport.play()
        await clock.advance(1.6)
        transport.pause()
        before = len(moments)
        await clock.advance(3600)
        assert len(moments) == before
        transport.play()
        await clock.advance(1)
        assert 1 <= len(moments) - before <= (rate or 10.0) + 1


@pytest.mark.parametrize("rate", [None, 1e6, 1000.0, 20.0])
@pytest.mark.parametrize("k", [0, 1, 15, 16, 47, 48, 500])  # within blocks, and at their borders
async def test_a_pause_by_the_consumer_acts_before_the_next_row(rate: float | None, k: int) -> None:
    transport, clock = Transport(rate), ManualClock()

    async def body(t: int) -> None:
        if t == k:
            transport.pause()

    async with listening(transport, clock, body) as moments:
        await clock.advance(30)
        assert len(moments) == k + 1
        transport.step(2)
        await turns()
        assert len(moments) == k + 3
        assert transport.state is State.PAUSED


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 33, 1000, 5000])  # 5000: further than is computed ahead
@pytest.mark.parametrize("rate", [None, 0.1])
async def test_a_step_lets_exactly_n_ticks_through_whatever_the_rate(n: int, rate: float | None) -> None:
    transport, clock = Transport(rate, paused=True), ManualClock()
    async with listening(transport, clock) as moments:
        for press in (1, 2):
            transport.step(n)
            await turns()
            assert len(moments) == press * n
            assert transport.state is State.PAUSED
            await clock.advance(1000)
            assert len(moments) == press * n
    assert len(moments) == 2 * n


async def test_steps_add_up() -> None:
    transport = Transport(paused=True)
    transport.step(2)  # before the stream has begun
    async with listening(transport, ManualClock()) as moments:
        assert len(moments) == 2
        transport.step(2)
        transport.step()
        transport.step(4)
        await turns()
        assert len(moments) == 9


async def test_keys_pressed_by_the_consumer_while_stepping() -> None:
    transport = Transport(paused=True)
    keys: dict[int, Callable[[], None]] = {
        1: lambda: transport.step(3),  # one more of the 2 is owed: 4 to come
        7: transport.pause,  # of 5, three are forgotten
    }

    async def body(t: int) -> None:
        if t in keys:
            keys[t]()

    async with listening(transport, ManualClock(), body) as moments:
        transport.step(3)
        await turns()
        assert len(moments) == 6
        transport.step(5)
        await turns()
        assert len(moments) == 8
        assert transport.state is State.PAUSED


async def test_a_step_while_playing_stops_after_it_and_play_goes_on_at_the_rate() -> None:
    transport, clock = Transport(10.0), ManualClock()
    async with listening(transport, clock) as moments:
        await clock.advance(0.95)
        assert len(moments) == 10
        transport.step(5)
        await clock.advance(7)
        assert len(moments) == 15
        assert moments[10:] == [0.95] * 5
        transport.step(2)
        await turns()
        transport.play()  # a tick passed just now: the next one is due an interval later
        await clock.advance(1.01)
        assert len(moments) == 27
        assert moments[17] == pytest.approx(8.05)


async def test_play_in_the_middle_of_steps_forgets_them() -> None:
    transport, clock = Transport(1.0, paused=True), ManualClock()

    async def body(t: int) -> None:
        if t == 1:
            transport.play()

    async with listening(transport, clock, body) as moments:
        transport.step(100)
        await clock.advance(10)
        assert moments == [0.0, 0.0, *(float(k) for k in range(1, 11))]
        transport.pause()
        await clock.advance(10)
        assert len(moments) == 12


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), max_size=8))
def test_any_steps_let_exactly_their_sum_through(presses: list[tuple[int, int]]) -> None:
    async def main() -> None:
        transport = Transport(5.0, paused=True)
        async with listening(transport, ManualClock()) as moments:
            for n, waits in presses:
                transport.step(n)
                await turns(waits)
            await turns()
            assert len(moments) == sum(n for n, _ in presses)

    asyncio.run(main())


async def test_blocks_are_paced_like_rows() -> None:
    transport, clock = Transport(20.0), ManualClock()
    run = Run(Experiment.of("line(1)", "adam", seed=1))
    lengths: list[int] = []

    async def consume() -> None:
        async with aclosing(streaming.blocks(run, transport=transport, clock=clock)) as source:
            async for block in source:
                assert block.start == sum(lengths)
                lengths.append(len(block))

    async with running(consume()):
        await clock.advance(10)
        assert sum(lengths) == run.tick == 201  # nothing is computed ahead
        transport.pause()
        await clock.advance(10)
        transport.step(30)
        await turns()
        assert lengths[201:] == [1] * 30
        transport.rate = 5000.0
        transport.play()
        await clock.advance(1)
        assert abs(run.tick - 5231) <= 6


# -- waiting costs nothing


class Loop:
    """Counts the turns of the running event loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turns = 0
        loop: Any = asyncio.get_running_loop()
        turn = loop._run_once

        def counted() -> None:
            self.turns += 1
            turn()

        monkeypatch.setattr(loop, "_run_once", counted)

    async def during(self, seconds: float) -> int:
        before = self.turns
        await asyncio.sleep(seconds)
        return self.turns - before


@pytest.mark.parametrize(
    "transport",
    [Transport(paused=True), Transport(1000.0, paused=True), Transport(0.1)],
    ids=["paused", "paused at a rate", "between two slow ticks"],
)
async def test_waiting_makes_no_turn_of_the_event_loop(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(transport, WallClock()) as moments:
        loop = Loop(monkeypatch)
        assert await loop.during(0.15) <= 3  # those of this very sleep
        ticks = len(moments)
        transport.step(3)
        assert await loop.during(0.05) <= 6
        assert len(moments) == ticks + 3
        assert await loop.during(0.1) <= 3


# -- the event loop gets its turn


class Nothing(NamedTuple):
    direction: float = 0.0
    m: float = 0.0


class Pace(NamedTuple):
    alpha: float = 0.01


def fresh(g: float, s: Nothing, h: Pace) -> Nothing:
    """A rule that nothing has compiled yet."""
    m = s.m + h.alpha * (g - s.m)
    return Nothing(g - m, m)


LONG = "where(theta > 3, sin(theta)*cos(theta*2) + exp(-theta*theta), theta**3 - 5*theta**2 + sin(3*theta) % 2)"


@pytest.mark.parametrize(
    ("source", "strategies", "seconds"),
    [
        ("swinging() + normal(1)", ["adam"], 0.5),
        ("swinging() + normal(1)", ["adam", "adam_centered", "momentum", "adam(beta2=0.5)"] * 3, 0.8),
        (LONG + " + normal(0.1)", ["adam"] * 4, 0.8),
        ("swinging() + normal(1)", [fresh], 2.0),  # compiled meanwhile
    ],
    ids=["one lane", "many lanes", "a long closed loop", "while compiling"],
)
async def test_an_unpaced_stream_gives_the_event_loop_its_turns(
    source: str, strategies: list[Any], seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "COMPILE_AFTER", 5_000 if strategies == [fresh] else 10**9)
    count = 0

    async def tick() -> None:
        nonlocal count
        while True:
            await asyncio.sleep(0)
            count += 1

    async with running(tick()), aclosing(stream(source, strategies, seed=1)) as rows:
        began = time.monotonic()
        async for _ in rows:
            if time.monotonic() - began > seconds:
                break
    assert count >= 3  # a stream that kept the event loop to itself would leave it one or two; bench has the figures


async def test_a_consumer_that_works_long_on_a_row_lets_others_in_after_each() -> None:
    count = 0

    async def tick() -> None:
        nonlocal count
        while True:
            await asyncio.sleep(0)
            count += 1

    async with running(tick()), aclosing(stream("line(1)", "sgd", ticks=10)) as rows:
        async for _ in rows:
            time.sleep(0.012)  # noqa: ASYNC251  (a consumer that blocks)
    assert count >= 7


async def test_who_is_due_has_its_turn_before_the_stream_goes_on() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.001)
            beats += 1

    async with running(beat()), aclosing(stream("line(1)", "sgd", ticks=10)) as rows:
        async for row in rows:
            assert beats >= row.t - 1  # it begins in the stream's first pause
            time.sleep(0.012)  # noqa: ASYNC251  (a consumer that blocks)


# -- loading leaves the collector as it was


@pytest.fixture
def thresholds() -> Iterator[tuple[int, int, int]]:
    """The collector's, which are these again after the test; nothing is frozen."""
    before = gc.get_threshold()
    gc.unfreeze()
    yield before
    gc.set_threshold(*before)


def test_the_collector_rests_until_the_last_of_many_has_loaded(thresholds: tuple[int, int, int]) -> None:
    with loading_quietly():
        with loading_quietly():
            made: list[object] = []
            assert gc.get_threshold()[0] == 0
        assert gc.get_threshold()[0] == 0
    assert gc.get_threshold() == thresholds
    assert any(each is made for each in gc.get_objects(generation=2))  # among the old ones
    assert gc.get_freeze_count() == 0


def test_the_collector_goes_on_after_a_failure(thresholds: tuple[int, int, int]) -> None:
    with pytest.raises(ZeroDivisionError), loading_quietly():
        1 / 0  # noqa: B018
    assert gc.get_threshold() == thresholds


def test_what_the_program_settles_about_the_collector_stands(thresholds: tuple[int, int, int]) -> None:
    gc.set_threshold(0)
    with loading_quietly():
        pass
    assert gc.get_threshold()[0] == 0
    gc.set_threshold(*thresholds)
    with loading_quietly():
        gc.set_threshold(123, 4, 5)
    assert gc.get_threshold() == (123, 4, 5)
    frozen: list[object] = []
    gc.freeze()
    try:
        with loading_quietly():
            pass
        assert not any(each is frozen for each in gc.get_objects())
    finally:
        gc.unfreeze()


LOADING = """
import gc, sys
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

run = Run(Experiment.of("line(1)", "adam", seed=1))
generations = []
gc.callbacks.append(lambda phase, info: generations.append(info["generation"]))
run.compile(aside=True)
assert "numba" in sys.modules
print(2 in generations)
"""


def test_loading_in_a_new_process_makes_no_full_collection() -> None:
    said = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "False\n"


# -- the clocks


async def test_the_manual_clock_rings_each_alarm_at_its_moment_in_order() -> None:
    clock = ManualClock()
    rung: list[tuple[str, float]] = []

    async def sleeper(name: str, *seconds: float) -> None:
        for duration in seconds:
            await clock.wait(asyncio.Event(), duration)
            rung.append((name, clock.now()))

    async with running(asyncio.wait([asyncio.ensure_future(sleeper(*s)) for s in (("a", 3, 1, 1), ("b", 1, 1, 2))])):
        await clock.advance(2.5)
        assert rung == [("b", 1), ("b", 2)]
        assert clock.now() == 2.5
        await clock.advance(2.5)
        assert rung[2:] in ([("a", 3), ("b", 4), ("a", 4), ("a", 5)], [("a", 3), ("a", 4), ("b", 4), ("a", 5)])
        assert clock.now() == 5


async def test_the_manual_clock_never_runs_backwards_and_forgets_waits_that_ended() -> None:
    clock = ManualClock()
    event = asyncio.Event()
    async with running(clock.wait(event, 1000)), running(clock.wait(asyncio.Event(), 5)) as alarmed:
        await asyncio.gather(clock.advance(10), clock.advance(4))
        assert clock.now() == 10
        assert alarmed.done()
        event.set()
        await turns()
        assert not clock._alarms
    async with running(clock.wait(asyncio.Event(), 1)) as cancelled:
        await turns()
        assert len(clock._alarms) == 1
        cancelled.cancel()
        await turns()
        assert not clock._alarms
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_wall_clock_waits_for_an_event_or_a_while() -> None:
    clock = WallClock()
    event = asyncio.Event()
    began = clock.now()
    await clock.wait(event, 0.03)
    assert clock.now() - began >= 0.025
    asyncio.get_running_loop().call_later(0.01, event.set)
    async with asyncio.timeout(10):
        await clock.wait(event, 3600)
    assert event.is_set()
    event.clear()
    async with running(clock.wait(event, 3600)) as task:
        await turns()
        task.cancel()
        await turns()
        assert task.cancelled()
