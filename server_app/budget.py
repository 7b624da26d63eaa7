"""The budget: how much of the processor's time the sessions may take, and who takes it next."""

from __future__ import annotations

import asyncio
import heapq
import time
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

T = TypeVar("T")
SHARE = 0.9  # of a core: the rest is for the system, and for what comes between two turns
BUILDING = 20.0  # parts of the time for all pages that open, where a session's frames have one
GRACE = 0.01  # seconds that an account may have had more than others and still go first

_budgets: WeakKeyDictionary[asyncio.AbstractEventLoop, Budget] = WeakKeyDictionary()


class Queue:
    """Who is next: whoever has had least (start-time fair queueing).

    Work is paid for afterwards. Accounts are compared by the time that they have had, in seconds, and one that comes
    after a rest is put on a level with those who are being served: nobody saves up. So all who want more than they get
    have the same; whoever wants less, but for a moment's grace, has it before them, however many they are; nobody
    starves.

    >>> queue = Queue()
    >>> greedy, modest = Account(), Account()
    >>> queue.charge(greedy, 0.1), queue.charge(modest, 0.001)
    (None, None)
    >>> queue.join(greedy, "a frame"), queue.join(modest, "a tick")
    (None, None)
    >>> queue.next(), queue.next(), queue.next()
    ('a tick', 'a frame', None)
    """

    def __init__(self) -> None:
        self._level = 0.0  # what whoever was served last had had
        self._waiting: list[tuple[float, bool, int, Any]] = []
        self._numbers = count()  # between equals the first to come is the first

    def charge(self, account: Account, seconds: float) -> None:
        """Note that it has had so much."""
        account.had = max(account.had, self._level) + seconds / account.weight

    def join(self, account: Account, who: object) -> None:
        """Line up."""
        ahead = account.had - GRACE > self._level  # others have had less
        tag = account.had - GRACE if ahead else self._level
        heapq.heappush(self._waiting, (tag, ahead, next(self._numbers), who))

    def next(self) -> Any:
        """Who is served now; None where nobody waits."""
        if not self._waiting:
            return None
        self._level, *_, who = heapq.heappop(self._waiting)
        return who


class Account:
    """What somebody has had of the processor's time, in seconds; only the differences between accounts matter.

    Args:
        weight: how many parts it may have where others have one.
    """

    def __init__(self, weight: float = 1.0) -> None:
        self.had = 0.0
        self.weight = weight

    async def turn(self) -> None:
        """Wait until it is its turn."""
        await budget().turn(self)

    def charge(self, seconds: float) -> None:
        """Note what it took."""
        budget().charge(self, seconds)


class Budget:
    """A part of the processor's time, shared by turns.

    A turn is what its holder does until it waits for something else. After a turn the event loop goes round, and all
    rest until what was charged meanwhile is paid off: then what needs no turn comes through, however many queue.

    Args:
        share: seconds of work a second.

    Attributes:
        building: the account of what is done to open pages.
        one_build: held while a session is built: who comes first shall see it first.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._rest = (1 - share) / share
        self._queue = Queue()
        self._unpaid = 0.0  # seconds of work since the last rest
        self._is_free = True
        self.building = Account(BUILDING)
        self.one_build = asyncio.Lock()

    def charge(self, account: Account, seconds: float) -> None:
        """Note what it took of the processor's time."""
        self._queue.charge(account, seconds)
        self._unpaid += seconds

    async def turn(self, account: Account) -> None:
        """Wait until it is the account's turn: what is done next, before anything is awaited, is done alone."""
        if self._is_free:  # nobody waits
            self._is_free = False
            asyncio.get_running_loop().call_soon(self._over)
            return
        mine = asyncio.get_running_loop().create_future()
        self._queue.join(account, mine)
        await mine

    def _over(self) -> None:
        """A turn is over: rest."""
        rest, self._unpaid = self._unpaid * self._rest, 0.0
        asyncio.get_running_loop().call_later(rest, self._give)

    def _give(self) -> None:
        """The rest is over: it is the next one's turn."""
        following = self._queue.next()
        while following is not None and following.done():  # it was cancelled
            following = self._queue.next()
        if following is None:
            self._is_free = True
        else:
            following.set_result(None)
            asyncio.get_running_loop().call_soon(self._over)  # after the turn, which was made ready before


def budget() -> Budget:
    """The budget of the event loop that runs now."""
    loop = asyncio.get_running_loop()
    if loop not in _budgets:
        _budgets[loop] = Budget()
    return _budgets[loop]


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
