"""Where and when a session's document is touched: in the thread of the server's loop, with the document's lock held.

Bokeh 3.9 calls a session back in that thread. Bokeh 3.10 does so in a worker thread, which holds the document's lock
until the callback returns. The worker waits here until the loop's thread has done what is to be done; so the lock is
held meanwhile, and a session never runs in two threads at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from .budget import metered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from bokeh.document import Document

    from .budget import Account

P = ParamSpec("P")
T = TypeVar("T")
LONGEST_WAIT = 30.0  # seconds: a loop that has ended takes no work any more
PATIENCE = 0.25  # seconds: what takes longer is told

log = logging.getLogger(__name__)
_under_way: set[asyncio.Task[None]] = set()  # asyncio itself holds on to no task
_workers = ThreadPoolExecutor(2, thread_name_prefix="stream_adam page")  # few: they take the interpreter from the loop


def on_loop(act: Callable[P, object]) -> Callable[P, None]:
    """A function that does `act` in the thread of the loop that runs now, and returns when it is done.

    >>> async def main() -> None:
    ...     where = on_loop(lambda: print(threading.current_thread() is threading.main_thread()))
    ...     await asyncio.to_thread(where)
    >>> asyncio.run(main())
    True
    """
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    async def acted(*args: P.args, **kwargs: P.kwargs) -> None:
        act(*args, **kwargs)

    @wraps(act)  # Bokeh looks at how many arguments a callback takes
    def done(*args: P.args, **kwargs: P.kwargs) -> None:
        if threading.get_ident() == home:
            act(*args, **kwargs)
        else:
            asyncio.run_coroutine_threadsafe(acted(*args, **kwargs), loop).result(LONGEST_WAIT)

    return done


def listen(model: Any, attribute: str, told: Callable[[Any], object]) -> None:
    """Tell of every new value of the model's attribute."""
    act = on_loop(told)
    model.on_change(attribute, lambda _attribute, _old, new: act(new))


async def locked(doc: Document, act: Callable[[], object], account: Account | None = None) -> None:
    """Do something to the document, with its lock held; what it changes may still be on its way out after that.

    With an account, it is done when it is the account's turn, and the processor's time is charged that it takes with
    all that is sent. Nothing is done to a document that is no longer served.
    """

    def acts() -> Iterator[None]:
        yield
        act()

    await locked_by_turns(doc, acts, account)


async def locked_by_turns(doc: Document, acts: Callable[[], Iterator[None]], account: Account | None) -> None:
    """The same in parts, with the lock held for all of them: before what follows a `yield`, a turn is waited for."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def acted(_doc: Document) -> None:
        try:
            for _ in acts():
                if account is not None:
                    await account.turn()
        except Exception as error:
            _settle(done, error)
        else:
            _settle(done)

    def ended(sending: asyncio.Task[None]) -> None:
        _under_way.discard(sending)
        report(sending)
        _settle(done)

    session = doc.session_context
    if session is not None:
        work = session.with_locked_document(acted)
        sending = asyncio.create_task(work if account is None else metered(work, account.charge))
        _under_way.add(sending)
        sending.add_done_callback(ended)
        await done


def _settle(done: asyncio.Future[None], error: Exception | None = None) -> None:
    if done.done():  # the caller may have been cancelled
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


async def beside(act: Callable[..., T], *args: object, slow: Callable[[], Awaitable[None]]) -> T:
    """What `act` gives, in a thread of its own; where that takes long, `slow` is awaited first."""
    working = asyncio.get_running_loop().run_in_executor(_workers, act, *args)
    try:
        await asyncio.wait({working}, timeout=PATIENCE)
        if not working.done():
            await slow()
        return await working
    finally:
        working.cancel()  # where the caller was cancelled, and it has not begun


def report(task: asyncio.Task[None]) -> None:
    """A task that fails must not fail in silence."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a session's task failed", exc_info=error)
