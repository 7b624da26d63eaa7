"""A tick that fails: every tick before it comes, then the error itself, whatever fails and however it is read."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import assert_same_run

from stream_adam import SpecError, Transport, simulate, stream
from stream_adam.clock import ManualClock
from stream_adam.engine import Block, Run
from stream_adam.experiment import Experiment
from stream_adam.sources.feeds import Feed
from stream_adam.streaming import blocks


class State(NamedTuple):
    direction: float = 0.0
    tick: float = 0.0


class Hyper(NamedTuple):
    alpha: float = 0.01


class OwnError(Exception):
    """A rule's or a source's own."""


def raising_at(k: int) -> Any:
    """A rule that raises at tick k; it gets there by its state, as a pure function does."""

    def raising(g: float, s: State, h: Hyper) -> State:
        if s.tick == k:
            raise OwnError(f"tick {k}")
        return State(g, s.tick + 1)

    return raising


def giving_at(k: int, value: Any) -> Any:
    """A rule that gives a state with that value at tick k."""

    def giving(g: float, s: State, h: Hyper) -> State:
        return State(g, value if s.tick == k else s.tick + 1)

    return giving


def values_until(k: int, last: Any = None) -> Iterator[Any]:
    """k values, then another one, or an error."""
    yield from np.random.default_rng(1).normal(size=k)
    if last is None:
        raise OwnError(f"tick {k}")
    yield last


NOISE = "normal(1) + random_walk(0.1)"
Recipe = tuple[Any, Any]
FAILURES: dict[str, Callable[[int], Recipe]] = {  # source and strategy that fail at tick k
    "a rule": lambda k: (NOISE, raising_at(k)),
    "a rule's value": lambda k: (NOISE, giving_at(k, "x")),
    "a rule's result": lambda k: (NOISE, giving_whole_at(k)),
    "a closed loop's rule": lambda k: ("2*theta + normal(0.1)", raising_at(k)),
    "a rule of components": lambda k: ("rosenbrock() + normal(0.1)", raising_at_components(k)),
    "a source": lambda k: (values_until(k), "adam"),
    "a source's value": lambda k: (values_until(k, "1.5"), "adam"),
    "a schedule": lambda k: (NOISE, f"sgd(alpha=where(t < {k}, 0.1, -1))"),
}  # fmt: skip
MESSAGES = {
    "a rule": "^tick {k}$",
    "a rule's value": "^giving gave 'x' as tick at tick {k}: a number is needed$",
    "a rule's result": "^giving gave 5: it must return its State$",
    "a closed loop's rule": "^tick {k}$",
    "a rule of components": "^tick {k}$",
    "a source": "^tick {k}$",
    "a source's value": "^the source gave '1.5' at tick {k}: a float a tick is needed$",
    "a schedule": "^sgd: alpha is -1 at tick {k}: it must be at least 0$",
}


def giving_whole_at(k: int) -> Any:
    def giving(g: float, s: State, h: Hyper) -> State:
        return 5 if s.tick == k else State(g, s.tick + 1)  # type: ignore[return-value]

    return giving


def raising_at_components(k: int) -> Any:
    def raising(g: Any, s: State, h: Hyper) -> State:
        if np.max(s.tick) == k:
            raise OwnError(f"tick {k}")
        return State(g, s.tick + 1)

    return raising


def lanes_with(strategy: Any, place: int | None) -> Any:
    """The strategy alone, or at that place among others."""
    if place is None:
        return strategy
    lanes = ["adam", "momentum"]
    return [*lanes[:place], strategy, *lanes[place:]]


def run_of(what: str, k: int, place: int | None = None) -> Run:
    source, strategy = FAILURES[what](k)
    return Run(Experiment.of(source, lanes_with(strategy, place), seed=3))


failures = pytest.mark.parametrize("what", FAILURES)
places = st.sampled_from([None, 0, 1, 2])


@failures
@settings(max_examples=25)
@given(data=st.data(), k=st.integers(0, 300), place=places)
def test_blocks_of_any_lengths_have_all_before_the_error(what: str, data: Any, k: int, place: int | None) -> None:
    run, found = run_of(what, k, place), list[Block]()
    lengths = iter(lambda: data.draw(st.integers(1, 400)), 0)
    with pytest.raises((OwnError, SpecError), match=MESSAGES[what].format(k=k)):
        found.extend(map(run.advance, lengths))
    assert all(map(len, found)), "an empty block would say that the source has ended"
    assert run.tick == sum(map(len, found)) == k
    if k:
        lanes = [
            {name: np.concatenate([block.lanes[lane][name] for block in found]) for name in found[0].lanes[lane]}
            for lane in range(len(run.lanes))
        ]
        assert_same_run(lanes, list(run_of(what, k, place).advance(k).lanes))


async def collect(passing: AsyncGenerator[Any, None], found: list[Any]) -> None:
    """Note what comes until the generator ends, or fails."""
    async with aclosing(passing):
        async for one in passing:
            found.append(one)  # noqa: PERF401  (what came before an error counts)


@failures
@pytest.mark.parametrize("place", [None, 1])
@pytest.mark.parametrize("k", [0, 1, 15, 16, 17, 1539])
async def test_a_stream_has_every_tick_before_the_error(what: str, place: int | None, k: int) -> None:
    source, strategy = FAILURES[what](k)
    rows: list[Any] = []
    with pytest.raises((OwnError, SpecError), match=MESSAGES[what].format(k=k)):
        await collect(stream(source, lanes_with(strategy, place), seed=3), rows)
    assert [(row if place is None else row[0]).t for row in rows] == list(range(k))


@failures
async def test_blocks_for_the_page_have_every_tick_before_the_error(what: str) -> None:
    found: list[Block] = []
    with pytest.raises((OwnError, SpecError), match=MESSAGES[what].format(k=40)):
        await collect(blocks(run_of(what, 40), transport=Transport(), clock=ManualClock(), most=2000), found)
    assert sum(map(len, found)) == 40


@failures
def test_simulate_raises_the_error_itself(what: str) -> None:
    for k in (0, 7, 100):
        source, strategy = FAILURES[what](k)
        with pytest.raises((OwnError, SpecError), match=MESSAGES[what].format(k=k)):
            simulate(source, strategy, ticks=k + 1, seed=3)
        source, strategy = FAILURES[what](k)
        run: Any = simulate(source, strategy, ticks=k, seed=3)
        assert len(run["t"]) == k


@pytest.mark.parametrize("what", ["a rule", "a source"])
async def test_the_errors_own_traceback_is_there(what: str) -> None:
    source, strategy = FAILURES[what](20)
    with pytest.raises(OwnError) as caught:
        await collect(stream(source, strategy), [])
    assert "raise OwnError" in (traceback.extract_tb(caught.value.__traceback__)[-1].line or "")


@pytest.mark.parametrize("place", [None, 0, 1, 2])
def test_a_run_that_failed_can_be_put_back_and_goes_on_with_the_same_bits(place: int | None) -> None:
    run = run_of("a rule", 100, place)
    run.advance(60)
    saved = run.save()
    once = run.advance(200)
    assert len(once) == 40
    at_the_error = run.save()
    run.restore(saved)
    assert_same_run(list(run.advance(40).lanes), list(once.lanes))
    run.restore(at_the_error)
    with pytest.raises(OwnError):
        run.advance(1)
    with pytest.raises(OwnError):  # and again: it is the next tick's
        run.advance(1)
    run.restore(saved)
    assert_same_run(list(run.advance(1000).lanes), list(once.lanes))


def test_a_rule_that_fails_once_is_told_and_the_run_goes_on_from_there() -> None:
    calls = 0

    def moody(g: float, s: State, h: Hyper) -> State:
        nonlocal calls
        calls += 1
        if calls == 31:
            raise OwnError("once")
        return State(g, s.tick + 1)

    run = Run(Experiment.of(NOISE, moody, seed=3))
    assert len(run.advance(100)) == 30
    with pytest.raises(OwnError, match="once"):
        run.advance(100)
    rest = run.advance(100)
    assert rest.start == 30
    whole = Run(Experiment.of(NOISE, raising_at(-1), seed=3)).advance(130).lanes[0]
    assert_same_run(list(rest.lanes), [{name: column[30:] for name, column in whole.items()}])


def test_compiled_lanes_beside_one_that_fails() -> None:
    run, other = (run_of("a rule", 50, 1) for _ in range(2))
    for lane in (run.lanes[0], run.lanes[2]):
        lane.compile(aside=False)
    assert_same_run(list(run.advance(80).lanes), list(other.advance(80).lanes))
    with pytest.raises(OwnError):
        run.advance(80)


def test_an_interrupt_in_the_middle_of_a_block_leaves_the_run_where_it_was() -> None:
    def interrupted(g: float, s: State, h: Hyper) -> State:
        if s.tick == 20 and not asleep:
            asleep.append(True)
            raise KeyboardInterrupt
        return State(g, s.tick + 1)

    asleep: list[bool] = []
    run = Run(Experiment.of(NOISE, ["adam", interrupted], seed=3))
    with pytest.raises(KeyboardInterrupt):
        run.advance(50)
    assert run.tick == 0
    again = run.advance(50)
    assert_same_run(list(again.lanes), list(Run(Experiment.of(NOISE, ["adam", interrupted], seed=3)).advance(50).lanes))


def test_sources_that_read_ahead_fail_in_the_order_of_their_ticks() -> None:
    run = Run(Experiment.of(Feed(values_until(9)), "sgd(alpha=where(t < 5, 0.1, -1))", seed=1))
    assert len(run.advance(20)) == 5
    with pytest.raises(SpecError, match="at tick 5"):
        run.advance(20)
    run.change(Experiment.of(Feed(()), "sgd", seed=1))
    assert len(run.advance(20)) == 4
    with pytest.raises(OwnError, match="tick 9"):
        run.advance(20)


def test_an_error_is_not_waited_for_where_nobody_asks_for_its_tick() -> None:
    rows = asyncio.run(_first(stream(NOISE, raising_at(5), ticks=5)))
    assert rows == [0, 1, 2, 3, 4]


async def _first(rows: Any) -> list[int]:
    return [row.t async for row in rows]
