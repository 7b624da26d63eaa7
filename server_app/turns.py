"""Bokeh's server, by turns: pages that are got and messages that are read take their part of the budget."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

from bokeh.server.tornado import BokehTornado
from bokeh.server.views.doc_handler import DocHandler
from bokeh.server.views.ws import WSHandler

from .budget import Account, metered

if TYPE_CHECKING:
    from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
    from tornado.web import RequestHandler

AT_ONCE = 0.005  # seconds that a client's messages may take before the next one waits for its turn
SELDOM, OFTEN = 30.0, 2.0  # seconds from one look for what closed tabs left to the next, and where there is much of it
GROWN = 1.25  # times as many objects as at the last look are much: Python's own rule

_visitors = Account()  # of all pages that are got


class Page(DocHandler):  # type: ignore[misc]  # to mypy, Bokeh is anything
    """A page that is got when it is the turn of those who get one."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The page."""

        async def got() -> None:
            page = super(Page, self).get(*args, **kwargs)
            if page is not None:  # else the visitor is sent to a login
                await page

        await _visitors.turn()
        await metered(got(), _visitors.charge)


class Socket(WSHandler):  # type: ignore[misc]
    """A websocket whose client says as much as its part of the time permits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._account = Account()
        self._spent = 0.0  # seconds since its last turn

    async def on_message(self, fragment: str | bytes) -> None:
        """Read it; the next one is read after that."""
        await metered(super().on_message(fragment), self._spend)
        if self._spent > AT_ONCE:
            self._spent = 0.0
            await self._account.turn()

    def _spend(self, seconds: float) -> None:
        self._spent += seconds
        self._account.charge(seconds)


BY_TURNS: dict[type[RequestHandler], type[RequestHandler]] = {DocHandler: Page, WSHandler: Socket}


class FairTornado(BokehTornado):  # type: ignore[misc]
    """Bokeh's application, with these handlers, and with closed tabs that cost next to nothing.

    Bokeh has Python look through all objects three times for each tab that is closed: a twentieth of a second, of which
    two hundred at once take ten. So what has lived for a second is put aside, where neither Bokeh nor Python's own
    collections come by, and is looked through as a whole, seldom.
    """

    _looked = _counted = 0.0  # when what was put aside was looked through last, and when it was counted
    _have_gone = False  # whether tabs were closed since the last look
    _kept = 0  # objects that were left then

    def get_handler_delegate(
        self,
        request: HTTPServerRequest,
        target_class: type[RequestHandler],
        target_kwargs: dict[str, Any] | None = None,
        path_args: list[bytes] | None = None,
        path_kwargs: dict[str, bytes] | None = None,
    ) -> HTTPMessageDelegate:
        """Tornado's way to a handler."""
        handler = BY_TURNS.get(target_class, target_class)
        delegate: HTTPMessageDelegate = super().get_handler_delegate(
            request, handler, target_kwargs, path_args, path_kwargs
        )
        return delegate

    async def _cleanup_sessions(self) -> None:
        """Bokeh calls this once a second."""
        gc.freeze()
        sessions = self._count()
        await super()._cleanup_sessions()
        self._have_gone |= self._count() < sessions
        now = time.monotonic()
        is_due = self._have_gone and now > self._looked + SELDOM
        if not is_due and now > self._counted + OFTEN:
            self._counted = now
            is_due = gc.get_freeze_count() > GROWN * self._kept
        if is_due:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._kept = gc.get_freeze_count()
            self._looked, self._have_gone = now, False

    def _count(self) -> int:
        return sum(len(self.get_sessions(path)) for path in self.app_paths)
