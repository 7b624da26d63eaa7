"""The harness: ours and its peers in turn, round by round, and what came of it as rows of one table."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

Act = Callable[[], object]
SHORT_OF = "peer not installed"
SHORT = 0.01  # seconds, below which a work is done several times


@dataclass(frozen=True)
class Reach:
    """What a figure should reach: at least, or at most, so much.

    >>> Reach(60, "×").verdict(58.5)
    'missed: 97.5 % of it'
    """

    bound: float
    unit: str
    at_most: bool = False

    def met(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound

    def verdict(self, value: float) -> str:
        if self.met(value):
            return "reached"
        part = value / self.bound
        return f"missed: {number(part)} × the bound" if self.at_most else f"missed: {number(100 * part)} % of it"

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g} {self.unit}".rstrip()


def faster(times: float = 1.0) -> Reach:
    """Ours must be at least so many times as fast as the peer."""
    return Reach(times, "× as fast")


def within(times: float) -> Reach:
    """Ours may take at most so many times the peer's time."""
    return Reach(times, "× its time", at_most=True)


@dataclass(frozen=True)
class Side:
    """One who does the work; without the modules that it `needs` it is left out.

    `act` makes the function that is timed, which does `units` of the work at once.
    """

    name: str
    act: Callable[[], Act]
    units: float = 1.0
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        return [module for module in self.needs if importlib.util.find_spec(module) is None]


class Peer(NamedTuple):
    """A side that ours is compared with, and what should come of it; None where it only shows where we stand."""

    side: Side
    reach: Reach | None = None


@dataclass(frozen=True)
class Work:
    """Something that ours and its peers do, timed in turn."""

    name: str
    unit: str  # of which each side does some, as in "tick"
    ours: Side
    peers: tuple[Peer, ...]


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    work: str
    ours: str
    peer: str = ""
    theirs: str = ""
    compared: str = ""
    reach: str = ""
    verdict: str = ""
    raw: dict[str, Any] = field(default_factory=dict)  # the figures behind it, for the JSON

    def __str__(self) -> str:
        cells = (self.work, self.ours, self.peer, self.theirs, self.compared, self.reach, self.verdict)
        return f"| {' | '.join(cells)} |"


HEADER = "| work | ours | peer or limit | its | ratio (smallest to largest) | to reach | |\n" + "| --- " * 7 + "|"


@dataclass(frozen=True)
class Plan:
    """How much is done: rounds at the least and at the most, seconds for a work, and a factor on all sizes."""

    rounds: tuple[int, int] = (3, 9)
    seconds: float = 6.0
    scale: float = 1.0

    def sized(self, n: int) -> int:
        return max(200, int(n * self.scale))


def timed(act: Act) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _lasting(act: Act) -> Callable[[], float]:
    """Its time in seconds, warm; of something short the mean of several, so that no cold start of the caches is all."""
    act()  # compiled before anything is timed
    once = min(timed(act), timed(act))
    times = max(1, round(SHORT / once))

    def repeated() -> None:
        for _ in range(times):
            act()

    return lambda: timed(repeated) / times


def run(work: Work, plan: Plan) -> Iterator[Row]:
    """Ours, then each peer, then again: the medians a unit, and the median and the spread of the ratios in a round."""
    sides = [work.ours, *(peer.side for peer in work.peers if not peer.side.missing)]
    acts = [_lasting(side.act()) for side in sides]
    rounds: list[list[float]] = []
    least, most = plan.rounds
    until = time.perf_counter() + plan.seconds
    while len(rounds) < least or (len(rounds) < most and time.perf_counter() < until):
        gc.collect()
        rounds.append([act() / side.units for act, side in zip(acts, sides, strict=True)])
    columns = dict(zip([side.name for side in sides], zip(*rounds, strict=True), strict=True))
    ours = columns[work.ours.name]
    for peer in work.peers:
        yield _compared(work, peer, ours, columns.get(peer.side.name))


def _compared(work: Work, peer: Peer, ours: Sequence[float], theirs: Sequence[float] | None) -> Row:
    our_text = f"{duration(median(ours))} a {work.unit}"
    reach = str(peer.reach or "")
    if theirs is None:
        note = f"{SHORT_OF} ({', '.join(peer.side.missing)})"
        return Row(work.name, our_text, peer.side.name, "–", "–", reach, note, {"ours": list(ours)})
    costs = peer.reach is not None and peer.reach.at_most
    ratios = [a / b if costs else b / a for a, b in zip(ours, theirs, strict=True)]
    ratio = median(ratios)
    text = f"{number(ratio)} {'× its time' if costs else '× as fast'} ({number(min(ratios))}–{number(max(ratios))})"
    verdict = peer.reach.verdict(ratio) if peer.reach else ""
    raw = {"ours": list(ours), "theirs": list(theirs), "ratio": ratio, "rounds": len(ours)}
    return Row(work.name, our_text, peer.side.name, duration(median(theirs)), text, reach, verdict, raw)


def duration(seconds: float) -> str:
    """With three digits and the unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{number(seconds / size)} {unit}"
    return f"{number(seconds * 1e9)} ns"


def number(value: float) -> str:
    """With three digits.

    >>> number(1234.5), number(0.98765), number(12.34)
    ('1,234', '0.988', '12.3')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def optional(module: str) -> Any:
    """A peer's module, which only its own sides ask for."""
    return importlib.import_module(module)
