"""A session without a browser and without a server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bokeh.document import Document
from bokeh.models import Column, Toggle

from server_app.session import Session

if TYPE_CHECKING:
    from server_app.view import View

BOXES = ("keys", "rate", "window", "status", "plots", "recipe")


class Served:
    """What a document has of a server: a lock, held for one at a time."""

    request = None

    def __init__(self, doc: Document) -> None:
        self._doc = doc

    async def with_locked_document(self, act: Any) -> None:
        await act(self._doc)


class Tab:
    """A session of this view, in a loop of its own; it plays only when its loop runs."""

    def __init__(self, view: View) -> None:
        self._runner = asyncio.Runner()
        self.doc = Document()
        self.session: Session = self._runner.run(self._begun(view))

    async def _begun(self, view: View) -> Session:
        self._context = Served(self.doc)
        self.doc._session_context = lambda: self._context
        boxes = {name: Column() for name in BOXES}
        for box in boxes.values():
            self.doc.add_root(box)
        session = Session(self.doc, Toggle(active=True), boxes, view)
        for _ in session.build():
            pass
        return session

    def do(self, act: Any, *arguments: Any) -> None:
        """Do it in the loop, and let everything that follows from it happen."""

        async def done() -> None:
            act(*arguments)
            if self.session._reading is not None:
                await asyncio.wait({self.session._reading})
            if self.session._renewing is not None:
                await asyncio.wait({self.session._renewing})
            for _ in range(20):
                await asyncio.sleep(0)

        self._runner.run(done())

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._runner.run(asyncio.sleep(seconds))

    def close(self) -> None:
        """The tab is closed."""
        self.do(self.session.close)
        self._runner.close()
