"""How a tab comes to its session, without a browser: a real server, and clients that speak its protocol."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from browser.serving import Loop, PageServer, page_server
from page_client import PageClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from page_client import Message

LONG = 30.0  # seconds: only a machine that hangs needs as much


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def server(loop: Loop) -> Iterator[PageServer]:
    with page_server(loop) as server:
        yield server


async def heard(client: PageClient, name: str, words: str) -> None:
    """Until the server has said that the model of that name has a value with these words in it."""

    def says(message: Message) -> bool:
        events = message.content["events"] if message.kind == "PATCH-DOC" else []
        own = [event for event in events if event.get("model", {}).get("id") == client.ids.get(name)]
        return any(words in str(event.get("new")) for event in own)

    async with asyncio.timeout(LONG):
        while not says(await client.hear()):
            pass


async def first_tick(client: PageClient) -> int:
    async with asyncio.timeout(LONG):
        async for message in client.frames():
            assert message.newest is not None
            return message.newest
    raise AssertionError("no tick")


def test_a_get_builds_no_session_and_soon_nothing_is_left(server: PageServer) -> None:
    for _ in range(5):
        assert b"Loading" in urlopen(server.url(("source", 'recording(path="digits.npy")'))).read()
    assert server.call(lambda: list(server.app("opening").visits)) == []
    documents = server.call(lambda: [session.document for session in server._server.get_sessions("/server_app")])
    assert documents
    assert all(len(list(document.models)) <= 10 for document in documents)
    server.wait(lambda: server.bokeh_sessions() == 0)


def test_a_tab_that_is_seen_has_a_session_until_it_is_closed(server: PageServer) -> None:
    async def visit() -> None:
        client = await PageClient.open(server.url(("rate", 200)))
        assert server.sessions() == []
        await client.see()
        await first_tick(client)
        assert len(server.sessions()) == 1
        client.close()

    asyncio.run(visit())
    server.wait(lambda: not server.app("opening").visits, "the place is not free again")
    server.wait(lambda: server.bokeh_sessions() == 0)


def test_places(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_ADAM_MAX_SESSIONS", "1")

    async def visit(url: str) -> None:
        first, second = await PageClient.open(url), await PageClient.open(url)
        await first.see()
        await first_tick(first)
        await second.see()
        await heard(second, "notice", "All 1 places are taken")
        first.close()
        await asyncio.to_thread(small.wait, lambda: not small.sessions_inside())
        await second.see(seen=False)
        await second.see()  # whoever comes back to the tab is let in
        await first_tick(second)
        second.close()

    with page_server(loop) as small:
        asyncio.run(visit(small.url(("rate", 200))))


class Slow:
    """Something that is not done until it may."""

    def __init__(self, act: Any) -> None:
        self.may = threading.Event()
        self._act = act

    def __call__(self, *args: Any) -> Any:
        assert self.may.wait(LONG)
        return self._act(*args)


def test_an_address_is_read_beside_the_loop(server: PageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    urlopen(server.url()).read()  # the page's modules are there after that
    slow = Slow(server.app("opening").read)
    monkeypatch.setattr(server.app("opening"), "read", slow)

    async def visit() -> None:
        client = await PageClient.open(server.url(("source", 'recording(path="nowhere.npy")'), ("rate", 200)))
        await client.see()
        await heard(client, "notice", "Reading")
        assert server.sessions() == []  # asked in the loop: it answers
        slow.may.set()
        await first_tick(client)
        client.close()

    asyncio.run(visit())


def test_a_typed_source_is_read_beside_the_run_and_the_last_one_counts(
    server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    urlopen(server.url()).read()
    real = server.app("session").Source
    slow = Slow(real.of)

    class Source:
        of = staticmethod(lambda text, files: slow(text, files) if "digits" in text else real.of(text, files))

    monkeypatch.setattr(server.app("session"), "Source", Source)

    async def visit() -> None:
        client = await PageClient.open(server.url(("rate", 200)))
        await client.see()
        await first_tick(client)
        await client.change("source", "value", 'recording(path="digits.npy")')
        await heard(client, "status", "Reading recording")
        await first_tick(client)  # the run goes on
        await client.change("source", "value", "sine(25)")
        await heard(client, "query", "source=sine(25)")
        slow.may.set()
        await client.change("source", "value", "sine(")
        await heard(client, "source-error", "end")
        (session,) = server.sessions()
        assert session.view.experiment.source.text == "sine(25)"
        client.close()

    asyncio.run(visit())


def test_a_page_that_cannot_be_shown_says_so(
    server: PageServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    urlopen(server.url()).read()

    def broken(*_: object) -> None:
        raise MemoryError("too long")

    monkeypatch.setattr(server.app("opening"), "read", broken)

    async def visit() -> None:
        client = await PageClient.open(server.url())
        await client.see()
        await heard(client, "notice", "can't be shown: MemoryError: too long")
        client.close()

    asyncio.run(visit())
    assert server.call(lambda: list(server.app("opening").visits)) == []
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "a page can't be shown"
    ]
