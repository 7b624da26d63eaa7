"""What one visitor sees while others take all they can get, on a server of its own process."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from page_client import PageClient

from faults import wide
from server_app.settings import MOST_SESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faults import Tally

RATE = 20  # ticks a second
ALONE = wide(short=1.0, all=2.0)  # seconds before the crowd comes
SETTLE = wide(short=2.0, all=4.0)  # seconds until the crowd is there
SECONDS = wide(short=2.0, all=20.0)
OLDEST = wide(short=3.0, all=0.5)  # seconds of age at the 95th percentile; `make test` only sees that it goes on
LONG = 120.0  # seconds: frames that never come
CROWDS = {"lie": 20, "junk": 5, "get": 200, "renew": 20, "stay": MOST_SESSIONS - 1}


@pytest.fixture
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "stream_adam", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        try:
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found, "the server has no address"
            yield found[0].replace("localhost", "127.0.0.1")
        finally:
            server.kill()


async def opened(url: str) -> PageClient:
    for _ in range(100):
        with suppress(OSError):
            return await PageClient.open(f"{url}?rate={RATE}")
        await asyncio.sleep(0.2)
    raise AssertionError("the server does not answer")


async def ages(url: str, crowd: list[str]) -> list[float]:
    """How old each frame is that a visitor sees meanwhile, in seconds, against the quickest one of all."""
    visitor = await opened(url)
    await visitor.see()
    offsets: list[tuple[float, float]] = []
    process: asyncio.subprocess.Process | None = None
    began = time.monotonic()
    async for message in visitor.frames():
        now = time.monotonic() - began
        assert message.newest is not None
        offsets.append((now, now - message.newest / RATE))
        if process is None and now > ALONE:
            process = await asyncio.create_subprocess_exec(*crowd)
        if now > ALONE + SETTLE + SECONDS:
            break
    visitor.close()
    assert process is not None
    await process.wait()
    quickest = min(offset for _, offset in offsets)
    return [offset - quickest for now, offset in offsets if now > ALONE + SETTLE]


@pytest.mark.parametrize("kind", wide(short=["lie", "get"], all=list(CROWDS)))
def test_a_visitor_among_many(kind: str, url: str, tally: Tally) -> None:
    """Clients that lie, send junk, only GET, rebuild all the time, fill all places: a bystander's frames stay young"""
    script = Path(__file__).parent / "crowd.py"
    crowd = [sys.executable, str(script), kind, url, str(CROWDS[kind]), str(SETTLE + SECONDS)]
    seen = sorted(asyncio.run(asyncio.wait_for(ages(url, crowd), LONG)))
    with tally.trying(f"{CROWDS[kind]} of {kind}"):
        assert seen, "no frame came"
        oldest = seen[int(0.95 * (len(seen) - 1))]
        print(f"{kind}: {len(seen)} frames, 95th percentile of their age {oldest:.3f} s")
        assert oldest <= OLDEST
