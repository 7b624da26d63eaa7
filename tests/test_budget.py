"""The budget's laws, in virtual time: nobody starves, nobody takes more than a part, and one alone has all of it."""

from __future__ import annotations

import asyncio
import selectors
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server_app.budget import GRACE, Account, Budget, metered

if TYPE_CHECKING:
    from collections.abc import Coroutine

SHARE = 0.6
SECONDS = 5.0
costs = st.floats(0.002, 0.05)
briefly = settings(max_examples=20, deadline=None)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only where it waits, and where `work` says so."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(Jumping(self))

    def time(self) -> float:
        return self.now

    def until(self, end: float, *tasks: Coroutine[Any, Any, None]) -> None:
        """Run these until that time."""

        async def main() -> None:
            running = [asyncio.create_task(task) for task in tasks]
            await asyncio.sleep(end - self.now)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

        try:
            self.run_until_complete(main())
        finally:
            self.close()


class Jumping(selectors.SelectSelector):
    """Where others would wait, the time is later."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.now += timeout or 0.0
        return super().select(0)


@dataclass
class Visitor:
    """Work of `cost` seconds comes every `period` seconds; 0 means that there is always more."""

    cost: float
    period: float = 0.0
    weight: float = 1.0
    since: float = 0.0  # when it comes
    work: float = 0.0
    waits: list[float] = field(default_factory=list)  # seconds from wanting to work until it may

    async def stay(self, loop: VirtualLoop, budget: Budget) -> None:
        account, wanted = Account(self.weight), self.since
        await asyncio.sleep(self.since)
        while True:
            await budget.turn(account)
            self.waits.append(loop.now - wanted)
            loop.now += self.cost
            self.work += self.cost
            budget.charge(account, self.cost)
            wanted = max(loop.now, wanted + self.period)
            await asyncio.sleep(max(wanted - loop.now, 0.0))


def serve(*visitors: Visitor, seconds: float = SECONDS) -> None:
    loop, budget = VirtualLoop(), Budget(SHARE)
    loop.until(seconds, *(visitor.stay(loop, budget) for visitor in visitors))


@briefly
@given(costs)
def test_one_alone_has_all_of_it(cost: float) -> None:
    visitor = Visitor(cost)
    serve(visitor)
    assert visitor.work == pytest.approx(SECONDS * SHARE, abs=2 * cost)


@briefly
@given(st.lists(costs, min_size=2, max_size=12))
def test_the_greedy_have_equal_parts_and_no_more(each: list[float]) -> None:
    visitors = [Visitor(cost) for cost in each]
    serve(*visitors)
    part = SECONDS * SHARE / len(each)
    for visitor in visitors:
        assert visitor.work == pytest.approx(part, abs=2 * max(each))
    assert sum(visitor.work for visitor in visitors) == pytest.approx(SECONDS * SHARE, abs=2 * max(each))


@briefly
@given(st.integers(1, 20), costs)
def test_a_modest_one_waits_for_no_more_than_one_piece(greedy: int, cost: float) -> None:
    modest = Visitor(0.0005, period=0.05, since=4.0)  # when the greedy have had a piece each
    serve(modest, *(Visitor(cost) for _ in range(greedy)))
    assert max(modest.waits) <= cost / SHARE + 0.001  # with the rest that follows it
    assert len(modest.waits) >= 0.9 / max(0.05, *modest.waits)


def test_what_the_modest_leave_the_greedy_may_have() -> None:
    modest, greedy = [Visitor(0.001, period=0.1) for _ in range(20)], Visitor(0.01)
    serve(greedy, *modest)
    assert sum(visitor.work for visitor in modest) == pytest.approx(1.0, rel=0.05)
    assert greedy.work == pytest.approx(SECONDS * SHARE - 1.0, rel=0.05)


@briefly
@given(st.floats(2.0, 20.0))
def test_parts_are_as_the_weights_are(weight: float) -> None:
    heavy, light = Visitor(0.01, weight=weight), Visitor(0.01)
    serve(heavy, light)
    assert heavy.work / light.work == pytest.approx(weight, rel=0.25)


def test_nobody_saves_up() -> None:
    early, late = Visitor(0.01), Visitor(0.01, since=3.0)
    serve(early, late)
    assert early.work == pytest.approx(SHARE * 4.0, abs=0.03 + GRACE)
    assert late.work == pytest.approx(SHARE * 1.0, abs=0.03 + GRACE)


def test_whoever_goes_away_is_passed_over() -> None:
    loop, budget = VirtualLoop(), Budget(SHARE)
    stays, served = Visitor(0.01), []

    async def impatient() -> None:
        account = Account()
        while True:
            try:
                async with asyncio.timeout(0.002):
                    await budget.turn(account)
                    served.append(loop.now)
            except TimeoutError:
                pass
            await asyncio.sleep(0.001)

    loop.until(SECONDS, stays.stay(loop, budget), *(impatient() for _ in range(5)))
    assert served
    assert stays.work == pytest.approx(SECONDS * SHARE, rel=0.05)


def test_where_nobody_waits_a_turn_comes_at_once() -> None:
    modest = [Visitor(0.001, period=0.1, since=0.01 * number) for number in range(10)]
    serve(*modest)
    assert max(wait for visitor in modest for wait in visitor.waits) == 0.0


async def test_work_is_metered_and_goes_on_as_it_would() -> None:
    spent: list[float] = []

    async def busy(failing: bool) -> str:
        try:
            await asyncio.sleep(0)
            total = sum(range(300_000))
            await asyncio.sleep(3600 if failing else 0)
        except asyncio.CancelledError:
            return f"cancelled after {total}"
        return "done"

    assert await metered(busy(failing=False), spent.append) == "done"
    assert max(spent) > 1e-4
    assert len(spent) == 3  # two pauses, three steps
    task = asyncio.create_task(metered(busy(failing=True), spent.append))
    await asyncio.sleep(0.1)
    task.cancel()
    assert (await task).startswith("cancelled")

    async def broken() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await metered(broken(), spent.append)
