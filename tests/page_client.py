"""A tab without a browser: it speaks Bokeh's protocol, sees the page, and says what it has "painted"."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import urlopen

import numpy as np
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LARGEST = 1 << 26  # bytes of a message


class Message(NamedTuple):
    """What the server said."""

    kind: str
    content: Any
    buffers: dict[str, bytes]

    @property
    def newest(self) -> int | None:
        """The newest tick that it brings; None where it brings none."""
        last: list[float] = []
        for event in self.content["events"] if self.kind == "PATCH-DOC" else ():
            columns = event.get("data", event.get("new"))
            if isinstance(columns, dict):
                columns = dict(columns["entries"]) if "entries" in columns else columns
                last += self._values(columns.get("t"))[-1:]
        return int(max(last)) if last else None

    def touches(self, model: str | None) -> bool:
        """Whether it changes that model."""
        return any(event.get("model", {}).get("id") == model for event in self.content["events"])

    def _values(self, column: Any) -> list[float]:
        """A column, which comes as a list or as an array in a buffer."""
        if not isinstance(column, dict):
            return column or []
        array = column["array"]
        raw = self.buffers[array["id"] if "id" in array else array["data"]["id"]]
        values: list[float] = np.frombuffer(raw, column["dtype"]).tolist()
        return values


class PageClient:
    """One websocket of one page.

    Attributes:
        socket: the websocket.
        ids: of the models that have names, as far as they are known.
        received: bytes so far.
    """

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self.socket = socket
        self.ids: dict[str, str] = {}
        self.received = 0
        self._numbers = count(1)
        self._painted = 0

    @classmethod
    async def open(cls, url: str) -> PageClient:
        """Get the page, and join its session."""
        html = await asyncio.to_thread(lambda: urlopen(url).read().decode())
        found = re.search(r'"token":\s*"([^"]+)"', html)
        assert found, "the page holds no token"
        address = f"ws{url.removeprefix('http').partition('?')[0]}/ws"
        request = HTTPRequest(address, headers={"Origin": "/".join(url.split("/")[:3])})  # as a browser says it
        socket = await websocket_connect(request, subprotocols=["bokeh", found[1]], max_message_size=LARGEST)
        client = cls(socket)
        await client.receive()  # the server's ACK
        await client.send("PULL-DOC-REQ", {})
        while (await client.receive()).kind != "PULL-DOC-REPLY":
            pass
        return client

    def close(self) -> None:
        """Close the tab, at once: there may be no loop any more that could wait for the server's goodbye."""
        protocol = self.socket.protocol  # which its own `close` forgets
        self.socket.close()
        if protocol is not None and protocol.stream is not None:
            protocol.stream.close()

    async def see(self, seen: bool = True) -> None:
        """Say that the tab is seen, or not."""
        await self.change("visible", "active", seen)

    async def frames(self) -> AsyncIterator[Message]:
        """Whatever brings ticks."""
        while True:
            message = await self.hear()
            if message.newest is not None:
                yield message

    async def hear(self) -> Message:
        """The next that the server says; a frame is acknowledged at once."""
        message = await self.receive()
        if message.kind == "PATCH-DOC" and "rolling" in self.ids and message.touches(self.ids["rolling"]):
            self._painted += 1
            await self.change("painted", "value", self._painted)
        return message

    async def change(self, name: str, attribute: str, value: object) -> None:
        """Change an attribute of the model with that name."""
        event = {"kind": "ModelChanged", "model": {"id": self.ids[name]}, "attr": attribute, "new": value}
        await self.send("PATCH-DOC", {"events": [event]})

    async def send(self, kind: str, content: object) -> None:
        """Say something to the server."""
        for part in ({"msgid": str(next(self._numbers)), "msgtype": kind}, {}, content):
            await self.socket.write_message(json.dumps(part))

    async def receive(self) -> Message:
        """The next that the server says."""
        header = json.loads(await self._part())
        await self._part()  # metadata
        text = await self._part()
        if '"name"' in text:
            self.ids |= _named(json.loads(text))
        buffers = {}
        for _ in range(header.get("num_buffers", 0)):  # a header and the bytes, each
            name = json.loads(await self._part())["id"]
            buffers[name] = await self._part()
        return Message(header["msgtype"], json.loads(text), buffers)

    async def _part(self) -> Any:
        part = await self.socket.read_message()
        if part is None:
            raise ConnectionError("the server closed the connection")
        self.received += len(part)
        return part


def _named(part: Any) -> dict[str, str]:
    """The ids of the models in a message that have names, by name."""
    if isinstance(part, list):
        return {name: id_ for inner in part for name, id_ in _named(inner).items()}
    if not isinstance(part, dict):
        return {}
    found = _named(list(part.values()))
    attributes = part.get("attributes")
    if isinstance(attributes, dict) and isinstance(attributes.get("name"), str):
        found[attributes["name"]] = part["id"]
    return found
