"""What takes turns on Bokeh's server, and what is left of a tab that was closed."""

from __future__ import annotations

import asyncio
import gc
import weakref
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from bokeh.server.tornado import BokehTornado
from bokeh.server.urls import per_app_patterns

from server_app.turns import BY_TURNS, OFTEN, SELDOM, FairTornado, Socket

if TYPE_CHECKING:
    import pytest


def test_what_takes_turns_is_what_this_bokeh_has() -> None:
    """Else pages and messages would go their way without a turn."""
    assert set(BY_TURNS) <= {pattern[1] for pattern in per_app_patterns}
    for handler, by_turns in BY_TURNS.items():
        assert issubclass(by_turns, handler)
    for name in ("get_handler_delegate", "_cleanup_sessions"):
        assert getattr(FairTornado, name) is not getattr(BokehTornado, name)


async def test_a_client_says_as_much_as_its_part_permits(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []

    class Noted:
        def charge(self, seconds: float) -> None:
            assert seconds >= 0.0

        async def turn(self) -> None:
            log.append("turn")

    async def read(self: Any, fragment: str | bytes) -> None:
        log.append(str(fragment))
        sum(range(int(fragment)))

    monkeypatch.setattr("server_app.turns.WSHandler.on_message", read)
    socket = Socket.__new__(Socket)
    socket._account, socket._spent = Noted(), 0.0  # type: ignore[assignment]
    for fragment in ("1", "2", "3000000", "4"):
        await socket.on_message(fragment)
    assert log == ["1", "2", "3000000", "turn", "4"]


class Loop:
    """A cycle, as Bokeh's documents are: only a look through all objects finds that it is gone."""

    def __init__(self) -> None:
        self.itself = self


def test_what_closed_tabs_left_is_found_though_it_was_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    now, tabs = 1000.0, [Loop()]
    left = weakref.ref(tabs[0])
    server = FairTornado.__new__(FairTornado)

    async def discard(_self: Any) -> None:
        gc.collect()  # as Bokeh does for each tab
        tabs.clear()
        gc.collect()
        assert left() is not None, "it was looked through"

    monkeypatch.setattr("server_app.turns.time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(FairTornado, "_count", lambda _self: len(tabs))
    monkeypatch.setattr(BokehTornado, "_cleanup_sessions", discard)
    server._looked = server._counted = now
    server._kept = 10**9
    try:
        asyncio.run(server._cleanup_sessions())
        assert left() is not None
        now += OFTEN + 0.5  # there is not much of it
        asyncio.run(server._cleanup_sessions())
        assert left() is not None
        monkeypatch.setattr(BokehTornado, "_cleanup_sessions", lambda _self: asyncio.sleep(0))
        now += SELDOM
        asyncio.run(server._cleanup_sessions())
        assert left() is None
    finally:
        gc.unfreeze()


def test_much_that_is_left_is_looked_through_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    left = weakref.ref(Loop())
    server = FairTornado.__new__(FairTornado)
    server._kept = 1
    monkeypatch.setattr(FairTornado, "_count", lambda _self: 0)
    monkeypatch.setattr(BokehTornado, "_cleanup_sessions", lambda _self: asyncio.sleep(0))
    try:
        asyncio.run(server._cleanup_sessions())
        assert left() is None
        assert server._kept > 1
    finally:
        gc.unfreeze()
