"""`make soak`: whether memory and the time of a tick stay flat, for an hour of streaming and for 500 tabs.

``python -m bench.soak ticks tabs stream --minutes 60`` says what, and how long is streamed; all, unless told otherwise.
``make soak PARTS=tabs`` takes four minutes. It fails where something is not flat.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import mean, median
from typing import Any

from page_client import PageClient

from bench.harness import timed
from bench.page import chromium, opened
from bench.serving import Served, served
from stream_adam.engine import Run
from stream_adam.experiment import Experiment

RATE = 20_000
EVERY = 10.0  # seconds between two looks
SOURCE = "swinging_soft() + normal(0.5)"
EARLY, LATE, BLOCK = 1_000_000, 100_000_000, 10_000  # ticks
BLOCKS = 200
HEAP = "() => performance.memory?.usedJSHeapSize ?? 0"
FLAT = 1.05  # the last quarter beside the second, at the most
UNEVEN = "NOT FLAT"
PARTS = ("ticks", "tabs", "stream")
TABS = (10, 40, 80, 100, 200, 300, 400, 500)  # closed tabs, after which the server's memory is looked at
SETTLED = 100  # from so many on, it must be flat
SAME = 1.1  # times as much memory then: a session has 1.8 MB, and what is closed within a second is let go of at once
AT_ONCE = 4  # tabs
SEEN = 15  # frames, before a tab is closed
GONE = 5.0  # seconds after the last tab was closed, in which the server lets go of it
PATIENCE = 60.0  # seconds for a tab


def main() -> int:
    """Print how memory went, and the time of a tick early and late; 1 where something is not flat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all unless told otherwise")
    parser.add_argument("--minutes", type=float, default=60.0, help="of streaming")
    parser.add_argument("--late", type=int, default=LATE, help="the tick at which ticks are timed at last")
    args = parser.parse_args()
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    acts: dict[str, Callable[[], str]] = {
        "ticks": lambda: _late(args.late),
        "tabs": _tabs,
        "stream": lambda: _streamed(60 * args.minutes),
    }
    texts = []
    for part in args.parts or PARTS:
        texts.append(acts[part]())
        print(texts[-1], flush=True)
    return int(any(UNEVEN in text for text in texts))


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


def _tabs() -> str:
    """Memory and log of the server, while tabs are opened, watched for a moment and closed, a few at a time."""
    command = [sys.executable, "-m", "stream_adam", "serve", "--port", "0"]
    with tempfile.TemporaryFile("w+") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
        try:
            assert process.stdout is not None
            found = re.search(rb"http://\S+:(\d+)/", process.stdout.readline())
            assert found, "the server has no address"
            looks = asyncio.run(_visited(Served("ours", int(found[1]), process)))
        finally:
            process.kill()
        log.seek(0)
        told = len(log.readlines())
    settled = [memory for tabs, memory in looks.items() if tabs >= SETTLED]
    lines = ["memory of the server after closed tabs:"]
    lines += [f"  {tabs:4d}: {memory:.1f} MB" for tabs, memory in looks.items()]
    lines += [f"  from the {SETTLED}th on: {_flat(max(settled) / settled[0], SAME)} (at most {SAME:g} times)"]
    quiet = "flat" if told <= max(looks) else UNEVEN
    lines += [f"  {told} lines in the log of {max(looks)} closed tabs: {quiet} (at most one a tab)"]
    return "\n".join(lines)


async def _visited(server: Served) -> dict[int, float]:
    """Megabytes of the server's process by the number of tabs that have been closed."""
    free = asyncio.Semaphore(AT_ONCE)
    looks = {}

    async def tab() -> None:
        async with free, asyncio.timeout(PATIENCE):
            client = await PageClient.open(server.url)
            await client.see()
            frames = client.frames()
            for _ in range(SEEN):
                await anext(frames)
            client.close()

    done = 0
    for tabs in TABS:
        await asyncio.gather(*(tab() for _ in range(tabs - done)))
        done = tabs
        await asyncio.sleep(GONE)
        looks[tabs] = server.memory
        print(f"{tabs} tabs: {looks[tabs]:.1f} MB", file=sys.stderr, flush=True)
    return looks


def _heap(page: Any) -> float:
    """Megabytes that the page's scripts hold, after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.detach()
    return float(page.evaluate(HEAP)) / 2**20


def _flat(ratio: float, most: float = FLAT) -> str:
    return f"{ratio:.3f} times, {'flat' if ratio <= most else UNEVEN}"


if __name__ == "__main__":
    sys.exit(main())
