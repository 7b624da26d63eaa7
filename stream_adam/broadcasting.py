"""Broadcasting: one stream for many readers, none of whom waits for another.

A task reads the stream and keeps the last states; each reader takes them at its own pace. One that falls behind misses
ticks, and its `missed` says how many: no queue grows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from itertools import islice
from typing import Any

from stream_adam.errors import SpecError
from stream_adam.numeric import as_whole, repr_of

CAPACITY = 1_024  # states
SHARE = 4  # of the capacity, one such part may come before the readers have their turn


def broadcast(states: AsyncGenerator[Any, None], *, capacity: int = CAPACITY) -> Broadcast:
    """One stream for many readers; a slow one misses ticks and is told, and the others don't wait.

    Args:
        states: what `stream` gives; it is read from the first reader on, and closed at the end of the ``async with``.
        capacity: how many states a reader may fall behind until it misses the oldest of them.

    Raises:
        SpecError: the capacity is no whole number from 4 on, or `states` no async generator.

    Give the stream a rate by its transport: without one it goes as fast as it can, and whoever does more than that on a
    state falls behind.

    >>> import asyncio
    >>> from stream_adam import stream
    >>> async def main() -> None:
    ...     async with broadcast(stream("line(1)", "sgd", ticks=1000)) as hub:
    ...         one, other = hub.reader(), hub.reader()
    ...         print([state.t async for state in one] == [state.t async for state in other], other.missed)
    >>> asyncio.run(main())
    True 0
    """
    if not isinstance(states, AsyncGenerator):
        raise SpecError(f"broadcast() takes what stream(…) gives, not {repr_of(states)}")
    as_whole(capacity, SHARE, f"capacity is {{}}: it must be a whole number from {SHARE} on")
    return Broadcast(states, capacity)


class Broadcast:
    """A stream that is read once, with its last states; as an async context manager it reads and closes it.

    Attributes:
        count: how many states there have been.
    """

    def __init__(self, states: AsyncGenerator[Any, None], capacity: int) -> None:
        self.count = 0
        self._states = states
        self._kept: deque[Any] = deque(maxlen=capacity)
        self._share = capacity // SHARE
        self._news = asyncio.Event()  # replaced at each use, so that no reader has to be known
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._is_told = False

    async def __aenter__(self) -> Broadcast:
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        cancelled = None
        while not self._task.done():  # no task is left, even if this one is cancelled meanwhile
            try:
                await asyncio.wait([self._task])
            except asyncio.CancelledError as error:
                cancelled = error
        await self._states.aclose()
        if cancelled is not None:
            raise cancelled
        if kind is None and self._error is not None and not self._is_told:
            raise self._error

    def reader(self) -> BroadcastReader:
        """A reader that begins with the next state.

        Raises:
            SpecError: outside the ``async with``.
        """
        if self._task is None:
            raise SpecError("a broadcast has readers inside its 'async with' alone")
        self._wanted.set()
        return BroadcastReader(self)

    async def after(self, count: int) -> list[Any]:
        """The states that are kept of those after the first `count`, as soon as there is one; none at the end.

        Raises:
            Exception: what the stream raised after its last state.
        """
        assert self._task is not None
        while self.count <= count:
            if self._task.done():
                self._is_told = True
                if self._error is not None:
                    raise self._error
                return []
            await self._news.wait()
        return list(islice(self._kept, max(0, len(self._kept) - (self.count - count)), None))

    async def _read(self) -> None:
        """Keep what comes, and let the readers have it before it goes."""
        await self._wanted.wait()
        unseen = 0
        try:
            async for state in self._states:
                self._kept.append(state)
                self.count += 1
                self._tell()
                unseen += 1
                if unseen >= self._share:
                    unseen = 0
                    await asyncio.sleep(0)
        except Exception as error:
            self._error = error
        finally:
            asyncio.get_running_loop().call_soon(self._tell)  # when this task is done

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class BroadcastReader:
    """One reader of a broadcast: an async iterator of states.

    Attributes:
        missed: how many ticks it was too slow for, so far.
    """

    def __init__(self, hub: Broadcast) -> None:
        self.missed = 0
        self._hub = hub
        self._seen = hub.count  # states, those it missed included
        self._waiting: deque[Any] = deque()

    def __aiter__(self) -> BroadcastReader:
        return self

    async def __anext__(self) -> Any:
        if not self._waiting:
            states = await self._hub.after(self._seen)
            if not states:
                raise StopAsyncIteration
            self.missed += self._hub.count - self._seen - len(states)
            self._seen = self._hub.count
            self._waiting.extend(states)
        return self._waiting.popleft()
