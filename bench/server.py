"""Many open pages at once: what a session costs, and how late its ticks come.

The clients acknowledge every frame as a browser does, but paint nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from page_client import PageClient

from bench.harness import Plan, Reach, Row, number
from bench.serving import Served, lacking, served

RATE = 20  # ticks a second
SETTLE = 3.0  # seconds, once every session shows ticks
OPENING = 0.1  # seconds between two sessions' opening
PATIENCE = 30.0  # seconds, after which no more is waited for a session to open
LATE = 250.0  # milliseconds: at the 95th percentile, sessions are held up to here
SESSIONS = {"ours": (10, 50), "bokeh": (10, 50), "panel": (2, 10)}
LABELS = {"ours": "", "bokeh": "plain Bokeh, a stream() a tick", "panel": "Panel, HoloViews' Buffer"}
READY = {
    "kind": "MessageSent",
    "msg_type": "bokeh_event",
    "msg_data": {"type": "event", "name": "document_ready", "values": {"type": "map"}},
}
OPEN_TO_ALL = {"STREAM_ADAM_MAX_SESSIONS": "1000"}


@dataclass(frozen=True)
class Load:
    """What so many sessions took of the server, and how late their frames came."""

    sessions: int
    cpu: float  # of a core
    memory: float  # megabytes that a session adds
    bytes: float  # a tick on the wire, the opening not counted
    late: float  # milliseconds: the 95th percentile, against the quickest frame of its session
    rate: float  # ticks a second and session that came

    @property
    def held(self) -> bool:
        """Whether all of them were served in time, with every tick."""
        return self.late <= LATE and self.rate >= 0.95 * RATE

    def __str__(self) -> str:
        return (
            f"{self.sessions} sessions: {number(100 * self.cpu / self.sessions)} % of a core and "
            f"{number(self.memory)} MB each, {number(self.bytes)} B a tick, {number(self.late)} ms late, "
            f"{number(self.rate)} of {RATE} ticks/s"
        )


def rows(plan: Plan) -> Iterator[Row]:
    """Ours, then the peers, each with more and more sessions as long as it holds them."""
    seconds = max(3.0, 6 * min(1.0, plan.scale))
    first, most = _most("ours", seconds)
    work = f"server, 1 process, one lane at {RATE} ticks/s"
    held, wire = Reach(50, "sessions"), Reach(1000, "B a tick", at_most=True)
    raw = {"first": vars(first), "most": vars(most)}
    yield Row(work, str(most), reach=str(held), verdict=held.verdict(most.sessions if most.held else 0), raw=raw)
    yield Row(work, str(first), reach=str(wire), verdict=wire.verdict(first.bytes), raw=raw)
    for name in ("bokeh", "panel"):
        absent = lacking(name)
        if absent:
            yield Row(work, "", LABELS[name], "–", "–", "", absent)
            continue
        their_first, their_most = _most(name, seconds)
        ratio = their_first.cpu / their_first.sessions / (first.cpu / first.sessions)
        compared = f"{number(ratio)} × our CPU a session"
        raw = {"first": vars(their_first), "most": vars(their_most)}
        yield Row(work, str(most), LABELS[name], str(their_most), compared, raw=raw)


def _most(name: str, seconds: float) -> tuple[Load, Load]:
    """The first load, and the largest that was held; the first where none was."""
    first = most = load(name, SESSIONS[name][0], seconds)
    for sessions in SESSIONS[name][1:]:
        if not most.held:
            break
        more = load(name, sessions, seconds)
        if not more.held:  # the machine is shared: once more
            more = load(name, sessions, seconds)
        if not more.held:
            break
        most = more
    return first, most


def load(name: str, sessions: int, seconds: float) -> Load:
    """Open so many sessions of that page, and keep them for so long once all are open."""
    with served(name, **(OPEN_TO_ALL if name == "ours" else {})) as server:
        return asyncio.run(_load(server, sessions, seconds))


async def _load(server: Served, sessions: int, seconds: float) -> Load:
    before = server.memory
    clients = [Client(server) for _ in range(sessions)]
    tasks = [asyncio.create_task(client.stay(i * OPENING)) for i, client in enumerate(clients)]
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for client in clients:
                await client.open.wait()
    await asyncio.sleep(SETTLE)
    for client in clients:
        client.counting = True
    cpu, began = server.cpu, time.monotonic()
    await asyncio.sleep(seconds)
    for client in clients:
        client.counting = False
    spent = (server.cpu - cpu) / (time.monotonic() - began)
    memory = (server.memory - before) / sessions
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    late = sorted(ms for client in clients for ms in client.lateness())
    ticks = sum(client.ticks for client in clients)
    return Load(
        sessions,
        spent,
        memory,
        sum(client.received for client in clients) / max(ticks, 1),
        late[int(0.95 * (len(late) - 1))] if late else float("inf"),
        ticks / sessions / seconds,
    )


class Client:
    """A tab without a browser: it reads Bokeh's frames as they come, and says what it has "painted".

    Attributes:
        open: set when the first tick has come.
        counting: whether what comes is counted.
    """

    def __init__(self, server: Served) -> None:
        self._server = server
        self.open = asyncio.Event()
        self.counting = False
        self._arrivals: list[tuple[float, int]] = []  # when a frame came, and its newest tick
        self._first = self._last = 0  # bytes received before and until the last that is counted

    @property
    def received(self) -> int:
        """Bytes that came while they were counted."""
        return self._last - self._first

    @property
    def ticks(self) -> int:
        """How many came."""
        return self._arrivals[-1][1] - self._arrivals[0][1] if self._arrivals else 0

    def lateness(self) -> list[float]:
        """How much later than the quickest frame of this session each one came, in milliseconds."""
        offsets = [when - tick / RATE for when, tick in self._arrivals]
        return [1e3 * (offset - min(offsets)) for offset in offsets]

    async def stay(self, after: float) -> None:
        """Open a page after so many seconds, and keep it open."""
        await asyncio.sleep(after)
        client = await PageClient.open(f"{self._server.url}?rate={RATE}")
        await client.send("PATCH-DOC", {"events": [READY]})
        if "visible" in client.ids:
            await client.see()
        async for message in client.frames():
            self.open.set()
            if self.counting:
                assert message.newest is not None
                self._arrivals.append((time.monotonic(), message.newest))
                self._last = client.received
            else:
                self._first = self._last = client.received
