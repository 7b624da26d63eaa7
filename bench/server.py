"""Many open pages at once: what a session costs, and how late its ticks come.

The clients acknowledge every frame as a browser does, but paint nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.request import urlopen

import numpy as np
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench.harness import Plan, Reach, Row, number
from bench.serving import Served, lacking, served

RATE = 20  # ticks a second
SETTLE = 4.0  # seconds, once every session shows ticks
OPENING = 0.1  # seconds between two sessions' opening
PATIENCE = 30.0  # seconds, after which no more is waited for a session to open
LATE = 250.0  # milliseconds: at the 95th percentile, sessions are held up to here
SESSIONS = {"ours": (10, 50, 100), "bokeh": (10, 50), "panel": (2, 10)}
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
    seconds = max(3.0, 8 * min(1.0, plan.scale))
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
        received: bytes.
    """

    def __init__(self, server: Served) -> None:
        self._server = server
        self.open = asyncio.Event()
        self.counting = False
        self._arrivals: list[tuple[float, int]] = []  # when a frame came, and its newest tick
        self.received = 0
        self._numbers = count(1)

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
        html = await asyncio.to_thread(lambda: urlopen(f"{self._server.url}?rate={RATE}").read().decode())
        found = re.search(r'"token":\s*"([^"]+)"', html)
        assert found, "the page holds no token"
        socket = await websocket_connect(
            f"ws://127.0.0.1:{self._server.port}{self._server.path}/ws",
            subprotocols=["bokeh", found.group(1)],
            max_message_size=1 << 26,
        )
        await self._receive(socket)  # the server's ACK
        ids = await self._document(socket)
        await self._send(socket, "PATCH-DOC", {"events": [READY]})
        if "visible" in ids:
            await self._change(socket, ids["visible"], "active", True)
        painted = 0
        while True:
            kind, content, buffers = await self._receive(socket)
            newest = _newest(content, buffers) if kind == "PATCH-DOC" else None
            if newest is None:
                continue
            self.open.set()
            if self.counting:
                self._arrivals.append((time.monotonic(), newest))
            if "painted" in ids and _touches(content, ids["rolling"]):
                painted += 1
                await self._change(socket, ids["painted"], "value", painted)

    async def _document(self, socket: WebSocketClientConnection) -> dict[str, str]:
        """The ids of the models that our page has and a client answers with, by name."""
        await self._send(socket, "PULL-DOC-REQ", {})
        while True:
            kind, content, _ = await self._receive(socket)
            if kind == "PULL-DOC-REPLY":
                text = json.dumps(content)
                names = [name for name in ("visible", "painted", "rolling") if f'"name": "{name}"' in text]
                return {name: _id_of(text, name) for name in names}

    async def _change(self, socket: WebSocketClientConnection, model: str, attribute: str, value: object) -> None:
        event = {"kind": "ModelChanged", "model": {"id": model}, "attr": attribute, "new": value}
        await self._send(socket, "PATCH-DOC", {"events": [event]})

    async def _send(self, socket: WebSocketClientConnection, kind: str, content: object) -> None:
        for part in ({"msgid": str(next(self._numbers)), "msgtype": kind}, {}, content):
            await socket.write_message(json.dumps(part))

    async def _receive(self, socket: WebSocketClientConnection) -> tuple[str, Any, dict[str, bytes]]:
        header = json.loads(await self._part(socket))
        await self._part(socket)  # metadata
        content = json.loads(await self._part(socket))
        buffers = {}
        for _ in range(header.get("num_buffers", 0)):  # a header and the bytes, each
            name = json.loads(await self._part(socket))["id"]
            buffers[name] = await self._part(socket)
        return header["msgtype"], content, buffers

    async def _part(self, socket: WebSocketClientConnection) -> Any:
        part = await socket.read_message()
        assert part is not None, "the server closed the connection"
        self.received += len(part) if self.counting else 0
        return part


def _id_of(document: str, name: str) -> str:
    """The id of the model of that name: it stands just before its attributes."""
    place = document.index(f'"name": "{name}"')
    return str(re.findall(r'"id": "([^"]+)", "attributes"', document[:place])[-1])


def _touches(content: Any, model: str) -> bool:
    return any(event.get("model", {}).get("id") == model for event in content["events"])


def _newest(content: Any, buffers: dict[str, bytes]) -> int | None:
    """The newest tick that a message brings; None where it brings none."""
    last = []
    for event in content["events"]:
        columns = event.get("data", event.get("new"))
        if isinstance(columns, dict):
            columns = dict(columns["entries"]) if "entries" in columns else columns
            last += _values(columns.get("t"), buffers)[-1:]
    return int(max(last)) if last else None


def _values(column: Any, buffers: dict[str, bytes]) -> list[float]:
    """A column of a message, which comes as a list or as an array in a buffer."""
    if not isinstance(column, dict):
        return column or []
    array = column["array"]
    raw = buffers[array["id"]] if "id" in array else buffers[array["data"]["id"]]
    values: list[float] = np.frombuffer(raw, column["dtype"]).tolist()
    return values
