"""The stream: the bits of `simulate`, one immutable row a tick, from any source; and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream_adam import SpecError, Transport, simulate, stream, streaming
from stream_adam.arrivals import READ_AHEAD, Arrivals
from stream_adam.clock import ManualClock
from stream_adam.sources import normal
from stream_adam.sources.feeds import Feed, FeedState, Lines

ROOT = Path(__file__).parent.parent
SOURCES = [
    "swinging_soft() + normal(0.5)",
    "5*sin(2*pi*t/25) + 10 + uniform(0.5)",
    "2*theta + normal(0.1)",
    "quadratic(4) + normal(0.1) + random_walk(0.01)",
    "where(t < 100, 1, 0/0)",  # NaN flows through
]


async def rows_of(*args: Any, **options: Any) -> list[Any]:
    async with aclosing(stream(*args, **options)) as rows:
        return [row async for row in rows]


async def collect(rows: AsyncIterator[Any], seen: list[float]) -> None:
    """Note the gradients until the stream ends, or fails."""
    async for row in rows:
        seen.append(row.g)  # noqa: PERF401  (what came before an error counts)


def bits(rows: list[Any], name: str) -> bytes:
    return np.array([getattr(row, name) for row in rows]).tobytes()


def same_bits(rows: list[Any], run: Any) -> bool:
    return all(bits(rows, name) == run[name].tobytes() for name in run)


async def turns(n: int = 50) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


# -- values


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("strategy", ["adam", "adam_zero_based(eps=1e-7)", "adam(alpha=0.1*minimum(1, (t+1)/200))"])
async def test_the_stream_has_the_bits_of_simulate(source: str, strategy: str) -> None:
    options: Any = {"ticks": 2500, "seed": 3, "theta0": 1.25, "bounds": (-2, 2)}
    rows = await rows_of(source, strategy, **options)
    assert [row.t for row in rows] == list(range(2500))
    assert same_bits(rows, simulate(source, strategy, **options))


async def test_interruptions_change_no_bit() -> None:
    transport, rows = Transport(), []
    async with aclosing(stream(SOURCES[3], "adam", seed=5, ticks=700, transport=transport)) as source:
        async for row in source:
            rows.append(row)
            if row.t % 7 == 3:
                transport.step(2)
            elif row.t % 7 == 5:
                transport.rate = 1e5
                transport.play()
    assert same_bits(rows, simulate(SOURCES[3], "adam", seed=5, ticks=700))


async def test_compiling_on_the_way_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "COMPILE_AFTER", 1000)
    transport, rows = Transport(), []
    async with aclosing(stream(SOURCES[2], "adam", seed=5, ticks=20_000, transport=transport)) as source:
        async for row in source:
            rows.append(row)
            if row.t == 6000:
                for thread in threading.enumerate():
                    if thread.name == "stream_adam compile":
                        await asyncio.to_thread(thread.join)
    monkeypatch.undo()
    assert same_bits(rows, simulate(SOURCES[2], "adam", seed=5, ticks=20_000))


@pytest.mark.parametrize("source", SOURCES[:4])
async def test_a_list_of_strategies_gives_tuples(source: str) -> None:
    specs = ["adam", "momentum(alpha=0.1)", "adam(beta2=0.9)"]
    rows = await rows_of(source, specs, ticks=300, seed=9)
    assert all(type(row) is tuple and len(row) == 3 for row in rows)
    for lane, spec in enumerate(specs):
        assert same_bits([row[lane] for row in rows], simulate(source, spec, ticks=300, seed=9))
    if "theta" not in source and "quadratic" not in source:
        assert all(row[0].g == row[1].g == row[2].g for row in rows)
    (row,) = await rows_of(source, ["adam"], ticks=1)
    assert type(row) is tuple
    assert len(row) == 1


async def test_a_row_is_an_immutable_object_of_python_numbers() -> None:
    (row,) = await rows_of("line(1)", "adam", ticks=1)
    assert row.__struct_fields__ == tuple(simulate("line(1)", "adam", ticks=1))
    assert row.__struct_fields__[:2] == ("t", "g")
    assert row.__struct_fields__[-2:] == ("direction", "theta")
    assert type(row.t) is int
    assert {type(getattr(row, name)) for name in row.__struct_fields__[1:]} == {float}
    assert repr(row).startswith("adam_row(t=0, g=1.0, m=")
    assert row == row.__copy__()
    with pytest.raises(AttributeError):
        row.g = 1.0


def test_a_run_that_a_schedule_cuts_short_is_told() -> None:
    for strategy in ("adam(beta2=0.9 + 0.001*t)", "adam(beta2=step(100, 0.9, 1))"):
        assert len(simulate("line(1)", strategy, ticks=100)["t"]) == 100
        with pytest.raises(SpecError, match="adam: beta2 is 1 at tick 100: it must be below 1"):
            simulate("line(1)", strategy, ticks=101)
    assert len(simulate([1.0, 2.0], "sgd", ticks=100)["t"]) == 2  # the end of a source is no fault


async def test_without_a_seed_each_run_draws_its_own() -> None:
    first, second = [bits(await rows_of("normal(1)", "sgd", ticks=20), "g") for _ in range(2)]
    assert first != second


@pytest.mark.parametrize("ticks", [0, 1, 15, 16, 17, 999, 1000, 1001, np.int64(5)])
async def test_how_many_ticks(ticks: int) -> None:
    assert len(await rows_of("line(1)", "sgd", ticks=ticks)) == ticks
    assert len(simulate("line(1)", "sgd", ticks=ticks)["t"]) == ticks


@pytest.mark.parametrize("ticks", [-1, 1.5, True, "3", float("nan")])
async def test_numbers_of_ticks_that_cant_be_used(ticks: Any) -> None:
    for call in (stream, simulate):
        with pytest.raises(SpecError, match=r"ticks is .*: it must be a whole number from 0 on"):
            call("line(1)", "sgd", ticks=ticks)


@pytest.mark.parametrize(
    ("source", "ticks"), [("line(1)", 5), ("rosenbrock()", 5), ([1.0, 2.0, 3.0], 5), ("line(1)", 200_000)]
)
def test_simulate_tells_a_schedule_out_of_bounds_from_the_end_of_a_source(source: Any, ticks: int) -> None:
    with pytest.raises(SpecError, match=r"^adam: beta1 is 1 at tick 2: it must be below 1$"):
        simulate(source, "adam(beta1=step(2, 0.9, 1))", ticks=ticks)
    assert len(simulate(source, "adam(beta1=step(2, 0.9, 1))", ticks=2)["t"]) == 2
    assert len(simulate([1.0, 2.0], "adam(beta1=step(2, 0.9, 1))", ticks=ticks)["t"]) == 2


def test_simulate_must_end() -> None:
    for source in ("line(1)", 3.0, "quadratic(1)", "mlp_digits()"):
        with pytest.raises(SpecError, match="ticks is needed: this source goes on forever"):
            simulate(source, "sgd")


@pytest.mark.parametrize("ticks", [0, 10, 40, 41, None])
async def test_a_recording_ends_the_stream(ticks: int | None, tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 40)
    np.save(tmp_path / "g.npy", values)
    rows = await rows_of(f'recording("{tmp_path}/g.npy")', "adam", ticks=ticks)
    assert bits(rows, "g") == values[: 40 if ticks is None else ticks].tobytes()


# -- sources


def counted(n: int, pulled: list[int]) -> Iterator[float]:
    for k in range(n):
        pulled.append(k)
        yield float(k)


async def arriving(n: int, pulled: list[int]) -> AsyncGenerator[float, None]:
    try:
        for k in range(n):
            await asyncio.sleep(0)
            pulled.append(k)
            yield float(k)
    finally:
        pulled.append(-1)


@pytest.mark.parametrize("values", [[0, 1.0, 2], (0, 1, 2), np.arange(3), np.arange(3.0), range(3), iter([0, 1, 2])])
async def test_any_iterable_is_a_source(values: Any) -> None:
    rows = await rows_of(values, "adam")
    assert same_bits(rows, simulate([0.0, 1.0, 2.0], "adam", ticks=10))


@pytest.mark.parametrize("kind", [counted, arriving])
async def test_values_are_taken_one_a_tick(kind: Callable[..., Any]) -> None:
    pulled: list[int] = []
    async with aclosing(stream(kind(100, pulled), "sgd")) as rows:
        async for row in rows:
            assert pulled == list(range(row.t + 1))
            if row.t == 50:
                break
    assert pulled[:51] == list(range(51))
    assert len(pulled) == 51 + (kind is arriving)


@pytest.mark.parametrize("kind", [counted, arriving])
async def test_a_paused_stream_takes_one_value_ahead_at_the_most(kind: Callable[..., Any]) -> None:
    pulled: list[int] = []
    transport = Transport(paused=True)
    source = stream(kind(100, pulled), "sgd", transport=transport, clock=ManualClock())
    async with aclosing(source):
        for n in range(5):
            task = asyncio.ensure_future(anext(source))
            await turns()
            assert not task.done()
            assert len(pulled) <= n + 1
            transport.step()
            assert (await task).t == n


async def test_no_tick_means_no_value() -> None:
    pulled: list[int] = []
    assert await rows_of(counted(3, pulled), "sgd", ticks=0) == []
    assert pulled == []
    assert len(await rows_of(counted(9, pulled), "sgd", ticks=2)) == 2
    assert pulled == [0, 1]


async def test_feeds_end_with_the_first_that_ends() -> None:
    pulled: list[int] = []
    source = Feed([10.0, 20.0]) + Feed(arriving(10, pulled)) + normal(0)
    assert [row.g for row in await rows_of(source, "sgd", seed=1)] == [10.0, 21.0]
    assert pulled[-1] == -1


UNUSABLE: list[Any] = ["x", None, 1j, {}, [1.0], np.ones(2), 10**400]


@pytest.mark.parametrize("value", UNUSABLE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_value_that_is_not_a_number(value: Any, is_async: bool) -> None:
    finished = False

    async def later() -> AsyncIterator[Any]:
        nonlocal finished
        try:
            yield 1.0
            yield value
        finally:
            finished = True

    seen: list[float] = []
    with pytest.raises(SpecError, match=r"^the source gave .*: a float a tick is needed$"):
        await collect(stream(later() if is_async else iter([1.0, value]), "sgd"), seen)
    assert seen == [1.0]
    assert finished == is_async
    if not is_async:
        with pytest.raises(SpecError, match="a float a tick is needed"):
            simulate([1.0, value], "sgd", ticks=2)


def test_simulate_cant_await() -> None:
    with pytest.raises(SpecError) as error:
        simulate(arriving(3, []), "sgd", ticks=3)
    assert str(error.value) == "an async iterable can only be streamed: use stream(…)"


# -- lines


@contextmanager
def pipe() -> Iterator[tuple[Lines, Callable[[str], None], Callable[[], None]]]:
    """Lines from a pipe, a function that writes to it, and one that closes the writing end."""
    read, write = os.pipe()
    with ExitStack() as stack:
        reader = stack.enter_context(os.fdopen(read, encoding="utf-8"))
        writer = stack.enter_context(os.fdopen(write, "w", encoding="utf-8", buffering=1))
        yield Lines(reader), lambda text: print(text, end="", file=writer, flush=True), writer.close
        writer.close()  # a thread that still waits for a line comes to its end
        for thread in threading.enumerate():
            if thread.name == "stream_adam lines":
                thread.join(10)
                assert not thread.is_alive()


async def test_lines_up_to_the_end_of_the_input() -> None:
    with pipe() as (lines, write, close):
        write("1\n\n  2.5 \nnan\n-inf")
        close()
        rows = await rows_of(lines, "sgd")
    np.testing.assert_array_equal([row.g for row in rows], [1.0, 2.5, np.nan, -np.inf])


async def test_a_line_comes_out_as_soon_as_it_is_there() -> None:
    with pipe() as (lines, write, _close):
        async with aclosing(stream(lines, "sgd")) as rows, asyncio.timeout(20):
            for k in range(5):
                write(f"{k}\n")
                assert (await anext(rows)).g == k


@pytest.mark.parametrize("text", ["1\n\nx1\n3\n", "1\n2\n1,5\n"])
async def test_a_bad_line_is_named_by_its_number(text: str) -> None:
    bad = text.splitlines()[2]
    with pipe() as (lines, write, close):
        write(text)
        close()
        with pytest.raises(SpecError, match=f"line 3 of the input is '{bad}': one number a line is needed"):
            await rows_of(lines, "sgd")
    with pytest.raises(SpecError, match="line 3 of the input"):
        simulate(Lines(io.StringIO(text)), "sgd", ticks=9)


async def test_input_that_is_not_text() -> None:
    with pytest.raises(SpecError, match=r"^the input is not text in UTF-8: it has a byte 0xff"):
        await rows_of(Lines(io.TextIOWrapper(io.BytesIO(b"1\n\xff\n"), encoding="utf-8")), "sgd")


class Broken(io.StringIO):
    """A text stream that breaks in its own way."""

    def __next__(self) -> str:  # type: ignore[override]  # typeshed's slip
        raise KeyError("broken")


async def test_whatever_breaks_in_the_thread_reaches_the_consumer() -> None:
    async with asyncio.timeout(20):
        with pytest.raises(KeyError, match="broken"):
            await rows_of(Lines(Broken()), "sgd")


async def test_lines_are_read_ahead_only_so_far() -> None:
    taken = 0

    class Endless(io.StringIO):
        def __next__(self) -> str:  # type: ignore[override]  # typeshed's slip
            nonlocal taken
            taken += 1
            return "1\n"

    async with aclosing(stream(Lines(Endless()), "sgd")) as rows:
        await anext(rows)
        await asyncio.sleep(0.05)
        assert taken <= READ_AHEAD + 3
        for _ in range(2000):
            await anext(rows)
    await asyncio.sleep(0.05)
    assert taken <= 2001 + READ_AHEAD + 3
    assert not [thread for thread in threading.enumerate() if thread.name == "stream_adam lines"]


PROGRAM = """
import asyncio
from contextlib import aclosing
from stream_adam import stream
async def main():
    async with aclosing(stream("stdin()", "sgd"{extra})) as rows:
        async for row in rows:
            print(row.g, flush=True)
async def top():
    task = asyncio.create_task(main())
    await asyncio.sleep({seconds})
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
asyncio.run(top())
"""


@pytest.mark.parametrize(("extra", "last"), [("", "cancelled"), (", ticks=2", "2.0")])
def test_a_line_that_never_comes_does_not_keep_the_program_alive(extra: str, last: str) -> None:
    code = PROGRAM.format(extra=extra, seconds=0.5)
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", code]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True, cwd=ROOT) as program:
        assert program.stdin and program.stdout and program.stderr  # noqa: PT018
        program.stdin.write("1\n2\n")
        program.stdin.flush()  # and it stays open
        began = time.monotonic()
        assert program.wait(30) == 0
        assert time.monotonic() - began < 15
        assert program.stdout.read().split()[-1] == last
        assert program.stderr.read() == ""


def test_compiling_in_the_background_does_not_keep_the_program_alive(tmp_path: Path) -> None:
    code = """
import asyncio, time
from stream_adam import stream, streaming
streaming.COMPILE_AFTER = streaming.WORTH = 100
async def main():
    async for row in stream("normal(1)", "adam", ticks=2000): pass
asyncio.run(main())
import threading
print(any(t.name == "stream_adam compile" and t.daemon for t in threading.enumerate()))
"""
    command = [sys.executable, "-W", "error", "-c", code]
    nothing_kept = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False, env=nothing_kept)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


# -- the end


class Watched:
    """A source that tells whether its `finally` has run, in one of several shapes."""

    def __init__(self, shape: str) -> None:
        self.started = self.finished = 0
        self.values: Any = {
            "spec": lambda: "normal(1)",
            "closed loop": lambda: "2*theta + normal(0.1)",
            "list": lambda: [1.0] * 40,
            "async": self._arriving,
            "slow": self._slow,
            "never": self._never,
        }[shape]()

    async def _arriving(self) -> AsyncGenerator[float, None]:
        async with self:
            for k in range(40):
                await asyncio.sleep(0)
                yield float(k)

    async def _slow(self) -> AsyncGenerator[float, None]:
        async with self:
            while True:
                await asyncio.sleep(0.0005)
                yield 1.0

    async def _never(self) -> AsyncGenerator[float, None]:
        async with self:
            yield 1.0
            await asyncio.Event().wait()

    async def __aenter__(self) -> None:
        self.started += 1

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)  # closing takes a while, too
        self.finished += 1


async def nothing_is_left(transport: Transport, watched: Watched | None = None) -> None:
    if watched is not None:
        assert watched.started == watched.finished
    assert asyncio.all_tasks() == {asyncio.current_task()}
    transport.rate = None
    transport.play()
    assert len(await rows_of("line(1)", "sgd", ticks=3, transport=transport)) == 3


SHAPES = ["spec", "closed loop", "list", "async", "slow", "never"]
KEYS: dict[str, Callable[[], Transport]] = {
    "unpaced": Transport,
    "slow": lambda: Transport(1.0),
    "fast": lambda: Transport(2000.0),
    "paused": lambda: Transport(paused=True),
}


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("shape", SHAPES)
async def test_cancelled_at_any_await(shape: str, keys: str) -> None:
    for k in [*range(12), 20, 33, 64]:
        transport, watched = KEYS[keys](), Watched(shape)

        async def consume(transport: Transport = transport, watched: Watched = watched) -> None:
            async with aclosing(stream(watched.values, "adam", transport=transport, ticks=200)) as rows:
                async for _ in rows:
                    await asyncio.sleep(0)

        task = asyncio.ensure_future(consume())
        await turns(k)
        ended = task.done()
        task.cancel()
        await asyncio.wait([task])
        assert ended or task.cancelled()
        assert not ended or task.exception() is None
        await nothing_is_left(transport, watched)


@pytest.mark.parametrize("keys", ["unpaced", "paused"])
async def test_cancelled_while_lines_are_awaited(keys: str) -> None:
    for k in [*range(8), 30]:
        transport = KEYS[keys]()
        with pipe() as (lines, write, _close):
            write("1\n2\n3\n")
            task = asyncio.ensure_future(rows_of(lines, "adam", transport=transport))
            await turns(k)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            await nothing_is_left(transport)


@pytest.mark.parametrize("shape", SHAPES)
async def test_closed_at_any_yield(shape: str) -> None:
    for k in range(0, 36, 5):
        transport, watched = Transport(), Watched(shape)
        rows = stream(watched.values, "adam", transport=transport)
        for _ in range(min(k, 1) if shape == "never" else k):
            await anext(rows)
        await rows.aclose()
        await rows.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(rows)
        if k == 0 and hasattr(watched.values, "aclose"):
            await watched.values.aclose()  # never begun: it is still the caller's
        await nothing_is_left(transport, watched)


@pytest.mark.parametrize("shape", SHAPES)
async def test_dropped_without_a_close(shape: str) -> None:
    transport, watched = Transport(), Watched(shape)
    rows = stream(watched.values, "adam", transport=transport)
    await anext(rows)
    del rows
    gc.collect()
    await turns()
    await nothing_is_left(transport, watched)


@pytest.mark.parametrize("closing", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
async def test_a_consumer_that_raises(shape: str, closing: bool) -> None:
    transport, watched = Transport(), Watched(shape)

    async def consume() -> None:
        async with aclosing(stream(watched.values, "adam", transport=transport)) as rows:
            async for _ in rows:
                raise LookupError("mine")

    async def consume_carelessly() -> None:
        async for _ in stream(watched.values, "adam", transport=transport):
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as error:
        await (consume() if closing else consume_carelessly())
    if not closing:
        del error  # its traceback holds the generator
        gc.collect()
        await turns()
    await nothing_is_left(transport, watched)


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_error_of_the_source_reaches_the_consumer(is_async: bool) -> None:
    def failing() -> Iterator[float]:
        yield 1.0
        raise LookupError("the source's")

    async def failing_later() -> AsyncIterator[float]:
        for value in failing():
            yield value

    transport, seen = Transport(), list[float]()
    with pytest.raises(LookupError, match="the source's"):
        await collect(stream(failing_later() if is_async else failing(), "sgd", transport=transport), seen)
    assert seen == [1.0]
    await nothing_is_left(transport)


async def test_an_error_while_one_feed_is_closed_does_not_keep_the_others_open() -> None:
    closed: list[str] = []

    class Closing:
        def __init__(self, name: str) -> None:
            self.name = name

        def __aiter__(self) -> Closing:
            return self

        async def __anext__(self) -> float:
            return 1.0

        async def aclose(self) -> None:
            closed.append(self.name)
            if self.name == "b":
                raise LookupError(self.name)

    with pytest.raises(LookupError, match="b"):
        async with Arrivals([FeedState(Closing(name)) for name in "abc"]) as arrivals:
            await arrivals.next_tick()
    assert sorted(closed) == ["a", "b", "c"]


async def test_a_new_stream_takes_the_transport_over() -> None:
    transport = Transport()
    first = stream("line(1)", "sgd", transport=transport)
    async with aclosing(first):
        await anext(first)
        values: list[int] = []
        async with aclosing(stream(arriving(3, values), "sgd", transport=transport)) as second:
            assert (await anext(second)).t == 0
            with pytest.raises(SpecError, match="another stream has taken this transport over: give each stream its"):
                await anext(first)
            assert [row.t async for row in second] == [1, 2]  # undisturbed
    await nothing_is_left(transport)


async def test_a_stream_that_waits_is_told_that_another_took_over() -> None:
    transport = Transport(paused=True)
    waiting = asyncio.ensure_future(rows_of("line(1)", "sgd", transport=transport))
    await turns()
    other = stream("line(1)", "sgd", transport=transport)
    transport.step()
    async with aclosing(other):
        assert (await anext(other)).t == 0
        with pytest.raises(SpecError, match="taken this transport over"):
            await waiting
    await nothing_is_left(transport)


async def test_a_transport_is_free_at_once_after_a_break() -> None:
    transport = Transport(rate=1000)
    for n in (1, 5, 40):
        seen = []
        async for row in stream("line(1)", "sgd", transport=transport):
            seen.append(row.t)
            if len(seen) == n:
                break
        assert seen == list(range(n))
    await turns()
    await nothing_is_left(transport)


async def test_a_stream_that_is_never_begun_costs_nothing() -> None:
    transport = Transport()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream("line(1)", "sgd", transport=transport)
        gc.collect()
        await turns()
    assert not caught
    await nothing_is_left(transport)


def test_mistakes_are_told_at_the_call() -> None:
    mistakes: list[tuple[Any, Any]] = [("sinn(t)", "adam"), ("line(1)", "adamm"), ("line(1)", []), (object(), "adam")]
    for source, strategy in mistakes:
        with pytest.raises(SpecError):
            stream(source, strategy)


def test_the_loop_may_be_closed_while_a_line_is_awaited() -> None:
    """A program that forgets its stream, then its loop: the thread that reads must not fail on its own later."""
    with pipe() as (lines, write, _close):
        loop = asyncio.new_event_loop()
        rows = stream(lines, "sgd")
        write("1\n")
        loop.run_until_complete(anext(rows))
        loop.close()
        write("2\n3\n")
        time.sleep(0.05)
    with suppress(RuntimeError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows.aclose().close()
        del rows
