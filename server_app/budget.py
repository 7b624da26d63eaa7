"""The budget: how much of the processor's time the sessions' frames and blocks may take, and who takes it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Hashable

T = TypeVar("T")
SHARE = 0.75  # of a core: the rest is for what clients say, for pages that open, and for the system


class Budget:
    """A part of the processor's time, shared in equal parts by those who want it: max-min fair.

    Work is paid for afterwards. What a session's work took is a debt, in seconds; all debts together are paid off at
    the rate of the budget, each at the same pace (generalized processor sharing), and a session that is in debt waits.
    So nobody waits longer than its own debt times the number of debtors over the budget, whatever the others do; nobody
    takes much more than an equal part while others want more than they get; and one alone has all of it.

    Args:
        share: seconds of work a second.

    >>> budget = Budget(share=0.5)
    >>> budget.charge("a", 0.1, now=0.0)
    >>> budget.wait("a", now=0.0), budget.wait("b", now=0.0)  # alone, at half of the time
    (0.2, 0.0)
    >>> budget.charge("b", 0.3, now=0.0)  # both pay off at the same pace, and at last b alone
    >>> budget.wait("a", now=0.0), budget.wait("b", now=0.0)
    (0.4, 0.8)
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._debts: dict[Hashable, float] = {}
        self._now = 0.0

    def charge(self, session: Hashable, seconds: float, now: float) -> None:
        """Note how long the session's work took."""
        self._pay_off(now)
        if seconds > 0.0:
            self._debts[session] = self._debts.get(session, 0.0) + seconds

    def wait(self, session: Hashable, now: float) -> float:
        """Seconds until the session is out of debt, if nobody works meanwhile; 0 where it may work."""
        self._pay_off(now)
        debt = self._debts.get(session, 0.0)
        return sum(min(debt, other) for other in self._debts.values()) / self._share if debt else 0.0

    def _pay_off(self, now: float) -> None:
        paid = self._share * max(0.0, now - self._now)
        self._now = max(now, self._now)
        while self._debts and paid > 0.0:
            each = min(*self._debts.values(), paid / len(self._debts))
            paid -= each * len(self._debts)
            rounding = each * (1 + 1e-12)
            self._debts = {session: debt - each for session, debt in self._debts.items() if debt > rounding}


class Turns:
    """Turns for work that can't be divided, as building a session is: it has a part of the time, one after another.

    Args:
        share: seconds of such work a second, while several wait for it.
        first: seconds that it is expected to take, until some has been measured.

    >>> turns = Turns(share=0.5, first=0.25)
    >>> turns.wait(now=0.0), turns.wait(now=0.0)  # the second waits for the first, and as long again
    (0.0, 0.5)
    """

    def __init__(self, share: float = 1 / 3, first: float = 0.25) -> None:
        self._share = share
        self._expected = first
        self._next = 0.0  # when the next turn may begin

    def wait(self, now: float) -> float:
        """Take the next turn; seconds until it begins."""
        begin = max(now, self._next)
        self._next = begin + self._expected / self._share
        return begin - now

    def took(self, seconds: float) -> None:
        """Note how long such work took."""
        self._expected += 0.3 * (seconds - self._expected)


async def metered(work: Coroutine[Any, Any, T], spend: Callable[[float], object]) -> T:
    """What the work gives; each of its steps is told by the processor's time that it took of this thread, in seconds.

    >>> import asyncio
    >>> spent = []
    >>> async def work() -> str:
    ...     await asyncio.sleep(0.2)
    ...     return "done"
    >>> asyncio.run(metered(work(), spent.append)), sum(spent) < 0.1
    ('done', True)
    """
    result: T = await _Steps(work, spend)
    return result


class _Steps:
    """An awaitable that goes through another one's steps."""

    def __init__(self, work: Coroutine[Any, Any, Any], spend: Callable[[float], object]) -> None:
        self._work = work
        self._spend = spend

    def __await__(self) -> Generator[Any, None, Any]:
        fault: BaseException | None = None
        while True:
            began = time.thread_time()
            try:
                waited = self._work.throw(fault) if fault else self._work.send(None)
            except StopIteration as stop:
                return stop.value
            finally:
                self._spend(time.thread_time() - began)
            fault = None
            try:
                yield waited
            except BaseException as error:  # a cancellation, say: it is the work's
                fault = error
