"""The hub: one producer, many readers, and a ring of columns between them.

The producer writes blocks and never waits. Each reader has a cursor and pulls when it likes; one that falls behind the
ring skips ahead and is told how many ticks it missed. No queue grows: memory is the ring, whatever the readers do.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.engine import Block
from stream_adam.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_adam.experiment import Experiment

Ring = dict[str, "np.ndarray[Any, Any]"]


class Hub:
    """The last `capacity` ticks of a run.

    >>> from stream_adam.engine import Run
    >>> from stream_adam.experiment import Experiment
    >>> run = Run(Experiment.of("line(1)", "sgd", seed=1))
    >>> hub = Hub(run.experiment, capacity=100)
    >>> slow = hub.reader()
    >>> for _ in range(3):
    ...     hub.write(run.advance(50))
    >>> block, missed = slow.pull()
    >>> block.start, len(block), missed
    (50, 100, 50)
    """

    def __init__(self, experiment: Experiment, capacity: int) -> None:
        if capacity < 1:
            raise SpecError(f"capacity is {capacity}: it must be at least 1")
        self.capacity = capacity
        self.tick = 0  # the tick that will be written next
        self._oldest = 0
        self._rings = [_ring(strategy.columns, capacity, experiment.shape) for strategy in experiment.lanes]
        self._readers: set[Reader] = set()

    @property
    def oldest(self) -> int:
        """The first tick that is still there."""
        return self._oldest

    def write(self, block: Block) -> None:
        """Add the next ticks; the oldest make room. A block must begin where the last one ended."""
        if block.start != self.tick:
            raise RuntimeError(f"a block from tick {block.start} on can't follow tick {self.tick - 1}")
        count = len(block)
        kept = min(count, self.capacity)
        places = np.arange(self.tick + count - kept, self.tick + count) % self.capacity
        for ring, columns in zip(self._rings, block.lanes, strict=True):
            for name, values in columns.items():
                ring[name][places] = values[count - kept :]
        self.tick += count
        self._oldest = max(self._oldest, self.tick - self.capacity)
        for reader in self._readers:
            reader.news.set()

    def wind_back(self, tick: int) -> None:
        """Forget this tick and all after it, so that they can be written anew.

        Raises:
            RuntimeError: there is no such tick.
        """
        if not 0 <= tick <= self.tick:
            raise RuntimeError(f"can't wind back to tick {tick}: {self.tick} ticks have been written")
        self.tick = tick
        self._oldest = min(self._oldest, tick)
        for reader in self._readers:
            reader.cursor = min(reader.cursor, tick)

    def between(self, start: int, stop: int) -> Block:
        """A copy of these ticks, as far as they are there."""
        start, stop = max(start, self._oldest), min(stop, self.tick)
        places = np.arange(start, max(start, stop)) % self.capacity
        return Block(start, tuple({name: ring[name][places] for name in ring} for ring in self._rings))

    def empty(self) -> None:
        """Let go of all ticks and of the ring's memory, for good."""
        self._rings = [{} for _ in self._rings]
        self._oldest = self.tick

    def reader(self, cursor: int | None = None) -> Reader:
        """A reader that begins with this tick; with the next one to be written, unless told otherwise."""
        reader = Reader(self, self.tick if cursor is None else cursor)
        self._readers.add(reader)
        return reader

    def drop(self, reader: Reader) -> None:
        """Let go of a reader."""
        self._readers.discard(reader)


class Reader:
    """One reader's place in a hub."""

    def __init__(self, hub: Hub, cursor: int) -> None:
        self._hub = hub
        self.cursor = cursor
        self.news = asyncio.Event()

    def pull(self, most: int | None = None) -> tuple[Block, int]:
        """The ticks since the last pull, `most` at the most, and how many were missed before them. Never waits."""
        missed = max(0, self._hub.oldest - self.cursor)
        start = self.cursor + missed
        block = self._hub.between(start, self._hub.tick if most is None else start + most)
        self.cursor = start + len(block)
        return block, missed

    async def wait(self) -> None:
        """Until there is something to pull."""
        while self.cursor >= self._hub.tick:
            self.news.clear()
            await self.news.wait()

    def close(self) -> None:
        """Leave the hub."""
        self._hub.drop(self)


def _ring(columns: Sequence[str], capacity: int, shape: tuple[int, ...]) -> Ring:
    """Room for each column, whose ticks are of that shape; the machine gives the memory only as it is written."""
    ring: Ring = {name: np.empty((capacity, *shape)) for name in columns}
    return ring | {"t": np.empty(capacity, dtype=np.int64)}
