"""The load of many open pages: clients that acknowledge every frame as a browser does, but paint nothing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tornado.websocket import WebSocketClientConnection, websocket_connect

SESSIONS, RATE, SETTLE, SECONDS = 30, 20, 5.0, 15.0
PAGE = Path(__file__).parent.parent / "server_app"


class Client:
    """A tab without a browser: it reads Bokeh's frames as they come, and says what it has "painted"."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[float, int]] = []  # when a frame came, and its newest tick
        self.received = 0  # bytes
        self._numbers = count(1)

    async def run(self, port: int, until: float) -> None:
        """Open a page, and keep it open until then."""
        address = f"localhost:{port}/server_app"
        html = await asyncio.to_thread(lambda: urlopen(f"http://{address}?rate={RATE}").read().decode())
        found = re.search(r'"token":"([^"]+)"', html)
        assert found, "the page holds no token"
        socket_ = await websocket_connect(
            f"ws://{address}/ws", subprotocols=["bokeh", found.group(1)], max_message_size=1 << 26
        )
        await self._receive(socket_)  # the server's ACK
        ids = await self._document(socket_)
        await self._change(socket_, ids["visible"], "active", True)
        painted = 0
        while time.monotonic() < until:
            kind, content = await asyncio.wait_for(self._receive(socket_), SECONDS)
            ticks = _ticks_of(content, ids["rolling"]) if kind == "PATCH-DOC" else None
            if ticks is None:
                continue
            self.arrivals += [(time.monotonic(), ticks[-1])] if ticks else []
            painted += 1
            await self._change(socket_, ids["painted"], "value", painted)
        socket_.close()

    async def _document(self, socket_: WebSocketClientConnection) -> dict[str, str]:
        """The ids of the models that matter here, by name."""
        await self._send(socket_, "PULL-DOC-REQ", {})
        while True:
            kind, content = await self._receive(socket_)
            if kind == "PULL-DOC-REPLY":
                text = json.dumps(content)
                return {name: _id_of(text, name) for name in ("visible", "painted", "rolling")}

    async def _change(self, socket_: WebSocketClientConnection, model: str, attribute: str, value: object) -> None:
        event = {"kind": "ModelChanged", "model": {"id": model}, "attr": attribute, "new": value}
        await self._send(socket_, "PATCH-DOC", {"events": [event]})

    async def _send(self, socket_: WebSocketClientConnection, kind: str, content: object) -> None:
        for part in ({"msgid": str(next(self._numbers)), "msgtype": kind}, {}, content):
            await socket_.write_message(json.dumps(part))

    async def _receive(self, socket_: WebSocketClientConnection) -> tuple[str, Any]:
        header = await self._part(socket_)
        await self._part(socket_)  # metadata
        content = await self._part(socket_)
        for _ in range(header.get("num_buffers", 0)):  # a header and the bytes, each
            await self._part(socket_)
            self.received += len(await socket_.read_message() or b"")
        return header["msgtype"], content

    async def _part(self, socket_: WebSocketClientConnection) -> Any:
        text = await socket_.read_message()
        assert text is not None, "the server closed the connection"
        self.received += len(text)
        return json.loads(text)


def _id_of(document: str, name: str) -> str:
    """The id of the model of that name: it stands just before its attributes."""
    place = document.index(f'"name": "{name}"')
    return str(re.findall(r'"id": "([^"]+)", "attributes"', document[:place])[-1])


def _ticks_of(content: Any, source: str) -> list[int] | None:
    """The ticks that a message brings for a source; None where it brings nothing for it."""
    for event in content["events"]:
        if event.get("model", {}).get("id") != source:
            continue
        columns = event["data"] if "data" in event else event["new"]
        ticks = dict(columns["entries"])["t"] if "entries" in columns else columns["t"]
        return ticks if isinstance(ticks, list) else []  # a whole window comes as a buffer
    return None


async def _clients(port: int) -> list[Client]:
    until = time.monotonic() + SETTLE + SECONDS
    clients = [Client() for _ in range(SESSIONS)]
    await asyncio.gather(*(client.run(port, until) for client in clients))
    return clients


def load() -> str:
    """What the server takes for the sessions, and how old what it sends is, in a line."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bokeh", "serve", str(PAGE), "--port", str(port), "--log-level", "error"]
    server = subprocess.Popen(command)
    try:
        _await_port(port)
        before = _cpu(server.pid)
        began = time.monotonic()
        clients = asyncio.run(_clients(port))
        cpu, wall = _cpu(server.pid) - before, time.monotonic() - began
        memory = _memory(server.pid)
    finally:
        server.kill()
        server.wait()
    lag = sorted(late for client in clients for late in _lateness(client.arrivals))
    ticks = sum(client.arrivals[-1][1] + 1 for client in clients)
    received = sum(client.received for client in clients)
    return (
        f"{SESSIONS} open sessions at {RATE} ticks/s for {wall:.0f} s: {cpu / wall:.0%} of one core, {memory:.0f} MB, "
        f"{received / ticks:,.0f} B a tick with the opening; against the quickest of its session, a frame comes "
        f"{lag[len(lag) // 2] * 1e3:.0f} ms later (median), {lag[int(len(lag) * 0.95)] * 1e3:.0f} ms (95th percentile)"
    )


def _lateness(arrivals: list[tuple[float, int]]) -> list[float]:
    """How much later than the quickest frame of its session each one came, once it runs."""
    offsets = [when - tick / RATE for when, tick in arrivals if tick > SETTLE * RATE]
    return [offset - min(offsets) for offset in offsets]


def _await_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


def _cpu(pid: int) -> float:
    """Seconds of processor time so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Megabytes in memory (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found.group(1)) / 1024
