"""Other ways to a stream's states: keys from other threads, a program without asyncio, and many readers."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing
from typing import Any

import numpy as np
import pytest

from stream_adam import SpecError, Transport, broadcast, iterate, simulate, stream
from stream_adam.clock import ManualClock

SOURCE = "swinging_soft() + normal(0.5)"


async def rows_of(states: AsyncGenerator[Any, None]) -> list[Any]:
    async with aclosing(states):
        return [state async for state in states]


async def turns(n: int = 50) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


def in_a_thread(act: Callable[[], None]) -> None:
    """Let another thread do it, soon."""
    threading.Timer(0.02, act).start()


# -- keys from anywhere


def seconds_until(first: Any) -> float:
    began = time.monotonic()
    assert first().t == 0
    return time.monotonic() - began


def first_streamed(transport: Transport) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(20), aclosing(stream(SOURCE, "adam", transport=transport)) as rows:
            return await anext(rows)

    return asyncio.run(main())


def first_iterated(transport: Transport) -> Any:
    with closing(iterate(SOURCE, "adam", transport=transport)) as rows:
        return next(rows)


@pytest.mark.parametrize("first", [first_streamed, first_iterated])
@pytest.mark.parametrize("key", [Transport.play, Transport.step])
def test_a_key_pressed_in_another_thread_acts_at_once(first: Any, key: Callable[[Transport], None]) -> None:
    transport = Transport(paused=True)
    in_a_thread(lambda: key(transport))
    assert seconds_until(lambda: first(transport)) < 10


@pytest.mark.parametrize("first", [first_streamed, first_iterated])
def test_a_key_pressed_in_a_signal_handler_acts_at_once(first: Any) -> None:
    transport = Transport(paused=True)
    before = signal.signal(signal.SIGALRM, lambda *_: transport.play())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        assert seconds_until(lambda: first(transport)) < 10
    finally:
        signal.signal(signal.SIGALRM, before)


async def test_a_rate_set_in_another_thread_wakes_a_stream_that_waits_an_hour() -> None:
    transport = Transport(rate=1 / 3600)

    def hurry() -> None:
        transport.rate = None

    async with asyncio.timeout(20), aclosing(stream("line(1)", "sgd", ticks=500, transport=transport)) as rows:
        await anext(rows)
        in_a_thread(hurry)
        assert len([row async for row in rows]) == 499


async def test_a_pause_in_another_thread_stops_an_unpaced_stream_and_steps_are_exact() -> None:
    transport, seen = Transport(), list[int]()

    async def consume() -> None:
        async for row in stream("line(1)", "sgd", transport=transport):
            seen.append(row.t)

    async with asyncio.timeout(20):
        task = asyncio.create_task(consume())
        await asyncio.to_thread(transport.pause)
        await asyncio.sleep(0.02)
        before = len(seen)
        for n in (1, 7, 100):
            await asyncio.to_thread(transport.step, n)
            while len(seen) < before + n:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            before += n
        await asyncio.sleep(0.02)
        assert seen == list(range(before))
        task.cancel()
        await asyncio.wait([task])


async def test_keys_by_many_threads_at_once_lose_no_row_and_repeat_none() -> None:
    transport, done = Transport(rate=5000.0), threading.Event()

    def press(seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not done.is_set():
            match rng.integers(4):
                case 0:
                    transport.play()
                case 1:
                    transport.pause()
                case 2:
                    transport.step(int(rng.integers(1, 9)))
                case 3:
                    transport.rate = [None, 100.0, 1e5][rng.integers(3)]
            time.sleep(0.0005)

    threads = [threading.Thread(target=press, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    try:
        async with asyncio.timeout(30), aclosing(stream("line(1)", "sgd", ticks=2000, transport=transport)) as rows:
            assert [row.t async for row in rows] == list(range(2000))
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_transport_goes_from_one_loop_to_another() -> None:
    transport = Transport(paused=True)
    former = stream("line(1)", "sgd", transport=transport)
    loop = asyncio.new_event_loop()
    transport.step()
    assert loop.run_until_complete(anext(former)).t == 0
    transport.play()
    assert first_streamed(transport).t == 0
    assert first_iterated(transport).t == 0
    with pytest.raises(SpecError, match="another stream has taken this transport over"):
        loop.run_until_complete(anext(former))
    loop.close()


# -- where a stream can't be read


def test_outside_asyncio_it_is_said_what_would_do() -> None:
    rows = stream("line(1)", "sgd")
    with pytest.raises(SpecError) as error:
        rows.__anext__().send(None)  # as trio's loop does
    assert str(error.value) == (
        "stream_adam runs on asyncio, and no event loop of asyncio runs here: use asyncio.run(…), or iterate(…)"
    )


async def test_a_stream_that_has_ended_says_so() -> None:
    rows = stream("line(1)", "sgd", ticks=3)
    assert [row.t async for row in rows] == [0, 1, 2]
    with pytest.raises(StopAsyncIteration):
        await anext(rows)
    with pytest.raises(SpecError, match=r"this stream has ended: call stream\(…\) again"):
        [row async for row in rows]


async def test_a_stream_that_was_left_goes_on() -> None:
    async with aclosing(stream("line(1)", "sgd", ticks=6)) as rows:
        for start in (0, 2, 4):
            seen = []
            async for row in rows:
                seen.append(row.t)
                if len(seen) == 2:
                    break
            assert seen == [start, start + 1]


async def test_a_second_reader_is_told_of_broadcast() -> None:
    transport = Transport(paused=True)
    async with aclosing(stream("line(1)", "sgd", transport=transport)) as rows:
        waiting = asyncio.ensure_future(anext(rows))
        await turns()
        for read in (rows_of_one, anext):
            with pytest.raises(SpecError, match=r"somebody reads this stream already: 'async with broadcast\("):
                await read(rows)
        transport.step()
        assert (await waiting).t == 0


async def rows_of_one(rows: Any) -> Any:
    return [row async for row in rows]


# -- without asyncio


@pytest.mark.parametrize("source", [SOURCE, "2*theta + normal(0.1)", "rosenbrock() + normal(0.1)", [1.0, 2.0, 3.0]])
@pytest.mark.parametrize("strategy", ["adam", ["adam", "sgd"]])
def test_iterate_gives_the_states_of_stream(source: Any, strategy: Any) -> None:
    options: dict[str, Any] = {"seed": 3, "ticks": 400, "bounds": (-2, 2)}
    found, expected = (
        list(iterate(source, strategy, **options)),
        asyncio.run(rows_of(stream(source, strategy, **options))),
    )
    assert len(found) == len(expected) == (3 if isinstance(source, list) else 400)
    assert list(map(repr, found)) == list(map(repr, expected))


def test_iterate_takes_one_value_a_tick_and_ends_with_the_source() -> None:
    pulled: list[int] = []

    def values() -> Any:
        for k in range(5):
            pulled.append(k)
            yield float(k)

    for state in iterate(values(), "sgd"):
        assert pulled == list(range(state.t + 1))
    assert state.t == 4
    with pytest.raises(SpecError, match=r"can only be streamed: use stream\(…\)"):
        next(iterate(stream("line(1)", "sgd"), "sgd"))


async def test_iterate_works_beside_a_running_loop() -> None:
    assert [state.t for state in iterate("line(1)", "sgd", ticks=100)] == list(range(100))
    found = await asyncio.to_thread(lambda: list(iterate("line(1)", "sgd", ticks=100)))
    assert len(found) == 100


def test_iterate_leaves_nothing_behind() -> None:
    transport, threads = Transport(), threading.active_count()
    for state in iterate("line(1)", "sgd", transport=transport):
        if state.t == 40:
            break
    assert threading.active_count() == threads
    assert transport._listener is None
    assert first_streamed(transport).t == 0


def test_iterate_obeys_its_transport() -> None:
    transport = Transport(paused=True)
    transport.step(3)
    with closing(iterate("line(1)", "sgd", transport=transport)) as states:
        assert [next(states).t for _ in range(3)] == [0, 1, 2]
        transport.step(40)
        assert [next(states).t for _ in range(40)] == list(range(3, 43))
        transport.rate = 200.0
        transport.play()
        began = time.monotonic()
        for _ in range(21):
            next(states)
        assert time.monotonic() - began > 0.08


def test_iterate_tells_mistakes_at_the_call() -> None:
    with pytest.raises(SpecError, match="unknown strategy 'adm'"):
        iterate("line(1)", "adm")
    with pytest.raises(SpecError, match="ticks is -1"):
        iterate("line(1)", "sgd", ticks=-1)


# -- many readers


async def test_each_reader_has_every_state() -> None:
    expected = simulate(SOURCE, "adam", ticks=3000, seed=1)["theta"].tolist()
    async with broadcast(stream(SOURCE, "adam", ticks=3000, seed=1)) as hub:
        readers = [hub.reader() for _ in range(3)]

        async def read(reader: Any) -> list[float]:
            return [state.theta async for state in reader]

        found = await asyncio.gather(*map(read, readers))
        assert found == [expected] * 3
        assert [reader.missed for reader in readers] == [0, 0, 0]
        assert await read(hub.reader()) == []  # of what is still to come: nothing


async def test_readers_that_are_tasks_have_every_state() -> None:
    found: list[list[int]] = []

    async def read(hub: Any) -> None:
        found.append([state.t async for state in hub.reader()])

    async with broadcast(stream("line(1)", "sgd", ticks=2000)) as hub, asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(read(hub))
    assert found == [list(range(2000))] * 3


async def test_a_slow_reader_misses_and_is_told_and_the_others_do_not_wait() -> None:
    transport, clock = Transport(rate=100.0), ManualClock()
    fast, slow = list[int](), list[int]()
    async with broadcast(stream("line(1)", "sgd", transport=transport, clock=clock), capacity=8) as hub:
        quick, late = hub.reader(), hub.reader()

        async def read_fast() -> None:
            async for state in quick:
                fast.append(state.t)

        async def read_slowly() -> None:
            async for state in late:
                slow.append(state.t)
                await clock.wait(asyncio.Event(), 0.5)

        tasks = [asyncio.ensure_future(read_fast()), asyncio.ensure_future(read_slowly())]
        await clock.advance(20)
        assert fast == list(range(len(fast)))
        assert abs(len(fast) - 2001) <= 1
        assert quick.missed == 0
        assert 30 <= len(slow) <= 42
        assert late.missed == slow[-1] - len(slow) + 1 or late.missed > 1000
        assert slow == sorted(set(slow))
        assert len(slow) + late.missed + 8 >= slow[-1] + 1
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_reader_comes_later() -> None:
    transport = Transport(paused=True)
    async with broadcast(stream("line(1)", "sgd", transport=transport)) as hub:
        first = hub.reader()
        transport.step(10)
        assert [(await anext(first)).t for _ in range(10)] == list(range(10))
        second = hub.reader()
        transport.step(2)
        assert [(await anext(second)).t for _ in range(2)] == [10, 11]
        assert (await anext(first)).t == 10


@pytest.mark.parametrize("read", [True, False])
async def test_an_error_of_the_stream_reaches_the_readers_or_the_end(read: bool) -> None:
    def failing() -> Any:
        yield 1.0
        raise LookupError("mine")

    seen: list[float] = []

    async def collect(reader: Any) -> None:
        async for state in reader:
            seen.append(state.g)  # noqa: PERF401  (what came before the error counts)

    async def body() -> None:
        async with broadcast(stream(failing(), "sgd")) as hub:
            reader = hub.reader()
            if read:
                for each in (reader, hub.reader()):
                    with pytest.raises(LookupError, match="mine"):
                        await collect(each)
                assert seen == [1.0, 1.0]
            else:
                await turns()

    if read:
        await body()
    else:
        with pytest.raises(LookupError, match="mine"):
            await body()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_stream_is_closed_and_the_transport_free_at_the_end() -> None:
    transport = Transport(paused=True)
    states = stream("line(1)", "sgd", transport=transport)
    with pytest.raises(ZeroDivisionError):
        await interrupted(states)
    with pytest.raises(StopAsyncIteration):
        await anext(states)
    assert transport._listener is None
    assert asyncio.all_tasks() == {asyncio.current_task()}
    hub = broadcast(stream("line(1)", "sgd"))
    with pytest.raises(SpecError, match="inside its 'async with' alone"):
        hub.reader()
    with pytest.raises(SpecError, match="capacity is 0: it must be a whole number from 4 on"):
        broadcast(states, capacity=0)


async def interrupted(states: Any) -> None:
    async with broadcast(states) as hub:
        waiting = asyncio.ensure_future(anext(hub.reader()))
        await turns()
        try:
            raise ZeroDivisionError
        finally:
            waiting.cancel()
