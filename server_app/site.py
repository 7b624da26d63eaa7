"""The server that `stream-adam serve` starts: who may ask, how much they may send, and how long they may take."""

from __future__ import annotations

import asyncio
import os
import secrets
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bokeh.application import Application
from bokeh.application.handlers import DirectoryHandler
from bokeh.server.auth_provider import AuthModule, NullAuth
from bokeh.server.server import BaseServer
from bokeh.settings import settings
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.process import fork_processes, task_id

from stream_adam.errors import SpecError

from .door import Door
from .logs import set_up_log
from .turns import FairTornado

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from bokeh.server.auth_provider import AuthProvider

MESSAGE_LIMIT = 1 << 19  # bytes: room for a text field of 100,000 characters of four bytes each, which is then told
HEADER_LIMIT = 1 << 16  # bytes; the websocket's token repeats the page's query
BODY_LIMIT = 1 << 16  # bytes; only the form of a login has one
PATIENCE = 15.0  # seconds for a request's headers, for its body, and for an idle connection's next request
PING = 15.0  # seconds between two pings, each of which must be answered before the next
UNUSED_LIFETIME, UNUSED_CHECK = 2_000, 1_000  # milliseconds that a closed page's session goes on


class Site:
    """The page at a path of this server.

    Args:
        path: of the page, such as "/server_app".
        directory: of the page's files.
        prefix: before every path.
        auth_module: a file with Bokeh's hooks for a login.

    Raises:
        RuntimeError: the page can't be loaded.
        SpecError: the file can't be used.
    """

    def __init__(self, path: str, directory: Path, *, prefix: str = "", auth_module: str | None = None) -> None:
        handler = DirectoryHandler(filename=directory)
        if handler.failed:
            raise RuntimeError(handler.error)
        self._options: dict[str, Any] = {  # made before processes part, so that all have the same keys
            "applications": {path: Application(handler)},
            "auth_provider": _auth_provider(auth_module),
            "cookie_secret": settings.cookie_secret() or secrets.token_hex(32),
            "keep_alive_milliseconds": 0,  # Bokeh's pings need no answer; Tornado's do
            "check_unused_sessions_milliseconds": UNUSED_CHECK,
            "prefix": prefix,
            "secret_key": settings.secret_key_bytes(),
            "sign_sessions": True,
            "unused_session_lifetime_milliseconds": UNUSED_LIFETIME,
            "websocket_max_message_size_bytes": MESSAGE_LIMIT,
            "websocket_ping_interval": PING,
            "websocket_ping_timeout": PING,
        }

    def run(
        self, sockets: Sequence[socket.socket], hosts: Sequence[str], *, processes: int = 1, show: str | None = None
    ) -> None:
        """Serve until this process is ended.

        Args:
            sockets: they listen already.
            hosts: "name:port" by which the page may be called, and from whose pages it may be used.
            processes: how many share the sockets; 0 is one a core.
            show: an address to open in a browser.
        """
        set_up_log()
        parent = None if processes == 1 else _forked(processes)
        asyncio.run(self._serve(sockets, hosts, parent, show))

    async def _serve(
        self, sockets: Sequence[socket.socket], hosts: Sequence[str], parent: int | None, show: str | None
    ) -> None:
        application = FairTornado(extra_websocket_origins=hosts, **self._options)
        http = HTTPServer(
            Door(application, hosts, self._options["secret_key"]),
            max_header_size=HEADER_LIMIT,
            max_body_size=BODY_LIMIT,
            idle_connection_timeout=PATIENCE,
            body_timeout=PATIENCE,
        )
        http.add_sockets(sockets)
        BaseServer(IOLoop.current(), application, http).start()
        if show is not None and not task_id():
            await asyncio.to_thread(webbrowser.open, show)
        ended = asyncio.Event()
        if parent is not None:
            asyncio.get_running_loop().add_reader(parent, ended.set)
        await ended.wait()


def _auth_provider(path: str | None) -> AuthProvider:
    if path is None:
        return NullAuth()
    if not Path(path).is_file():
        raise SpecError(f"--auth-module {path}: there is no such file")
    try:
        found = AuthModule(Path(path).resolve())
    except ValueError as error:  # the hooks don't go together, or don't suffice
        raise SpecError(f"--auth-module {path}: {error}") from None
    except Exception as error:
        raise SpecError(f"--auth-module {path}: {type(error).__name__}: {error}") from error
    if found.get_user is None and found.get_user_async is None:
        raise SpecError(
            f"--auth-module {path}: it must define get_user or get_user_async; without, everybody is let in"
        )
    return found


def _forked(processes: int) -> int:
    """In each process of so many: a file that comes to its end when their parent, which only waits, is no more."""
    end, held = os.pipe()
    fork_processes(processes)
    os.close(held)
    return end
