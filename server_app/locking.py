"""In which thread a session does its work: the one of the server's loop, to which its tasks and events belong.

Bokeh 3.9 calls a session back in that thread. Bokeh 3.10 does so in a worker thread, which holds the document's lock
until the callback returns. The worker waits here until the loop's thread has done what is to be done; so the lock is
held meanwhile, and a session never runs in two threads at once.
"""

from __future__ import annotations

import asyncio
import threading
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
LONGEST_WAIT = 30.0  # seconds: a loop that has ended takes no work any more


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
