"""`make bench`: where the time goes, each figure as a ratio against a peer timed in the same run, turn by turn."""

from __future__ import annotations

import asyncio
import json
import platform
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from statistics import median

import msgspec
import numpy as np
from original import simulate_adam

from bench.sessions import load
from stream_adam import simulate, stream
from stream_adam.cli.rows import FORMATS
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.strategies import as_strategy

ROUNDS = 5
LOOP = "the original's loop"
SOURCE, STRATEGY = "swinging_soft() + normal(0.5)", "adam_zero_based"


@dataclass(frozen=True)
class Work:
    """Something of ours beside a peer: each a function that does it once, and how many ticks that is."""

    name: str
    ours: Callable[[], object]
    ticks: int
    peer_name: str
    peer: Callable[[], object]
    peer_ticks: int

    def row(self) -> str:
        """Both in turn, several rounds: the medians a tick, and the median of the ratios."""
        times = [(_timed(self.ours) / self.ticks, _timed(self.peer) / self.peer_ticks) for _ in range(ROUNDS)]
        ours, peer = (median(side) * 1e9 for side in zip(*times, strict=True))
        ratio = median(them / us for us, them in times)
        return f"| {self.name} | {ours:,.0f} | {self.peer_name} | {peer:,.0f} | {ratio:.2f} |"


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def original(ticks: int) -> Callable[[], object]:
    """The original program's loop over a gradient that is there already."""
    g = np.random.default_rng(1).normal(size=ticks)
    return lambda: simulate_adam(g)


async def _consume(source: AsyncGenerator[object, None]) -> None:
    async for _ in source:
        pass


async def _empty(ticks: int) -> AsyncGenerator[object, None]:
    for i in range(ticks):
        yield i


def works() -> list[Work]:
    """What is measured."""
    long, short = 1_000_000, 20_000
    recorded = np.random.default_rng(1).normal(size=long)
    rows = FORMATS["jsonl"]([as_strategy(STRATEGY)])
    block = Run(Experiment.of(SOURCE, STRATEGY, seed=1)).advance(short)
    names = list(block.lanes[0])
    cells = zip(*(column.tolist() for column in block.lanes[0].values()), strict=True)
    plain = [dict(zip(names, row, strict=True)) for row in cells]
    encode = msgspec.json.Encoder().encode_lines

    def streamed() -> None:
        asyncio.run(_consume(stream(SOURCE, STRATEGY, seed=1, ticks=400_000)))

    def empty() -> None:
        asyncio.run(_consume(_empty(400_000)))

    loop = original(short)
    asynchronous = "async for, unpaced, 400,000 ticks"
    lines = "JSON lines of a block"
    return [
        Work("simulate, recorded", lambda: simulate(recorded, STRATEGY, ticks=long, seed=1), long, LOOP, loop, short),
        Work("simulate, formula", lambda: simulate(SOURCE, STRATEGY, ticks=long, seed=1), long, LOOP, loop, short),
        Work(asynchronous, streamed, 400_000, LOOP, loop, short),
        Work(asynchronous, streamed, 400_000, "an empty async generator", empty, 400_000),
        Work(lines, lambda: rows(block), short, "msgspec on ready dicts", lambda: encode(plain), short),
        Work(lines, lambda: rows(block), short, "json.dumps", lambda: [json.dumps(row) for row in plain], short),
    ]


def main() -> None:
    """Print the table, then the load of the page."""
    machine = f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{machine}; medians of {ROUNDS} rounds\n")
    print("| work | ns a tick | peer | ns a tick | peer / ours |\n| --- | --- | --- | --- | --- |")
    simulate(SOURCE, STRATEGY, ticks=1_000_000, seed=1)  # compiled before anything is timed
    for work in works():
        print(work.row(), flush=True)
    print("\n" + load())


if __name__ == "__main__":
    main()
