"""`make soak`: whether memory and the time of a tick stay flat, for an hour of streaming with the page open.

``python -m bench.soak --minutes 60`` says how long.
"""

from __future__ import annotations

import argparse
import time
from statistics import mean, median
from typing import Any

from bench.harness import timed
from bench.page import chromium, opened
from bench.serving import served
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

RATE = 20_000
EVERY = 10.0  # seconds between two looks
SOURCE = "swinging_soft() + normal(0.5)"
EARLY, LATE, BLOCK = 1_000_000, 100_000_000, 10_000  # ticks
BLOCKS = 200
HEAP = "() => performance.memory?.usedJSHeapSize ?? 0"
FLAT = 1.05  # the last quarter beside the second, at the most


def main() -> None:
    """Print how memory went, and the time of a tick early and late."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--late", type=int, default=LATE, help="the tick at which ticks are timed at last")
    args = parser.parse_args()
    print(_late(args.late), flush=True)
    print(_streamed(60 * args.minutes))


def _late(late: int) -> str:
    """The time of a tick, early and late in one run."""
    run = Run(Experiment.of(SOURCE, "adam", seed=1))
    run.compile()

    def at(tick: int) -> float:
        while run.tick < tick:
            run.advance(min(10 * BLOCK, tick - run.tick))
        return median(timed(lambda: run.advance(BLOCK)) for _ in range(BLOCKS)) / BLOCK * 1e9

    early, later = at(EARLY), at(late)
    return f"a tick: {early:.1f} ns at tick {EARLY:,}, {later:.1f} ns at tick {late:,}: {_flat(later / early)}"


def _streamed(seconds: float) -> str:
    """Memory of the server and of the page's scripts, while 20,000 ticks a second are streamed."""
    looks: list[tuple[float, float]] = []
    with chromium() as browser, served("ours") as server:
        page = opened(browser, server, "ours", RATE)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            page.wait_for_timeout(1000 * min(EVERY, seconds / 20))
            page.evaluate("() => { painted.length = 0 }")
            looks.append((server.memory, _heap(page)))
        shown = page.evaluate("() => Bokeh.documents[0].get_model_by_name('rolling').get_column('t').at(-1)")
    lines = [f"{seconds / 60:.0f} minutes at {RATE:,} ticks/s with the page open, to tick {shown:,.0f}:"]
    for name, values in zip(("server", "the page's scripts"), zip(*looks, strict=True), strict=True):
        quarter = max(1, len(values) // 4)
        early, later = mean(values[quarter : 2 * quarter] or values), mean(values[-quarter:])
        went = f"{early:.1f} MB in the second quarter, {later:.1f} MB in the last"
        lines.append(f"  {name}: {went}: {_flat(later / early)}")
    return "\n".join(lines)


def _heap(page: Any) -> float:
    """Megabytes that the page's scripts hold, after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
    return float(page.evaluate(HEAP)) / 2**20


def _flat(ratio: float) -> str:
    return f"{ratio:.3f} times, {'flat' if ratio <= FLAT else 'not flat'}"


if __name__ == "__main__":
    main()
