"""Arrivals: awaiting the values of a feed without holding up the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from stream_adam.sources.feeds import Lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from stream_adam.sources.feeds import FeedState

READ_AHEAD = 256  # lines


class Arrivals:
    """The feeds of one run, awaited; as an async context manager it closes them."""

    def __init__(self, feeds: list[FeedState]) -> None:
        self._feeds = [(feed, _awaitable(feed)) for feed in feeds]

    async def __aenter__(self) -> Arrivals:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with AsyncExitStack() as closing:
            for _feed, values in self._feeds:
                if (close := getattr(values, "aclose", None)) is not None:
                    closing.push_async_callback(close)

    async def next_tick(self) -> None:
        """Wait until every feed has a value for the next tick, or one has ended."""
        for feed, values in self._feeds:
            if values is not None and not feed.waiting and not feed.ended:
                try:
                    feed.arrive(await anext(values))
                except StopAsyncIteration:
                    feed.ended = True
            if feed.ended:
                return


def _awaitable(feed: FeedState) -> AsyncIterator[float] | None:
    """The values as something to await; None where taking them needs no waiting."""
    if isinstance(feed.values, Lines):
        return read_lines(feed.values)
    return aiter(feed.values) if isinstance(feed.values, AsyncIterable) else None


async def read_lines(lines: Lines) -> AsyncGenerator[float, None]:
    """The numbers of a text stream, read in a daemon thread: nothing waits for a line that never comes."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[float | Exception | None] = asyncio.Queue()
    room = threading.Semaphore(READ_AHEAD)
    stopped = threading.Event()

    def deliver(item: float | Exception | None) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody listens
            loop.call_soon_threadsafe(arrived.put_nowait, item)

    def read() -> None:
        try:
            for value in lines:
                room.acquire()
                if stopped.is_set():
                    return
                deliver(value)
        except Exception as error:
            deliver(error)
        else:
            deliver(None)

    threading.Thread(target=read, name="stream_adam lines", daemon=True).start()
    try:
        while (item := await arrived.get()) is not None:
            if isinstance(item, Exception):
                raise item
            room.release()
            yield item
    finally:
        stopped.set()
        room.release()
