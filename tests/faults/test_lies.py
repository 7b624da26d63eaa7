"""A client that says of every property of the page's models what no browser would: a bystander sees nothing of it."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import bokeh.models
import pytest
from bokeh.model import Model
from page_client import Message, PageClient
from tornado.websocket import WebSocketClosedError
from wire import LONG, Served, served

from faults import Tally, wide

RATE = 50  # ticks a second
AT_ONCE = 40  # messages
EACH = wide(short=120, all=400)  # messages of a client, of all that there is to lie about
MOST_LINES = 60  # of the log, about one client
WARNED_OF = {"kind": "RootAdded", "model": {"type": "object", "name": "Div", "id": "mine"}}  # by Bokeh, each time
CLIENTS = wide(short=2, all=10)
PAGES = (f"?rate={RATE}&strategy=adam&strategy=sgd", f"?rate={RATE}&source=rosenbrock()&window=9000")

HTML = "<img src=x onerror=alert(1)>"
DEEP: Any = []
for _ in range(80):
    DEEP = [DEEP]
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 5e-324, 2**63, 10**40, "", "x", HTML, "x" * 3_000, "1e999", "nan",
    {"type": "number", "value": "nan"}, {"type": "number", "value": "+inf"}, {"type": "number", "value": "-inf"},
    {"type": "number", "value": "x"}, [], [None], [1, 2], ["x", HTML], [[]], DEEP, {}, {"type": "map"},
    {"type": "map", "entries": [["t", [1, 2]]]}, {"type": "map", "entries": [["t", HTML], ["x", None]]},
    {"type": "map", "entries": [[[], 1]]}, {"type": "set", "entries": [1]}, {"type": "value", "value": 1},
    {"type": "field", "field": "t"}, {"type": "expr", "expr": None}, {"id": "nobody"}, {"id": None},
    {"type": "object", "name": "Div", "id": "mine", "attributes": {"text": HTML}},
    {"type": "object", "name": "Div", "id": "mine", "attributes": {"text": 7}},
    {"type": "object", "name": "no.such.Model", "id": "other"}, {"type": "object", "name": "object", "id": "other"},
    {"type": "date", "iso": "2020-01-01"}, {"type": "symbol", "name": "x"}, {"type": "slice", "start": 1},
    {"type": "x"},
    {"type": "bytes", "data": "x"}, {"type": "bytes", "data": {"id": "no buffer"}},
    {"type": "ndarray", "array": {"type": "bytes", "data": ""}, "dtype": "float64", "shape": [10**9],
     "order": "little"},
    {"type": "ndarray", "array": {"type": "bytes", "data": "AAAA"}, "dtype": "object", "shape": [1], "order": "little"},
    {"type": "typed_array", "array": {"type": "bytes", "data": "AAAA"}, "dtype": "uint8", "order": "big"},
)  # fmt: skip


class Known:
    """The models of a client's page, as the server has told of them."""

    def __init__(self) -> None:
        self.models: dict[str, tuple[str, str | None]] = {}  # by id: the kind, and the name
        self.query = ""

    def learn(self, message: Message) -> None:
        self._walk(message.content)
        for event in message.content.get("events", ()) if isinstance(message.content, dict) else ():
            model = event.get("model") or {}
            if self.models.get(str(model.get("id")), ("", None))[1] == "query" and event.get("attr") == "value":
                self.query = str(event["new"])

    def _walk(self, part: Any) -> None:
        if isinstance(part, dict):
            if part.get("type") == "object" and "name" in part and "id" in part:
                self.models[part["id"]] = (part["name"], part.get("attributes", {}).get("name"))
            part = list(part.values())
        if isinstance(part, list):
            for inner in part:
                self._walk(inner)


def kind_of(name: str) -> type[Model] | None:
    found = getattr(bokeh.models, name, None)
    return found if isinstance(found, type) and issubclass(found, Model) else None


Lie = Callable[[Any], dict[str, Any]]  # the message for a value


def lies_about(known: Known) -> list[Lie]:
    """What can be said with a value: of each property of each kind of model, by its name where it has one."""
    lies: list[Lie] = [partial(of_the_page, kind) for kind in KINDS]
    seen = set()
    for id_, (kind, name) in known.models.items():
        model = kind_of(kind)
        if model is not None and (kind, name) not in seen:
            seen.add((kind, name))
            lies += [partial(changed, id_, attribute) for attribute in sorted(model.properties())]
            lies += [partial(happened, id_, event) for event in EVENTS.get(kind, ())]
            if kind == "ColumnDataSource":
                lies += [partial(act, id_) for act in (replaced, streamed, patched)]
    return lies


KINDS: tuple[Any, ...] = ("RootAdded", "RootRemoved", "TitleChanged", "ModelChanged", "NoSuch", None, 7, [])
EVENTS = {"Button": ("button_click", "no_such"), "Figure": ("tap", "reset", "rangesupdate", "panstart")}


def of_the_page(kind: Any, value: Any) -> dict[str, Any]:
    return {"kind": kind, "model": value, "title": value, "attr": value, "new": value, "msg_type": value}


def changed(id_: str, attribute: str, value: Any) -> dict[str, Any]:
    return {"kind": "ModelChanged", "model": {"id": id_}, "attr": attribute, "new": value}


def happened(id_: str, event: str, value: Any) -> dict[str, Any]:
    entries = [["model", {"id": id_}], *([name, value] for name in ("x", "y", "sx", "sy", "x0", "modifiers"))]
    data = {"type": "event", "name": event, "values": {"type": "map", "entries": entries}}
    return {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": data}


def columns(value: Any) -> dict[str, Any]:
    return {"type": "map", "entries": [["t", value], ["g", value]]}


def replaced(id_: str, value: Any) -> dict[str, Any]:
    return {"kind": "ColumnDataChanged", "model": {"id": id_}, "attr": "data", "data": columns(value), "cols": None}


def streamed(id_: str, value: Any) -> dict[str, Any]:
    data = {"data": columns(value), "rollover": value}
    return {"kind": "ColumnsStreamed", "model": {"id": id_}, "attr": "data", **data}


def patched(id_: str, value: Any) -> dict[str, Any]:
    return {"kind": "ColumnsPatched", "model": {"id": id_}, "attr": "data", "patches": columns(value)}


class Liar:
    """A client, and what it knows of its page."""

    def __init__(self, client: PageClient, known: Known) -> None:
        self.client, self.known = client, known

    @classmethod
    async def on(cls, url: str) -> Liar:
        """One whose page is there, and runs."""
        liar = cls(await PageClient.open(url), Known())
        await liar.client.see()
        async with asyncio.timeout(LONG):
            while "rolling" not in liar.client.ids:
                liar.known.learn(await liar.client.receive())
        return liar

    async def tell(self, lies: list[dict[str, Any]]) -> bool:
        """Say them at once, and wait for an answer to each; whether the server still listens."""
        try:
            for lie in lies:
                await self.client.send("PATCH-DOC", {"events": [lie]})
            answers = 0
            async with asyncio.timeout(LONG):
                while answers < len(lies):
                    message = await self.client.hear()
                    answers += message.kind in {"OK", "ERROR"}
                    self.known.learn(message)
        except (OSError, WebSocketClosedError):
            return False
        return True

    def assert_within_limits(self) -> None:
        """What its session says that it shows can be shown."""
        words = parse_qs(self.known.query)
        if words:
            assert 0.5 <= float(words["rate"][0]) <= 100_000
            assert 50 <= float(words["window"][0]) <= 100_000
            assert len(words["strategy"]) <= 6
            assert math.isfinite(float(words["theta0"][0].split(",")[0]))


@pytest.fixture
def server() -> Iterator[Served]:
    with served() as server:
        yield server


class Bystander:
    """Another visitor, who looks all the time: whoever reads nothing answers no ping."""

    def __init__(self, client: PageClient) -> None:
        self.newest = -1
        self.looking = asyncio.create_task(self._look(client))

    async def _look(self, client: PageClient) -> None:
        async for message in client.frames():
            assert message.newest is not None
            self.newest = message.newest

    async def goes_on(self) -> None:
        """New ticks come."""
        before = self.newest
        async with asyncio.timeout(LONG):
            while self.newest <= before + RATE // 10:
                assert not self.looking.done(), "the server closed it"
                await asyncio.sleep(0.05)


def test_whatever_is_said_of_a_model(server: Served, tally: Tally) -> None:
    """A value of another kind, or beyond all limits, for a property of a model of the page; an event that never was"""
    asyncio.run(lie_about_everything(server, tally))


async def lie_about_everything(server: Served, tally: Tally) -> None:
    url = server.url.replace("localhost", "127.0.0.1")
    bystander = await PageClient.open(f"{url}?rate={RATE}")
    await bystander.see()
    visitor = Bystander(bystander)
    draw = random.Random(1)
    for number in range(CLIENTS):
        liar = await Liar.on(url + PAGES[number % len(PAGES)])
        places = lies_about(liar.known)
        lies = [draw.choice(places)(draw.choice(VALUES)) for _ in range(EACH)]
        told = len(server.said())
        with tally.trying(f"client {number}"):
            await liar.tell([WARNED_OF] * 2 * AT_ONCE)
            for at in range(0, EACH, AT_ONCE):
                if not await liar.tell(lies[at : at + AT_ONCE]):
                    break
            liar.assert_within_limits()
            await visitor.goes_on()
            said = server.said()[told:]
            assert "Traceback" not in said, said[-2000:]
            assert len(said.splitlines()) <= MOST_LINES, said[-2000:]
            tally.survived(2 * AT_ONCE + at + AT_ONCE - 1)
        liar.client.close()
    visitor.looking.cancel()
    bystander.close()
