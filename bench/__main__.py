"""`make bench`: where the time goes, each figure as a ratio against a peer that is timed in the same run, turn by turn."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from statistics import median

import msgspec
import numpy as np

from bench.sessions import load
from stream_adam import simulate, stream
from stream_adam.cli.rows import FORMATS
from stream_adam.engine import Run
from stream_adam.experiment import Experiment
from stream_adam.strategies import as_strategy
from tests.original import simulate_adam

ROUNDS = 5
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
    return lambda: simulate_adam(g, 0.9, 0.999, 1e-7)


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
    plain = [
        dict(zip(block.lanes[0], row, strict=True)) for row in zip(*map(np.ndarray.tolist, block.lanes[0].values()))
    ]
    encode = msgspec.json.Encoder().encode_lines
    streamed = lambda n: lambda: asyncio.run(_consume(stream(SOURCE, STRATEGY, seed=1, ticks=n)))  # noqa: E731
    return [
        Work("simulate, 1,000,000 recorded ticks", lambda: simulate(recorded, STRATEGY, ticks=long, seed=1), long,
             "the original's loop", original(short), short),
        Work("the same, source included", lambda: simulate(SOURCE, STRATEGY, ticks=long, seed=1), long,
             "the original's loop", original(short), short),
        Work("async for, unpaced, 400,000 ticks", streamed(400_000), 400_000, "the original's loop", original(short), short),
        Work("async for, unpaced, 400,000 ticks", streamed(400_000), 400_000,
             "an empty async generator", lambda: asyncio.run(_consume(_empty(400_000))), 400_000),
        Work("JSON lines of a block", lambda: rows(block), short, "msgspec on ready dicts", lambda: encode(plain), short),
        Work("JSON lines of a block", lambda: rows(block), short, "json.dumps",
             lambda: [json.dumps(row) for row in plain], short),
    ]  # fmt: skip


def main() -> None:
    """Print the table, then the load of the page."""
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}; medians of {ROUNDS} rounds\n"
    )
    print("| work | ns a tick | peer | ns a tick | peer / ours |\n| --- | --- | --- | --- | --- |")
    simulate(SOURCE, STRATEGY, ticks=1_000_000, seed=1)  # compiled before anything is timed
    for work in works():
        print(work.row(), flush=True)
    print("\n" + load())


if __name__ == "__main__":
    sys.exit(main())
