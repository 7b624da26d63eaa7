"""What else runs in the event loop: a heartbeat beside an unpaced stream from its first tick on, in a new process.

``python -m bench.heartbeat adam|own`` is such a process: it prints the gaps between two beats, in seconds, for the
stream's first seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from bench.harness import Plan, Reach, Row, duration, number
from stream_adam import Carried, Rate, stream

BEAT = 0.001  # seconds
SECONDS = 4.0  # from the first tick on; more where loading takes longer
PATIENCE = 60.0  # seconds for a process
ROUNDS = 3
SOURCE = "swinging_soft() + normal(0.5)"
WORK = "heartbeat of 1 ms beside stream(), unpaced, in its first 4 seconds"
KEPT, NOTHING, OWN = "everything kept", "nothing kept", "a rule of one's own"
USUAL, LONGEST = Reach(15, "ms at the 95th percentile", at_most=True), Reach(50, "ms at the longest", at_most=True)


@dataclass(frozen=True)
class Beats:
    """The gaps of some processes, in seconds."""

    rounds: list[list[float]]

    @property
    def usual(self) -> float:
        """The median over the processes of the 95th percentile."""
        return median(sorted(gaps)[int(0.95 * (len(gaps) - 1))] for gaps in self.rounds)

    @property
    def longest(self) -> float:
        """The median over the processes of the longest."""
        return median(map(max, self.rounds))

    def __str__(self) -> str:
        each = [1e3 * max(gaps) for gaps in self.rounds]
        return (
            f"95th percentile {duration(self.usual)}, longest {duration(self.longest)} "
            f"({number(min(each))}–{number(max(each))})"
        )


def rows(plan: Plan) -> Iterator[Row]:
    """What is compiled aside, what is loaded, and what must be compiled in this process."""
    gaps: dict[str, list[list[float]]] = {NOTHING: [], KEPT: [], OWN: []}
    for _ in range(max(1, round(ROUNDS * plan.scale))):
        with tempfile.TemporaryDirectory() as folder:
            for state, rounds in gaps.items():
                rounds.append(_process("own" if state == OWN else "adam", folder))
    beats = {state: Beats(rounds) for state, rounds in gaps.items()}
    raw = {state: {"usual": each.usual, "longest": [*map(max, each.rounds)]} for state, each in beats.items()}
    kept = beats[KEPT]
    for state in (NOTHING, KEPT):
        mine = beats[state]
        for reach, value, its in ((USUAL, mine.usual, kept.usual), (LONGEST, mine.longest, kept.longest)):
            peer = ("", "", "") if mine is kept else (f"the same, {KEPT}", str(kept), _ratio(value, its))
            yield Row(f"{WORK}; {state}", str(mine), *peer, str(reach), reach.verdict(1e3 * value), raw)
    ratio = _ratio(beats[OWN].longest, kept.longest)
    yield Row(f"{WORK}; {OWN}", str(beats[OWN]), f"the same, {KEPT}", str(kept), ratio, raw=raw)


def _ratio(mine: float, its: float) -> str:
    return f"{number(mine / its)} × as long"


def _process(rule: str, folder: str) -> list[float]:
    command = [sys.executable, "-m", "bench.heartbeat", rule]
    environment = os.environ | {"NUMBA_CACHE_DIR": folder, "PYTHONDONTWRITEBYTECODE": ""}
    said = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=PATIENCE)
    gaps: list[float] = json.loads(said.stdout)
    return gaps


class State(NamedTuple):
    """A rule of one's own, of Adam's size."""

    m: float = 0.0
    v: float = 0.0
    beta1_t: Carried = 1.0
    beta2_t: Carried = 1.0
    direction: float = 0.0


class Hyper(NamedTuple):
    """Its settings."""

    alpha: Rate = 1e-3


def own(g: float, s: State, h: Hyper) -> State:  # noqa: ARG001
    """Adam, as somebody would write it."""
    m, v = 0.9 * s.m + 0.1 * g, 0.999 * s.v + 0.001 * g * g
    beta1_t, beta2_t = 0.9 * s.beta1_t, 0.999 * s.beta2_t
    return State(m, v, beta1_t, beta2_t, m / (1 - beta1_t) / ((v / (1 - beta2_t)) ** 0.5 + 1e-8))


async def _beaten(rule: Any) -> list[float]:
    """The gaps between two beats."""
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.perf_counter())
            await asyncio.sleep(BEAT)

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    began = time.perf_counter()
    async for state in stream(SOURCE, rule, seed=1):
        if state.t % 1_024 == 0 and time.perf_counter() - began > SECONDS and not _compiling():
            break
    beating.cancel()
    return [later - sooner for sooner, later in pairwise(beats)]


def _compiling() -> bool:
    return any("compile" in thread.name for thread in threading.enumerate())


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_beaten(own if sys.argv[1] == "own" else "adam"))))
