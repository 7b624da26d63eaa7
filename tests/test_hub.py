"""The hub: each reader sees the run's own ticks in order, and knows what it missed, whatever the others do."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stream_adam import SpecError, Transport
from stream_adam.clock import ManualClock
from stream_adam.engine import Block, Run
from stream_adam.experiment import Experiment
from stream_adam.hub import Hub, Reader
from stream_adam.streaming import blocks

EXPERIMENT = Experiment.of("swinging_soft() + normal(0.5)", ["adam", "momentum"], seed=1)
LONGEST = 4000
WHOLE = Run(EXPERIMENT).advance(LONGEST)


def slice_of(block: Block, start: int, stop: int) -> Block:
    return Block(start, tuple({name: values[start:stop] for name, values in lane.items()} for lane in block.lanes))


def same(block: Block, expected: Block) -> bool:
    return block.start == expected.start and all(
        list(a) == list(b) and all(a[name].tobytes() == b[name].tobytes() for name in b)
        for a, b in zip(block.lanes, expected.lanes, strict=True)
    )


class Traffic(RuleBasedStateMachine):
    """Any interleaving of writes, pulls and going back, with readers that come and go."""

    @initialize(capacity=st.integers(1, 60))
    def begin(self, capacity: int) -> None:
        self.hub = Hub(EXPERIMENT, capacity)
        self.readers: list[Reader] = []
        self.places: list[int] = []  # where each should go on
        self.top = 0  # the oldest tick that is still there, by the model
        self.rings = [id(values) for ring in self.hub._rings for values in ring.values()]

    @rule(n=st.integers(0, 100))
    def write(self, n: int) -> None:
        n = min(n, LONGEST - self.hub.tick)
        self.hub.write(slice_of(WHOLE, self.hub.tick, self.hub.tick + n))
        self.top = max(self.top, self.hub.tick - self.hub.capacity)

    @rule(back=st.integers(0, 80))
    def wind_back(self, back: int) -> None:
        tick = max(0, self.hub.tick - back)
        self.hub.wind_back(tick)
        self.top = min(self.top, tick)
        self.places = [min(place, tick) for place in self.places]

    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        if len(self.readers) < 5:
            cursor = data.draw(st.none() | st.integers(0, self.hub.tick))
            self.readers.append(self.hub.reader(cursor))
            self.places.append(self.hub.tick if cursor is None else cursor)

    @rule(which=st.integers(0, 4), most=st.none() | st.integers(0, 70))
    def pull(self, which: int, most: int | None) -> None:
        if which < len(self.readers):
            block, missed = self.readers[which].pull(most)
            place = self.places[which]
            assert missed == max(0, self.top - place)
            stop = self.hub.tick if most is None else min(self.hub.tick, place + missed + most)
            assert same(block, slice_of(WHOLE, place + missed, stop))
            self.places[which] = stop
            for lane in block.lanes:
                for values in lane.values():
                    values[:] = 0  # a copy: nobody else sees it

    @rule(which=st.integers(0, 4))
    def leave(self, which: int) -> None:
        if which < len(self.readers):
            self.readers.pop(which).close()
            self.places.pop(which)

    @invariant()
    def bounded(self) -> None:
        hub = self.hub
        assert hub.oldest == self.top
        assert hub.tick - hub.oldest <= hub.capacity
        assert [id(values) for ring in hub._rings for values in ring.values()] == self.rings
        assert all(len(values) == hub.capacity for ring in hub._rings for values in ring.values())
        assert hub._readers == set(self.readers)


TestTraffic = Traffic.TestCase


def test_missed_and_seen_make_all_that_was_written() -> None:
    rng = np.random.default_rng(3)
    hub = Hub(EXPERIMENT, 128)
    readers = [hub.reader() for _ in range(4)]
    totals = [0] * 4
    while hub.tick < LONGEST:
        hub.write(slice_of(WHOLE, hub.tick, min(LONGEST, hub.tick + int(rng.integers(1, 90)))))
        for i, reader in enumerate(readers):
            if rng.random() < 0.7 / (i + 1) ** 2:
                block, missed = reader.pull()
                totals[i] += len(block) + missed
    for i, reader in enumerate(readers):
        block, missed = reader.pull()
        assert totals[i] + len(block) + missed == LONGEST


def test_a_block_must_follow_the_last_one() -> None:
    hub = Hub(EXPERIMENT, 10)
    hub.write(slice_of(WHOLE, 0, 7))
    for start in (0, 6, 8):
        with pytest.raises(RuntimeError, match=f"a block from tick {start} on can't follow tick 6"):
            hub.write(slice_of(WHOLE, start, start + 3))
    assert (hub.tick, hub.oldest) == (7, 0)


@pytest.mark.parametrize("tick", [-1, 8, 100])
def test_only_ticks_that_were_written_can_be_gone_back_to(tick: int) -> None:
    hub = Hub(EXPERIMENT, 10)
    hub.write(slice_of(WHOLE, 0, 7))
    with pytest.raises(RuntimeError, match=f"can't wind back to tick {tick}: 7 ticks have been written"):
        hub.wind_back(tick)
    assert hub.tick == 7


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_hub_holds_something(capacity: int) -> None:
    with pytest.raises(SpecError, match="capacity"):
        Hub(EXPERIMENT, capacity)


def test_a_closed_reader_is_let_go() -> None:
    hub = Hub(EXPERIMENT, 10)
    reader = hub.reader()
    gone = weakref.ref(reader)
    reader.close()
    reader.close()  # twice is once
    del reader
    gc.collect()
    assert gone() is None


# -- waiting


async def wakes(reader: Reader) -> bool:
    """Whether a wait comes back without anything further being written."""
    task = asyncio.ensure_future(reader.wait())
    for _ in range(5):
        await asyncio.sleep(0)
    done = task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return done


async def test_wait_comes_back_exactly_when_there_is_something_to_pull() -> None:
    hub = Hub(EXPERIMENT, 100)
    early, late = hub.reader(), hub.reader(20)
    assert not await wakes(early)
    hub.write(slice_of(WHOLE, 0, 0))
    assert not await wakes(early)
    hub.write(slice_of(WHOLE, 0, 10))
    assert await wakes(early)
    assert not await wakes(late)  # begins with a tick to come
    assert await wakes(hub.reader(0))  # news it was not there for
    assert not await wakes(hub.reader())
    early.pull(most=9)
    assert await wakes(early)
    early.pull()
    assert not await wakes(early)
    hub.wind_back(4)
    assert not await wakes(early)
    hub.write(slice_of(WHOLE, 4, 30))
    assert await wakes(early)
    assert await wakes(late)
    hub.wind_back(0)
    assert not await wakes(early)


async def test_a_waiting_reader_is_woken_by_the_write_and_one_that_never_pulls_delays_nobody() -> None:
    hub = Hub(EXPERIMENT, 50)
    never = hub.reader()
    seen: list[int] = []

    async def read(reader: Reader) -> None:
        while True:
            await reader.wait()
            block, missed = reader.pull()
            assert (missed, len(block) > 0) == (0, True)
            seen.extend(block.lanes[0]["t"].tolist())

    task = asyncio.ensure_future(read(hub.reader()))
    while hub.tick < 1000:
        hub.write(slice_of(WHOLE, hub.tick, hub.tick + 20))
        for _ in range(3):
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert seen == list(range(1000))
    block, missed = never.pull()
    assert (block.start, len(block), missed) == (950, 50, 950)


# -- going back


async def taken(source: Any, n: int) -> list[Block]:
    return [await anext(source) for _ in range(n)]


@pytest.mark.parametrize("source", ["swinging_soft() + normal(0.5)", "2*theta + normal(0.1) + random_walk(0.1)"])
async def test_back_and_forth_again_gives_the_same_bits(source: str) -> None:
    experiment = Experiment.of(source, ["adam", "adam_centered"], seed=7, theta0=1.5)
    whole = Run(experiment).advance(3000)
    run, hub = Run(experiment), Hub(experiment, 4096)
    reader = hub.reader()
    async with aclosing(blocks(run, transport=Transport(), clock=ManualClock(), most=100)) as source_of_blocks:
        saved = []
        for _ in range(2):
            for block in await taken(source_of_blocks, 4):
                hub.write(block)
            saved.append((run.tick, run.save()))
        first, _ = reader.pull()
        assert same(first, slice_of(whole, 0, saved[1][0]))
        for tick, state in (saved[1], saved[0], saved[0]):  # further and further back, and the same place twice
            run.restore(state)
            hub.wind_back(tick)
            for block in await taken(source_of_blocks, 6):
                hub.write(block)
            again, missed = reader.pull()
            assert missed == 0
            assert same(again, slice_of(whole, tick, run.tick))
    assert same(hub.between(0, hub.tick), slice_of(whole, 0, run.tick))
