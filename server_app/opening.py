"""How a tab comes to its session.

Every GET makes a page: a few empty boxes and values, whatever its address asks for. A browser that runs the page says
when a person sees it. Then the tab takes a place, the address is read, and the session is built into the boxes. So a
crawler, an image's address on a foreign page or a tab that nobody looks at costs next to nothing.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from functools import cache, partial
from typing import TYPE_CHECKING

from bokeh.models import Column, Spacer, TextInput, Toggle

from .budget import budget
from .locking import beside, locked, log, report
from .screen import script
from .session import Session
from .settings import settings
from .view import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bokeh.document import Document

    from .view import View

BOXES = ("keys", "rate", "window", "status", "plots", "recipe")  # where the template places them
LOADING, READING = "Loading …", "Reading the recording …"

visits: set[Visit] = set()  # those that have a place


def open_page(doc: Document) -> None:
    """Fill a new document with next to nothing; the rest comes when it is seen."""
    settings()  # what the server's owner has set wrong is told by the first GET
    _prepare()
    doc.title = "stream_adam"
    doc.config.reconnect_session = False
    doc.config.notify_connection_status = False  # the page says it in its own words
    Visit(doc)


@cache
def _prepare() -> None:
    """Once a process: closed tabs shall cost little time, and no lines in the log."""
    gc.collect()
    gc.freeze()  # Bokeh looks through all objects twice for each closed tab: not through the libraries' any more
    logging.getLogger("bokeh.server.views.ws").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Frames were under way to a tab that was closed: Bokeh tells of each of them."""
    return "sending message as connection was closed" not in str(record.msg)


class Visit:
    """One tab, from its GET to its end; `session` once a person has seen it, and there was a place."""

    def __init__(self, doc: Document) -> None:
        self.session: Session | None = None
        self._doc = doc
        self._visible = Toggle(name="visible", active=False)
        self._notice = TextInput(name="notice", value=LOADING)
        empty = Spacer(height=0)  # Bokeh warns of boxes without a child
        self._boxes = {
            name: Column(empty, name=f"{name}_box", sizing_mode="stretch_width", spacing=18) for name in BOXES
        }
        self._boxes["keys"].tags = [self._visible, self._notice]  # so that they belong to the document
        self._opening: asyncio.Task[None] | None = None
        with doc.models.freeze():  # else all models are looked through once a root
            for box in self._boxes.values():
                doc.add_root(box)
        doc.js_on_event("document_ready", script("ready", visible=self._visible, notice=self._notice))
        doc.js_on_event("connection_lost", script("lost"))
        doc.on_event("connection_lost", lambda _event: doc.add_next_tick_callback(self._left))
        doc.on_session_destroyed(lambda _context: self._close())
        self._visible.on_change("active", self._looked_at)

    def _looked_at(self, _attribute: str, _old: object, seen: object) -> None:
        """The tab came to the front; Bokeh may say so in any thread, but runs what is async in the loop's."""
        if seen and self.session is None:
            self._doc.add_next_tick_callback(self._start)

    async def _start(self) -> None:
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(report)

    async def _open(self) -> None:
        """Take a place, read the address, and build the session; or say why not."""
        most = settings().max_sessions
        if len(visits) >= most:
            await self._say(f"All {most} places are taken: every tab here has a run of its own. Try again in a while.")
            return
        visits.add(self)
        try:
            view = await self._read()
            async with budget().one_build:
                parts = self._build(view)
                while self.session is None and self in visits:
                    await locked(self._doc, partial(next, parts, None), budget().building)
        except Exception as error:  # the page must not stand there as if it were still loading
            visits.discard(self)
            log.exception("a page can't be shown")
            await self._say(f"This page can't be shown: {type(error).__name__}: {error}")

    async def _read(self) -> View:
        context = self._doc.session_context
        request = context.request if context else None
        arguments = request.arguments if request else {}
        return await beside(read, arguments, settings().files, slow=lambda: self._say(READING))

    async def _say(self, text: str) -> None:
        """What is written on the page in place of a session."""
        await locked(self._doc, partial(setattr, self._notice, "value", text))

    def _build(self, view: View) -> Iterator[None]:
        """The session, in parts; a tab that is closed meanwhile has none."""
        session = Session(self._doc, self._visible, self._boxes, view)
        yield from session.build()
        self.session = session

    async def _left(self) -> None:
        """A connection is lost. Where it was the last one, the tab is closed: a browser never comes back to it."""
        context = self._doc.session_context
        session = getattr(context, "session", None)
        if session is None or session.connection_count == 0:
            self._close()

    def _close(self) -> None:
        """The tab is gone: so are its work and its place."""
        visits.discard(self)
        if self._opening is not None:
            self._opening.cancel()
        if self.session is not None:
            self.session.close()
