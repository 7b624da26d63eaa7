"""A real Bokeh server of the page, in a thread with a loop of its own; its live sessions can be looked into."""

from __future__ import annotations

import asyncio
import importlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from bokeh.application import Application
from bokeh.application.handlers.directory import DirectoryHandler
from bokeh.server.server import Server

T = TypeVar("T")
APP = Path(__file__).resolve().parent.parent.parent / "server_app"
PATH = "/server_app"
LONG = 60.0  # seconds: nothing takes so long, unless it never comes


class Loop:
    """An event loop in a thread of its own: for all servers together, as Bokeh keeps a stack that knows no threads."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="server of the page")
        self._thread.start()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self._stopped = asyncio.Event()
        await self._stopped.wait()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this in the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * LONG)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(LONG)
        assert not self._thread.is_alive(), "the server of the page did not end"


class PageServer:
    """The page at `url`; only ask for anything inside with `call`, which does it in the server's own thread."""

    def __init__(self, loop: Loop) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.loop = loop
        self._handler = DirectoryHandler(filename=str(APP))

    async def start(self) -> None:
        self._server = Server(
            {PATH: Application(self._handler)},
            port=self.port,
            address="127.0.0.1",
            allow_websocket_origin=[f"127.0.0.1:{self.port}"],
            unused_session_lifetime_milliseconds=300,
            check_unused_sessions_milliseconds=100,
        )
        self._server.start()

    async def stop(self) -> None:
        clients = self._server._tornado._clients
        for client in list(clients):
            client._socket.close()
        async with asyncio.timeout(LONG):  # Bokeh 3.10 lets go of sessions first, and fails at what clients still say
            while clients:  # noqa: ASYNC110  (no event tells of it)
                await asyncio.sleep(0.01)
        await self._server._http.close_all_connections()
        for session in self.sessions_inside():
            session.close()
        self._server.stop()

    def app(self, module: str) -> Any:
        """A module of the page, as this server has it: Bokeh gives the directory a package name of its own."""
        package = self._handler._package
        assert package is not None
        return importlib.import_module(f"{package.__name__}.{module}")

    def url(self, *query: tuple[str, object]) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}" + (f"?{urlencode(query)}" if query else "")

    def call(self, act: Callable[[], T]) -> T:
        """What the function gives in the server's thread."""

        async def acted() -> T:
            return act()

        return self.loop.run(acted())

    def wait(self, condition: Callable[[], object], what: str = "waited in vain") -> None:
        """Until the condition holds, which is asked in the server's thread."""

        async def holds() -> None:
            async with asyncio.timeout(LONG):
                while not condition():  # noqa: ASYNC110  (no event tells of it)
                    await asyncio.sleep(0.01)

        try:
            self.loop.run(holds())
        except TimeoutError:
            raise AssertionError(what) from None

    def sessions(self) -> list[Any]:
        """The page's own sessions, one a tab that has been seen."""
        return self.call(self.sessions_inside)

    def sessions_inside(self) -> list[Any]:
        """The same; to be asked in the server's thread."""
        return [visit.session for visit in self.app("opening").visits if visit.session is not None]

    def new_session(self, before: set[Any]) -> Any:
        """The one that comes to those from before."""
        self.wait(lambda: set(self.sessions_inside()) - before, "no session has come")
        (new,) = set(self.sessions()) - before
        return new

    def bokeh_sessions(self) -> int:
        """How many sessions Bokeh has; to be asked in the server's thread."""
        return len(self._server.get_sessions(PATH))


@contextmanager
def page_server(loop: Loop) -> Iterator[PageServer]:
    """Started, and stopped at last."""
    server = PageServer(loop)
    loop.run(server.start())
    try:
        yield server
    finally:
        loop.run(server.stop())
