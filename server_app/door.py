"""Who may ask: requests that name this server, and come from its own pages or those it was told of."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bokeh.server.util import check_allowlist
from bokeh.util.token import check_session_id_signature, check_token_signature
from tornado.routing import Router
from tornado.web import Application, RequestHandler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest

log = logging.getLogger("stream_adam.serve")
SHOWN = 100  # characters of a name that somebody made up


class Door(Router):
    """Refuses a request before the application hears of it.

    A page of somebody else's, open in a visitor's browser, reaches this server in two ways: by its address, then the
    header `Origin` names that page; or by a name that its owner pointed here (DNS rebinding), then `Host` has that
    name. Tornado lets a websocket in whose `Origin` and `Host` agree, so both are looked at here.

    Args:
        application: Bokeh's, whose sessions are signed.
        hosts: "name:port" by which this server may be called, and from whose pages it may be used.
        key: that the sessions are signed with.
    """

    def __init__(self, application: Application, hosts: Sequence[str], key: bytes) -> None:
        self._application = application
        self._hosts = hosts
        self._key = key

    def find_handler(self, request: HTTPServerRequest, **_: object) -> HTTPMessageDelegate | None:
        """The application's handler, or one that refuses."""
        refused = self._refusal(request)
        if refused is None:
            return self._application.find_handler(request)
        log.warning("refused %s", refused)
        return self._application.get_handler_delegate(request, Refusal, {"reason": refused})

    def _refusal(self, request: HTTPServerRequest) -> str | None:
        """What is wrong with it, and what would do."""
        if not self._knows(request.host):
            return f"a request for the host {_shown(request.host)}: {_permit(request.host)}"
        origins = request.headers.get_list("Origin")
        if _is_websocket(request) and len(origins) != 1:
            return f"a websocket with {len(origins)} headers 'Origin': a browser sends one"
        for origin in origins:
            host = _host_of(origin)
            if not self._knows(host):
                return f"a request from a page of {_shown(origin)}: {_permit(host)}"
        if not self._signed(request):
            return "a session or a token that this server has not signed"
        return None

    def _knows(self, host: str) -> bool:
        return bool(host) and check_allowlist(host.lower(), self._hosts)

    def _signed(self, request: HTTPServerRequest) -> bool:
        """Whether every session and token that it names has this server's signature; a websocket must name a token."""
        sessions = [value.decode("utf-8", "replace") for value in request.arguments.get("bokeh-session-id", [])]
        tokens = [value.decode("utf-8", "replace") for value in request.arguments.get("bokeh-token", [])]
        sessions += request.headers.get_list("Bokeh-Session-Id")
        tokens += [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",")[1:]]
        if _is_websocket(request) and not tokens:
            return False
        try:
            return all(check_session_id_signature(session, self._key, signed=True) for session in sessions) and all(
                check_token_signature(token, self._key, signed=True) for token in tokens
            )
        except Exception:  # Bokeh takes a token apart as it is; who makes one up can have it fail anyhow
            return False


class Refusal(RequestHandler):
    """Answers any method with 403 and the reason."""

    def initialize(self, reason: str) -> None:
        """Keep the reason."""
        self._why = reason

    def prepare(self) -> None:
        """Answer, before anything of the request is looked at."""
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(f"stream_adam refused {self._why}\n")


def _is_websocket(request: HTTPServerRequest) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _host_of(origin: str) -> str:
    """Its host and port; nothing where it has none, or is not an address at all."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _permit(host: str) -> str:
    return f"'stream-adam serve --allow-websocket-origin {_shown(host)}' permits it" if host else "it names no host"


def _shown(name: str) -> str:
    return repr(name[:SHOWN])[1:-1]
